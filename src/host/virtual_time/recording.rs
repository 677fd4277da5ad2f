//! The store of a rehearsal: what a keeper does live, done at the end of each step.

use std::collections::BTreeMap;

use takt_maps::OrderId;

use crate::controller::{Ask, CycleFacts, Delta, Input, Refused};
use crate::follower::{Client, Follower};
use crate::host::store::witness::Witness;
use crate::host::store::{Askers, Cycle, Store};
use crate::journal::JournalError;

/// What nobody waits for becomes durable every so many cycles.
const COMMIT_CYCLES: u64 = 10;

/// The answer to a request, given when what it caused was durable.
pub type Answered = (u64, Result<Option<OrderId>, Refused>);

struct Asked {
    client: Client,
    request: Ask,
    /// Somebody waits for the answer.
    watched: bool,
}

#[derive(Default)]
struct Pending(BTreeMap<u64, Asked>);

impl Askers for Pending {
    fn asked(&self, token: u64) -> Option<(&Client, &Ask)> {
        self.0.get(&token).map(|a| (&a.client, &a.request))
    }
}

/// A store and what waits for it.
pub(super) struct Recording {
    store: Store,
    /// Told of each commit at once; live, a thread of its own does it within some time.
    witness: Option<Witness>,
    pending: Pending,
    answers: Vec<Answered>,
    /// What the cycle that comes takes in.
    facts: CycleFacts,
    inputs: Vec<Input>,
    /// Somebody waits for what has been appended.
    awaited: bool,
    /// Something has been appended and is not durable.
    uncommitted: bool,
    /// Answers in what has been appended.
    unanswered: Vec<Answered>,
    /// Cycles up to this one are durable, and the controller has not been told.
    durable: Option<u64>,
    broken: Option<JournalError>,
}

impl Recording {
    pub(super) fn new(store: Store, witness: Option<Witness>) -> Self {
        let mut this = Self {
            store,
            witness,
            pending: Pending::default(),
            answers: Vec::new(),
            facts: CycleFacts::default(),
            inputs: Vec::new(),
            awaited: false,
            uncommitted: false,
            unanswered: Vec::new(),
            durable: None,
            broken: None,
        };
        this.bear_witness();
        this
    }

    /// Tells the witness how far the store is durable.
    fn bear_witness(&mut self) {
        if let (Some(witness), Some(mark)) = (&mut self.witness, self.store.durable()) {
            // One that cannot be written stops nobody; what it does not know is not held against the store.
            let _ = witness.write(&mark);
        }
    }

    /// Remembers what the cycle that comes will take in.
    pub(super) fn take_in(&mut self, facts: CycleFacts, inputs: &[Input]) {
        self.facts = facts;
        if self.store.keeps() {
            self.inputs = inputs.to_vec();
        }
    }

    /// Requests that have not been answered.
    pub(super) fn pending(&self) -> usize {
        self.pending.0.len()
    }

    /// Why the store takes nothing more.
    pub(super) fn broken(&self) -> Option<&JournalError> {
        self.broken.as_ref()
    }

    /// Remembers who asks for what.
    pub(super) fn ask(&mut self, token: u64, client: Client, request: Ask, watched: bool) {
        let asked = Asked {
            client,
            request,
            watched,
        };
        self.pending.0.insert(token, asked);
    }

    /// Who submits the order of a delta.
    pub(super) fn client_of(&self, delta: &Delta) -> Option<Client> {
        match delta {
            Delta::Submitted {
                token: Some(token), ..
            } => self.pending.asked(*token).map(|(client, _)| client.clone()),
            _ => None,
        }
    }

    /// What the controller is to be told of the last cycles.
    pub(super) fn take_durable(&mut self) -> Option<Input> {
        self.durable.take().map(|cycle| Input::Durable { cycle })
    }

    /// Answers that were given since the last call.
    pub(super) fn take_answers(&mut self) -> Vec<Answered> {
        std::mem::take(&mut self.answers)
    }

    /// Takes a cycle into the journal; it is not durable yet.
    pub(super) fn append(&mut self, cycle: u64, deltas: &[Delta]) {
        if self.broken.is_some() {
            return;
        }
        let kept = self.store.keep(
            &Cycle {
                number: cycle,
                facts: self.facts,
                inputs: std::mem::take(&mut self.inputs),
                deltas: deltas.to_vec(),
            },
            &self.pending,
        );
        self.uncommitted = self.store.keeps();
        match kept {
            Ok(awaited) => self.awaited |= awaited,
            Err(error) => self.broken = Some(error),
        }
        for delta in deltas {
            if let Delta::Answer { token, result } = *delta
                && self.pending.0.remove(&token).is_some_and(|a| a.watched)
            {
                self.unanswered.push((token, result));
            }
        }
    }

    /// What somebody waits for is durable when it returns, unless the store is broken.
    pub(super) fn commit(&mut self, cycle: u64) {
        let due = std::mem::take(&mut self.awaited) || cycle.is_multiple_of(COMMIT_CYCLES);
        if self.broken.is_some() || !due {
            return;
        }
        match self.store.commit() {
            Ok(()) => {
                self.durable = Some(cycle);
                self.uncommitted = false;
                self.bear_witness();
            }
            Err(error) => self.broken = Some(error),
        }
    }

    /// Answers who waits for what is durable now. Gives back how many are answered although it is not, which must not be.
    pub(super) fn answer(&mut self) -> usize {
        if self.broken.is_some() {
            return 0;
        }
        let too_early = if self.uncommitted {
            self.unanswered.len()
        } else {
            0
        };
        self.answers.append(&mut self.unanswered);
        too_early
    }

    /// Begins a new log when it is time.
    pub(super) fn checkpoint(&mut self, follower: &Follower) {
        if self.broken.is_none()
            && self.store.wants_checkpoint()
            && let Err(error) = self.store.checkpoint(follower)
            && self.store.is_broken()
        {
            self.broken = Some(error);
        }
    }

    /// Ends the life in order.
    pub(super) fn end(&mut self, cycle: u64) -> Result<(), JournalError> {
        match self.broken.take() {
            Some(error) => Err(error),
            None => self.store.end(cycle).map(|()| self.bear_witness()),
        }
    }
}
