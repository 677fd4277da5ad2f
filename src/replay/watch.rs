//! Looking at a life while it is lived again.

use std::ops::ControlFlow;

use takt_maps::OrderId;

use crate::controller::{Ask, Delta};
use crate::follower::{Client, Follower};

/// Sees what a replayed controller puts out. Nothing that it does can change the replay, but for ending it.
pub trait Watch {
    /// Does it want to see anything? Asked once.
    fn watches(&self) -> bool {
        true
    }

    /// A life begins.
    fn begin(&mut self, life: &Beginning<'_>) -> ControlFlow<()>;

    /// A cycle put something out.
    fn cycle(&mut self, seen: &Seen<'_>) -> ControlFlow<()>;
}

/// How a life begins.
pub struct Beginning<'a> {
    /// Its epoch.
    pub epoch: u32,
    /// UTC, in nanoseconds since 1970.
    pub utc_ns: u64,
    /// Build of the program that recorded it.
    pub build: &'a str,
    /// Seed of planner and dispatcher.
    pub seed: u64,
    /// What people were shown at its beginning.
    pub follower: &'a Follower,
}

/// What a cycle put out, and what the journal knows about it besides.
pub struct Seen<'a> {
    /// The cycle.
    pub cycle: u64,
    /// Its UTC, in nanoseconds since 1970: of the controller's time, not of a wall clock, which may be set.
    pub utc_ns: u64,
    /// Changes, in order.
    pub deltas: &'a [Delta],
    /// Who submitted which of the orders in `deltas`.
    pub clients: &'a [(OrderId, Client)],
    /// Who asked for what else.
    pub asked: &'a [(String, Ask)],
}

/// Nobody looks.
impl Watch for () {
    fn watches(&self) -> bool {
        false
    }

    fn begin(&mut self, _: &Beginning<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn cycle(&mut self, _: &Seen<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What the last cycle put out, held until the journal has said all about it.
pub(super) struct Viewer<'w> {
    watch: &'w mut dyn Watch,
    /// UTC at cycle 0, in nanoseconds since 1970.
    zero_utc_ns: u64,
    cycle_ns: u64,
    cycle: u64,
    deltas: Vec<Delta>,
    /// Of the next order submitted.
    client: Option<Client>,
    clients: Vec<(OrderId, Client)>,
    asked: Vec<(String, Ask)>,
}

impl<'w> Viewer<'w> {
    /// Shows a life to `watch`, if that wants it; `zero_utc_ns` is UTC at cycle 0.
    pub(super) fn new(watch: &'w mut dyn Watch, zero_utc_ns: u64, cycle_ns: u64) -> Option<Self> {
        watch.watches().then_some(Self {
            watch,
            zero_utc_ns,
            cycle_ns,
            cycle: 0,
            deltas: Vec::new(),
            client: None,
            clients: Vec::new(),
            asked: Vec::new(),
        })
    }

    pub(super) fn begin(
        &mut self,
        epoch: u32,
        build: &str,
        seed: u64,
        follower: &Follower,
    ) -> ControlFlow<()> {
        self.watch.begin(&Beginning {
            epoch,
            utc_ns: self.zero_utc_ns,
            build,
            seed,
            follower,
        })
    }

    /// Shows the cycle at hand and begins another.
    pub(super) fn next(&mut self, cycle: u64) -> ControlFlow<()> {
        let flow = if self.deltas.is_empty() && self.asked.is_empty() {
            ControlFlow::Continue(())
        } else {
            self.watch.cycle(&Seen {
                cycle: self.cycle,
                utc_ns: self
                    .zero_utc_ns
                    .saturating_add(self.cycle.saturating_mul(self.cycle_ns)),
                deltas: &self.deltas,
                clients: &self.clients,
                asked: &self.asked,
            })
        };
        self.cycle = cycle;
        self.deltas.clear();
        self.clients.clear();
        self.asked.clear();
        flow
    }

    pub(super) fn put_out(&mut self, deltas: &mut Vec<Delta>) {
        self.deltas.append(deltas);
    }

    pub(super) fn client(&mut self, client: Client) {
        self.client = Some(client);
    }

    pub(super) fn changed(&mut self, delta: &Delta) {
        if let Delta::Submitted { id, .. } = delta
            && let Some(client) = self.client.take()
        {
            self.clients.push((*id, client));
        }
    }

    pub(super) fn asked(&mut self, person: String, request: Ask) {
        self.asked.push((person, request));
    }
}
