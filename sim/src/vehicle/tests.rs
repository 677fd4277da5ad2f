#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::testing::{self, command};
use takt_maps::words::Action;

const DT_MS: u32 = 10;

/// A vehicle with its clock.
struct Bench {
    floor: Floor,
    vehicle: Vehicle,
    now_ms: u64,
}

impl Bench {
    fn new() -> Self {
        let floor = testing::floor();
        let vehicle = Vehicle::new(&floor, VehicleId(0), 900);
        Self {
            floor,
            vehicle,
            now_ms: 0,
        }
    }

    fn tell(&mut self, command: &VehicleCommand) {
        self.vehicle.command(&self.floor, command, self.now_ms);
    }

    fn run(&mut self, ms: u32) {
        for _ in 0..ms / DT_MS {
            self.now_ms += u64::from(DT_MS);
            self.vehicle.step(self.now_ms, DT_MS);
        }
    }

    fn seqs(&self) -> (u16, u32, u32) {
        let r = self.vehicle.report();
        (r.epoch, r.reached_seq, r.base_end_seq)
    }
}

/// A vehicle that has begun to take a load where it stands, and what it was told.
fn taking() -> (Bench, VehicleCommand) {
    let mut b = Bench::new();
    let mut told = command(&b.floor, 1, 1, &[]);
    told.action = Action::Load;
    told.action_sequence = 1;
    told.load = LoadId(7);
    b.tell(&told);
    b.run(10);
    (b, told)
}

#[test]
fn follows_its_base_and_says_what_it_reached() {
    let mut b = Bench::new();
    b.tell(&command(&b.floor, 1, 1, &[1, 2, 5]));
    assert_eq!(b.seqs(), (1, 0, 3));
    // It came from the east, so it turns round first.
    b.run(1_000);
    assert_eq!(b.vehicle.report().speed_mm_s, 0);
    assert_eq!(b.vehicle.report().activity, VehicleActivity::Driving);
    b.run(5_500);
    assert_eq!(b.seqs(), (1, 1, 3));
    b.run(20_000);
    let report = b.vehicle.report();
    assert_eq!(b.seqs(), (1, 3, 3));
    assert_eq!(report.activity, VehicleActivity::Idle);
    assert_eq!(
        report.pose,
        Some(Pose {
            x_mm: 4_000,
            y_mm: 3_000,
            heading_mrad: 1_571
        })
    );
    assert_eq!(b.vehicle.stands_at(), Some(NodeId(5)));
}

#[test]
fn a_moving_window_is_appended_and_repeats_change_nothing() {
    let mut b = Bench::new();
    let first = command(&b.floor, 1, 1, &[1]);
    b.tell(&first);
    b.tell(&first);
    assert_eq!(b.seqs(), (1, 0, 1));
    b.tell(&command(&b.floor, 2, 1, &[1, 2]));
    assert_eq!(b.seqs(), (1, 0, 2));
    // A gap: 4 does not follow 2.
    b.tell(&command(&b.floor, 3, 4, &[5]));
    assert_eq!(b.seqs(), (1, 0, 2));
    assert_eq!(b.vehicle.report().command_sequence, 3);
    b.tell(&command(&b.floor, 4, 2, &[2, 3]));
    assert_eq!(b.seqs(), (1, 0, 3));
}

#[test]
fn waypoints_that_make_no_sense_are_not_taken() {
    let mut b = Bench::new();
    let mut nowhere = command(&b.floor, 1, 1, &[1, 2]);
    nowhere.base[1].node = NodeId(99);
    b.tell(&nowhere);
    assert_eq!(b.seqs(), (1, 0, 1));
    let mut slow = command(&b.floor, 2, 2, &[2]);
    slow.base[0].speed_mm_s = 0;
    b.tell(&slow);
    assert_eq!(b.seqs(), (1, 0, 1));
}

#[test]
fn a_newer_epoch_waits_until_the_base_is_finished_and_an_older_one_is_ignored() {
    let mut b = Bench::new();
    b.tell(&command(&b.floor, 1, 1, &[1, 2]));
    b.run(1_000);
    let mut newer = command(&b.floor, 1, 1, &[3]);
    newer.epoch = 2;
    b.tell(&newer);
    assert_eq!(b.seqs(), (1, 0, 2));
    b.run(10_000);
    // The base is finished and said to be, before the epoch changes with the next command.
    assert_eq!(b.seqs(), (1, 2, 2));
    assert_eq!(b.vehicle.report().activity, VehicleActivity::Idle);
    newer.base_len = 0;
    b.tell(&newer);
    assert_eq!(b.seqs(), (2, 0, 0));
    b.tell(&command(&b.floor, 9, 1, &[1]));
    assert_eq!(b.seqs(), (2, 0, 0));
    newer.base_len = 1;
    b.tell(&newer);
    b.run(10_000);
    assert_eq!(b.seqs(), (2, 1, 1));
    assert_eq!(b.vehicle.stands_at(), Some(NodeId(3)));
}

