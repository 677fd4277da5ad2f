#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::bench::Bench;
use crate::faults::{Fault, FaultKind, FaultKind::*, Target};
use crate::plc::image::{Image, Point};
use takt_maps::DeviceId;
use takt_maps::words::Action;

const LINE: DeviceId = DeviceId(0);
const CHARGER: DeviceId = DeviceId(1);
const DOOR: DeviceId = DeviceId(2);

fn begin(b: &mut Bench, kind: FaultKind, device: DeviceId) -> Fault {
    let fault = b.fault(kind, Target::Device(device), 10_000, 0);
    assert!(b.sim.begin_fault(&fault));
    fault
}

fn tell(b: &mut Bench, device: DeviceId, values: &[(&str, u16)]) {
    let mut told = Image::default();
    for (name, value) in values {
        let points = &b.sim.floor().devices[device.index()].outputs;
        Point::find(points, name).set(&mut told, *value);
    }
    b.sim.device_outputs(device, told);
}

fn says(b: &Bench, device: DeviceId, name: &str) -> u16 {
    let points = &b.sim.floor().devices[device.index()].inputs;
    Point::find(points, name).get(&b.sim.device_inputs(device))
}

/// The vehicle stands at the line with a load, and its PLC is busy with it.
fn handing_over() -> Bench {
    let mut b = Bench::new();
    b.takes(7);
    b.go(&[1, 2, 3]);
    b.wait(20_000);
    tell(
        &mut b,
        LINE,
        &[("direction", 2), ("buffer", 1), ("start", 1)],
    );
    b.act(Action::Unload, 7);
    b.wait(2_000);
    assert_eq!(says(&b, LINE, "busy"), 1);
    b
}

#[test]
fn a_restarting_plc_says_nothing_and_has_forgotten_its_transfer() {
    let mut b = handing_over();
    let restart = begin(&mut b, PlcRestart, LINE);
    b.wait(1_000);
    tell(
        &mut b,
        LINE,
        &[("start", 1), ("direction", 2), ("buffer", 1)],
    );
    b.wait(9_000);
    assert_eq!(b.sim.device_inputs(LINE), Image::default());
    assert_eq!(b.sim.device_told(LINE), Image::default());
    assert_eq!(b.sim.statistics().unloads, 0);
    b.end(&restart);
    assert_eq!((says(&b, LINE, "ready"), says(&b, LINE, "busy")), (1, 0));
    assert_eq!(
        u64::from(says(&b, LINE, "parts")),
        b.sim.level(takt_maps::BufferId(1))
    );
    // Begun anew, it is brought to its end.
    tell(
        &mut b,
        LINE,
        &[("direction", 2), ("buffer", 1), ("start", 1)],
    );
    b.wait(5_000);
    assert_eq!((says(&b, LINE, "done"), b.sim.statistics().unloads), (1, 1));
    b.serves(&[2]);
}

#[test]
fn a_frozen_plc_stands_still_and_then_does_what_it_was_told_meanwhile() {
    let mut b = handing_over();
    let before = b.sim.device_inputs(LINE);
    let freeze = begin(&mut b, PlcFreezes, LINE);
    b.wait(20_000);
    assert_eq!(b.sim.device_inputs(LINE), before);
    assert_eq!(b.sim.statistics().unloads, 0, "its conveyor stands");
    b.end(&freeze);
    b.wait(5_000);
    assert_eq!(says(&b, LINE, "done"), 1);

    let freeze = begin(&mut b, PlcFreezes, DOOR);
    tell(&mut b, DOOR, &[("open", 1)]);
    b.wait(5_000);
    assert_eq!(says(&b, DOOR, "closed"), 1);
    b.end(&freeze);
    b.wait(5_000);
    assert_eq!(says(&b, DOOR, "opened"), 1);
}

#[test]
fn a_door_that_restarts_stays_where_it_is_until_it_is_told() {
    let mut b = Bench::new();
    tell(&mut b, DOOR, &[("open", 1)]);
    b.wait(4_000);
    let restart = begin(&mut b, PlcRestart, DOOR);
    b.wait(5_000);
    assert_eq!((says(&b, DOOR, "opened"), says(&b, DOOR, "closed")), (0, 0));
    b.end(&restart);
    b.wait(5_000);
    assert_eq!(says(&b, DOOR, "opened"), 1);
    tell(&mut b, DOOR, &[]);
    b.wait(5_000);
    assert_eq!(says(&b, DOOR, "closed"), 1);
}

#[test]
fn a_door_sticks_half_way_whatever_it_is_told() {
    let mut b = Bench::new();
    tell(&mut b, DOOR, &[("open", 1)]);
    b.wait(1_000);
    let sticks = begin(&mut b, DoorSticks, DOOR);
    // A restart on top of it changes nothing about where it is, and its end does not free it.
    let restart = begin(&mut b, PlcRestart, DOOR);
    b.wait(2_000);
    b.end(&restart);
    for open in [1, 0] {
        tell(&mut b, DOOR, &[("open", open)]);
        b.wait(5_000);
        assert_eq!((says(&b, DOOR, "opened"), says(&b, DOOR, "closed")), (0, 0));
    }
    b.end(&sticks);
    tell(&mut b, DOOR, &[("open", 1)]);
    b.wait(2_000);
    assert_eq!(says(&b, DOOR, "opened"), 1);
}

#[test]
fn a_charger_sticks_open_or_closed() {
    let mut b = Bench::new();
    b.go(&[1, 4]);
    b.wait(20_000);
    let sticks = begin(&mut b, ChargerSticks, CHARGER);
    tell(&mut b, CHARGER, &[("enable", 1)]);
    b.wait(3_000);
    assert_eq!(says(&b, CHARGER, "charging"), 0);
    b.end(&sticks);
    b.wait(3_000);
    assert_eq!(says(&b, CHARGER, "charging"), 1);
    let sticks = begin(&mut b, ChargerSticks, CHARGER);
    tell(&mut b, CHARGER, &[]);
    b.wait(3_000);
    assert_eq!(says(&b, CHARGER, "charging"), 1);
    b.end(&sticks);
    b.wait(100);
    assert_eq!(says(&b, CHARGER, "charging"), 0);
    b.serves(&[1]);
}
