//! A small floor for tests: a corridor of four nodes, 2 m apart, with a crossing aisle, a store, a line and a charger.
//!
//! ```text
//!         4 (2000, 3000) charger        5 (4000, 3000) behind the door
//!         |                             |
//! 0 ----- 1 ----- 2 ----- 3             (y = 0; store at 0, line at 3; the door is between 2 and 5)
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used)]

use takt_maps::words::{BASE_WINDOW, VehicleCommand, Waypoint};
use takt_maps::*;

/// A kind of 1.0 x 0.6 m that drives 1.5 m/s.
pub fn kind() -> VehicleKind {
    let outline = vec![(-500, -300), (500, -300), (500, 300), (-500, 300)];
    VehicleKind {
        name: "tug".into(),
        footprint: outline.clone(),
        footprint_loaded: outline,
        classes: [ClassId(0), ClassId(0)],
        speed_mm_s: [1_500, 1_000],
        acceleration_mm_s2: 500,
        deceleration_mm_s2: 700,
        turn_mrad_s: 1_000,
        reverse: true,
        transfer_ms: 5_000,
        battery: Battery {
            capacity_wh: 100,
            idle_w: 20,
            drive_w: 200,
            charge_w: 1_000,
            low_permille: 200,
            enough_permille: 800,
        },
    }
}

fn points(names: &[&str]) -> Vec<DevicePoint> {
    let bit = |(i, name): (usize, &&str)| DevicePoint {
        name: (*name).into(),
        address: if ["buffer", "direction", "load", "parts"].contains(name) {
            PointAddress::Word(i as u8)
        } else {
            PointAddress::Bit(0, i as u8)
        },
    };
    names.iter().enumerate().map(bit).collect()
}

fn device(name: &str, inputs: &[&str], outputs: &[&str]) -> Device {
    Device {
        name: name.into(),
        address: None,
        read_at: 100,
        read_words: 6,
        write_at: 200,
        write_words: 6,
        inputs: points(inputs),
        outputs: points(outputs),
    }
}

/// The floor.
pub fn floor() -> Floor {
    let at = |name: &str, x_mm, y_mm| Node {
        name: name.into(),
        level: LevelId(0),
        x_mm,
        y_mm,
    };
    let nodes = vec![
        at("n0", 0, 0),
        at("n1", 2_000, 0),
        at("n2", 4_000, 0),
        at("n3", 6_000, 0),
        at("n4", 2_000, 3_000),
        at("n5", 4_000, 3_000),
    ];
    let mut edges = Vec::new();
    for (i, (a, b)) in [(0u32, 1u32), (1, 2), (2, 3), (1, 4), (2, 5)]
        .into_iter()
        .enumerate()
    {
        for (from, to, twin) in [(a, b, 2 * i + 1), (b, a, 2 * i)] {
            edges.push(Edge {
                from: NodeId(from),
                to: NodeId(to),
                place: PlaceId((nodes.len() + i) as u32),
                length_mm: 2_000,
                speed_mm_s: 2_000,
                kinds: 1,
                twin: Some(EdgeId::from_index(twin)),
                door: ((a, b) == (2, 5)).then_some(DoorId(0)),
            });
        }
    }
    let station_points: (&[&str], &[&str]) = (
        &["ready", "busy", "done", "fault", "parts"],
        &["start", "direction", "load", "buffer", "acknowledge"],
    );
    let plc = |i| Some((DeviceId(i), HandshakeId(0)));
    let station = |name: &str, node, device| Station {
        name: name.into(),
        node: NodeId(node),
        device,
    };
    let buffer = |name: &str, station, material, initial, role| Buffer {
        name: name.into(),
        station: StationId(station),
        material: MaterialId(material),
        capacity: 20,
        initial,
        lot: 5,
        level: None,
        role,
    };
    let parts = Buffer {
        level: Some("parts".into()),
        ..buffer(
            "parts",
            1,
            0,
            8,
            BufferRole::Consume {
                reorder_at: 5,
                from: BufferId(0),
            },
        )
    };
    let vehicle = |name: &str, start| Vehicle {
        name: name.into(),
        kind: KindId(0),
        start: NodeId(start),
        address: None,
    };
    Floor {
        name: "test".into(),
        levels: vec![Level {
            name: "ground".into(),
            min: (-1_000, -1_000),
            max: (7_000, 4_000),
        }],
        roadmap: Roadmap::new(nodes, edges),
        walls: vec![Wall {
            level: LevelId(0),
            points: vec![(-900, 700), (1_000, 700)],
        }],
        kinds: vec![kind()],
        classes: 1,
        vehicles: vec![vehicle("agv-01", 0), vehicle("agv-02", 4)],
        stations: vec![
            station("store", 0, None),
            station("line", 3, plc(0)),
            station("bench", 4, None),
        ],
        chargers: vec![Charger {
            name: "charger".into(),
            node: NodeId(4),
            device: plc(1),
        }],
        doors: vec![Door {
            name: "door".into(),
            ends: [(3_000, 1_500), (5_000, 1_500)],
            device: plc(2),
        }],
        devices: vec![
            device("line-plc", station_points.0, station_points.1),
            device("charger-plc", &["ready", "charging", "fault"], &["enable"]),
            device("door-plc", &["opened", "closed", "fault"], &["open"]),
        ],
        materials: vec![
            Material {
                name: "part".into(),
            },
            Material { name: "bin".into() },
        ],
        buffers: vec![
            buffer("shelf", 0, 0, 0, BufferRole::Source { finite: false }),
            parts,
            buffer(
                "bins",
                1,
                1,
                0,
                BufferRole::Produce {
                    collect_at: 5,
                    to: BufferId(3),
                },
            ),
            buffer("empties", 2, 1, 0, BufferRole::Sink),
        ],
        lines: vec![Line {
            name: "line".into(),
            takt_ms: 10_000,
            consumes: vec![(BufferId(1), 1)],
            produces: vec![Produce {
                buffer: BufferId(2),
                pieces: 1,
                every: 4,
            }],
        }],
        workload: Workload {
            random_open: 2,
            rush_every_s: 60,
            deadline_s: 300,
        },
        ..Floor::default()
    }
}

/// A command of epoch 1 with a base along these nodes, numbered from `first_seq`.
pub fn command(floor: &Floor, sequence: u16, first_seq: u32, nodes: &[u32]) -> VehicleCommand {
    let mut command = VehicleCommand {
        epoch: 1,
        sequence,
        validity_ms: 500,
        base_len: nodes.len().min(BASE_WINDOW) as u8,
        ..VehicleCommand::default()
    };
    for (i, &node) in nodes.iter().take(BASE_WINDOW).enumerate() {
        let at = floor.roadmap.node(NodeId(node));
        command.base[i] = Waypoint {
            seq: first_seq + i as u32,
            node: NodeId(node),
            x_mm: at.x_mm,
            y_mm: at.y_mm,
            speed_mm_s: 2_000,
            ..Waypoint::default()
        };
    }
    command
}
