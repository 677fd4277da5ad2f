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
mod opening;
mod rebuild;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod witness_tests;

use std::borrow::Cow;

use takt_maps::{Floor, OrderId};
use takt_rt::host::Disk;
use takt_rt::mutant::{Mutant, is_on};

use crate::controller::{Ask, CycleFacts, Delta, Input};
use crate::follower::{Client, Follower};
use crate::journal::{Identity, Journal, JournalError};
pub use check::verify;
pub use opening::Started;
pub use rebuild::Rebuild;
use record::{Record, Replay, VERSION};
use witness::Mark;

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
    /// For what is being encoded.
    scratch: Vec<u8>,
}

/// What a store on this floor is written for.
pub fn identity(floor: &Floor) -> Identity {
    Identity {
        floor_digest: floor.digest,
        record_version: VERSION,
    }
}

impl Store {
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
        // One buffer for all: it is filled in every cycle.
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        let bytes = postcard::to_extend(replay, bytes).map_err(JournalError::Encode)?;
        let record = Record::Replay(bytes);
        let appended = self.append(&record);
        if let Record::Replay(bytes) = record {
            self.scratch = bytes;
        }
        appended
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
