#![allow(clippy::unwrap_used, clippy::expect_used)]
//! From text to floor: what becomes of what is written, and what is said of what is wrong.

use crate::formats::{LoadOptions, Loaded, load_text};
use crate::ids::{ClassId, KindId, PlaceId};
use crate::problem::Problems;
use crate::spec::*;

/// The manual's example, which shows every key.
fn manual() -> String {
    let manual = include_str!("../../../docs/floor-file.md");
    let from = manual.find("```toml\n").unwrap() + "```toml\n".len();
    let length = manual[from..].find("```").unwrap();
    manual[from..from + length].to_owned()
}

fn load(text: &str) -> Result<Loaded, Problems> {
    load_text("floor.toml", text, &LoadOptions::default())
}

/// The manual's example with one thing changed.
fn with(from: &str, to: &str) -> String {
    let text = manual();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn the_manuals_example_is_a_floor_without_problems() {
    let loaded = load(&manual()).map_err(|p| p.plain()).unwrap();
    assert_eq!(loaded.warnings.plain(), "");
    let floor = loaded.floor;
    assert_eq!(
        (floor.roadmap.nodes().len(), floor.roadmap.edges().len()),
        (4, 6)
    );
    assert_eq!(floor.roadmap.places(), 7);
    assert_eq!(floor.classes, 2);
    let kind = &floor.kinds[0];
    assert_eq!(
        kind.footprint,
        [(-400, -300), (400, -300), (400, 300), (-400, 300)]
    );
    assert_eq!((kind.speed_mm_s, kind.turn_mrad_s), ([1_500, 1_200], 1_571));
    assert_eq!(
        (kind.battery.low_permille, kind.battery.enough_permille),
        (250, 600)
    );
    assert_eq!(floor.zones[0].capacity, 2);
    // Two nodes, the edge between them and the one before.
    assert_eq!(floor.zones[0].places.len(), 4);
    assert_eq!(floor.buffers[0].initial, 1_000);
    assert_eq!(floor.control, crate::floor::Control::default());
    assert_eq!(floor.handshakes[0].begin.len(), 5);
    assert_eq!(floor.devices[0].inputs.len(), 5);
}

#[test]
fn names_of_nodes_keep_the_order_of_the_file() {
    let floor = load(&manual()).unwrap().floor;
    let names: Vec<_> = floor
        .roadmap
        .nodes()
        .iter()
        .map(|n| n.name.as_str())
        .collect();
    assert_eq!(names, ["rest", "west", "east", "dock"]);
}

#[test]
fn digest_follows_what_matters_and_not_addresses() {
    let digest = |text: &str| load(text).map_err(|p| p.plain()).unwrap().floor.digest;
    let original = digest(&manual());
    assert_eq!(original, digest(&manual()));
    assert_eq!(original, digest(&with("127.0.0.1:15020", "10.0.0.7:502")));
    assert_ne!(original, digest(&with("speed = 1.2", "speed = 1.1")));
    assert_ne!(original, digest(&with("two-stations", "three-stations")));
    assert_ne!(
        original,
        digest(&with("reorder_at = 60", "reorder_at = 61"))
    );
}

#[test]
fn an_exclusive_zone_is_a_conflict_between_all_its_places() {
    let text = with("capacity = 2", "exclusive = true").replacen(
        "nodes = [\"east\", \"dock\"]",
        "nodes = [\"rest\", \"dock\"]",
        1,
    );
    let floor = load(&text).map_err(|p| p.plain()).unwrap().floor;
    let places = &floor.zones[0].places;
    assert_eq!(places, &[PlaceId(0), PlaceId(3), PlaceId(4), PlaceId(6)]);
    for &p in places {
        for &q in places {
            assert!(floor.conflicts.conflict((ClassId(0), p), (ClassId(1), q)));
        }
    }
    // 6 m apart, and not both in the zone.
    let (rest, east) = (PlaceId(0), PlaceId(2));
    assert!(
        !floor
            .conflicts
            .conflict((ClassId(0), rest), (ClassId(0), east))
    );
}

/// Each change of the manual's example, and what must be said of it.
#[test]
fn every_mistake_is_reported_with_its_place_and_a_hint() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "speed = 1.5",
            "sped = 1.5",
            "[[kind]] has no key \"sped\"\n    hint: did you mean \"speed\"?",
        ),
        (
            "speed = 1.5",
            "sped = 1.5",
            "[[kind]] needs the key \"speed\"",
        ),
        (
            "speed = 1.5",
            "speed = \"fast\"",
            "this must be a number, not a text",
        ),
        (
            "speed = 1.5",
            "speed = nan",
            "speed must be from 0.001 to 65.535 m/s, not NaN\n    hint: write a finite",
        ),
        (
            "speed = 1.5",
            "speed = -1.5",
            "speed must be from 0.001 to 65.535 m/s, not -1.5",
        ),
        (
            "west = [4.0, 2.0]",
            "west = [inf, 2.0]",
            "a coordinate must be from -1000000 to 1000000 m, not inf",
        ),
        (
            "start = \"rest\"",
            "start = \"rset\"",
            "there is no node \"rset\"\n    hint: did you mean \"rest\"?",
        ),
        (
            "rest = [2.0, 2.0]",
            "rest = [2.0, 2.0]\nrest = [5.0, 2.0]",
            "duplicate key",
        ),
        (
            "name = \"line-side\"",
            "name = \"store\"",
            "the station \"store\" is defined twice",
        ),
        (
            "west = [4.0, 2.0]",
            "west = [-2.0, 2.0]",
            "the node \"west\" is outside its level \"ground\"",
        ),
        (
            "two_way = true",
            "two_way = false",
            "a vehicle of kind \"shuttle\" that goes to",
        ),
        (
            "two_way = true",
            "two_way = false",
            "the charger \"C1\" is out of reach\n    hint: no path that a vehicle may use leads away",
        ),
        ("two_way = true", "two_way = false", "can't reach a charger"),
        (
            "points = [[0.0, 0.0]",
            "points = [[1.0, 2.2], [4.0, 2.2], [0.0, 0.0]",
            "scrapes a wall between \"rest\" and \"west\"",
        ),
        (
            "length = 0.8, width = 0.6",
            "length = 8.0, width = 6.0",
            "the vehicle kind \"shuttle\" fits no path",
        ),
        (
            "length = 0.8, width = 0.6",
            "length = -0.8, width = 0.6",
            "a side must be longer than 0 m, not -0.8",
        ),
        (
            "[[-0.5, -0.35], [0.5, -0.35], [0.5, 0.35], [-0.5, 0.35]]",
            "[[0.1, -0.3], [0.5, 0.0], [0.1, 0.3]]",
            "does not contain its reference point",
        ),
        (
            "[[-0.5, -0.35], [0.5, -0.35], [0.5, 0.35], [-0.5, 0.35]]",
            "[[-0.5, -0.4], [0.5, -0.4], [0.2, 0.0], [0.5, 0.4], [-0.5, 0.4]]",
            "is not convex",
        ),
        (
            "wait = { busy = 1 }",
            "wait = { bussy = 1 }",
            "needs the input \"bussy\", which the device \"store-plc\" has not\n    hint: did you mean \"busy\"?",
        ),
        (
            "wait = { busy = 1 }",
            "wait = { busy = 2 }",
            "the input \"busy\" of \"store-plc\" is a single bit",
        ),
        (
            "fault = \"0.3\"",
            "fault = \"2.3\"",
            "the point \"fault\" is outside the block of 2 words",
        ),
        (
            "read = { at = 0, words = 2 }",
            "read = { at = 0, words = 9 }",
            "words must be from 0 to 8, not 9",
        ),
        (
            "vehicle_acts = true, ",
            "",
            "in 0 steps of the transfer \"transfer\" the vehicle acts",
        ),
        (
            "handshake = \"door\"",
            "handshake = \"transfer\"",
            "\"transfer\" is a handshake of kind transfer, not door",
        ),
        (
            "{ buffer = \"line-screws\"",
            "{ buffer = \"line-screw\"",
            "there is no buffer \"line-screw\"\n    hint: did you mean \"line-screws\"?",
        ),
        (
            "lot = 50\nreorder_at",
            "lot = 500\nreorder_at",
            "a lot of 500 pieces does not fit the buffer \"line-screws\" of 120",
        ),
        (
            "reorder_at = 60\n",
            "",
            "the buffer \"line-screws\" has no reorder_at",
        ),
        (
            "role = \"consume\"",
            "role = \"consumer\"",
            "there is no role \"consumer\"\n    hint: did you mean \"consume\"?",
        ),
        (
            "link_timeout_ms = 1000",
            "link_timeout_ms = 100",
            "must be more than two transfer intervals",
        ),
        (
            "cycle_ms = 10",
            "cycle_ms = 0.2",
            "cycle_ms must be from 0.25 to 100 ms, not 0.2",
        ),
        (
            "cycle_ms = 10",
            "cycle_ms = 101",
            "cycle_ms must be from 0.25 to 100 ms, not 101",
        ),
        (
            "budget = 0.8",
            "budget = 80",
            "budget must be from 0.1 to 1 of the cycle, not 80",
        ),
        (
            "overruns_max = 100",
            "overruns_max = 0",
            "overruns_max must be from 1 to 1000000, not 0",
        ),
        (
            "address = \"127.0.0.1:15100\"",
            "address = \"127.0.0.1\"",
            "is no address of a Modbus TCP server",
        ),
        (
            "type = \"station-plc\"",
            "type = \"station-pls\"",
            "there is no device type \"station-pls\"\n    hint: did you mean \"station-plc\"?",
        ),
        (
            "[[vehicle]]",
            "[[vehicle]]\nname = \"S00\"\nkind = \"shuttle\"\nstart = \"rest\"\n\n[[vehicle]]",
            "the vehicles \"S00\" and \"S01\" start too near to each other",
        ),
        (
            "capacity = 2 ",
            "capacity = 0 ",
            "capacity must be from 1 to 65535, not 0",
        ),
        (
            "name = \"two-stations\"",
            "name = two-stations",
            "floor.toml:1:8: error:",
        ),
    ];
    for (from, to, said) in cases {
        let problems = load(&with(from, to))
            .err()
            .unwrap_or_else(|| panic!("{to} was accepted"));
        let plain = problems.plain();
        assert!(
            plain.contains(said),
            "{to}\nshould say: {said}\nbut says:\n{plain}"
        );
        // Everything found in a text points into it, but what concerns the floor as a whole.
        for problem in problems.list() {
            assert!(problems.line_column(problem).is_some(), "{problem:?}");
        }
    }
}

