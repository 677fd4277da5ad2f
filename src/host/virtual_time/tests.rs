//! The whole of controller and floor in virtual time: what happens when something is pulled, pressed or missing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::follower::model::{AlarmKind, MissionView};
use takt_maps::words::OperatingMode;
use takt_maps::{DeviceId, VehicleId};
use takt_sim::floor::Endpoint as Plug;

const MINUTE: u64 = 60_000;

fn built_in() -> Arc<Floor> {
    let loaded = takt_maps::formats::builtin("electronics-line").expect("it is built in");
    Arc::new(loaded.expect("it has no problems").floor)
}

fn rehearse(floor: &Arc<Floor>, seed: u64) -> Rehearsal {
    Rehearsal::new(floor.clone(), &Options::seeded(seed))
        .expect("the floor's handshakes fit its devices")
}

impl Rehearsal {
    fn run_until(&mut self, until_ms: u64, mut watch: impl FnMut(&Self)) {
        while self.now_ms() < until_ms {
            self.step();
            watch(self);
        }
    }

    /// A vehicle that drives on an order.
    fn working(&self) -> VehicleId {
        let views = &self.model().vehicles;
        let drives = |v: &crate::follower::model::VehicleView| {
            v.speed_mm_s > 300
                && matches!(v.mission, MissionView::ToDrop(_) | MissionView::ToPickup(_))
        };
        VehicleId::from_index(views.iter().position(drives).expect("somebody works"))
    }

    fn moved_mm(&self, vehicle: VehicleId) -> u64 {
        self.sim().statistics().vehicles[vehicle.index()].distance_mm
    }

    fn alarmed(&self, kind: AlarmKind) -> bool {
        self.model()
            .alarms
            .iter()
            .any(|a| a.kind == kind && a.until_ms.is_none())
    }
}

#[test]
fn the_same_seed_gives_the_same_and_another_seed_another() {
    let floor = built_in();
    let outcome = |seed| {
        let mut r = rehearse(&floor, seed);
        r.run_until(10 * MINUTE, |_| ());
        serde_json::to_string(&r.outcome(seed)).unwrap()
    };
    let first = outcome(1);
    assert_eq!(first, outcome(1));
    assert_ne!(first, outcome(2));
}

#[test]
fn material_arrives_and_nothing_touches_or_starves() {
    let floor = built_in();
    let mut r = rehearse(&floor, 3);
    r.run_until(30 * MINUTE, |r| {
        if r.now_ms() % 1_000 == 0 {
            r.controller()
                .traffic()
                .audit(&floor)
                .expect("traffic holds what must hold");
            let hash = r.controller().state_hash();
            assert_eq!(hash, r.controller().state_hash_anew());
        }
    });
    let outcome = r.outcome(3);
    assert!(outcome.orders_done > 60, "{outcome:?}");
    assert_eq!(
        (outcome.contacts, outcome.deadlocks, outcome.orders_lost),
        (0, 0, 0),
        "{outcome:?}"
    );
    assert_eq!(outcome.starvation_s, 0.0, "{outcome:?}");
    assert!(r.sim().statistics().stock_conserved);
}

#[test]
fn an_unplugged_vehicle_stops_at_its_base_and_the_others_go_on() {
    let floor = built_in();
    let mut r = rehearse(&floor, 1);
    r.run_until(4 * MINUTE, |_| ());
    let lost = r.working();
    r.sim_mut().unplug(Plug::Vehicle(lost));
    r.run_until(4 * MINUTE + 30_000, |_| ());
    assert!(r.alarmed(AlarmKind::VehicleLink(lost)));
    let (mine, all) = (r.moved_mm(lost), r.sim().statistics().distance_mm());
    r.run_until(5 * MINUTE + 30_000, |_| ());
    assert_eq!(
        r.moved_mm(lost),
        mine,
        "it has come to rest at the end of its base"
    );
    assert!(
        r.sim().statistics().distance_mm() > all + 5_000,
        "the others go on"
    );
    r.sim_mut().plug(Plug::Vehicle(lost));
    r.run_until(12 * MINUTE, |_| ());
    assert!(!r.alarmed(AlarmKind::VehicleLink(lost)));
    assert!(r.moved_mm(lost) > mine + 1_000, "it works again");
    let outcome = r.outcome(1);
    assert_eq!(
        (outcome.contacts, outcome.orders_lost),
        (0, 0),
        "{outcome:?}"
    );
}

#[test]
fn every_plc_may_vanish_for_a_while() {
    let floor = built_in();
    let mut r = rehearse(&floor, 2);
    r.run_until(3 * MINUTE, |_| ());
    for i in 0..floor.devices.len() {
        let plug = Plug::Device(DeviceId::from_index(i));
        r.sim_mut().unplug(plug);
        r.run_until(r.now_ms() + 20_000, |_| ());
        r.sim_mut().plug(plug);
        r.run_until(r.now_ms() + 5_000, |_| ());
    }
    r.run_until(r.now_ms() + 5 * MINUTE, |_| ());
    let outcome = r.outcome(2);
    assert_eq!(
        (outcome.contacts, outcome.deadlocks, outcome.orders_lost),
        (0, 0, 0),
        "{outcome:?}"
    );
    assert!(outcome.orders_done > 40, "{outcome:?}");
}

