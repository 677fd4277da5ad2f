//! What differs between links: which registers are read, what in them is news, and what is to be written when.

mod device;
mod vehicle;

pub(crate) use device::{DevicePort, is_current};
pub(crate) use vehicle::{Heartbeat, VehiclePort};

use crate::messages::FromField;
use crate::vehicle_profile::{COMMAND_WORDS, ReportError};
use std::future::Future;
use tokio::time::Instant;

/// One kind of endpoint. All methods are called by its link's task, between requests.
pub(crate) trait Port: Send + 'static {
    /// Registers to read each transfer interval: first and count. `None`: there is nothing to read.
    fn read_block(&self) -> Option<(u16, u16)>;

    /// A new connection: what is remembered of the old one's other end no longer counts.
    fn connected(&mut self);

    /// Looks at registers that were read.
    ///
    /// # Errors
    /// They are no report.
    fn received(&mut self, registers: &[u16], now: Instant) -> Result<Heard, ReportError>;

    /// What is to be written now, at `now_ms` of the commands' clock.
    fn due(&mut self, now: Instant, now_ms: u64) -> Due;

    /// The last [`Due::Write`] was confirmed.
    fn written(&mut self, now: Instant);

    /// Returns when something should be written before the next transfer interval. Cancel-safe.
    fn wake(&mut self) -> impl Future<Output = ()> + Send;

    /// Is there a command that was never written? (Asked before the link is closed.)
    fn unwritten(&mut self, now_ms: u64) -> bool;
}

/// What a read said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// The other side is alive; perhaps there is something for the control cycle.
    News(Option<FromField>),
    /// The same report as before: no sign of life.
    Repeated,
}

/// What there is to write.
#[allow(
    clippy::large_enum_variant,
    reason = "lives on the stack for one request; boxing would allocate for each"
)]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// Nothing.
    Nothing,
    /// Nothing, and a command was dropped since its deadline had passed.
    Dropped,
    /// These registers.
    Write(Block),
}

/// Registers to be written with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    /// First register.
    pub(crate) at: u16,
    words: [u16; COMMAND_WORDS],
    len: usize,
}

impl Block {
    /// # Panics
    /// With more words than a vehicle command has, the longest block there is.
    fn new(at: u16, registers: &[u16]) -> Self {
        let mut words = [0; COMMAND_WORDS];
        words[..registers.len()].copy_from_slice(registers);
        Self {
            at,
            words,
            len: registers.len(),
        }
    }

    pub(crate) fn words(&self) -> &[u16] {
        &self.words[..self.len]
    }
}
