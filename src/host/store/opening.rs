//! Opening a store: what it knows, what is lost of it, and the life that begins behind that.

use std::sync::Arc;

use takt_maps::{Floor, OrderId};
use takt_rt::mutant::{Mutant, is_on};

use super::record::{BUILD, Begin, Kept, Record, Replay};
use super::testimony::{StoreEnd, Testimony};
use super::witness::Seen;
use super::{AnyDisk, Rebuild, Store, StoreOptions, identity, migrate};
use crate::controller::Restored;
use crate::follower::Follower;
use crate::journal::{self, JournalError, Warning};

/// A store that has been opened: the store, and what it knows.
pub struct Started {
    /// Ready for the first cycle.
    pub store: Store,
    /// What people are shown.
    pub follower: Follower,
    /// What the controller starts from.
    pub restored: Restored,
    /// What a person should know.
    pub warnings: Vec<Warning>,
    /// What the witness says, if there is one.
    pub testimony: Option<Testimony>,
}

impl Started {
    /// Has this start named a loss of something that was durable?
    pub fn names_a_loss(&self) -> bool {
        self.restored.loss
    }
}

impl Store {
    /// A store that keeps nothing.
    pub fn nowhere(floor: &Arc<Floor>, options: &StoreOptions) -> Started {
        // Greater than that of a controller that ran some seconds ago, up to a wrap after 18 hours.
        let epoch = ((options.utc_ms / 1_000) as u16).max(1);
        Started {
            store: Self {
                journal: None,
                epoch,
                zero_utc_ms: options.utc_ms,
                last_order: OrderId(0),
                bytes_max: options.bytes_max,
                floor_digest: floor.digest,
                kept: 0,
                durable: None,
                scratch: Vec::new(),
            },
            follower: Follower::new(floor.clone(), options.utc_ms),
            restored: Restored::default(),
            warnings: Vec::new(),
            testimony: None,
        }
    }

    /// Opens a store, rebuilds what it knows, and begins a new life behind a checkpoint of it.
    ///
    /// A store of an older version is taken over; its files stay beside the new ones under another name.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn open(
        floor: &Arc<Floor>,
        disk: AnyDisk,
        options: &StoreOptions,
    ) -> Result<Started, JournalError> {
        Self::open_witnessed(floor, disk, None, options)
    }

    /// The same, compared with what a witness has seen of it. What it saw and the store has not is lost: that is said,
    /// and no number of it is given again.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn open_witnessed(
        floor: &Arc<Floor>,
        mut disk: AnyDisk,
        seen: Option<Seen>,
        options: &StoreOptions,
    ) -> Result<Started, JournalError> {
        let seen = seen.filter(|_| !is_on(Mutant::IgnoreWitness));
        let older = migrate::older(floor, &disk)?;
        if older.is_none() {
            migrate::finish(&mut disk)?;
        }
        let mut opened = journal::open::<_, Kept, Record>(disk, identity(floor))?;
        let (mut epoch, recovered) = (opened.epoch, &opened.recovered);
        let mut warnings = recovered.warnings.clone();
        let mut rebuild = Rebuild::new(floor, &recovered.checkpoint, options.utc_ms);
        recovered.records.iter().for_each(|r| rebuild.take(r));
        if let Some(older) = &older {
            rebuild = Rebuild::new(floor, &older.checkpoint, options.utc_ms);
            older.records.iter().for_each(|r| rebuild.take(r));
            warnings.extend(older.warnings.iter().cloned());
            epoch = epoch.max(older.epoch + 1);
        }
        let end = StoreEnd {
            epoch: epoch - 1,
            cycle: last_cycle(&recovered.records),
            records: opened.next_record(),
            next_order: rebuild.next_order(),
        };
        let mut testimony = seen.map(|seen| Testimony::of(seen, end));
        let untold = rebuild.found_loss() && end.cycle.is_none_or(|cycle| cycle == 0);
        if untold && !testimony.is_some_and(|said| said.is_loss()) {
            testimony = Some(Testimony::Untold);
        }
        // Among what is lost there may be orders whose ids somebody knows: no id is given twice.
        rebuild.skip_orders(warnings.iter().map(Warning::records_lost_max).sum());
        if let Some(Seen::Mark(mark)) = seen {
            rebuild.go_on_with(mark.next_order);
            epoch = epoch.max(mark.epoch.checked_add(1).ok_or(JournalError::Epochs)?);
            let next_record = opened.next_record().max(mark.records);
            opened = opened.from_record(next_record);
        }
        let mut checkpoint = rebuild.checkpoint(options.utc_ms);
        let lost = warnings.iter().any(Warning::is_loss);
        if lost || testimony.is_some_and(|said| said.is_loss()) {
            checkpoint.push(Kept::Loss);
        }
        // What the controller starts from is what a replay will find, not what this start has found.
        let (follower, mut restored) = Rebuild::new(floor, &checkpoint, options.utc_ms).finish();
        if is_on(Mutant::LoseOrderAtRestart) {
            restored.orders.pop();
        }
        if is_on(Mutant::ReuseOrderId) {
            restored.next_order = restored.next_order.saturating_sub(1).max(1);
        }
        let mut journal = opened.in_epoch(epoch).begin(&checkpoint)?;
        // The vehicles' registers have 16 bits for it; they compare as serial numbers do.
        let epoch = journal.epoch() as u16;
        let epoch = if is_on(Mutant::ReuseEpoch) { 1 } else { epoch };
        let begin = Begin {
            build: BUILD.to_owned(),
            floor: floor.name.clone(),
            utc_ms: options.utc_ms,
            epoch,
            seed: options.seed,
        };
        journal.append(&Record::Begin(begin))?;
        journal.commit()?;
        if older.is_some() {
            migrate::finish(journal.disk_mut())?;
        }
        journal.retain(options.bytes_max)?;
        let mut store = Self {
            journal: Some(journal),
            epoch,
            zero_utc_ms: follower.model.started_utc_ms,
            last_order: OrderId(restored.next_order - 1),
            bytes_max: options.bytes_max,
            floor_digest: floor.digest,
            kept: 0,
            durable: None,
            scratch: Vec::new(),
        };
        store.commit()?;
        Ok(Started {
            store,
            follower,
            restored,
            warnings,
            testimony,
        })
    }
}

/// The last cycle that records of this build are about.
fn last_cycle(records: &[Record]) -> Option<u64> {
    records.iter().rev().find_map(|record| match record {
        Record::End { cycle } => Some(*cycle),
        Record::Replay(bytes) => Replay::cycle_of(bytes),
        Record::Begin(_) => Some(0),
        _ => None,
    })
}
