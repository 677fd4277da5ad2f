//! What the faults that are on make of links, workers, disk and ways: found anew whenever one of them begins or ends, so
//! that none ends another. Of two of one kind the one that began last decides the size.

use takt_plc_bridge::Endpoint;
use takt_sim::faults::{Fault, FaultKind, Target};

use super::Rehearsal;
use super::links::{Answering, Conditions};
use super::workers::Condition;

impl Rehearsal {
    /// A fault has begun or ended: whatever is of its sort is as the faults say that are on now.
    pub(super) fn conditions(&mut self, fault: &Fault) {
        use FaultKind::*;
        match fault.kind {
            LinkDelay | LinkJitter | LinkOutage | LinkHalfOpen | MessageLoss
            | MessageDuplication | MessageReordering => self.weather(fault.target),
            PlcFreezes | PlcExceptions | PlcWrongUnit => self.answering(fault.target),
            PlannerStalls | PlannerLate | PlannerStale | PlannerNonsense | DispatcherStalls
            | DispatcherLate | DispatcherStale | DispatcherNonsense => self.work_conditions(),
            DiskFull => self.fill_disk(),
            PalletReported => self.block(fault.target),
            _ => {}
        }
    }

    /// The way to an endpoint.
    fn weather(&mut self, target: Target) {
        let Some(endpoint) = endpoint(target) else {
            return;
        };
        let size = |kind| self.trouble.size(kind, target);
        let permille = |kind| size(kind).map_or(0, |permille| permille.min(1_000) as u16);
        *self.links.conditions_mut(endpoint) = Conditions {
            delay_ms: size(FaultKind::LinkDelay).unwrap_or(0),
            jitter_ms: size(FaultKind::LinkJitter).unwrap_or(0),
            outage: size(FaultKind::LinkOutage).is_some(),
            half_open: size(FaultKind::LinkHalfOpen).is_some(),
            loss_permille: permille(FaultKind::MessageLoss),
            duplication_permille: permille(FaultKind::MessageDuplication),
            reordering_permille: permille(FaultKind::MessageReordering),
        };
    }

    /// How the server of an endpoint answers.
    fn answering(&mut self, target: Target) {
        let Some(endpoint) = endpoint(target) else {
            return;
        };
        let is_on = |kind| self.trouble.size(kind, target).is_some();
        let answering = Answering {
            exceptions: is_on(FaultKind::PlcExceptions),
            wrong_unit: is_on(FaultKind::PlcWrongUnit),
            frozen: is_on(FaultKind::PlcFreezes),
        };
        self.links.set_answering(endpoint, answering);
    }

    /// The connections to an endpoint break.
    pub(super) fn reset_link(&mut self, target: Target) {
        if let Some(endpoint) = endpoint(target) {
            self.links.reset(endpoint);
        }
    }

    /// Planner and dispatcher.
    fn work_conditions(&mut self) {
        let cycle_us = u64::from(self.floor.control.cycle_us);
        let size = |kind| self.trouble.size(kind, Target::Whole);
        let condition = |[stalls, late, stale, nonsense]: [FaultKind; 4]| Condition {
            stalled: size(stalls).is_some(),
            late_cycles: u64::from(size(late).unwrap_or(0)) * 1_000 / cycle_us,
            stale: size(stale).is_some(),
            nonsense: size(nonsense).is_some(),
        };
        self.workers.planning = condition([
            FaultKind::PlannerStalls,
            FaultKind::PlannerLate,
            FaultKind::PlannerStale,
            FaultKind::PlannerNonsense,
        ]);
        self.workers.dispatching = condition([
            FaultKind::DispatcherStalls,
            FaultKind::DispatcherLate,
            FaultKind::DispatcherStale,
            FaultKind::DispatcherNonsense,
        ]);
    }

    /// Nothing more fits on the disk, or everything again.
    fn fill_disk(&mut self) {
        let full = self.trouble.size(FaultKind::DiskFull, Target::Whole);
        if let Some(disk) = &self.trouble.disk {
            disk.set_capacity(full.map(|_| disk.used()));
        }
    }

    /// An operator blocks a way for as long as something lies there, as far as anybody has said.
    fn block(&mut self, target: Target) {
        let blocked = self.trouble.size(FaultKind::PalletReported, target);
        if let (Target::Edge(edge), Some(operators)) = (target, &mut self.operators) {
            operators.want_blocked(edge, blocked.is_some());
        }
    }
}

