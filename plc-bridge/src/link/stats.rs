//! What happens on a link, counted.

use crate::messages::{Endpoint, LinkState};
use crate::modbus::ModbusError;
use serde::Serialize;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A link's counters since the bridge was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct LinkStats {
    /// Whose link.
    pub endpoint: Endpoint,
    /// How it is now.
    pub state: LinkState,
    /// Connections made after the first one.
    pub reconnects: u64,
    /// Attempts to connect that failed.
    pub connect_failures: u64,
    /// Requests without an answer in time.
    pub timeouts: u64,
    /// Connections that the other side closed, or that broke.
    pub losses: u64,
    /// Exceptions that the device answered with.
    pub exceptions: u64,
    /// Answers that were no Modbus, or did not belong to the request.
    pub bad_frames: u64,
    /// Vehicle reports that the profile does not allow.
    pub bad_reports: u64,
    /// Times that the heartbeat stood still for the link time-out while the socket went on answering.
    pub frozen: u64,
    /// Commands that were past their deadline before they could be written.
    pub dropped_commands: u64,
    /// Good answers to reads.
    pub reads: u64,
    /// Confirmed writes.
    pub writes: u64,
    /// Time from the last request to its answer, in microseconds.
    pub round_trip_us_last: u64,
    /// The longest such time.
    pub round_trip_us_max: u64,
}

impl LinkStats {
    /// Of a link on which nothing has happened yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            state: LinkState::Connecting,
            reconnects: 0,
            connect_failures: 0,
            timeouts: 0,
            losses: 0,
            exceptions: 0,
            bad_frames: 0,
            bad_reports: 0,
            frozen: 0,
            dropped_commands: 0,
            reads: 0,
            writes: 0,
            round_trip_us_last: 0,
            round_trip_us_max: 0,
        }
    }
}

/// The same, written by the link's task and read by anyone.
#[derive(Debug)]
pub(crate) struct Counters {
    endpoint: Endpoint,
    /// Name of the vehicle or device, for people.
    name: String,
    state: AtomicU8,
    connections: AtomicU64,
    pub(crate) connect_failures: Counter,
    timeouts: Counter,
    losses: Counter,
    exceptions: Counter,
    bad_frames: Counter,
    pub(crate) bad_reports: Counter,
    pub(crate) frozen: Counter,
    pub(crate) dropped_commands: Counter,
    pub(crate) reads: Counter,
    pub(crate) writes: Counter,
    round_trip_us_last: AtomicU64,
    round_trip_us_max: AtomicU64,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Counters {
    pub(crate) fn new(endpoint: Endpoint, name: &str) -> Self {
        Self {
            endpoint,
            name: name.to_owned(),
            state: AtomicU8::new(LinkState::Connecting as u8),
            connections: AtomicU64::new(0),
            connect_failures: Counter::default(),
            timeouts: Counter::default(),
            losses: Counter::default(),
            exceptions: Counter::default(),
            bad_frames: Counter::default(),
            bad_reports: Counter::default(),
            frozen: Counter::default(),
            dropped_commands: Counter::default(),
            reads: Counter::default(),
            writes: Counter::default(),
            round_trip_us_last: AtomicU64::new(0),
            round_trip_us_max: AtomicU64::new(0),
        }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn set_state(&self, state: LinkState) {
        self.state.store(state as u8, Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn round_trip(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.round_trip_us_last.store(us, Relaxed);
        self.round_trip_us_max.fetch_max(us, Relaxed);
    }

    /// A request on a connection failed.
    pub(crate) fn failed(&self, error: &ModbusError) {
        match error {
            ModbusError::Timeout => self.timeouts.add(),
            ModbusError::Exception(_) => self.exceptions.add(),
            ModbusError::BadFrame(_) => self.bad_frames.add(),
            ModbusError::Lost(_) => self.losses.add(),
        }
    }

    /// All counters; each is exact, together they may be of slightly different moments.
    pub(crate) fn snapshot(&self) -> LinkStats {
        LinkStats {
            endpoint: self.endpoint,
            state: match self.state.load(Relaxed) {
                s if s == LinkState::Up as u8 => LinkState::Up,
                s if s == LinkState::Down as u8 => LinkState::Down,
                _ => LinkState::Connecting,
            },
            reconnects: self.connections.load(Relaxed).saturating_sub(1),
            connect_failures: self.connect_failures.get(),
            timeouts: self.timeouts.get(),
            losses: self.losses.get(),
            exceptions: self.exceptions.get(),
            bad_frames: self.bad_frames.get(),
            bad_reports: self.bad_reports.get(),
            frozen: self.frozen.get(),
            dropped_commands: self.dropped_commands.get(),
            reads: self.reads.get(),
            writes: self.writes.get(),
            round_trip_us_last: self.round_trip_us_last.load(Relaxed),
            round_trip_us_max: self.round_trip_us_max.load(Relaxed),
        }
    }
}
