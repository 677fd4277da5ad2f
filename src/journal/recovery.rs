//! Reading a journal file: whole blocks, and a way past damaged ones.

use super::error::{JournalError, Warning};
use super::format::{BLOCK_HEADER, Block, HEADER, Header, Identity, MARKER};
use serde::de::DeserializeOwned;
use takt_rt::host::Disk;

/// What a journal held.
#[derive(Clone, PartialEq, Debug)]
pub struct Recovered<R> {
    /// From [`Journal::open`](super::Journal::open) the new epoch, from [`read`] the last one.
    pub epoch: u32,
    /// All records, in the order in which they were appended.
    pub records: Vec<R>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// Reads a journal without changing anything.
///
/// # Errors
/// Those of [`Journal::open`](super::Journal::open); a missing file is an error, too.
pub fn read<R: DeserializeOwned>(
    disk: &impl Disk,
    file: &str,
    identity: Identity,
) -> Result<Recovered<R>, JournalError> {
    let bytes = disk
        .read(file)
        .map_err(|error| JournalError::disk(file, error))?;
    let scan = scan(file, &bytes, identity)?;
    Ok(Recovered {
        epoch: scan.epoch,
        records: scan.records,
        warnings: scan.warnings,
    })
}

/// Everything that the bytes of a journal say.
pub(super) struct Scan<R> {
    pub(super) records: Vec<R>,
    pub(super) warnings: Vec<Warning>,
    /// The greatest epoch seen.
    pub(super) epoch: u32,
    /// Number of the next record.
    pub(super) next_sequence: u64,
    /// Where the whole blocks end.
    pub(super) end: u64,
}

/// Reads all blocks of a file.
///
/// At most one block is ever on its way to the disk, and it is the last one. So what is no whole block is an interrupted
/// write when nothing whole follows, and damage when something does.
pub(super) fn scan<R: DeserializeOwned>(
    file: &str,
    bytes: &[u8],
    identity: Identity,
) -> Result<Scan<R>, JournalError> {
    let header = Header::decode(file, bytes, identity)?;
    let mut scan = Scan {
        records: Vec::new(),
        warnings: Vec::new(),
        epoch: header.epoch,
        next_sequence: header.first_sequence,
        end: HEADER as u64,
    };
    let mut offset = HEADER;
    while offset < bytes.len() {
        let Some((found, block, payload)) = next_block(bytes, offset, &scan) else {
            scan.warnings.push(Warning::TornTail {
                offset: offset as u64,
                bytes: (bytes.len() - offset) as u64,
            });
            break;
        };
        if found > offset || block.first_sequence > scan.next_sequence {
            scan.warnings.push(Warning::Damaged {
                offset: offset as u64,
                bytes: (found - offset) as u64,
                first_lost: scan.next_sequence,
                records_lost: block.first_sequence - scan.next_sequence,
            });
        }
        decode_payload(&block, payload, &mut scan.records).map_err(|(sequence, reason)| {
            JournalError::Record {
                file: file.to_owned(),
                offset: found as u64,
                sequence,
                reason,
            }
        })?;
        scan.epoch = block.epoch;
        scan.next_sequence = block.first_sequence + u64::from(block.count);
        offset = found + BLOCK_HEADER + payload.len();
        scan.end = offset as u64;
    }
    Ok(scan)
}

/// The first whole block at `offset` or behind it that continues what was read so far.
fn next_block<'a, R>(
    bytes: &'a [u8],
    offset: usize,
    scan: &Scan<R>,
) -> Option<(usize, Block, &'a [u8])> {
    let mut at = offset;
    loop {
        if let Some((block, payload)) = Block::decode(bytes, at)
            && block.epoch >= scan.epoch
            && block.first_sequence >= scan.next_sequence
            && block
                .first_sequence
                .checked_add(u64::from(block.count))
                .is_some()
        {
            return Some((at, block, payload));
        }
        at += 1;
        at += bytes
            .get(at..)?
            .windows(MARKER.len())
            .position(|window| window == MARKER)?;
    }
}

/// Decodes a block's records; an error has the number of the record that it is about.
fn decode_payload<R: DeserializeOwned>(
    block: &Block,
    mut payload: &[u8],
    records: &mut Vec<R>,
) -> Result<(), (u64, String)> {
    let end = block.first_sequence + u64::from(block.count);
    for sequence in block.first_sequence..end {
        let (record, rest) =
            postcard::take_from_bytes(payload).map_err(|error| (sequence, error.to_string()))?;
        records.push(record);
        payload = rest;
    }
    match payload.len() {
        0 => Ok(()),
        rest => Err((end, format!("{rest} bytes left over"))),
    }
}
