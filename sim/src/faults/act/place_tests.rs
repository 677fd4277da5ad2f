#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::bench::{AGV, Bench};
use crate::faults::{Fault, FaultKind, FaultKind::*, Target};
use crate::judge::{Cause, Touch};
use crate::plc::image::{Image, Point};
use takt_maps::words::*;
use takt_maps::{DeviceId, EdgeId, NodeId, VehicleId};

const DOOR: DeviceId = DeviceId(2);

fn at_node(b: &mut Bench, kind: FaultKind, node: u32, radius_mm: u32) -> Fault {
    let fault = b.fault(kind, Target::Area(NodeId(node)), 20_000, radius_mm);
    assert!(b.sim.begin_fault(&fault));
    fault
}

fn pallet(b: &mut Bench, edge: u32) -> Fault {
    let fault = b.fault(Pallet, Target::Edge(EdgeId(edge)), 20_000, 0);
    assert!(b.sim.begin_fault(&fault));
    fault
}

fn door(b: &mut Bench, open: bool) {
    let mut told = Image::default();
    let points = &b.sim.floor().devices[DOOR.index()].outputs;
    Point::find(points, "open").set(&mut told, u16::from(open));
    b.sim.device_outputs(DOOR, told);
}

fn is(b: &Bench, name: &str) -> bool {
    let points = &b.sim.floor().devices[DOOR.index()].inputs;
    Point::find(points, name).is_set(&b.sim.device_inputs(DOOR))
}

fn mode(b: &Bench, vehicle: u16) -> OperatingMode {
    b.sim.vehicle_report(VehicleId(vehicle)).mode
}

fn no_contact(b: &Bench) {
    let s = b.sim.statistics();
    let all = (s.contacts, s.contacts_by_slip, s.contacts_with_obstacles);
    assert_eq!(all, (0, 0, 0), "{:?}", b.sim.contacts());
}

#[test]
fn an_area_is_stopped_with_those_who_drive_into_it_and_no_others() {
    let mut b = Bench::new();
    // given: the second vehicle at node 4, 3 m from node 1; the first on its way there from node 0
    let stop = at_node(&mut b, AreaEmergencyStop, 2, 3_000);
    b.go(&[1, 2, 3]);
    b.wait(3_000);
    assert_eq!(
        (mode(&b, 0), mode(&b, 1)),
        (OperatingMode::Automatic, OperatingMode::Automatic)
    );
    b.wait(7_000);
    assert_eq!(
        (mode(&b, 0), mode(&b, 1)),
        (OperatingMode::EmergencyStop, OperatingMode::Automatic)
    );
    let at = b.truth();
    assert!((1_000.0..2_500.0).contains(&at.0), "{at:?}");
    // when: another one overlaps, and ends first
    let other = at_node(&mut b, AreaEmergencyStop, 1, 3_100);
    b.wait(1_000);
    assert_eq!(mode(&b, 1), OperatingMode::EmergencyStop);
    b.end(&other);
    b.wait(20);
    assert_eq!(
        (mode(&b, 0), mode(&b, 1)),
        (OperatingMode::EmergencyStop, OperatingMode::Automatic)
    );
    b.end(&stop);
    assert_eq!(mode(&b, 0), OperatingMode::Automatic);
    b.wait(20);
    b.serves(&[2]);
}

#[test]
fn a_fire_alarm_closes_the_door_and_stops_those_before_it() {
    let mut b = Bench::new();
    door(&mut b, true);
    b.go(&[1, 2]);
    b.wait(12_000);
    b.go(&[5]);
    // given: it turns at node 2, towards the door
    b.wait(500);
    let alarm = at_node(&mut b, FireAlarm, 2, 3_500);
    b.wait(4_000);
    assert!(is(&b, "closed"), "whatever it is told");
    assert_eq!(mode(&b, 0), OperatingMode::EmergencyStop);
    no_contact(&b);
    b.end(&alarm);
    b.wait(4_000);
    assert!(is(&b, "opened"));
    b.serves(&[2]);
    no_contact(&b);
}

#[test]
fn a_fire_door_never_closes_on_a_vehicle_which_stops_behind_it() {
    // At any moment of its way through the door.
    for moment in 0..40 {
        let mut b = Bench::new();
        door(&mut b, true);
        b.go(&[1, 2, 5]);
        b.wait(8_000 + moment * 200);
        let before = b.truth();
        let alarm = at_node(&mut b, FireAlarm, 5, 2_000);
        b.wait(20_000);
        assert!(is(&b, "closed"), "{before:?}");
        // It stands before the door, outside of the area or in it; or it was let through, and stopped.
        let through = b.truth().1 > 1_500.0;
        if through {
            assert_eq!(mode(&b, 0), OperatingMode::EmergencyStop);
            assert!(b.truth().1 > 1_999.0);
        } else {
            assert!(b.truth().1 < 1_000.0);
        }
        b.end(&alarm);
        b.wait(4_000);
        b.serves(&[2]);
        no_contact(&b);
    }
}

