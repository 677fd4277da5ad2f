#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::testing;
use proptest::prelude::*;
use takt_maps::{KindId, NodeId, Vehicle};

fn seen(x: f64, y: f64, angle: f64) -> Seen {
    Seen {
        at: (x, y),
        facing: (libm::cos(angle), libm::sin(angle)),
        level: LevelId(0),
        loaded: false,
    }
}

/// The test floor with so many vehicles and no door.
fn crowd(vehicles: usize) -> Floor {
    let mut floor = testing::floor();
    floor.doors.clear();
    floor.vehicles = (0..vehicles)
        .map(|i| Vehicle {
            name: format!("agv-{i}"),
            kind: KindId(0),
            start: NodeId(0),
            address: None,
        })
        .collect();
    floor
}

#[test]
fn a_contact_is_counted_when_it_begins_and_again_after_it_has_ended() {
    let floor = crowd(2);
    let mut judge = Judge::new(&floor);
    let far = [seen(3_000.0, 0.0, 0.0), seen(5_000.0, 0.0, 0.0)];
    let near = [seen(3_000.0, 0.0, 0.0), seen(3_900.0, 0.0, 0.0)];
    let open = |_| true;
    judge.step(10, &far, open, |_| false);
    assert_eq!(judge.count(Cause::Control), 0);
    judge.step(20, &near, open, |_| false);
    judge.step(30, &near, open, |_| false);
    assert_eq!(judge.count(Cause::Control), 1);
    judge.step(40, &far, open, |_| false);
    judge.step(50, &near, open, |_| false);
    assert_eq!(judge.count(Cause::Control), 2);
    assert_eq!(judge.contacts()[0].at_ms, 20);
    assert_eq!(
        judge.contacts()[0].touch,
        Touch::Vehicles(VehicleId(0), VehicleId(1))
    );
    assert_eq!(judge.contacts()[0].other.unwrap().x_mm, 3_900);
}

#[test]
fn other_levels_are_elsewhere_and_a_load_can_be_wider() {
    let mut floor = crowd(2);
    floor.kinds[0].footprint_loaded = vec![(-500, -600), (500, -600), (500, 600), (-500, 600)];
    let mut judge = Judge::new(&floor);
    let mut pair = [seen(3_000.0, 0.0, 0.0), seen(3_000.0, 700.0, 0.0)];
    pair[1].at.1 = -700.0;
    judge.step(10, &pair, |_| true, |_| false);
    assert_eq!(judge.count(Cause::Control), 0);
    pair[0].loaded = true;
    judge.step(20, &pair, |_| true, |_| false);
    assert_eq!(judge.count(Cause::Control), 1);
    pair[1].level = LevelId(1);
    judge.step(30, &pair, |_| true, |_| false);
    assert_eq!(judge.touching(), &[]);
}

#[test]
fn walls_and_shut_doors_are_touched() {
    let mut floor = testing::floor();
    floor.vehicles.truncate(1);
    let mut judge = Judge::new(&floor);
    // Clear of the wall at y = 700, then beside it, then turned into it.
    judge.step(10, &[seen(0.0, 0.0, 0.0)], |_| false, |_| false);
    judge.step(20, &[seen(0.0, 390.0, 0.0)], |_| false, |_| false);
    assert_eq!(judge.count(Cause::Control), 0);
    judge.step(30, &[seen(0.0, 390.0, 1.0)], |_| false, |_| false);
    judge.step(40, &[seen(0.0, 390.0, 1.0)], |_| false, |_| false);
    assert_eq!(judge.count(Cause::Control), 1);
    assert_eq!(judge.contacts()[0].touch, Touch::Wall(VehicleId(0), 0));
    // Through the door while it is open, and as it shuts.
    judge.step(50, &[seen(4_000.0, 1_500.0, 0.0)], |_| true, |_| false);
    assert_eq!(judge.count(Cause::Control), 1);
    judge.step(60, &[seen(4_000.0, 1_500.0, 0.0)], |_| false, |_| false);
    assert_eq!(judge.count(Cause::Control), 2);
    assert_eq!(
        judge.contacts()[1].touch,
        Touch::Door(VehicleId(0), DoorId(0))
    );
}

proptest! {
    #[test]
    fn the_sweep_finds_what_comparing_all_with_all_finds(
        steps in prop::collection::vec(
            prop::collection::vec((-500.0..7_000.0f64, -500.0..4_000.0f64, -3.0..3.0f64), 12), 1..4),
    ) {
        let mut floor = crowd(12);
        floor.walls.push(takt_maps::Wall {
            level: LevelId(0),
            points: vec![(2_500, 900), (4_000, 2_000), (3_000, 3_500)],
        });
        let mut judge = Judge::new(&floor);
        for (n, places) in steps.iter().enumerate() {
            let vehicles: Vec<Seen> = places.iter().map(|&(x, y, a)| seen(x, y, a)).collect();
            judge.step(n as u64, &vehicles, |_| true, |_| false);
            let outline = |v: &Seen| {
                let mut placed = Vec::new();
                Shape::new(&floor.kinds[0].footprint).place(v.at, v.facing, &mut placed);
                placed
            };
            let mut expected = Vec::new();
            for (i, a) in vehicles.iter().enumerate() {
                for (j, b) in vehicles.iter().enumerate().skip(i + 1) {
                    if touch(&outline(a), &outline(b)) {
                        expected.push(Touch::Vehicles(VehicleId(i as u16), VehicleId(j as u16)));
                    }
                }
                for (w, wall) in floor.walls.iter().enumerate() {
                    let hit = wall.points.windows(2).any(|ends| {
                        let ends = [ends[0], ends[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
                        touch(&outline(a), &ends)
                    });
                    if hit {
                        expected.push(Touch::Wall(VehicleId(i as u16), w as u32));
                    }
                }
            }
            let key = |t: &Touch| format!("{t:?}");
            let mut found = judge.touching().to_vec();
            found.sort_by_key(key);
            expected.sort_by_key(key);
            prop_assert_eq!(found, expected);
        }
    }
}
