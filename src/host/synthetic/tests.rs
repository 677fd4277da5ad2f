//! The synthetic floor is a floor, its vehicles keep to what they are told, and the controller gets work done on it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::controller::{Counts, Delta};
use std::sync::Arc;
use takt_maps::VehicleId;
use takt_maps::words::*;
use takt_plc_bridge::{FromField, ToField};
use takt_scheduler::orders::{OrderState, Reason};

fn small(vehicles: usize) -> Arc<Floor> {
    let options = Options {
        vehicles,
        cycle_us: 1_000,
        seed: 1,
    };
    Arc::new(floor(&options).expect("the options are in range"))
}

#[test]
fn a_floor_has_what_was_asked_for_and_room_for_it() {
    let floor = small(100);
    assert_eq!(floor.vehicles.len(), 100);
    assert!(floor.roadmap.nodes().len() >= 1_200);
    assert_eq!((floor.stations.len(), floor.parking.len()), (50, 12));
    assert_eq!(floor.control.cycle_us, 1_000);
    assert_eq!(floor.control.transfer_ms, 100);
    let out_of_range = Options {
        vehicles: 3,
        cycle_us: 1,
        seed: 1,
    };
    assert!(super::floor(&out_of_range).is_err());
}

#[test]
fn everyone_reports_once_an_interval_evenly_spread() {
    let floor = small(40);
    let mut fleet = Fleet::new(&floor);
    let mut said = vec![0; 40];
    for now_ms in 1..=1_000 {
        let mut now = 0;
        fleet.poll(now_ms, |from| {
            if let FromField::Vehicle { vehicle, .. } = from {
                said[vehicle.index()] += 1;
                now += 1;
            }
        });
        assert!(now <= 1);
    }
    assert!(said.iter().all(|&n| n == 10), "{said:?}");
    let mut after_silence = 0;
    fleet.poll(100_000, |_| after_silence += 1);
    assert_eq!(after_silence, 40);
}

#[test]
fn a_vehicle_drives_its_base_then_acts_and_says_so() {
    let mut vehicle = vehicle::Vehicle::new(0, 0, 1_000);
    let waypoint = |seq: u32, x_mm| Waypoint {
        seq,
        x_mm,
        speed_mm_s: 1_000,
        ..Waypoint::default()
    };
    let mut command = VehicleCommand {
        epoch: 1,
        base_len: 2,
        action: Action::Load,
        action_sequence: 1,
        load: LoadId(7),
        ..VehicleCommand::default()
    };
    command.base[0] = waypoint(1, 1_000);
    command.base[1] = waypoint(2, 2_500);
    vehicle.command(&command, 0);
    let report = vehicle.report(1_500);
    assert_eq!((report.reached_seq, report.base_end_seq), (1, 2));
    assert_eq!(report.pose.unwrap().x_mm, 1_500);
    assert_eq!((report.speed_mm_s, report.epoch), (1_000, 1));
    let report = vehicle.report(2_600);
    assert_eq!((report.reached_seq, report.speed_mm_s), (2, 0));
    assert_eq!(report.action_state, ActionState::Running);
    let report = vehicle.report(4_000);
    assert_eq!(report.action_state, ActionState::Done);
    assert_eq!((report.load, report.action_sequence), (LoadId(7), 1));
}

#[test]
fn a_held_vehicle_stands_until_it_is_let_go() {
    let mut vehicle = vehicle::Vehicle::new(0, 0, 1_000);
    let mut command = VehicleCommand {
        epoch: 1,
        base_len: 1,
        ..VehicleCommand::default()
    };
    command.base[0] = Waypoint {
        seq: 1,
        x_mm: 1_000,
        speed_mm_s: 1_000,
        ..Waypoint::default()
    };
    vehicle.command(&command, 0);
    command.hold = true;
    vehicle.command(&command, 400);
    assert_eq!(vehicle.report(5_000).pose.unwrap().x_mm, 400);
    command.hold = false;
    vehicle.command(&command, 6_000);
    assert_eq!(vehicle.report(6_600).reached_seq, 1);
}

#[test]
fn transports_are_carried_out_and_nothing_is_granted_twice() {
    let floor = small(60);
    let mut run = Run::new(floor.clone(), 3, ()).unwrap();
    while run.now_ms() < 120_000 {
        run.step(40);
        if run.now_ms().is_multiple_of(1_000) {
            run.controller().traffic().audit(&floor).unwrap();
            let hash = run.controller().state_hash();
            assert_eq!(hash, run.controller().state_hash_anew());
        }
    }
    let counts = run.controller().counts();
    assert!(counts.plans_admitted > 90, "{counts:?}");
    assert!(counts.grants > 2_000, "{counts:?}");
    assert_eq!(counts.reports_refused, 0, "{counts:?}");
    assert!(run.orders_completed() > 30);
}

#[test]
fn with_more_orders_than_the_dispatcher_is_asked_about_nobody_is_torn_from_its_own() {
    let mut floor = Arc::unwrap_or_clone(small(60));
    floor.workload.random_open = 700;
    let floor = Arc::new(floor);
    let mut run = Run::new(floor.clone(), 5, ()).unwrap();
    let (mut assigned, mut torn) = (0, 0);
    while run.now_ms() < 90_000 {
        run.step(40);
        for delta in run.deltas() {
            if let Delta::Moved(moved) = delta {
                assigned += u32::from(matches!(moved.to, OrderState::Assigned { .. }));
                torn += u32::from(moved.reason == Some(Reason::Reassigned));
            }
        }
    }
    assert_eq!(run.controller().orders_open(), 700);
    assert!(run.orders_completed() > 20, "{}", run.orders_completed());
    assert!(assigned > 80 && torn < assigned / 2, "{assigned} {torn}");
}

/// Every state hash of a run, and what it counted.
fn hashes(floor: &Arc<Floor>, seed: u64) -> (Vec<u64>, Counts) {
    let mut run = Run::new(floor.clone(), seed, ()).unwrap();
    let mut hashes = Vec::new();
    while run.now_ms() < 20_000 {
        // A planner that is sometimes too late, so that grants go on without it.
        run.step(if (run.now_ms() / 4_000).is_multiple_of(2) {
            40
        } else {
            900
        });
        hashes.push(run.controller().state_hash().total());
    }
    (hashes, run.controller().counts())
}

#[test]
fn the_same_inputs_give_the_same_hash_in_each_cycle() {
    let floor = small(30);
    let (first, counts) = hashes(&floor, 1);
    assert_eq!(first, hashes(&floor, 1).0);
    assert_ne!(first, hashes(&floor, 2).0);
    assert!(counts.plans_admitted > 10, "{counts:?}");
}

#[test]
fn what_is_said_to_a_vehicle_that_is_not_there_is_lost() {
    let mut fleet = Fleet::new(&small(8));
    let message = ToField::Vehicle {
        vehicle: VehicleId(99),
        command: VehicleCommand::default(),
        at_ms: 0,
    };
    fleet.command(&message, 0);
}

#[test]
fn a_floor_is_found_by_its_name() {
    let options = Options {
        vehicles: 12,
        cycle_us: 2_500,
        seed: 9,
    };
    assert_eq!(Options::named(&options.name()), Some(options));
    assert_eq!(floor(&options).unwrap().name, options.name());
    for other in [
        "synthetic-0-1000us-1",
        "synthetic-5-1us-1",
        "synthetic-5-1000us-01",
        "synthetic-5-1000us-1-2",
        "synthetic",
    ] {
        assert_eq!(Options::named(other), None, "{other}");
    }
}