#[test]
fn all_problems_come_at_once_and_in_order() {
    let text = with("speed = 1.5", "speed = -1.5")
        .replacen("start = \"rest\"", "start = \"nowhere\"", 1)
        .replacen("takt = 30.0", "takt = true", 1)
        .replacen("from = \"store-screws\"", "from = \"line-screws\"", 1)
        .replacen("two_way = true", "two_wai = true", 1);
    let problems = load(&text).unwrap_err();
    let plain = problems.plain();
    let mut last = 0;
    for said in [
        "two_wai",
        "speed must be",
        "\"nowhere\"",
        "has role \"consume\"",
        "this must be a number, not true or false",
    ] {
        let at = plain
            .find(said)
            .unwrap_or_else(|| panic!("{said} missing in\n{plain}"));
        assert!(at > last, "{said} comes too early in\n{plain}");
        last = at;
    }
    assert_eq!(problems.counts(), (5, 0), "{plain}");
}

#[test]
fn stations_too_near_to_each_other_are_a_warning() {
    let text = with(
        "east = { at = [8.0, 2.0]",
        "near = [9.5, 2.0]\neast = { at = [8.0, 2.0]",
    )
    .replacen("\"east\", \"dock\"]", "\"east\", \"near\", \"dock\"]", 1)
    .replacen("node = \"east\"", "node = \"near\"", 1);
    let loaded = load(&text).map_err(|p| p.plain()).unwrap();
    let plain = loaded.warnings.plain();
    assert!(
        plain.contains("can't stand at the station \"line-side\" and the charger \"C1\""),
        "{plain}"
    );
}