#[test]
fn a_base_that_a_dead_controller_held_is_finished_for_the_next_one() {
    let mut b = Bench::new();
    let mut held = command(&b.floor, 1, 1, &[1, 2]);
    b.tell(&held);
    b.run(1_500);
    held.hold = true;
    b.tell(&held);
    b.run(5_000);
    assert_eq!(b.vehicle.report().speed_mm_s, 0);
    assert_eq!(b.vehicle.report().activity, VehicleActivity::Idle);
    assert_eq!(b.seqs(), (1, 0, 2));
    let newer = VehicleCommand {
        epoch: 2,
        ..VehicleCommand::default()
    };
    b.tell(&newer);
    b.run(10_000);
    assert_eq!(b.seqs(), (1, 2, 2));
    b.tell(&newer);
    assert_eq!(b.seqs(), (2, 0, 0));
}

#[test]
fn silence_lets_it_finish_its_base_but_begin_no_action() {
    let mut b = Bench::new();
    let mut told = command(&b.floor, 1, 1, &[1, 2, 3]);
    told.action = Action::StopCharging;
    told.action_sequence = 1;
    b.tell(&told);
    b.run(20_000);
    assert_eq!(b.seqs(), (1, 3, 3));
    assert_eq!(b.vehicle.report().action_state, ActionState::None);
    // Told again, in time: it begins.
    b.tell(&told);
    b.run(10);
    let report = b.vehicle.report();
    assert_eq!(
        (report.action_sequence, report.action_state),
        (1, ActionState::Running)
    );
    assert_eq!(report.activity, VehicleActivity::Acting);
}

#[test]
fn an_action_waits_for_the_end_of_the_base_and_its_number_makes_it_new() {
    let mut b = Bench::new();
    let mut told = command(&b.floor, 1, 1, &[1]);
    told.validity_ms = 20_000;
    told.action = Action::Load;
    told.action_sequence = 1;
    told.load = LoadId(7);
    b.tell(&told);
    b.run(500);
    assert_eq!(b.vehicle.running(), None);
    b.run(9_000);
    assert_eq!(b.vehicle.running(), Some((Action::Load, LoadId(7))));
    b.vehicle.succeed();
    b.run(100);
    assert_eq!(b.vehicle.running(), None);
    let report = b.vehicle.report();
    assert_eq!(
        (report.load, report.action_state),
        (LoadId(7), ActionState::Done)
    );
    // The same load again, under a new number: nothing to do.
    told.action_sequence = 2;
    b.tell(&told);
    b.run(10);
    assert_eq!(b.vehicle.report().action_state, ActionState::Done);
    // Another load does not fit.
    told.action_sequence = 3;
    told.load = LoadId(8);
    b.tell(&told);
    b.run(10);
    let report = b.vehicle.report();
    assert_eq!(
        (report.action_state, report.fault),
        (ActionState::Failed, fault::ALREADY_LOADED)
    );
    // A load that it does not carry can't be handed over.
    told.action_sequence = 4;
    told.action = Action::Unload;
    b.tell(&told);
    b.run(10);
    assert_eq!(b.vehicle.report().fault, fault::NOT_ON_BOARD);
}

#[test]
fn a_restarted_controller_finds_no_action_of_the_old_one_under_its_own_numbers() {
    let (mut b, mut told) = taking();
    b.vehicle.succeed();
    told.epoch = 2;
    told.action = Action::None;
    told.action_sequence = 0;
    b.tell(&told);
    let report = b.vehicle.report();
    assert_eq!(
        (report.epoch, report.action_sequence, report.action_state),
        (2, 0, ActionState::None)
    );
    assert_eq!(report.load, LoadId(7));
}

#[test]
fn an_action_without_a_partner_gives_way_to_another() {
    let (mut b, mut told) = taking();
    b.vehicle.wait(DT_MS);
    told.action = Action::None;
    told.action_sequence = 2;
    b.tell(&told);
    b.run(20);
    let report = b.vehicle.report();
    assert_eq!(
        (report.action_sequence, report.action_state),
        (2, ActionState::Done)
    );
    assert_eq!(b.vehicle.running(), None);
}

#[test]
fn manual_mode_stops_it_and_an_empty_battery_strands_it() {
    let mut b = Bench::new();
    b.tell(&command(&b.floor, 1, 1, &[1, 2, 3]));
    b.run(1_500);
    b.vehicle.set_mode(OperatingMode::Manual);
    b.run(5_000);
    let stopped = b.vehicle.pose();
    assert_eq!(b.vehicle.report().speed_mm_s, 0);
    b.vehicle.set_mode(OperatingMode::Automatic);
    b.vehicle.battery = Battery::new(&b.floor.kinds[0].battery, 0);
    b.run(5_000);
    assert_eq!(b.vehicle.pose(), stopped);
    let report = b.vehicle.report();
    assert_eq!(
        (report.fault, report.activity),
        (fault::BATTERY_EMPTY, VehicleActivity::Fault)
    );
}

#[test]
fn every_report_has_another_heartbeat_and_the_battery_goes_down() {
    let mut b = Bench::new();
    let before = b.vehicle.report();
    b.run(10);
    assert_ne!(b.vehicle.report().heartbeat, before.heartbeat);
    b.run(600_000);
    assert!(b.vehicle.report().battery_permille < before.battery_permille);
}
