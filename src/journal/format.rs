//! The bytes of a journal file: its header and its blocks. Integers are little-endian.
//!
//! | header | bytes | | block | bytes |
//! |---|---|---|---|---|
//! | magic `TAKTJRNL` | 8 | | marker | 4 |
//! | file format | 4 | | payload length | 4 |
//! | record version | 4 | | crc32 of offset, the fields around it and payload | 4 |
//! | floor digest | 8 | | epoch | 4 |
//! | epoch of writing | 4 | | number of records | 4 |
//! | number of the first record | 8 | | number of the first record | 8 |
//! | crc32 of all before | 4 | | payload: the records, one after the other | |

use super::JournalError;

/// What the header begins with.
const MAGIC: [u8; 8] = *b"TAKTJRNL";
/// Version of the file format; raised when anything in this module changes what is written.
const FORMAT: u32 = 1;
/// Length of the header.
pub(super) const HEADER: usize = 40;
/// What a block begins with; not text, so that it is rare inside payloads.
pub(super) const MARKER: [u8; 4] = [0xB5, 0x10, 0xC7, 0x8A];
/// Length of a block's header.
pub(super) const BLOCK_HEADER: usize = 28;
/// A group is full when its payload has this many bytes.
pub(super) const GROUP: usize = 4 << 20;
/// Most bytes of one record.
pub(super) const RECORD_MAX: usize = 16 << 20;
/// Most bytes of a payload: a group that is not full, and one more record.
const PAYLOAD_MAX: usize = GROUP + RECORD_MAX;

/// What a journal belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Digest of the floor.
    pub floor_digest: u64,
    /// Version of the record type; raise it whenever the type's encoding changes.
    pub record_version: u32,
}

/// The beginning of a file: what it says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// What it belongs to.
    pub identity: Identity,
    /// The epoch in which the file was begun.
    pub epoch: u32,
    /// Number of the first record in the file.
    pub first_sequence: u64,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.identity.record_version.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.identity.floor_digest.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[28..36].copy_from_slice(&self.first_sequence.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header of a file, whatever it belongs to.
    pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Self, JournalError> {
        let file = || file.to_owned();
        if !bytes.starts_with(&MAGIC) {
            return Err(JournalError::NotAJournal { file: file() });
        }
        if bytes.len() < HEADER || crc32fast::hash(&bytes[..36]) != u32_at(bytes, 36) {
            return Err(JournalError::Header { file: file() });
        }
        // Another format may have another header; but each begins with magic and format and ends with its checksum
        // after 40 bytes, so that this much can always be said.
        let found = u32_at(bytes, 8);
        if found != FORMAT {
            return Err(JournalError::Format {
                file: file(),
                found,
                supported: FORMAT,
            });
        }
        Ok(Self {
            identity: Identity {
                record_version: u32_at(bytes, 12),
                floor_digest: u64_at(bytes, 16),
            },
            epoch: u32_at(bytes, 24),
            first_sequence: u64_at(bytes, 28),
        })
    }

    /// Reads the header of a file and checks that it is one of `expected`.
    pub(super) fn decode(
        file: &str,
        bytes: &[u8],
        expected: Identity,
    ) -> Result<Self, JournalError> {
        let header = Self::read(file, bytes)?;
        let file = || file.to_owned();
        let found = header.identity;
        if found.floor_digest != expected.floor_digest {
            return Err(JournalError::Floor {
                file: file(),
                found: found.floor_digest,
                expected: expected.floor_digest,
            });
        }
        if found.record_version != expected.record_version {
            return Err(JournalError::RecordVersion {
                file: file(),
                found: found.record_version,
                supported: expected.record_version,
            });
        }
        Ok(header)
    }
}

/// What a block says about its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Block {
    pub(super) epoch: u32,
    /// Number of records in the payload.
    pub(super) count: u32,
    /// Number of the first of them (of the next one to come, when there are none).
    pub(super) first_sequence: u64,
}

impl Block {
    /// Fills in the header that `bytes` has room for before its payload.
    pub(super) fn seal(&self, offset: u64, bytes: &mut [u8]) {
        let payload = bytes.len() - BLOCK_HEADER;
        assert!(payload <= PAYLOAD_MAX, "a group ends before that");
        bytes[0..4].copy_from_slice(&MARKER);
        bytes[4..8].copy_from_slice(&(payload as u32).to_le_bytes());
        bytes[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.count.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.first_sequence.to_le_bytes());
        let crc = checksum(offset, bytes);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    }

    /// The block at `offset` of a file and its payload; `None` unless it is whole.
    pub(super) fn decode(file: &[u8], offset: usize) -> Option<(Self, &[u8])> {
        let bytes = file.get(offset..)?;
        if bytes.len() < BLOCK_HEADER || !bytes.starts_with(&MARKER) {
            return None;
        }
        let payload = u32_at(bytes, 4) as usize;
        if payload > PAYLOAD_MAX {
            return None;
        }
        let bytes = bytes.get(..BLOCK_HEADER + payload)?;
        if checksum(offset as u64, bytes) != u32_at(bytes, 8) {
            return None;
        }
        let block = Self {
            epoch: u32_at(bytes, 12),
            count: u32_at(bytes, 16),
            first_sequence: u64_at(bytes, 20),
        };
        Some((block, &bytes[BLOCK_HEADER..]))
    }
}

/// Checksum of a block that begins at `offset`, over everything but the checksum itself.
fn checksum(offset: u64, bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&offset.to_le_bytes());
    crc.update(&bytes[..8]);
    crc.update(&bytes[12..]);
    crc.finalize()
}

/// The integer at a place that the caller knows to be inside.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut le = [0; 4];
    le.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(le)
}

/// The integer at a place that the caller knows to be inside.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut le = [0; 8];
    le.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(le)
}