#[test]
fn resting_in_the_only_way_is_a_warning() {
    let text = with("parking = [\"rest\"]", "parking = [\"rest\", \"east\"]");
    let loaded = load(&text).map_err(|p| p.plain()).unwrap();
    let plain = loaded.warnings.plain();
    let said = "rests at the parking place \"east\" blocks the way between \"rest\" and \"dock\"";
    assert!(plain.contains(said), "{plain}");
}

#[test]
fn kinds_with_equal_outlines_share_a_class() {
    let second = "[[kind]]\nname = \"twin\"\nfootprint = { length = 0.8, width = 0.6 }\nspeed = 1.0\nreverse = true\n\n[[kind]]\nname = \"forward\"\nfootprint = { length = 0.8, width = 0.6 }\nspeed = 1.0\n\n[[vehicle]]";
    let text = with("[[vehicle]]", second).replacen("kinds = [\"shuttle\"]", "", 1);
    let floor = load(&text).map_err(|p| p.plain()).unwrap().floor;
    assert_eq!(floor.kinds[1].classes, [floor.kinds[0].classes[0]; 2]);
    assert_eq!(floor.classes, 3);
    assert_eq!(floor.kinds[2].classes, [ClassId(2); 2]);
}

/// A plain grid of two-way paths.
fn grid(columns: usize, rows: usize) -> FloorSpec {
    let name = |x: usize, y: usize| format!("{x}-{y}");
    let way = |a: String, b: String| PathSpec {
        through: vec![a.into(), b.into()],
        two_way: true,
        ..PathSpec::default()
    };
    let mut spec = FloorSpec {
        name: "grid".into(),
        kinds: vec![KindSpec {
            name: "agv".into(),
            footprint: rectangle(0.6, 0.6).into(),
            speed: 1.0.into(),
            reverse: true,
            ..KindSpec::default()
        }],
        ..FloorSpec::default()
    };
    for y in 0..rows {
        for x in 0..columns {
            spec.nodes.push(NodeSpec {
                name: name(x, y).into(),
                at: [x as f64, y as f64].into(),
                level: None,
            });
            if x > 0 {
                spec.paths.push(way(name(x - 1, y), name(x, y)));
            }
            if y > 0 {
                spec.paths.push(way(name(x, y - 1), name(x, y)));
            }
        }
    }
    spec
}

