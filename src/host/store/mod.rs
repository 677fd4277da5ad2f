//! The store: what a host journals of its controller, what a new start makes of it, and how old stores are taken over.
//!
//! Two things are kept in one log ([`record`]): *changes* of orders, stock and pauses, from which a start rebuilds what
//! people see and what the next controller begins with; and every *input* of every cycle, from which
//! [`replay`](crate::replay) lives the controller's life again, bit for bit.

pub mod record;
pub mod stat;
pub mod testimony;
pub mod witness;

mod check;
mod migrate;
mod rebuild;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witness_tests;

use std::borrow::Cow;
use std::sync::Arc;

use takt_maps::{Floor, OrderId};
use takt_rt::host::Disk;
use takt_rt::mutant::{Mutant, is_on};

use crate::controller::{Ask, CycleFacts, Delta, Input, Restored};
use crate::follower::{Client, Follower};
use crate::journal::{self, Identity, Journal, JournalError, Warning};
pub use check::verify;
pub use rebuild::Rebuild;
use record::{BUILD, Begin, Kept, Record, Replay, VERSION};
use testimony::{StoreEnd, Testimony};
use witness::{Mark, Seen};

/// A disk of any kind.
pub type AnyDisk = Box<dyn Disk + Send>;

/// A log that has grown beyond this is followed by a new one, in bytes.
const LOG_BYTES: u64 = 32 << 20;

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// UTC now, in milliseconds since 1970.
    pub utc_ms: u64,
    /// Seed of planner and dispatcher, to be found again by a replay.
    pub seed: u64,
    /// All files together may take so many bytes; then the oldest go.
    pub bytes_max: u64,
}

/// One cycle as its host saw it.
#[derive(Clone, Debug, Default)]
pub struct Cycle {
    /// Its number.
    pub number: u64,
    /// What its host told it.
    pub facts: CycleFacts,
    /// What it took in besides, in order.
    pub inputs: Vec<Input>,
    /// What it put out.
    pub deltas: Vec<Delta>,
}

/// Who asked for what, by the token of the request.
pub trait Askers {
    /// The request of a token.
    fn asked(&self, token: u64) -> Option<(&Client, &Ask)>;
}

/// The journal and what its checkpoints need, or nothing where nothing is to be kept.
pub struct Store {
    journal: Option<Journal<AnyDisk, Record>>,
    epoch: u16,
    zero_utc_ms: u64,
    last_order: OrderId,
    bytes_max: u64,
    floor_digest: u64,
    /// The last cycle that was kept, durable or not.
    kept: u64,
    durable: Option<Mark>,
}

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

/// What a store on this floor is written for.
pub fn identity(floor: &Floor) -> Identity {
    Identity {
        floor_digest: floor.digest,
        record_version: VERSION,
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

    /// How far it is durable, to be told to a witness; `None` if it keeps nothing.
    pub fn durable(&self) -> Option<Mark> {
        self.durable
    }

    /// This start's epoch.
    pub fn epoch(&self) -> u16 {
        self.epoch
    }

    /// Does it keep anything?
    pub fn keeps(&self) -> bool {
        self.journal.is_some()
    }

    /// Takes a cycle into the group that the next commit makes durable. Returns whether somebody waits for it: a change,
    /// or an answer.
    ///
    /// # Errors
    /// See [`Journal::append`].
    pub fn keep(&mut self, cycle: &Cycle, askers: &impl Askers) -> Result<bool, JournalError> {
        let mut awaited = false;
        self.kept = cycle.number;
        let changes = cycle.deltas.iter().any(Delta::durable);
        let forgets = is_on(Mutant::UnjournalledInput) && cycle.number.is_multiple_of(97);
        if forgets {
            // Nothing is written.
        } else if !cycle.inputs.is_empty() || cycle.facts != CycleFacts::default() || changes {
            self.append_replay(&Replay::Cycle {
                cycle: cycle.number,
                facts: cycle.facts,
                inputs: Cow::Borrowed(&cycle.inputs),
            })?;
        }
        for delta in &cycle.deltas {
            match delta {
                Delta::Submitted { id, token, .. } => {
                    self.last_order = self.last_order.max(*id);
                    if let Some((client, _)) = token.and_then(|token| askers.asked(token)) {
                        self.append(&Record::Client(client.clone()))?;
                    }
                }
                Delta::Answer { token, result } => {
                    awaited = true;
                    if result.is_ok()
                        && let Some((client, request)) = askers.asked(*token)
                        && !matches!(request, Ask::Submit(_))
                    {
                        self.append(&Record::Asked {
                            person: client.person.clone(),
                            request: *request,
                        })?;
                    }
                }
                Delta::Tick {
                    cycle, state_hash, ..
                } => self.append_replay(&Replay::Hash {
                    cycle: *cycle,
                    hash: *state_hash,
                })?,
                _ => {}
            }
            if delta.durable() {
                awaited = true;
                self.append(&Record::Change(*delta))?;
            }
        }
        Ok(awaited && !is_on(Mutant::AnswerBeforeDurable))
    }

    fn append_replay(&mut self, replay: &Replay<'_>) -> Result<(), JournalError> {
        if self.journal.is_none() {
            return Ok(());
        }
        let bytes = postcard::to_stdvec(replay).map_err(JournalError::Encode)?;
        self.append(&Record::Replay(bytes))
    }

    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        match &mut self.journal {
            Some(journal) => journal.append(record).map(drop),
            None => Ok(()),
        }
    }

    /// Makes all that was kept durable.
    ///
    /// # Errors
    /// See [`Journal::commit`].
    pub fn commit(&mut self) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        journal.commit()?;
        self.durable = Some(Mark {
            floor: self.floor_digest,
            epoch: journal.epoch(),
            records: journal.next_record(),
            cycle: self.kept,
            next_order: self.last_order.0 + 1,
        });
        Ok(())
    }

    /// Ends the life in order.
    ///
    /// # Errors
    /// See [`Journal::commit`].
    pub fn end(&mut self, cycle: u64) -> Result<(), JournalError> {
        self.append(&Record::End { cycle })?;
        self.commit()
    }

    /// Is the log long enough for a new one? Checkpoints should stay a small part of what is written.
    pub fn wants_checkpoint(&self) -> bool {
        let due = |j: &Journal<_, _>| j.log_bytes() > LOG_BYTES.max(4 * j.checkpoint_bytes());
        self.journal.as_ref().is_some_and(due)
    }

    /// Begins a new log behind a checkpoint of what the follower knows, and removes files that are too old.
    ///
    /// The follower has applied all that was kept so far.
    ///
    /// # Errors
    /// When the disk fails; then the old log goes on, if it can.
    pub fn checkpoint(&mut self, follower: &Follower) -> Result<(), JournalError> {
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        let now_ms = follower.model.now_ms;
        let kept = rebuild::checkpoint(follower, self.zero_utc_ms, now_ms, self.last_order);
        journal.rotate(&kept)?;
        journal.retain(self.bytes_max).map(drop)
    }

    /// Does a failure leave the journal closed? Otherwise it goes on.
    pub fn is_broken(&self) -> bool {
        self.journal.as_ref().is_some_and(Journal::is_broken)
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