#[test]
fn whoever_comes_to_a_pallet_stands_before_it_until_it_is_gone() {
    // Edge 4 is from node 2 to node 3.
    let mut b = Bench::new();
    let lies = pallet(&mut b, 4);
    b.go(&[1, 2, 3]);
    b.wait(20_000);
    let report = b.report();
    assert_eq!(
        (report.activity, report.speed_mm_s),
        (VehicleActivity::Driving, 0)
    );
    // The pallet begins at 4.5 m, the vehicle reaches 0.5 m ahead, and keeps 0.1 m.
    let x = b.truth().0;
    assert!((3_800.0..=3_901.0).contains(&x), "{x}");
    b.end(&lies);
    b.serves(&[2]);
    no_contact(&b);
}

#[test]
fn a_vehicle_that_turns_off_before_a_pallet_is_not_held_up() {
    let mut floor = crate::testing::floor();
    // The pallet begins 0.2 m before a vehicle that stands at node 2.
    let nodes = floor.roadmap.nodes().iter().cloned();
    let nodes: Vec<_> = nodes
        .map(|mut node| {
            node.x_mm += if node.name == "n3" { 400 } else { 0 };
            node
        })
        .collect();
    let edges = floor.roadmap.edges().to_vec();
    floor.roadmap = takt_maps::Roadmap::new(nodes, edges);
    let mut b = Bench::on(floor);
    door(&mut b, true);
    let lies = pallet(&mut b, 4);
    b.go(&[1, 2, 5]);
    b.wait(30_000);
    assert_eq!(b.report().reached_seq, 3);
    b.end(&lies);
    b.serves(&[2]);
    no_contact(&b);
}

#[test]
fn a_pallet_waits_until_its_place_is_clear_or_is_never_laid_down() {
    let mut b = Bench::new();
    b.go(&[1]);
    // given: it drives in the middle of the edge
    b.run(4_800, |_| ());
    assert!((500.0..1_500.0).contains(&b.truth().0), "{:?}", b.truth());
    let lies = pallet(&mut b, 0);
    b.wait(20);
    assert!(!b.sim.incidents.pallets[0].lies());
    b.wait(10_000);
    // It stands at node 1, from where it reaches to 1.5 m: that is not room enough.
    assert!(!b.sim.incidents.pallets[0].lies());
    b.serves(&[2]);
    b.wait(20);
    assert!(b.sim.incidents.pallets[0].lies());
    b.end(&lies);
    b.serves(&[1, 0]);
    no_contact(&b);
}

#[test]
fn a_pallet_that_falls_before_a_moving_vehicle_is_run_into_and_counted_apart() {
    let mut floor = crate::testing::floor();
    floor.kinds[0].deceleration_mm_s2 = 100;
    floor.kinds[0].acceleration_mm_s2 = 2_000;
    let mut b = Bench::on(floor);
    b.go(&[1, 2, 3]);
    while b.truth().0 < 3_700.0 {
        b.wait(10);
    }
    let lies = pallet(&mut b, 4);
    b.wait(10_000);
    let s = b.sim.statistics();
    assert_eq!(
        (s.contacts, s.contacts_by_slip, s.contacts_with_obstacles),
        (0, 0, 1)
    );
    let contact = b.sim.contacts()[0];
    assert_eq!(contact.touch, Touch::Obstacle(AGV, EdgeId(4)));
    assert_eq!(contact.cause, Cause::Obstacle);
    b.end(&lies);
    b.serves(&[2]);
}

#[test]
fn contacts_of_a_vehicle_that_is_pushed_are_not_the_controllers() {
    let mut floor = crate::testing::floor();
    // Beside node 1.
    floor.walls[0].points = vec![(1_500, 700), (2_500, 700)];
    floor.walls.push(floor.walls[0].clone());
    floor.walls[1].points = vec![(1_500, -700), (2_500, -700)];
    let mut b = Bench::on(floor);
    b.go(&[1]);
    b.wait(10_000);
    let push = b.begin(VehiclePushed, 20_000, 600);
    b.wait(10_000);
    let s = b.sim.statistics();
    assert_eq!((s.contacts, s.contacts_by_slip), (0, 1));
    assert_eq!(b.sim.contacts()[0].cause, Cause::Slip);
    b.wait(10_000);
    b.end(&push);
    b.wait(20);
    b.serves(&[2]);
}
