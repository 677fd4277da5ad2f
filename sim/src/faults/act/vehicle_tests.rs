#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::bench::{AGV, Bench};
use crate::faults::FaultKind::*;
use crate::floor::Endpoint;
use crate::vehicle::fault;
use takt_maps::words::*;

fn pose(b: &Bench) -> (f64, f64) {
    let pose = b.report().pose.unwrap();
    (f64::from(pose.x_mm), f64::from(pose.y_mm))
}

#[test]
fn what_belongs_to_the_host_is_not_the_floors() {
    let mut b = Bench::new();
    for &kind in crate::faults::FaultKind::ALL {
        let Some(target) = kind.class().targets(b.sim.floor()).next() else {
            continue;
        };
        let amount = kind.amount().map_or(0, |a| a.min);
        let fault = b.fault(kind, target, 1_000, amount);
        assert_eq!(
            b.sim.begin_fault(&fault),
            kind.is_of_floor(),
            "{}",
            kind.name()
        );
        assert_eq!(b.sim.end_fault(&fault), kind.is_of_floor());
    }
    // The next load is another one than it was told: that ends with it.
    b.takes(7);
    b.serves(&[1, 2]);
}

#[test]
fn it_stops_and_goes_on_by_itself() {
    let mut b = Bench::new();
    b.go(&[1, 2, 3]);
    b.wait(5_000);
    let stop = b.begin(VehicleStops, 5_000, 0);
    b.wait(3_000);
    let at = b.truth();
    b.wait(2_000);
    assert_eq!(b.away(at), 0.0);
    let report = b.report();
    assert_eq!(
        (report.activity, report.speed_mm_s, report.mode),
        (VehicleActivity::Driving, 0, OperatingMode::Automatic)
    );
    b.end(&stop);
    b.serves(&[2]);
}

#[test]
fn it_slips_beside_where_it_believes_to_be_and_comes_back() {
    let mut b = Bench::new();
    let slip = b.begin(VehicleSlips, 20_000, 20);
    b.wait(2_000);
    assert_eq!(b.away(pose(&b)), 0.0, "it does not slip while it stands");
    b.go(&[1, 2]);
    b.wait(6_000);
    assert!((b.away(pose(&b)) - 20.0).abs() < 1.0);
    b.end(&slip);
    b.wait(1_100);
    assert!(b.away(pose(&b)) < 1.0);
    b.serves(&[3]);
}

#[test]
fn it_comes_to_rest_beyond_the_end_of_its_base_and_starts_from_there() {
    let mut b = Bench::new();
    let fault = b.begin(VehicleOvershoots, 20_000, 15);
    b.go(&[1]);
    b.wait(10_000);
    assert!(b.away((2_015.0, 0.0)) < 1e-6);
    assert_eq!((b.report().reached_seq, pose(&b)), (1, (2_015.0, 0.0)));
    // Passed nodes are passed where they are; at the next end it happens again.
    b.go(&[2, 5]);
    b.wait(20_000);
    assert!(b.away((4_000.0, 3_015.0)) < 30.0);
    b.end(&fault);
    b.serves(&[2, 1]);
}

#[test]
fn a_longer_base_while_it_brakes_too_late_makes_it_no_jump() {
    let mut b = Bench::new();
    let fault = b.begin(VehicleOvershoots, 20_000, 20);
    b.go(&[1]);
    let mut longer = false;
    let mut last = b.truth();
    for _ in 0..1_500 {
        b.wait(10);
        let moved = b.away(last);
        assert!(moved <= 15.1, "{moved}");
        last = b.truth();
        if !longer && last.0 > 2_001.0 {
            longer = true;
            b.end(&fault);
            b.go(&[4]);
        }
    }
    assert!(longer);
    b.serves(&[1]);
}

#[test]
fn it_loses_its_position_and_stands() {
    let mut b = Bench::new();
    b.go(&[1, 2]);
    b.wait(5_000);
    let fault = b.begin(VehicleLosesPosition, 5_000, 0);
    b.wait(4_000);
    assert_eq!((b.report().pose, b.report().speed_mm_s), (None, 0));
    assert!(b.truth().0 < 3_900.0);
    b.end(&fault);
    b.serves(&[3]);
}

#[test]
fn it_reports_another_place_and_drives_on() {
    let mut b = Bench::new();
    b.go(&[1]);
    let fault = b.begin(VehicleJumps, 5_000, 3_000);
    b.wait(10_000);
    assert!((b.away(pose(&b)) - 3_000.0).abs() < 2.0);
    assert!(b.away((2_000.0, 0.0)) < 1e-6);
    b.end(&fault);
    b.serves(&[2]);
}

