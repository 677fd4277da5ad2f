//! A vehicle's port: the register profile, with the command as heartbeat.

use super::{Block, Due, Heard, Port};
use crate::link::outbox::{Outbox, Pending, Stamped};
use crate::messages::FromField;
use crate::vehicle_profile::*;
use std::future::{Future, pending};
use takt_maps::VehicleId;
use takt_maps::words::{VehicleCommand, VehicleReport};
use tokio::time::Instant;

/// Reads reports, and writes the latest command every transfer interval.
#[derive(Debug)]
pub(crate) struct VehiclePort {
    vehicle: VehicleId,
    outbox: Outbox<VehicleCommand>,
    heartbeat: Heartbeat,
    writing: Option<Stamped<VehicleCommand>>,
}

/// The heartbeat of the last report, also one of an earlier connection: a vehicle whose heartbeat stands still stays
/// dead.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat(Option<u16>);

impl Heartbeat {
    /// Is this report news? The very first one only says where the heartbeat stands: it may have stood there for
    /// hours.
    pub(crate) fn beats(&mut self, report: &VehicleReport) -> bool {
        let last = self.0.replace(report.heartbeat);
        last.is_some_and(|last| last != report.heartbeat)
    }
}

impl VehiclePort {
    pub(crate) fn new(vehicle: VehicleId, outbox: Outbox<VehicleCommand>) -> Self {
        Self {
            vehicle,
            outbox,
            heartbeat: Heartbeat::default(),
            writing: None,
        }
    }
}

impl Port for VehiclePort {
    fn read_block(&self) -> Option<(u16, u16)> {
        Some((REPORT_AT, REPORT_WORDS as u16))
    }

    fn connected(&mut self) {}

    fn received(&mut self, registers: &[u16], _now: Instant) -> Result<Heard, ReportError> {
        let report = decode_report(registers)?;
        if !self.heartbeat.beats(&report) {
            return Ok(Heard::Repeated);
        }
        let vehicle = self.vehicle;
        Ok(Heard::News(Some(FromField::Vehicle { vehicle, report })))
    }

    fn due(&mut self, _now: Instant, now_ms: u64) -> Due {
        match self.outbox.take(now_ms) {
            Pending::Nothing => Due::Nothing,
            Pending::Dropped => Due::Dropped,
            Pending::Ready { command, .. } => {
                self.writing = Some(command);
                Due::Write(Block::new(COMMAND_AT, &encode_command(&command.value)))
            }
        }
    }

    fn written(&mut self, _now: Instant) {
        if let Some(command) = self.writing.take() {
            self.outbox.written(&command);
        }
    }

    fn wake(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }

    fn unwritten(&mut self, now_ms: u64) -> bool {
        matches!(self.outbox.take(now_ms), Pending::Ready { fresh: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::outbox::outbox;

    #[test]
    fn only_a_heartbeat_that_changes_is_news() {
        let (_sender, outbox) = outbox();
        let mut port = VehiclePort::new(VehicleId(3), outbox);
        let now = Instant::now();
        let mut registers = [0u16; REPORT_WORDS];
        registers[0] = PROFILE;
        let mut say = |heartbeat| {
            registers[1] = heartbeat;
            port.received(&registers, now).unwrap()
        };
        assert_eq!(say(7), Heard::Repeated, "it may have stood at 7 for hours");
        assert_eq!(say(7), Heard::Repeated);
        for heartbeat in [8, 7] {
            let Heard::News(Some(FromField::Vehicle { vehicle, report })) = say(heartbeat) else {
                panic!("heartbeat {heartbeat} is another one");
            };
            assert_eq!((vehicle, report.heartbeat), (VehicleId(3), heartbeat));
        }
    }

    #[test]
    fn command_is_due_every_time_until_its_deadline() {
        let (sender, outbox) = outbox();
        let mut port = VehiclePort::new(VehicleId(0), outbox);
        let now = Instant::now();
        assert!(matches!(port.due(now, 0), Due::Nothing));
        let command = VehicleCommand {
            sequence: 9,
            ..VehicleCommand::default()
        };
        sender.put(command, 100);
        assert!(port.unwritten(0));
        for now_ms in [0, 50, 100] {
            let Due::Write(block) = port.due(now, now_ms) else {
                panic!("due at {now_ms}");
            };
            assert_eq!(block.words(), encode_command(&command));
            port.written(now);
        }
        assert!(!port.unwritten(100));
        assert!(matches!(port.due(now, 101), Due::Nothing));
        sender.put(command, 100);
        assert!(matches!(port.due(now, 101), Due::Dropped));
    }
}