#[test]
fn a_grids_cell_conflicts_with_itself_and_its_edges_only() {
    let (floor, _) = super::compile(&grid(100, 60), Vec::new()).unwrap();
    let roadmap = &floor.roadmap;
    assert_eq!(roadmap.nodes().len(), 6_000);
    for n in (0..6_000).map(crate::ids::NodeId) {
        let mut own = vec![roadmap.place_of(n)];
        own.extend(roadmap.out_edges(n).iter().map(|&e| roadmap.edge(e).place));
        own.sort();
        let set = floor.conflicts.of(ClassId(0), roadmap.place_of(n));
        assert_eq!(set.iter().map(|c| c.place).collect::<Vec<_>>(), own);
    }
    assert!(
        roadmap
            .edges()
            .iter()
            .all(|e| e.allows(KindId(0)) && !e.allows(KindId(1)))
    );
}

#[test]
fn nodes_on_top_of_each_other_are_refused_before_they_fill_the_memory() {
    let mut spec = grid(60, 50);
    for node in &mut spec.nodes {
        node.at.value = node.at.value.map(|v| v / 1_000.0);
    }
    let problems = super::compile(&spec, Vec::new()).unwrap_err();
    assert!(
        problems.iter().any(|p| p.message.contains("too densely")),
        "{problems:?}"
    );
}