#[test]
fn it_repeats_an_old_report_with_new_heartbeats() {
    let mut b = Bench::new();
    b.go(&[1]);
    b.wait(1_000);
    let before = b.report();
    let fault = b.begin(VehicleStaleReports, 5_000, 0);
    b.wait(9_000);
    let stale = b.report();
    assert_ne!(stale.heartbeat, before.heartbeat);
    assert_eq!(
        VehicleReport {
            heartbeat: before.heartbeat,
            ..stale
        },
        before
    );
    assert!(b.away((2_000.0, 0.0)) < 1e-6);
    b.end(&fault);
    b.serves(&[2]);
}

#[test]
fn it_reports_nonsense_that_is_well_formed() {
    let mut b = Bench::new();
    b.go(&[1, 2]);
    let fault = b.begin(VehicleFalseReports, 3_000, 0);
    let mut seen = [false; 4];
    b.run(3_000, |sim| {
        let r = sim.vehicle_report(AGV);
        assert!(r.reached_seq <= r.base_end_seq);
        seen[0] |= r.epoch != 1;
        seen[1] |= r.base_end_seq > 2;
        seen[2] |= r.action_sequence != 0;
        seen[3] |= r.load != LoadId::NONE;
    });
    assert_eq!(seen, [true; 4]);
    b.end(&fault);
    b.serves(&[1]);
}

#[test]
fn it_is_pushed_aside_and_back() {
    let mut b = Bench::new();
    b.go(&[1]);
    b.wait(10_000);
    let fault = b.begin(VehiclePushed, 12_000, 800);
    b.wait(6_000);
    assert_eq!(b.report().mode, OperatingMode::Manual);
    assert!((b.away((2_000.0, 0.0)) - 800.0).abs() < 1e-6);
    assert!(b.away(pose(&b)) < 1.0);
    b.wait(6_000);
    assert_eq!(b.away((2_000.0, 0.0)), 0.0);
    b.end(&fault);
    b.wait(20);
    assert_eq!(b.report().mode, OperatingMode::Automatic);
    b.serves(&[2]);
    // Ended early: it is brought back before it may drive.
    let fault = b.begin(VehiclePushed, 60_000, 1_000);
    b.wait(10_000);
    b.end(&fault);
    b.wait(1_000);
    assert_eq!(b.report().mode, OperatingMode::Manual);
    b.wait(4_000);
    b.serves(&[1]);
}

#[test]
fn its_load_falls_off_and_is_booked() {
    let mut b = Bench::new();
    b.takes(7);
    b.begin(VehicleDropsLoad, 0, 0);
    assert_eq!(b.report().load, LoadId::NONE);
    let statistics = b.sim.statistics();
    assert_eq!(statistics.lost_by_fault, 5);
    assert!(statistics.stock_conserved);
    // Without a load nothing happens.
    b.begin(VehicleDropsLoad, 0, 0);
    assert_eq!(b.sim.statistics().lost_by_fault, 5);
    b.takes(8);
    b.serves(&[1]);
}

#[test]
fn it_finds_another_load_on_board_now_or_the_next_time() {
    let mut b = Bench::new();
    b.begin(VehicleWrongLoad, 0, 0);
    b.takes(7);
    let wrong = b.report().load;
    assert!(wrong != LoadId(7) && wrong != LoadId::NONE);
    b.begin(VehicleWrongLoad, 0, 0);
    assert!(b.report().load != wrong && b.report().load != LoadId::NONE);
    b.act(Action::Unload, 7);
    b.wait(1_000);
    assert_eq!(b.report().fault, fault::NOT_ON_BOARD);
    b.serves(&[1]);
}

#[test]
fn it_runs_flat_and_is_given_a_full_battery() {
    let mut b = Bench::new();
    b.go(&[1]);
    let flat = b.begin(VehicleRunsFlat, 20_000, 0);
    b.wait(3_000);
    assert_eq!(
        (
            b.report().battery_permille,
            b.report().fault,
            b.report().activity
        ),
        (0, fault::BATTERY_EMPTY, VehicleActivity::Fault)
    );
    b.end(&flat);
    assert_eq!((b.report().battery_permille, b.report().fault), (1000, 0));
    b.serves(&[2]);
    let mut floor = crate::testing::floor();
    floor.kinds[0].battery = Default::default();
    let mut b = Bench::on(floor);
    let flat = b.begin(VehicleRunsFlat, 20_000, 0);
    b.wait(100);
    assert_eq!(b.report().fault, fault::BATTERY_EMPTY);
    b.end(&flat);
    b.serves(&[1]);
}

