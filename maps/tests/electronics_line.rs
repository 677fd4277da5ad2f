//! What makes traffic on the built-in floor run without end, and its lines without starving.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeSet, VecDeque};
use takt_maps::{BufferRole, ClassId, Floor, KindId, NodeId, PlaceId, Roadmap, builtin, draw};

fn floor() -> Floor {
    match builtin("electronics-line").expect("it is built in") {
        Ok(loaded) => {
            assert!(loaded.warnings.is_empty(), "{}", loaded.warnings.plain());
            loaded.floor
        }
        Err(problems) => panic!("{}", problems.plain()),
    }
}

/// Where vehicles stand for long: stations, chargers, parking.
fn bays(floor: &Floor) -> BTreeSet<NodeId> {
    let stations = floor.stations.iter().map(|s| s.node);
    let chargers = floor.chargers.iter().map(|c| c.node);
    stations
        .chain(chargers)
        .chain(floor.parking.iter().copied())
        .collect()
}

/// Number of nodes on the shortest closed way through a node.
fn shortest_ring(roadmap: &Roadmap, start: NodeId) -> Option<usize> {
    let mut steps = vec![None; roadmap.nodes().len()];
    steps[start.index()] = Some(0);
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let next = steps[node.index()].unwrap_or(0) + 1;
        for &edge in roadmap.out_edges(node) {
            let to = roadmap.edge(edge).to;
            if to == start {
                return Some(next);
            }
            if steps[to.index()].is_none() {
                steps[to.index()] = Some(next);
                queue.push_back(to);
            }
        }
    }
    None
}

#[test]
fn it_has_what_the_plant_needs() {
    let floor = floor();
    assert_eq!(floor.vehicles.len(), 20);
    assert_eq!(
        (floor.kinds.len(), floor.chargers.len(), floor.doors.len()),
        (2, 6, 2)
    );
    assert_ne!(floor.kinds[0].footprint, floor.kinds[1].footprint);
    let line_side: BTreeSet<_> = floor
        .buffers
        .iter()
        .filter(|b| matches!(b.role, BufferRole::Consume { .. }))
        .map(|b| b.station)
        .collect();
    assert!(line_side.len() >= 12);
    assert_eq!(floor.lines.len(), 3);
    assert!(floor.parking.len() >= floor.vehicles.len());
    assert!(floor.stations.iter().all(|s| s.device.is_some()));
}

#[test]
fn who_stands_in_a_bay_is_in_nobodys_way() {
    let floor = floor();
    let roadmap = &floor.roadmap;
    let bays = bays(&floor);
    assert_eq!(bays.len(), 25 + 6 + 20, "a bay is for one thing");
    for &bay in &bays {
        let own: BTreeSet<PlaceId> = (roadmap.out_edges(bay).iter())
            .chain(roadmap.in_edges(bay))
            .map(|&e| roadmap.edge(e).place)
            .chain([roadmap.place_of(bay)])
            .collect();
        for class in (0..floor.classes).map(ClassId::from_index) {
            for conflict in floor.conflicts.of(class, roadmap.place_of(bay)) {
                assert!(own.contains(&conflict.place), "{}", roadmap.node(bay).name);
            }
        }
    }
}

#[test]
fn no_ring_can_be_full() {
    let floor = floor();
    let roadmap = &floor.roadmap;
    let nodes = (0..roadmap.nodes().len()).map(NodeId::from_index);
    let rings: Vec<usize> = nodes.filter_map(|n| shortest_ring(roadmap, n)).collect();
    assert_eq!(
        rings.len(),
        roadmap.nodes().len(),
        "a way back from everywhere"
    );
    assert!(rings.iter().min().copied().unwrap() > floor.vehicles.len());
    // And each node of a ring takes a vehicle of its own: outside of the narrow aisle no two nodes conflict.
    let aisle = floor
        .zones
        .iter()
        .find(|z| z.name == "narrow-aisle")
        .unwrap();
    for place in (0..roadmap.nodes().len()).map(PlaceId::from_index) {
        if aisle.places.contains(&place) {
            continue;
        }
        for class in (0..floor.classes).map(ClassId::from_index) {
            let near = floor.conflicts.of(class, place).iter();
            let nodes = near.filter(|c| roadmap.node_of(c.place).is_some());
            assert_eq!(nodes.count(), 1, "{}", roadmap.nodes()[place.index()].name);
        }
    }
}

#[test]
fn only_the_narrow_aisle_is_closed_to_tuggers() {
    let floor = floor();
    let tugger = floor.kinds.iter().position(|k| k.name == "tugger").unwrap();
    let tugger = KindId::from_index(tugger);
    let closed = floor.roadmap.edges().iter().filter(|e| !e.allows(tugger));
    let names: BTreeSet<&str> = closed
        .flat_map(|e| [e.from, e.to])
        .map(|n| floor.roadmap.node(n).name.as_str())
        .collect();
    assert_eq!(names, BTreeSet::from(["m5", "a1", "a2", "a3", "a4", "n5"]));
}

#[test]
fn lines_have_eight_minutes_left_when_they_call_and_room_for_a_rush() {
    let floor = floor();
    let mut checked = 0;
    for line in &floor.lines {
        for &(buffer, pieces) in &line.consumes {
            let buffer = &floor.buffers[buffer.index()];
            let BufferRole::Consume { reorder_at, .. } = buffer.role else {
                panic!("{} is not consumed", buffer.name);
            };
            let left_ms = reorder_at / pieces * line.takt_ms;
            assert!(left_ms >= 8 * 60_000, "{}: {left_ms} ms", buffer.name);
            assert!(
                buffer.capacity >= reorder_at + 2 * buffer.lot,
                "{}",
                buffer.name
            );
            checked += 1;
        }
    }
    assert_eq!(checked, 14);
}

#[test]
fn its_picture_names_everything_that_has_a_name() {
    let floor = floor();
    let picture = draw::svg(&floor);
    let names = (floor.stations.iter().map(|s| &s.name))
        .chain(floor.chargers.iter().map(|c| &c.name))
        .chain(floor.doors.iter().map(|d| &d.name))
        .chain(floor.vehicles.iter().map(|v| &v.name));
    for name in names {
        assert!(picture.contains(&format!(">{name}</text>")), "{name}");
    }
    for zone in &floor.zones {
        assert!(picture.contains(&format!(">{} (max 1)</text>", zone.name)));
    }
    assert!(picture.len() < 200_000);
}

/// The built-in floor's text with one piece of it replaced, and what is wrong with it then.
fn problems_with(old: &str, new: &str) -> String {
    let text = include_str!("../../floors/electronics-line.toml");
    assert!(text.contains(old), "{old}");
    let text = text.replacen(old, new, 1);
    match takt_maps::load_text("changed.toml", &text, &takt_maps::LoadOptions::default()) {
        Ok(_) => String::new(),
        Err(problems) => problems.plain(),
    }
}

#[test]
fn a_door_does_not_close_on_who_rests_beside_it() {
    let told = problems_with(
        "ends = [[18.75, 24.8], [18.75, 27.2]]",
        "ends = [[17.7, 24.8], [17.7, 27.2]]",
    );
    assert!(
        told.contains("the door \"door-in\" closes on a vehicle that rests at \"n15\""),
        "{told}"
    );
}

#[test]
fn a_path_names_the_door_that_it_passes() {
    let told = problems_with(
        "{ through = [\"n14\", \"n15\"], door = \"door-in\", speed = 1.0 }",
        "{ through = [\"n14\", \"n15\"], speed = 1.0 }",
    );
    assert!(
        told.contains("passes the door \"door-in\" without naming it"),
        "{told}"
    );
}
