//! Reading a journal: whole blocks, a way past damaged ones, and from which checkpoint on.

use super::blocks::Blocks;
use super::error::{JournalError, Warning};
use super::files::{Files, checkpoint_name, log_name};
use super::format::{Block, HEADER, Header, Identity};
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
        let read = read_file::<C>(disk, &name, identity);
        match tolerant(read, &name, size_of(disk, &name), &mut warnings)? {
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
        if files.checkpoints.is_empty()
            && let Some(epoch) = never_begun(disk, &files)?
        {
            return Ok(Found {
                recovered: Recovered {
                    checkpoint,
                    records: Vec::new(),
                    warnings,
                },
                epoch: epoch + 1,
                next_sequence: 0,
                last: files.last(),
            });
        }
        return Err(JournalError::NoCheckpoint {
            files: files.checkpoints.len(),
        });
    };

    // All that was appended since.
    let mut records = Vec::new();
    let logs: Vec<u32> = files.logs.iter().copied().filter(|&n| n >= from).collect();
    // A log is there before its checkpoint is.
    let logless = |n: &&u32| **n >= from && !files.logs.contains(*n);
    for &number in files.checkpoints.iter().filter(logless) {
        let file = log_name(number);
        warnings.push(Warning::LogMissing { file });
    }
    for &number in &logs {
        let name = log_name(number);
        let read = read_file::<R>(disk, &name, identity);
        let Some(mut contents) = tolerant(read, &name, size_of(disk, &name), &mut warnings)? else {
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

/// Is there nothing, or only the log of a first run that ended before it had a checkpoint? Then its epoch.
fn never_begun(disk: &impl Disk, files: &Files) -> Result<Option<u32>, JournalError> {
    let mut epoch = 0;
    for &number in &files.logs {
        let name = log_name(number);
        let bytes = disk
            .read(&name)
            .map_err(|error| JournalError::disk(&name, error))?;
        if bytes.len() > HEADER {
            return Ok(None);
        }
        // Its header may have been on its way.
        epoch = epoch.max(Header::read(&name, &bytes).map_or(1, |header| header.epoch));
    }
    Ok(Some(epoch))
}

fn size_of(disk: &impl Disk, file: &str) -> u64 {
    // Only for a message: that the file can be read is seen elsewhere.
    disk.size(file).unwrap_or(0)
}

/// A file that is damaged beyond reading is a warning; everything else stays an error.
fn tolerant<R>(
    outcome: Result<Contents<R>, JournalError>,
    file: &str,
    bytes: u64,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Contents<R>>, JournalError> {
    match outcome {
        Ok(contents) => Ok(Some(contents)),
        Err(JournalError::NotAJournal { .. } | JournalError::Header { .. }) => {
            warnings.push(Warning::Unreadable {
                file: file.to_owned(),
                bytes,
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

/// What a file begins with: by its header or, where that is damaged, by its first whole block.
///
/// # Errors
/// Those of [`read_file`], but for its content.
pub fn beginning_of(
    disk: &impl Disk,
    file: &str,
    identity: Identity,
) -> Result<Header, JournalError> {
    let bytes = disk
        .read(file)
        .map_err(|error| JournalError::disk(file, error))?;
    match Header::decode(file, &bytes, identity) {
        Ok(header) => Ok(header),
        Err(error) => Ok(header_from_blocks(file, &bytes, identity, error)?.0),
    }
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
    let (header, damaged) = match Header::decode(file, bytes, identity) {
        Ok(header) => (header, None),
        Err(error) => header_from_blocks(file, bytes, identity, error)?,
    };
    let mut blocks = Blocks::new(file, bytes, &header);
    blocks.warnings.extend(damaged);
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

/// What the first whole block says, where a header is damaged: each block carries all but the floor.
///
/// # Errors
/// The one at hand, if it is about something else or there is no block.
pub(super) fn header_from_blocks(
    file: &str,
    bytes: &[u8],
    identity: Identity,
    error: JournalError,
) -> Result<(Header, Option<Warning>), JournalError> {
    let damaged = matches!(
        error,
        JournalError::Header { .. } | JournalError::NotAJournal { .. }
    );
    let nothing = Header {
        identity,
        epoch: 0,
        first_sequence: 0,
    };
    let first = Blocks::new(file, bytes, &nothing).next_whole();
    let Some(first) = first.filter(|_| damaged) else {
        return Err(error);
    };
    let header = Header {
        epoch: first.block.epoch,
        first_sequence: first.block.first_sequence,
        ..nothing
    };
    let file = file.to_owned();
    Ok((header, Some(Warning::Header { file })))
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
