//! Reading a journal: whole blocks, a way past damaged ones, and from which checkpoint on.

use super::blocks::Blocks;
use super::error::{JournalError, Warning};
use super::files::{Files, checkpoint_name, log_name};
use super::format::{Block, Header, Identity};
use serde::de::DeserializeOwned;
use takt_rt::host::Disk;

/// What a journal held, from its last good checkpoint on.
#[derive(Clone, PartialEq, Debug)]
pub struct Recovered<C, R> {
    /// The checkpoint: all that was appended before the first of `records`.
    pub checkpoint: Vec<C>,
    /// All records behind it, in the order in which they were appended.
    pub records: Vec<R>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// One file of a journal as read.
#[derive(Clone, PartialEq, Debug)]
pub struct Contents<R> {
    /// The run of the controller that wrote it.
    pub epoch: u32,
    /// Number of its first record.
    pub first_sequence: u64,
    /// Number of the record that comes next.
    pub next_sequence: u64,
    /// What could be read, in order.
    pub records: Vec<R>,
    /// What could not.
    pub warnings: Vec<Warning>,
    /// Where in `records` something is missing: before the record of this index.
    pub breaks: Vec<usize>,
    /// It ends with a block without records, as a whole checkpoint does.
    pub closed: bool,
    /// Length of the file, in bytes.
    pub bytes: u64,
}

/// What the newest files of a journal say together.
pub(super) struct Found<C, R> {
    pub(super) recovered: Recovered<C, R>,
    /// The epoch that comes next.
    pub(super) epoch: u32,
    /// Number of the record that comes next.
    pub(super) next_sequence: u64,
    /// Number of the newest file.
    pub(super) last: u32,
}

/// Reads the newest whole checkpoint and all logs from it on.
///
/// # Errors
/// When the disk fails, when the files belong to another floor or version, or when nothing readable is left although
/// there are files: then nobody can say what was in them, and a person has to decide.
pub(super) fn recover<C: DeserializeOwned, R: DeserializeOwned>(
    disk: &impl Disk,
    identity: Identity,
) -> Result<Found<C, R>, JournalError> {
    let files = Files::list(disk).map_err(|error| JournalError::disk("the store", error))?;
    let mut warnings = Vec::new();
    let mut epoch = 0;
    let mut unreadable = 0;

    // The newest checkpoint that is whole.
    let mut from = None;
    let mut checkpoint = Vec::new();
    for &number in files.checkpoints.iter().rev() {
        let name = checkpoint_name(number);
        match tolerant(read_file::<C>(disk, &name, identity), &name, &mut warnings)? {
            Some(contents) if contents.closed && contents.warnings.is_empty() => {
                epoch = epoch.max(contents.epoch);
                checkpoint = contents.records;
                from = Some((number, contents.first_sequence));
                break;
            }
            Some(contents) => {
                epoch = epoch.max(contents.epoch);
                warnings.push(Warning::Checkpoint { file: name });
            }
            None => unreadable += 1,
        }
    }
    let Some((from, mut next_sequence)) = from else {
        if files.is_empty() {
            return Ok(Found {
                recovered: Recovered {
                    checkpoint,
                    records: Vec::new(),
                    warnings,
                },
                epoch: 1,
                next_sequence: 0,
                last: 0,
            });
        }
        return Err(JournalError::NoCheckpoint {
            files: files.checkpoints.len(),
        });
    };

    // All that was appended since.
    let mut records = Vec::new();
    let logs: Vec<u32> = files.logs.iter().copied().filter(|&n| n >= from).collect();
    for &number in &logs {
        let name = log_name(number);
        let Some(mut contents) =
            tolerant(read_file::<R>(disk, &name, identity), &name, &mut warnings)?
        else {
            unreadable += 1;
            continue;
        };
        epoch = epoch.max(contents.epoch);
        if contents.first_sequence > next_sequence {
            warnings.push(Warning::Gap {
                file: name.clone(),
                first_lost: next_sequence,
                records_lost: contents.first_sequence - next_sequence,
            });
        }
        next_sequence = contents.next_sequence.max(next_sequence);
        records.append(&mut contents.records);
        warnings.append(&mut contents.warnings);
    }
    // Each file that cannot be read may have been written in an epoch of its own.
    let epoch = epoch
        .checked_add(1 + unreadable)
        .ok_or(JournalError::Epochs)?;
    Ok(Found {
        recovered: Recovered {
            checkpoint,
            records,
            warnings,
        },
        epoch,
        next_sequence,
        last: files.last(),
    })
}

/// A file that is damaged beyond reading is a warning; everything else stays an error.
fn tolerant<R>(
    outcome: Result<Contents<R>, JournalError>,
    file: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Contents<R>>, JournalError> {
    match outcome {
        Ok(contents) => Ok(Some(contents)),
        Err(JournalError::NotAJournal { .. } | JournalError::Header { .. }) => {
            warnings.push(Warning::Unreadable {
                file: file.to_owned(),
            });
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads one file of a journal, without changing anything.
///
/// # Errors
/// When the disk fails, the file does not begin as a journal's does, or its content is not what this program writes.
pub fn read_file<R: DeserializeOwned>(
    disk: &impl Disk,
    file: &str,
    identity: Identity,
) -> Result<Contents<R>, JournalError> {
    let bytes = disk
        .read(file)
        .map_err(|error| JournalError::disk(file, error))?;
    scan(file, &bytes, identity)
}

/// The epoch in which a file was begun.
///
/// # Errors
/// Those of [`read_file`], but for its content.
pub fn epoch_of(disk: &impl Disk, file: &str, identity: Identity) -> Result<u32, JournalError> {
    let bytes = disk
        .read(file)
        .map_err(|error| JournalError::disk(file, error))?;
    Header::decode(file, &bytes, identity).map(|header| header.epoch)
}

/// What a file says of itself, whatever floor and version it belongs to.
///
/// # Errors
/// When the disk fails, or the file does not begin as a journal of this format does.
pub fn header_of(disk: &impl Disk, file: &str) -> Result<Header, JournalError> {
    let bytes = disk
        .read(file)
        .map_err(|error| JournalError::disk(file, error))?;
    Header::read(file, &bytes)
}

/// Reads all blocks of a file and decodes what is in them.
pub(super) fn scan<R: DeserializeOwned>(
    file: &str,
    bytes: &[u8],
    identity: Identity,
) -> Result<Contents<R>, JournalError> {
    let header = Header::decode(file, bytes, identity)?;
    let mut blocks = Blocks::new(file, bytes, &header);
    let (mut records, mut breaks) = (Vec::new(), Vec::new());
    while let Some(found) = blocks.next_whole() {
        if found.after_damage {
            breaks.push(records.len());
        }
        decode_payload(&found.block, found.payload, &mut records).map_err(
            |(sequence, reason)| JournalError::Record {
                file: file.to_owned(),
                offset: found.offset,
                sequence,
                reason,
            },
        )?;
    }
    Ok(Contents {
        epoch: blocks.epoch,
        first_sequence: header.first_sequence,
        next_sequence: blocks.next_sequence,
        records,
        warnings: blocks.warnings,
        breaks,
        closed: blocks.closed,
        bytes: bytes.len() as u64,
    })
}

/// Decodes a block's records; an error has the number of the record that it is about.
pub(super) fn decode_payload<R: DeserializeOwned>(
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
