//! The lives of controllers in a store, and what each begins with.

use std::sync::Arc;

use takt_maps::Floor;
use takt_rt::host::Disk;

use crate::host::store::identity;
use crate::host::store::record::{Begin, Kept, Record};
use crate::journal::{
    Contents, Files, JournalError, Warning, beginning_of, checkpoint_file, log_file, read_file,
};

/// A life: the logs that were written in one epoch.
pub(super) struct Found {
    pub epoch: u32,
    /// Number of its first record.
    pub first_sequence: u64,
    /// Their numbers, ascending.
    pub logs: Vec<u32>,
}

/// All lives, oldest first. A log of which nothing can be read counts to the life before it.
pub(super) fn find(floor: &Floor, disk: &impl Disk) -> Result<Vec<Found>, JournalError> {
    let files = Files::list(disk).map_err(|error| JournalError::disk("the store", error))?;
    let mut lives: Vec<Found> = Vec::new();
    for number in files.logs {
        let log = match beginning_of(disk, &log_file(number), identity(floor)) {
            Ok(header) => Some(header),
            // Told where the life is read.
            Err(JournalError::Header { .. } | JournalError::NotAJournal { .. }) => None,
            Err(error) => return Err(error),
        };
        match (lives.last_mut(), log) {
            (Some(life), None) => life.logs.push(number),
            (Some(life), Some(log)) if life.epoch == log.epoch => life.logs.push(number),
            (_, log) => lives.push(Found {
                epoch: log.map_or(0, |log| log.epoch),
                first_sequence: log.map_or(0, |log| log.first_sequence),
                logs: vec![number],
            }),
        }
    }
    Ok(lives)
}

/// Logs that have to be there, since their checkpoints are, and are not.
pub(super) fn logs_missing(disk: &impl Disk) -> Result<Vec<String>, JournalError> {
    let files = Files::list(disk).map_err(|error| JournalError::disk("the store", error))?;
    let without = files.checkpoints.iter().filter(|n| !files.logs.contains(n));
    let said = |&n: &u32| {
        format!(
            "{} is missing, although its checkpoint is there",
            log_file(n)
        )
    };
    Ok(without.map(said).collect())
}

/// What a life begins with: its first record, and the checkpoint before it. Otherwise why there is none.
pub(super) fn beginning(
    floor: &Arc<Floor>,
    disk: &impl Disk,
    found: &Found,
) -> Result<(Begin, Vec<Kept>), String> {
    let number = found.logs[0];
    let log = read_file::<Record>(disk, &log_file(number), identity(floor))
        .map_err(|error| error.to_string())?;
    let Some(Record::Begin(begin)) = log.records.first() else {
        return Err(
            "its beginning is not in the store any more: the oldest files were removed, or it was killed before its first cycle"
                .to_owned(),
        );
    };
    let name = checkpoint_file(number);
    let checkpoint =
        read_file::<Kept>(disk, &name, identity(floor)).map_err(|error| error.to_string())?;
    if !checkpoint.closed || !checkpoint.warnings.is_empty() {
        return Err(format!("{name}, which it begins with, is damaged"));
    }
    Ok((begin.clone(), checkpoint.records))
}

/// Reads a log that is to go on with record `next` (`None`: with any).
pub(super) fn read_log(
    floor: &Floor,
    disk: &impl Disk,
    number: u32,
    next: Option<u64>,
) -> Result<Contents<Record>, String> {
    let name = log_file(number);
    let log = read_file::<Record>(disk, &name, identity(floor)).map_err(|e| e.to_string())?;
    match next {
        Some(next) if log.first_sequence != next => Err(Warning::Gap {
            file: name,
            first_lost: next,
            records_lost: log.first_sequence.saturating_sub(next),
        }
        .to_string()),
        _ => Ok(log),
    }
}