/// The end of a link.
fn endpoint(target: Target) -> Option<Endpoint> {
    match target {
        Target::Vehicle(vehicle) => Some(Endpoint::Vehicle(vehicle)),
        Target::Device(device) => Some(Endpoint::Device(device)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use takt_maps::{DeviceId, EdgeId, VehicleId};

    use super::super::Options;
    use super::*;

    const DEVICE: Target = Target::Device(DeviceId(0));

    fn fault(kind: FaultKind, target: Target, seconds: std::ops::Range<u64>) -> Fault {
        Fault {
            kind,
            target,
            at_ms: seconds.start * 1_000,
            for_ms: (seconds.end - seconds.start) * 1_000,
            amount: seconds.start as u32,
        }
    }

    fn rehearse(faults: Vec<Fault>) -> Rehearsal {
        let floor = takt_maps::formats::builtin("electronics-line").unwrap();
        let options = Options {
            faults,
            ..Options::seeded(1)
        };
        Rehearsal::new(floor.unwrap().floor.into(), &options).unwrap()
    }

    fn is_up_at(r: &mut Rehearsal, second: u64) -> bool {
        while r.now_ms() < second * 1_000 {
            r.step();
        }
        r.model().devices[0].up
    }

    #[test]
    fn a_fault_of_another_kind_on_the_same_device_ends_by_itself() {
        let mut r = rehearse(vec![
            fault(FaultKind::PlcExceptions, DEVICE, 10..40),
            fault(FaultKind::PlcWrongUnit, DEVICE, 11..12),
            fault(FaultKind::PlcFreezes, DEVICE, 14..15),
        ]);
        let states = [9, 30, 39, 50].map(|second| is_up_at(&mut r, second));
        assert_eq!(states, [true, false, false, true]);
    }

    #[test]
    fn two_faults_of_one_kind_are_over_with_the_last() {
        let mut r = rehearse(vec![
            fault(FaultKind::LinkOutage, DEVICE, 10..40),
            fault(FaultKind::LinkOutage, DEVICE, 12..14),
        ]);
        let states = [9, 20, 39, 50].map(|second| is_up_at(&mut r, second));
        assert_eq!(states, [true, false, false, true]);
    }

    #[test]
    fn the_later_of_two_decides_the_size_while_it_is_on() {
        let vehicle = Target::Vehicle(VehicleId(0));
        let mut r = rehearse(vec![
            fault(FaultKind::LinkDelay, vehicle, 5..20),
            fault(FaultKind::LinkDelay, vehicle, 8..12),
            fault(FaultKind::LinkJitter, vehicle, 9..11),
        ]);
        let sizes = [6, 10, 13, 21].map(|second| {
            is_up_at(&mut r, second);
            let way = *r
                .links_mut()
                .conditions_mut(Endpoint::Vehicle(VehicleId(0)));
            (way.delay_ms, way.jitter_ms)
        });
        assert_eq!(sizes, [(5, 0), (8, 9), (5, 0), (0, 0)]);
    }

    #[test]
    fn workers_and_ways_too_are_as_the_faults_say_that_are_on() {
        let edge = Target::Edge(EdgeId(0));
        let mut r = rehearse(vec![
            fault(FaultKind::DispatcherStale, Target::Whole, 5..20),
            fault(FaultKind::DispatcherStale, Target::Whole, 6..7),
            fault(FaultKind::PlannerStalls, Target::Whole, 6..9),
            fault(FaultKind::PalletReported, edge, 5..20),
            fault(FaultKind::PalletReported, edge, 6..7),
        ]);
        is_up_at(&mut r, 10);
        assert!(r.workers.dispatching.stale && !r.workers.planning.stalled);
        assert!(r.model().blocked.contains(&EdgeId(0)));
        is_up_at(&mut r, 23);
        assert!(!r.workers.dispatching.stale);
        assert!(r.model().blocked.is_empty());
    }

    #[test]
    fn work_goes_on_after_a_dispatcher_that_answered_the_question_before() {
        let mut r = rehearse(vec![fault(
            FaultKind::DispatcherStale,
            Target::Whole,
            30..90,
        )]);
        is_up_at(&mut r, 90);
        let done = r.outcome(1).orders_done;
        is_up_at(&mut r, 600);
        assert!(r.outcome(1).orders_done > done + 10);
        assert_eq!(r.violations(), []);
    }
}
