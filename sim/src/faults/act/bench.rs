//! A floor on which one vehicle is driven by hand while something goes wrong.

use crate::faults::{Fault, FaultKind, Target};
use crate::floor::SimFloor;
use crate::testing;
use std::sync::Arc;
use takt_maps::words::{Action, ActionState, LoadId, VehicleCommand, VehicleReport};
use takt_maps::{Floor, VehicleId};

pub const AGV: VehicleId = VehicleId(0);

/// A simulated floor, and the command that its first vehicle is told again and again.
pub struct Bench {
    pub sim: SimFloor,
    pub told: VehicleCommand,
    /// The last waypoint told, and the last action.
    seq: u32,
}

impl Bench {
    pub fn new() -> Self {
        Self::on(testing::floor())
    }

    pub fn on(floor: Floor) -> Self {
        let sim = SimFloor::new(Arc::new(floor), 3);
        let mut told = testing::command(sim.floor(), 0, 1, &[]);
        told.validity_ms = 1_000;
        Self { sim, told, seq: 0 }
    }

    /// A fault that begins now; `for_ms` matters to those that plan ahead.
    pub fn fault(&self, kind: FaultKind, target: Target, for_ms: u64, amount: u32) -> Fault {
        let at_ms = self.sim.now_ms();
        Fault {
            kind,
            target,
            at_ms,
            for_ms,
            amount,
        }
    }

    /// A fault of the vehicle begins.
    pub fn begin(&mut self, kind: FaultKind, for_ms: u64, amount: u32) -> Fault {
        let fault = self.fault(kind, Target::Vehicle(AGV), for_ms, amount);
        assert!(self.sim.begin_fault(&fault));
        fault
    }

    pub fn end(&mut self, fault: &Fault) {
        assert!(self.sim.end_fault(fault));
    }

    /// Tells it to go along these nodes, without waiting.
    pub fn go(&mut self, nodes: &[u32]) {
        let action = (
            self.told.action,
            self.told.action_sequence,
            self.told.load,
            self.told.sequence,
        );
        self.told = testing::command(self.sim.floor(), action.3, self.seq + 1, nodes);
        (
            self.told.action,
            self.told.action_sequence,
            self.told.load,
            _,
        ) = action;
        self.told.validity_ms = 1_000;
        self.seq += nodes.len() as u32;
    }

    /// Tells it to do something, under a new number.
    pub fn act(&mut self, action: Action, load: u32) {
        self.told.action = action;
        self.told.action_sequence += 1;
        self.told.load = LoadId(load);
    }

    /// Lets time pass, and looks at every step.
    pub fn run(&mut self, ms: u32, mut look: impl FnMut(&SimFloor)) {
        for step in 0..ms / 10 {
            if step % 5 == 0 {
                self.told.sequence = self.told.sequence.wrapping_add(1);
                self.sim.vehicle_command(AGV, &self.told);
            }
            self.sim.step(10);
            look(&self.sim);
        }
    }

    pub fn wait(&mut self, ms: u32) {
        self.run(ms, |_| ());
    }

    pub fn report(&self) -> VehicleReport {
        self.sim.vehicle_report(AGV)
    }

    /// Where the vehicle truly is, mm.
    pub fn truth(&self) -> (f64, f64) {
        self.sim.vehicles[AGV.index()].true_position()
    }

    /// How far the true position is from a point, mm.
    pub fn away(&self, from: (f64, f64)) -> f64 {
        let (x, y) = self.truth();
        ((x - from.0) * (x - from.0) + (y - from.1) * (y - from.1)).sqrt()
    }

    /// It drives to the end of these nodes, and says so: nothing is wrong any more.
    pub fn serves(&mut self, nodes: &[u32]) {
        self.go(nodes);
        self.wait(30_000);
        let report = self.report();
        assert_eq!((report.reached_seq, report.speed_mm_s), (self.seq, 0));
        let last = self
            .sim
            .floor()
            .roadmap
            .node(takt_maps::NodeId(nodes[nodes.len() - 1]));
        assert!(self.away((f64::from(last.x_mm), f64::from(last.y_mm))) < 1e-6);
        assert!(self.sim.vehicles[AGV.index()].is_untroubled());
    }

    /// It takes a load from the store, where it stands.
    pub fn takes(&mut self, load: u32) {
        self.act(Action::Load, load);
        self.wait(6_000);
        assert_eq!(self.report().action_state, ActionState::Done);
    }
}
