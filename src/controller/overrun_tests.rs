//! The ladder of overruns, step by step, on a controller that nobody else talks to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot};

use super::super::{Controller, CycleFacts, Delta, Outputs, Phase, Restored};
use super::*;

/// Keeps alarms, and counts status.
#[derive(Default)]
struct Seen {
    alarms: Vec<(AlarmKind, bool)>,
    status: u32,
}

impl Outputs for Seen {
    fn command(&mut self, _: ToField) {}
    fn delta(&mut self, delta: Delta) {
        match delta {
            Delta::Raised { kind, .. } => self.alarms.push((kind, true)),
            Delta::Cleared { kind, .. } => self.alarms.push((kind, false)),
            Delta::Vehicle(_) => self.status += 1,
            _ => {}
        }
    }
    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>> {
        None
    }
    fn ask_planner(&mut self, _: Box<MotionSnapshot>) {}
    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        None
    }
    fn ask_dispatcher(&mut self, _: Box<DispatchSnapshot>) {}
    fn recycle_motion(&mut self, _: Box<MotionProposal>) {}
    fn recycle_dispatch(&mut self, _: Box<DispatchProposal>) {}
}

/// A controller on the built-in floor with this limit, and what it puts out.
struct Rig {
    controller: Controller,
    cycle: u64,
    seen: Seen,
}

impl Rig {
    fn new(overruns_max: u32) -> Self {
        let loaded = takt_maps::formats::builtin("electronics-line").unwrap();
        let mut floor = loaded.unwrap().floor;
        floor.control.overruns_max = overruns_max;
        Self {
            controller: Controller::new(Arc::new(floor), 1, Restored::default()).unwrap(),
            cycle: 0,
            seen: Seen::default(),
        }
    }

    /// So many cycles, each told that the one before was over its budget, or in it; gives back what became of alarms.
    fn cycles(&mut self, count: u32, over: bool) -> Vec<(AlarmKind, bool)> {
        for _ in 0..count {
            self.cycle += 1;
            let facts = CycleFacts {
                overrun: over.then_some(Phase::Traffic),
                ..CycleFacts::default()
            };
            self.controller
                .step(self.cycle, facts.inputs(), &mut self.seen);
        }
        std::mem::take(&mut self.seen.alarms)
            .into_iter()
            .filter(|(kind, _)| !matches!(kind, AlarmKind::VehiclePosition(_)))
            .collect()
    }
}

#[test]
fn one_overrun_sheds_for_a_while_and_is_forgiven() {
    let mut rig = Rig::new(100);
    assert_eq!(rig.cycles(30, false), []);
    let usual = rig.seen.status;
    assert!(usual > 0);
    assert_eq!(rig.cycles(1, true), [(AlarmKind::Overrun, true)]);
    assert_eq!(rig.cycles(19, false), []);
    assert_eq!(rig.seen.status, usual, "status is left out");
    assert_eq!(rig.cycles(1, false), [(AlarmKind::Overrun, false)]);
    rig.cycles(30, false);
    // A little of what was left out follows.
    let extra = rig.seen.status - 2 * usual;
    assert!(extra <= usual / 5, "{extra} beside {usual}");
    let counts = rig.controller.counts();
    assert_eq!((counts.overruns, counts.cycles_shed), (1, 21));
    assert_eq!(counts.overruns_by_phase, [0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn overruns_that_come_rarely_are_forgiven_one_by_one() {
    let mut rig = Rig::new(4);
    for _ in 0..50 {
        rig.cycles(1, true);
        rig.cycles(25, false);
    }
    assert_eq!(rig.controller.counts().cycles_held, 0);
    assert!(!rig.controller.stopping);
}

#[test]
fn overruns_that_go_on_hold_all_grants_until_most_are_forgiven() {
    let mut rig = Rig::new(100);
    rig.cycles(2, true);
    assert!(!rig.controller.overruns.hold());
    assert_eq!(rig.cycles(1, true), [(AlarmKind::GrantsHeld, true)]);
    assert_eq!(rig.cycles(39, false), []);
    assert!(rig.controller.overruns.hold());
    assert_eq!(rig.cycles(1, false), [(AlarmKind::GrantsHeld, false)]);
    assert_eq!(rig.cycles(20, false), [(AlarmKind::Overrun, false)]);
}

#[test]
fn at_the_limit_it_is_a_controlled_stop_that_stays() {
    let mut rig = Rig::new(10);
    rig.cycles(9, true);
    assert!(!rig.controller.stopping);
    assert_eq!(rig.cycles(1, true), [(AlarmKind::OverrunStop, true)]);
    assert!(rig.controller.stopping);
    assert_eq!(rig.cycles(1_000, false), []);
    assert!(rig.controller.stopping && rig.controller.overruns.hold());
    assert!(
        !rig.controller.overruns.shed(),
        "what is left is shown again"
    );
}

#[test]
fn a_limit_below_the_other_rungs_goes_there_at_once() {
    let mut rig = Rig::new(1);
    assert_eq!(
        rig.cycles(1, true),
        [
            (AlarmKind::Overrun, true),
            (AlarmKind::GrantsHeld, true),
            (AlarmKind::OverrunStop, true)
        ]
    );
}

#[test]
fn the_ladder_is_part_of_the_state() {
    let (mut a, mut b) = (Rig::new(100), Rig::new(100));
    a.cycles(5, false);
    b.cycles(5, false);
    assert_eq!(a.controller.state_hash(), b.controller.state_hash());
    a.cycles(1, true);
    b.cycles(1, false);
    assert_ne!(a.controller.state_hash(), b.controller.state_hash());
}
