#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::judge::Touch;
use crate::plc::image::Point;
use crate::testing::{self, command};
use crate::vehicle::fault;
use takt_maps::words::{Action, ActionState, LoadId};

const AGV: VehicleId = VehicleId(0);
const LINE: DeviceId = DeviceId(0);

fn sim() -> SimFloor {
    SimFloor::new(Arc::new(testing::floor()), 1)
}

/// Sends the command every 50 ms until the vehicle is idle with it, or the bound is reached.
fn drive(sim: &mut SimFloor, mut command: VehicleCommand) {
    for _ in 0..2_000 {
        sim.vehicle_command(AGV, &command);
        command.sequence = command.sequence.wrapping_add(1);
        sim.step(50);
        let report = sim.vehicle_report(AGV);
        let there = report.reached_seq == report.base_end_seq;
        let acted = report.action_sequence == command.action_sequence
            && report.action_state != ActionState::Running;
        if there && (acted || command.action == Action::None) {
            return;
        }
    }
    panic!("never finished: {:?}", sim.vehicle_report(AGV));
}

fn act(
    sim: &SimFloor,
    nodes: &[u32],
    first_seq: u32,
    action: Action,
    number: u16,
) -> VehicleCommand {
    VehicleCommand {
        action,
        action_sequence: number,
        load: LoadId(42),
        ..command(
            sim.floor(),
            sim.vehicle_report(AGV).command_sequence.wrapping_add(1),
            first_seq,
            nodes,
        )
    }
}

fn tell(sim: &mut SimFloor, device: DeviceId, values: &[(&str, u16)]) {
    let mut told = sim.device_told(device);
    for (name, value) in values {
        Point::find(&sim.floor().devices[device.index()].outputs, name).set(&mut told, *value);
    }
    sim.device_outputs(device, told);
}

fn says(sim: &SimFloor, device: DeviceId, name: &str) -> u16 {
    Point::find(&sim.floor().devices[device.index()].inputs, name).get(&sim.device_inputs(device))
}

#[test]
fn a_lot_goes_from_the_store_to_the_line_through_both_dialogues() {
    let mut sim = sim();
    // given: loaded at the store, which has no PLC, and brought to the line
    let load = act(&sim, &[], 1, Action::Load, 1);
    drive(&mut sim, load);
    assert_eq!(sim.vehicle_report(AGV).load, LoadId(42));
    let bring = act(&sim, &[1, 2, 3], 1, Action::None, 1);
    drive(&mut sim, bring);
    // when: PLC and vehicle hand the load over
    tell(
        &mut sim,
        LINE,
        &[("direction", 2), ("buffer", 1), ("start", 1)],
    );
    sim.step(10);
    assert_eq!(says(&sim, LINE, "busy"), 1);
    let unload = act(&sim, &[], 4, Action::Unload, 2);
    drive(&mut sim, unload);
    sim.step(10);
    // then: both say so, and the pieces are there
    let report = sim.vehicle_report(AGV);
    assert_eq!(
        (report.load, report.action_state),
        (LoadId::NONE, ActionState::Done)
    );
    assert_eq!(says(&sim, LINE, "done"), 1);
    let parts = sim.stock().entries()[1];
    assert_eq!((parts.delivered, parts.stock), (5, 8 + 5 - parts.consumed));
    assert_eq!(u64::from(says(&sim, LINE, "parts")), parts.stock);
    tell(&mut sim, LINE, &[("start", 0)]);
    sim.step(10);
    assert_eq!(says(&sim, LINE, "ready"), 1);
    let statistics = sim.statistics();
    assert_eq!((statistics.loads, statistics.unloads), (1, 1));
    assert!(statistics.stock_conserved);
    assert_eq!((statistics.contacts, statistics.misplaced), (0, 0));
    assert!((5_990..=6_010).contains(&statistics.vehicles[0].distance_mm));
}

#[test]
fn a_vehicle_that_is_early_waits_for_the_plc_and_an_empty_buffer_is_a_fault_of_both() {
    let mut sim = sim();
    let go = act(&sim, &[1, 2, 3], 1, Action::None, 0);
    drive(&mut sim, go);
    let load = act(&sim, &[], 4, Action::Load, 1);
    sim.vehicle_command(AGV, &load);
    sim.step(10_000);
    assert_eq!(sim.vehicle_report(AGV).action_state, ActionState::Running);
    // The second buffer holds bins, of which there are none yet.
    tell(
        &mut sim,
        LINE,
        &[("direction", 1), ("buffer", 2), ("start", 1)],
    );
    sim.step(6_000);
    let report = sim.vehicle_report(AGV);
    assert_eq!(
        (report.action_state, report.fault),
        (ActionState::Failed, fault::NOTHING_TO_TAKE)
    );
    assert_eq!(says(&sim, LINE, "fault"), 1);
    assert!(sim.statistics().stock_conserved);
}

#[test]
fn a_plc_that_stays_silent_and_a_place_without_a_station_fail_the_action() {
    let mut sim = sim();
    let go = act(&sim, &[1], 1, Action::None, 0);
    drive(&mut sim, go);
    let load = act(&sim, &[], 2, Action::Load, 1);
    drive(&mut sim, load);
    assert_eq!(sim.vehicle_report(AGV).fault, fault::NO_STATION);
    let charge = act(&sim, &[], 2, Action::StartCharging, 2);
    drive(&mut sim, charge);
    assert_eq!(sim.vehicle_report(AGV).fault, fault::NO_CHARGER);
    let load = act(&sim, &[2, 3], 2, Action::Load, 3);
    drive(&mut sim, load);
    assert_eq!(sim.vehicle_report(AGV).fault, fault::STATION_SILENT);
}

