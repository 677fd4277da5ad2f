#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::image::Point;
use super::transfer::{Direction, State};
use super::*;
use crate::testing;
use takt_maps::Device;

/// A station's PLC with its images, as the other side of the wire sees it.
struct Dialogue {
    device: Device,
    plc: Transfer,
    told: Image,
}

impl Dialogue {
    fn new() -> Self {
        let floor = testing::floor();
        let Model::Transfer(_, plc) = Plc::new(&floor, DeviceId(0)).model else {
            panic!("device 0 is the line's")
        };
        Self {
            device: floor.devices[0].clone(),
            plc,
            told: Image::default(),
        }
    }

    fn tell(&mut self, name: &str, value: u16) {
        Point::find(&self.device.outputs, name).set(&mut self.told, value);
    }

    fn step(&mut self, vehicle_here: bool) -> Vec<&'static str> {
        self.plc.step(&self.told, || vehicle_here, 10);
        let mut says = Image::default();
        self.plc.write(&mut says, |_| 70_000);
        assert_eq!(Point::find(&self.device.inputs, "parts").get(&says), 65_535);
        ["ready", "busy", "done", "fault"]
            .into_iter()
            .filter(|name| Point::find(&self.device.inputs, name).is_set(&says))
            .collect()
    }
}

#[test]
fn the_dialogue_of_a_transfer_goes_ready_busy_done_ready() {
    let mut d = Dialogue::new();
    assert_eq!(d.step(true), ["ready"]);
    d.tell("direction", 2);
    d.tell("buffer", 1);
    d.tell("start", 1);
    assert_eq!(d.step(true), ["busy"]);
    assert!(d.plc.engaged(Direction::Unload));
    assert!(!d.plc.engaged(Direction::Load));
    assert_eq!(d.plc.buffer(), Some(1));
    d.plc.succeed();
    assert_eq!(d.step(true), ["done"]);
    assert_eq!(d.step(false), ["done"]);
    d.tell("start", 0);
    assert_eq!(d.step(false), ["ready"]);
}

#[test]
fn a_start_without_a_vehicle_is_a_fault_until_acknowledged() {
    let mut d = Dialogue::new();
    d.tell("start", 1);
    assert_eq!(d.step(false), ["fault"]);
    assert_eq!(d.step(true), ["fault"]);
    d.tell("acknowledge", 1);
    // Acknowledged, but the old start must be taken back first.
    assert_eq!(d.step(true), Vec::<&str>::new());
    d.tell("acknowledge", 0);
    d.tell("start", 0);
    assert_eq!(d.step(true), ["ready"]);
    assert_eq!(d.plc.faults(), 1);
}

#[test]
fn a_vehicle_that_leaves_or_never_takes_part_is_a_fault_and_a_start_taken_back_is_not() {
    let mut d = Dialogue::new();
    d.tell("start", 1);
    assert_eq!(d.step(true), ["busy"]);
    d.tell("start", 0);
    assert_eq!(d.step(true), ["ready"]);
    d.tell("start", 1);
    assert_eq!(d.step(true), ["busy"]);
    assert_eq!(d.step(false), ["fault"]);

    let mut d = Dialogue::new();
    d.tell("start", 1);
    for _ in 0..transfer::PATIENCE_MS / 10 {
        assert_eq!(d.step(true), ["busy"]);
    }
    (0..3).for_each(|_| drop(d.step(true)));
    assert_eq!(d.plc.state(), State::Fault);
}

#[test]
fn a_door_takes_its_time_both_ways_and_can_turn_round() {
    let floor = testing::floor();
    let device = &floor.devices[2];
    let mut door = Door::new(device);
    let mut told = Image::default();
    let mut says = Image::default();
    let open = Point::find(&device.outputs, "open");
    let opened = Point::find(&device.inputs, "opened");
    let closed = Point::find(&device.inputs, "closed");
    door.write(&mut says);
    assert_eq!((opened.get(&says), closed.get(&says)), (0, 1));
    open.set(&mut told, 1);
    let mut run = |door: &mut Door, told: &Image, ms: u32| {
        for _ in 0..ms / 10 {
            door.step(told, 10);
        }
        door.write(&mut says);
        (opened.get(&says), closed.get(&says))
    };
    assert_eq!(run(&mut door, &told, 2_990), (0, 0));
    assert_eq!(run(&mut door, &told, 10), (1, 0));
    open.set(&mut told, 0);
    assert_eq!(run(&mut door, &told, 10), (0, 0));
    open.set(&mut told, 1);
    assert_eq!(run(&mut door, &told, 10), (1, 0));
    open.set(&mut told, 0);
    assert_eq!(run(&mut door, &told, 3_000), (0, 1));
}

#[test]
fn a_charger_needs_a_vehicle_and_says_when_current_flows() {
    let floor = testing::floor();
    let device = &floor.devices[1];
    let mut charger = Charger::new(device);
    let mut told = Image::default();
    let mut says = Image::default();
    Point::find(&device.outputs, "enable").set(&mut told, 1);
    for _ in 0..1_000 {
        charger.step(&told, || false, 10);
    }
    assert!(!charger.is_charging());
    for _ in 0..charger::CONTACT_MS / 10 {
        charger.step(&told, || true, 10);
    }
    charger.write(&mut says);
    assert!(charger.is_charging());
    assert!(Point::find(&device.inputs, "charging").is_set(&says));
    assert!(Point::find(&device.inputs, "ready").is_set(&says));
    charger.step(&told, || false, 10);
    assert!(!charger.is_charging());
}