#[test]
fn it_refuses_every_action_and_obeys_again() {
    let mut b = Bench::new();
    let fault = b.begin(VehicleRefuses, 5_000, 0);
    b.act(Action::Load, 7);
    b.wait(100);
    assert_eq!(
        (b.report().action_state, b.report().fault),
        (ActionState::Failed, fault::REFUSED)
    );
    // An empty action ends the fault code; another one brings it back.
    b.act(Action::None, 0);
    b.wait(100);
    assert_eq!(
        (b.report().action_state, b.report().fault),
        (ActionState::Done, 0)
    );
    b.act(Action::Load, 7);
    b.wait(100);
    b.end(&fault);
    assert_eq!(b.report().fault, 0);
    b.takes(7);
    b.serves(&[1]);
}

#[test]
fn it_carries_an_action_out_once_more() {
    let mut b = Bench::new();
    let fault = b.begin(VehicleRepeats, 60_000, 0);
    b.takes(7);
    let (mut again, sequence) = (false, b.report().action_sequence);
    b.run(4_000, |sim| {
        let r = sim.vehicle_report(AGV);
        assert_eq!((r.action_sequence, r.load), (sequence, LoadId(7)));
        again |= r.action_state == ActionState::Running;
    });
    assert!(again);
    assert_eq!(b.report().action_state, ActionState::Done);
    assert_eq!(b.sim.statistics().loads, 1);
    // The load is handed over once; the second time there is nothing to hand over.
    b.go(&[1, 4]);
    b.wait(20_000);
    b.act(Action::Unload, 7);
    b.wait(10_000);
    assert_eq!(
        (b.report().action_state, b.report().fault),
        (ActionState::Failed, fault::NOT_ON_BOARD)
    );
    assert_eq!(b.sim.statistics().unloads, 1);
    b.end(&fault);
    b.act(Action::None, 0);
    b.serves(&[1]);
    assert_eq!(b.report().fault, 0);
}

#[test]
fn it_reboots_and_has_forgotten_its_base_but_not_its_load() {
    let mut b = Bench::new();
    b.takes(7);
    b.go(&[1, 2, 3]);
    b.wait(6_000);
    let before = b.report();
    let fault = b.begin(VehicleReboots, 5_000, 0);
    assert!(!b.sim.is_plugged(Endpoint::Vehicle(AGV)));
    // A plug that is pulled and put back does not switch it on.
    b.sim.unplug(Endpoint::Vehicle(AGV));
    b.sim.plug(Endpoint::Vehicle(AGV));
    b.wait(5_000);
    assert!(!b.sim.is_plugged(Endpoint::Vehicle(AGV)));
    assert_eq!(b.report(), before);
    let at = b.truth();
    b.end(&fault);
    let fresh = b.report();
    assert_eq!((fresh.boot, fresh.epoch, fresh.load), (2, 0, LoadId(7)));
    assert_eq!((fresh.reached_seq, fresh.base_end_seq), (0, 0));
    assert_eq!(
        (fresh.action_sequence, fresh.action_state),
        (0, ActionState::None)
    );
    assert_eq!(b.sim.vehicles[0].stands_at(), None, "between two nodes");
    assert_eq!(b.away(at), 0.0);
    // It goes on from where it stands, under the controller's epoch.
    b.told = crate::testing::command(b.sim.floor(), 1, 1, &[2, 3]);
    b.wait(15_000);
    assert_eq!((b.report().epoch, b.report().reached_seq), (1, 2));
    assert!(b.away((6_000.0, 0.0)) < 1e-6);
}

#[test]
fn its_emergency_stop_is_pressed_and_released() {
    let mut b = Bench::new();
    b.go(&[1, 2]);
    b.wait(5_000);
    let fault = b.begin(VehicleEmergencyStop, 5_000, 0);
    let stands = b.begin(VehicleStops, 5_000, 0);
    b.wait(4_000);
    assert_eq!(
        (b.report().mode, b.report().speed_mm_s),
        (OperatingMode::EmergencyStop, 0)
    );
    // Each ends by itself.
    b.end(&fault);
    let at = b.truth();
    b.wait(1_000);
    assert_eq!(
        (b.report().mode, b.away(at)),
        (OperatingMode::Automatic, 0.0)
    );
    b.end(&stands);
    b.serves(&[3]);
}