#[test]
fn after_an_emergency_stop_a_person_has_to_resume() {
    let floor = built_in();
    let mut r = rehearse(&floor, 5);
    r.run_until(4 * MINUTE, |_| ());
    let stopped = r.working();
    r.sim_mut().set_mode(stopped, OperatingMode::EmergencyStop);
    r.run_until(4 * MINUTE + 10_000, |_| ());
    let at = r.moved_mm(stopped);
    r.sim_mut().set_mode(stopped, OperatingMode::Automatic);
    r.run_until(5 * MINUTE, |_| ());
    assert_eq!(r.moved_mm(stopped), at, "nothing is released by itself");
    assert!(r.model().vehicles[stopped.index()].paused);
    r.ask(Ask::PauseVehicle(stopped, false));
    r.run_until(8 * MINUTE, |_| ());
    assert!(r.moved_mm(stopped) > at, "resumed, it goes on");
    assert_eq!(r.outcome(5).contacts, 0);
}

#[test]
fn a_paused_floor_stands_and_goes_on() {
    let floor = built_in();
    let mut r = rehearse(&floor, 6);
    r.run_until(4 * MINUTE, |_| ());
    r.ask(Ask::PauseFloor(true));
    r.run_until(4 * MINUTE + 10_000, |_| ());
    let at = r.sim().statistics().distance_mm();
    r.run_until(5 * MINUTE, |_| ());
    assert_eq!(r.sim().statistics().distance_mm(), at);
    r.ask(Ask::PauseFloor(false));
    r.run_until(7 * MINUTE, |_| ());
    assert!(r.sim().statistics().distance_mm() > at + 10_000);
}

#[test]
fn the_order_of_a_vehicle_that_has_vanished_goes_to_another() {
    let floor = built_in();
    let mut r = rehearse(&floor, 8);
    let on_the_way = |r: &Rehearsal| {
        r.model()
            .vehicles
            .iter()
            .enumerate()
            .find_map(|(i, v)| match v.mission {
                MissionView::ToPickup(id) if v.speed_mm_s > 300 => {
                    Some((VehicleId::from_index(i), id))
                }
                _ => None,
            })
    };
    while on_the_way(&r).is_none() {
        r.step();
    }
    let (lost, order) = on_the_way(&r).unwrap();
    r.sim_mut().unplug(Plug::Vehicle(lost));
    r.run_until(r.now_ms() + MINUTE, |_| ());
    let holder = r.model().orders[&order].state;
    assert_ne!(holder.vehicle(), Some(lost), "{holder:?}");
    // It may have stopped in a lane, which is one-way.
    r.sim_mut().plug(Plug::Vehicle(lost));
    r.run_until(r.now_ms() + 8 * MINUTE, |_| ());
    assert!(r.model().orders[&order].state.is_final());
}

impl Rehearsal {
    /// Runs on for so long, and tells each cycle that the one before was over its budget.
    fn run_over_budget(&mut self, for_ms: u64) {
        let until_ms = self.now_ms() + for_ms;
        while self.now_ms() < until_ms {
            let phase = crate::controller::Phase::Inputs;
            self.inputs.push(Input::Overrun { phase });
            self.step();
        }
    }
}

#[test]
fn overruns_hold_the_vehicles_and_let_them_go_on() {
    let floor = built_in();
    let mut r = rehearse(&floor, 9);
    r.run_until(4 * MINUTE, |_| ());
    let grants = r.controller().counts().grants;
    r.run_over_budget(500);
    // Fifty cycles in a row: all grants are held after three.
    assert!(r.alarmed(AlarmKind::Overrun) && r.alarmed(AlarmKind::GrantsHeld));
    assert!(r.controller().counts().grants <= grants + 20);
    // Ten seconds within the budget forgive them.
    r.run_until(r.now_ms() + 11_000, |_| ());
    assert!(!r.alarmed(AlarmKind::Overrun) && !r.alarmed(AlarmKind::GrantsHeld));
    let moved = r.sim().statistics().distance_mm();
    r.run_until(r.now_ms() + 3 * MINUTE, |_| ());
    assert!(r.sim().statistics().distance_mm() > moved + 50_000);
    let outcome = r.outcome(9);
    assert_eq!(
        (outcome.contacts, outcome.deadlocks, outcome.orders_lost),
        (0, 0, 0),
        "{outcome:?}"
    );
    assert!(outcome.counts.cycles_held > 40, "{outcome:?}");
}

#[test]
fn overruns_without_end_stop_the_floor() {
    let floor = built_in();
    let mut r = rehearse(&floor, 9);
    r.run_until(4 * MINUTE, |_| ());
    r.run_over_budget(990);
    assert!(!r.alarmed(AlarmKind::OverrunStop));
    r.run_over_budget(100);
    assert!(r.alarmed(AlarmKind::OverrunStop));
    r.run_until(r.now_ms() + 10_000, |_| ());
    assert!(r.controller().stands(), "everybody has come to rest");
    let moved = r.sim().statistics().distance_mm();
    r.run_until(r.now_ms() + MINUTE, |_| ());
    assert_eq!(
        r.sim().statistics().distance_mm(),
        moved,
        "nobody is let go again"
    );
    assert_eq!(r.outcome(9).contacts, 0);
}
