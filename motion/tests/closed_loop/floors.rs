//! Floors drawn in text.

use std::collections::BTreeMap;
use takt_maps::*;

/// A grid of cells of 1 m: `#` is wall, `<>^v` are lanes that are driven in that direction only; from a lane
/// one may turn into a cell beside it that is no lane.
///
/// A cell conflicts with itself and with the grounds of its edges.
pub fn grid(rows: &[&str], vehicles: usize) -> Floor {
    let mut nodes = Vec::new();
    let mut cells = BTreeMap::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, c) in row.chars().enumerate().filter(|(_, c)| *c != '#') {
            cells.insert((x, y), (NodeId::from_index(nodes.len()), c));
            nodes.push(Node {
                name: format!("{x},{y}"),
                level: LevelId(0),
                x_mm: x as i32 * 1_000,
                y_mm: y as i32 * -1_000,
            });
        }
    }
    let (mut edges, mut pairs) = (Vec::new(), Vec::new());
    let mut place = nodes.len();
    for (&(x, y), &a) in &cells {
        for (to, ahead, back) in [((x + 1, y), '>', '<'), ((x, y + 1), 'v', '^')] {
            let Some(&b) = cells.get(&to) else { continue };
            let lane = |c: char| "<>^v".contains(c);
            let mut used = false;
            for (from, to, by) in [(a, b, ahead), (b, a, back)] {
                if from.1 == by || !lane(from.1) || !lane(to.1) {
                    edges.push(edge(from.0, to.0, PlaceId::from_index(place)));
                    used = true;
                }
            }
            if used {
                let ground = (ClassId(0), PlaceId::from_index(place));
                pairs.push((ground, (ClassId(0), PlaceId(a.0.0))));
                pairs.push((ground, (ClassId(0), PlaceId(b.0.0))));
                place += 1;
            }
        }
    }
    let vehicle = |i| Vehicle {
        name: format!("v{i}"),
        kind: KindId(0),
        start: NodeId::from_index(i * nodes.len() / vehicles),
        address: None,
    };
    Floor {
        vehicles: (0..vehicles).map(vehicle).collect(),
        conflicts: ConflictSets::from_pairs(place, 1, pairs),
        roadmap: Roadmap::new(nodes, edges),
        kinds: vec![cart()],
        classes: 1,
        ..Floor::default()
    }
}

fn edge(from: NodeId, to: NodeId, place: PlaceId) -> Edge {
    Edge {
        from,
        to,
        place,
        length_mm: 1_000,
        speed_mm_s: 1_000,
        kinds: 1,
        twin: None,
        door: None,
    }
}

fn cart() -> VehicleKind {
    VehicleKind {
        name: "cart".into(),
        footprint: vec![],
        footprint_loaded: vec![],
        classes: [ClassId(0); 2],
        speed_mm_s: [1_000; 2],
        acceleration_mm_s2: 1_000,
        deceleration_mm_s2: 1_000,
        turn_mrad_s: 3_142,
        reverse: false,
        transfer_ms: 1_000,
        battery: Battery::default(),
    }
}