#[test]
fn charging_takes_the_vehicle_the_charger_and_its_current() {
    let mut sim = sim();
    let (other, charger) = (VehicleId(1), DeviceId(1));
    sim.step(600_000);
    let low = sim.vehicle_report(other).battery_permille;
    let connect = act(&sim, &[], 1, Action::StartCharging, 1);
    sim.vehicle_command(other, &connect);
    sim.step(60_000);
    assert_eq!(sim.vehicle_report(other).action_state, ActionState::Done);
    assert!(sim.vehicle_report(other).battery_permille <= low);
    tell(&mut sim, charger, &[("enable", 1)]);
    sim.step(60_000);
    assert_eq!(says(&sim, charger, "charging"), 1);
    assert!(sim.vehicle_report(other).battery_permille > low);
    assert!((58_000..60_000).contains(&sim.statistics().vehicles[1].charging_ms));
    // Driving off disconnects.
    sim.vehicle_command(other, &command(sim.floor(), 2, 1, &[1]));
    sim.step(5_000);
    assert_eq!(says(&sim, charger, "charging"), 0);
}

#[test]
fn a_door_that_nobody_opened_is_a_contact_and_an_open_one_is_not() {
    let mut sim = sim();
    let through = act(&sim, &[1, 2, 5], 1, Action::None, 0);
    drive(&mut sim, through);
    assert_eq!(sim.statistics().contacts, 1);
    assert!(matches!(
        sim.contacts()[0].touch,
        Touch::Door(AGV, DoorId(0))
    ));
    tell(&mut sim, DeviceId(2), &[("open", 1)]);
    sim.step(3_000);
    let back = act(&sim, &[2], 4, Action::None, 0);
    drive(&mut sim, back);
    assert_eq!(sim.statistics().contacts, 1);
}

#[test]
fn vehicles_that_drive_into_each_other_are_seen() {
    let mut sim = sim();
    let other = VehicleId(1);
    sim.vehicle_command(other, &command(sim.floor(), 1, 1, &[1]));
    sim.step(10_000);
    assert_eq!(sim.statistics().contacts, 0);
    sim.vehicle_command(AGV, &command(sim.floor(), 1, 1, &[1]));
    sim.step(10_000);
    assert_eq!(sim.statistics().contacts, 1);
    assert_eq!(sim.contacts()[0].touch, Touch::Vehicles(AGV, other));
}

#[test]
fn an_unplugged_interface_hears_nothing_and_says_nothing_new() {
    let mut sim = sim();
    let endpoint = Endpoint::Vehicle(AGV);
    sim.vehicle_command(AGV, &command(sim.floor(), 1, 1, &[1]));
    sim.step(1_000);
    sim.unplug(endpoint);
    let last = sim.vehicle_report(AGV);
    sim.vehicle_command(AGV, &command(sim.floor(), 2, 2, &[2]));
    sim.step(10_000);
    assert_eq!(sim.vehicle_report(AGV), last);
    assert!(!sim.is_plugged(endpoint));
    sim.plug(endpoint);
    // It has finished its base in the meantime, and knows no more.
    let now = sim.vehicle_report(AGV);
    assert_eq!((now.reached_seq, now.base_end_seq), (1, 1));

    sim.unplug(Endpoint::Device(LINE));
    tell(&mut sim, LINE, &[("start", 1)]);
    sim.step(10);
    assert_eq!(sim.device_told(LINE), [0; IMAGE_WORDS]);
    sim.plug(Endpoint::Device(LINE));
    tell(&mut sim, LINE, &[("start", 1)]);
    sim.step(10);
    assert_eq!(says(&sim, LINE, "fault"), 1);
}

/// Everything that can be seen of a run, for comparison.
fn trace(seed: u64) -> String {
    let mut sim = SimFloor::new(Arc::new(testing::floor()), seed);
    let mut trace = String::new();
    for second in 0..120u32 {
        let command = match second {
            0 => command(sim.floor(), 1, 1, &[1, 2, 3]),
            40 => command(sim.floor(), 2, 4, &[2, 1, 0]),
            _ => VehicleCommand {
                epoch: 1,
                ..VehicleCommand::default()
            },
        };
        sim.vehicle_command(AGV, &command);
        sim.step(1_000);
        for v in 0..2 {
            trace += &format!("{:?}\n", sim.vehicle_report(VehicleId(v)));
        }
        trace += &format!("{:?}\n", sim.device_inputs(LINE));
    }
    trace + &format!("{:?}", sim.statistics())
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    assert_eq!(trace(7), trace(7));
    assert_ne!(trace(7), trace(8));
}

#[test]
fn the_length_of_calls_does_not_matter() {
    let (mut one, mut many) = (sim(), sim());
    for sim in [&mut one, &mut many] {
        let go = command(sim.floor(), 1, 1, &[1, 2]);
        sim.vehicle_command(AGV, &go);
    }
    one.step(3_000);
    (0..300).for_each(|_| many.step(10));
    assert_eq!(one.vehicle_report(AGV), many.vehicle_report(AGV));
    assert_eq!(one.statistics(), many.statistics());
}

#[test]
fn the_built_in_floor_stands_free_and_every_device_has_its_use() {
    let floor = takt_maps::builtin("electronics-line")
        .unwrap()
        .unwrap()
        .floor;
    let mut sim = SimFloor::new(Arc::new(floor), 7);
    assert!(!sim.plcs.is_empty() && !sim.vehicles.is_empty());
    assert!(
        sim.plcs
            .iter()
            .all(|plc| !matches!(plc.model, Model::Unused))
    );
    sim.step(60_000);
    assert_eq!(sim.contacts(), &[]);
    let statistics = sim.statistics();
    assert!(statistics.consumed() > 0 && statistics.stock_conserved);
    assert_eq!(statistics.starvation_ms(), 0);
}
