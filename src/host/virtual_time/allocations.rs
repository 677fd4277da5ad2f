//! The controller's step does not touch the allocator: counted over all that happens on the built-in floor.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use takt_maps::words::OperatingMode;
use takt_maps::{DeviceId, VehicleId};
use takt_motion::{MotionProposal, MotionSnapshot};
use takt_plc_bridge::ToField;
use takt_rt::alloc;
use takt_scheduler::dispatch::{DispatchProposal, DispatchSnapshot};
use takt_sim::floor::Endpoint as Plug;

use super::*;
use crate::controller::Outputs;

const MINUTE: u64 = 60_000;

/// Hands everything on to the workers, and keeps count of their calls of the allocator: those are not the step's.
struct Outside<'a> {
    workers: &'a mut Workers,
    calls: u64,
}

impl Outside<'_> {
    fn on<R>(&mut self, call: impl FnOnce(&mut Workers) -> R) -> R {
        let before = alloc::calls();
        let result = call(self.workers);
        self.calls += alloc::calls() - before;
        result
    }
}

impl Outputs for Outside<'_> {
    fn command(&mut self, command: ToField) {
        self.on(|w| w.command(command));
    }
    fn delta(&mut self, delta: Delta) {
        self.on(|w| w.delta(delta));
    }
    fn motion_snapshot(&mut self) -> Option<Box<MotionSnapshot>> {
        self.on(Outputs::motion_snapshot)
    }
    fn ask_planner(&mut self, snapshot: Box<MotionSnapshot>) {
        self.on(|w| w.ask_planner(snapshot));
    }
    fn dispatch_snapshot(&mut self) -> Option<Box<DispatchSnapshot>> {
        self.on(Outputs::dispatch_snapshot)
    }
    fn ask_dispatcher(&mut self, snapshot: Box<DispatchSnapshot>) {
        self.on(|w| w.ask_dispatcher(snapshot));
    }
    fn recycle_motion(&mut self, proposal: Box<MotionProposal>) {
        self.on(|w| w.recycle_motion(proposal));
    }
    fn recycle_dispatch(&mut self, proposal: Box<DispatchProposal>) {
        self.on(|w| w.recycle_dispatch(proposal));
    }
}

impl Rehearsal {
    /// As `step`; gives back the step's own calls of the allocator.
    fn step_counted(&mut self) -> u64 {
        self.before_step();
        let _no_facts = self.take_in();
        let inputs = std::mem::take(&mut self.inputs);
        // The list is freed outside of the count.
        let mut inputs = inputs.into_iter();
        let mut outside = Outside {
            workers: &mut self.workers,
            calls: 0,
        };
        let cycle = self.cycle - self.life;
        let before = alloc::calls();
        self.controller.step(cycle, inputs.by_ref(), &mut outside);
        let calls = alloc::calls() - before - outside.calls;
        drop(inputs);
        self.after_step();
        calls
    }

    fn count_until(&mut self, until_ms: u64, what: &str) {
        while self.now_ms() < until_ms {
            let calls = self.step_counted();
            assert_eq!(calls, 0, "{what}, in cycle {}", self.cycle);
        }
    }
}

/// Boxes with room for all that a snapshot can hold, as the live host makes them.
fn sized(workers: &mut Workers) {
    let floor = workers.floor.clone();
    for snapshot in &mut workers.motion_snapshots {
        snapshot.agents.reserve(floor.vehicles.len());
        snapshot
            .blocked
            .reserve(floor.roadmap.places() + floor.roadmap.edges().len());
    }
    for snapshot in &mut workers.dispatch_snapshots {
        snapshot.orders.reserve(floor.control.orders_max as usize);
        snapshot.vehicles.reserve(floor.vehicles.len());
        snapshot.chargers.reserve(floor.chargers.len());
        snapshot.parking_blocked.reserve(floor.parking.len());
    }
}

fn at_work(floor: Arc<Floor>, seed: u64) -> Rehearsal {
    let mut r = Rehearsal::new(floor, &Options::seeded(seed)).unwrap();
    sized(&mut r.workers);
    r
}

fn built_in() -> Floor {
    let loaded = takt_maps::formats::builtin("electronics-line").unwrap();
    loaded.unwrap().floor
}

#[test]
fn the_step_allocates_nothing_whatever_happens() {
    let mut r = at_work(Arc::new(built_in()), 11);
    r.count_until(10 * MINUTE, "locating, plans, dispatch, transfers");
    let done = r.outcome(11).orders_done;
    assert!(done > 10, "there was work: {done}");
    // Faults of all sorts.
    let vehicle = VehicleId(3);
    r.sim_mut().set_mode(vehicle, OperatingMode::EmergencyStop);
    r.count_until(11 * MINUTE, "an emergency stop");
    r.sim_mut().set_mode(vehicle, OperatingMode::Automatic);
    r.ask(Ask::PauseVehicle(vehicle, false));
    r.count_until(12 * MINUTE, "a person resumes it");
    for i in 0..r.floor.vehicles.len() {
        r.sim_mut().unplug(Plug::Vehicle(VehicleId::from_index(i)));
    }
    for i in 0..r.floor.devices.len() {
        r.sim_mut().unplug(Plug::Device(DeviceId::from_index(i)));
    }
    r.count_until(13 * MINUTE, "all links dead");
    for i in 0..r.floor.vehicles.len() {
        r.sim_mut().plug(Plug::Vehicle(VehicleId::from_index(i)));
    }
    for i in 0..r.floor.devices.len() {
        r.sim_mut().plug(Plug::Device(DeviceId::from_index(i)));
    }
    r.ask(Ask::PauseFloor(true));
    r.count_until(14 * MINUTE, "links are back, the floor paused");
    r.ask(Ask::PauseFloor(false));
    r.count_until(20 * MINUTE, "back at work");
    let orders: Vec<_> = r.model().orders.keys().copied().collect();
    orders
        .into_iter()
        .for_each(|order| r.ask(Ask::Cancel(order)));
    r.count_until(21 * MINUTE, "orders cancelled");
    assert!(r.outcome(11).orders_done > done);
}

#[test]
fn a_full_order_book_refuses_and_allocates_nothing() {
    let mut floor = built_in();
    floor.control.orders_max = 32;
    let mut r = at_work(Arc::new(floor), 12);
    r.count_until(2 * MINUTE, "beginning");
    let spec = takt_scheduler::orders::OrderSpec {
        pickup: takt_scheduler::orders::Stop {
            station: takt_maps::StationId(0),
            buffer: None,
        },
        drop: takt_scheduler::orders::Stop {
            station: takt_maps::StationId(1),
            buffer: None,
        },
        ..Default::default()
    };
    (0..200).for_each(|_| r.ask(Ask::Submit(spec)));
    r.count_until(3 * MINUTE, "more orders than there is room for");
    assert!(r.controller().orders_open() <= 32);
    r.count_until(8 * MINUTE, "a full book at work");
}
