//! Stores of older versions.
//!
//! Version 1 had one file, `orders.journal`, with changes of orders, stock and pauses, compacted at each start. It is
//! read once, never changed, and renamed when the new store is durable: renaming it back, and moving the new files away,
//! is the way back to the older program.

use std::io;

use serde::{Deserialize, Serialize};
use takt_maps::{Floor, OrderId};
use takt_rt::host::Disk;

use super::record::{Kept, Record};
use crate::controller::{Ask, Delta};
use crate::follower::Client;
use crate::follower::model::OrderView;
use crate::journal::{Files, Identity, JournalError, Warning, read_file};

/// The file of version 1.
pub(super) const FILE_V1: &str = "orders.journal";
/// What it is called once it has been taken over.
pub(super) const BACKUP_V1: &str = "orders.journal.v1";

/// What an older store holds, in the words of today's.
pub(super) struct Older {
    pub epoch: u32,
    pub checkpoint: Vec<Kept>,
    pub records: Vec<Record>,
    pub warnings: Vec<Warning>,
}

/// One record of version 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum EntryV1 {
    Zero { utc_ms: u64 },
    LastOrder(OrderId),
    Order(OrderView),
    Client(Client),
    Delta(Delta),
    Asked { person: String, request: Ask },
}

/// Reads an older store, if that is what the disk holds and nothing newer.
pub(super) fn older(floor: &Floor, disk: &impl Disk) -> Result<Option<Older>, JournalError> {
    let failed = |error| JournalError::disk("the store", error);
    let names = disk.list().map_err(failed)?;
    if !names.iter().any(|name| name == FILE_V1)
        || !Files::list(disk).map_err(failed)?.checkpoints.is_empty()
    {
        return Ok(None);
    }
    let identity = Identity {
        floor_digest: floor.digest,
        record_version: 1,
    };
    let contents = read_file::<EntryV1>(disk, FILE_V1, identity)?;
    let mut older = Older {
        epoch: contents.epoch,
        checkpoint: Vec::new(),
        records: Vec::new(),
        warnings: contents.warnings,
    };
    for entry in contents.records {
        match entry {
            EntryV1::Zero { utc_ms } => older.checkpoint.push(Kept::Zero { utc_ms }),
            EntryV1::LastOrder(id) => older.checkpoint.push(Kept::LastOrder(id)),
            EntryV1::Order(order) => older.checkpoint.push(Kept::Order(order)),
            EntryV1::Client(client) => older.records.push(Record::Client(client)),
            EntryV1::Delta(delta) => older.records.push(Record::Change(delta)),
            EntryV1::Asked { person, request } => {
                older.records.push(Record::Asked { person, request });
            }
        }
    }
    tracing::info!(
        "the store is of version 1 and is taken over; its file stays as {BACKUP_V1} (to go back: rename it to {FILE_V1} and move log-* and checkpoint-* away)"
    );
    Ok(Some(older))
}

/// Gives the file of an older store that has been taken over its other name.
pub(super) fn finish(disk: &mut impl Disk) -> Result<(), JournalError> {
    let taken_over = !Files::list(disk)
        .map_err(|error| JournalError::disk("the store", error))?
        .checkpoints
        .is_empty();
    if !taken_over {
        return Ok(());
    }
    let names = disk
        .list()
        .map_err(|error| JournalError::disk("the store", error))?;
    let is_there = |name: &str| names.iter().any(|n| n == name);
    if is_there(FILE_V1) && is_there(BACKUP_V1) {
        return Err(JournalError::TwoStores {
            file: FILE_V1.to_owned(),
            backup: BACKUP_V1.to_owned(),
        });
    }
    match disk.rename(FILE_V1, BACKUP_V1) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(JournalError::disk(FILE_V1, error))
        }
        _ => Ok(()),
    }
}
