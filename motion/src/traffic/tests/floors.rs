//! Small floors to test on.

use rand_core::{Rng, SeedableRng};
use takt_maps::*;

/// Random numbers for tests.
pub struct Dice(rand_pcg::Pcg64Mcg);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(rand_pcg::Pcg64Mcg::seed_from_u64(seed))
    }

    /// In `0 .. below`.
    pub fn below(&mut self, below: usize) -> usize {
        (self.0.next_u64() % below as u64) as usize
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A kind with footprint classes of its own.
pub fn kind(classes: [u8; 2], reverse: bool) -> VehicleKind {
    VehicleKind {
        name: format!("kind-{classes:?}"),
        footprint: vec![],
        footprint_loaded: vec![],
        classes: classes.map(ClassId),
        speed_mm_s: [1_500, 1_000],
        acceleration_mm_s2: 500,
        deceleration_mm_s2: 500,
        turn_mrad_s: 1_000,
        reverse,
        transfer_ms: 1_000,
        battery: Battery::default(),
    }
}

/// A floor of nodes, ways between them (two-way if `true`), and vehicles of kind 0 at the first nodes. A node
/// conflicts with the ground of its ways, which is natural where footprints have some extent.
pub fn floor(nodes: &[(i32, i32)], ways: &[(u32, u32, bool)], vehicles: usize) -> Floor {
    let mut edges = Vec::new();
    let mut pairs = Vec::new();
    let both = |a: PlaceId, b: PlaceId| ((ClassId(0), a), (ClassId(0), b));
    for (i, &(from, to, two_way)) in ways.iter().enumerate() {
        let place = PlaceId::from_index(nodes.len() + i);
        edges.push(edge(from, to, place));
        if two_way {
            edges.push(edge(to, from, place));
        }
        pairs.push(both(place, PlaceId(from)));
        pairs.push(both(place, PlaceId(to)));
    }
    let roadmap = Roadmap::new(nodes.iter().map(|&at| node(at)).collect(), edges);
    let conflicts = ConflictSets::from_pairs(roadmap.places(), 1, pairs);
    let fleet = (0..vehicles).map(|i| vehicle(0, NodeId::from_index(i)));
    Floor {
        roadmap,
        conflicts,
        kinds: vec![kind([0, 0], true)],
        classes: 1,
        vehicles: fleet.collect(),
        ..Floor::default()
    }
}

/// A connected random floor with one-way edges, two kinds in three classes, conflicts and zones.
pub fn random(dice: &mut Dice) -> Floor {
    let nodes = 4 + dice.below(6);
    let mut edges = Vec::new();
    let mut place = nodes;
    for to in 1..nodes {
        let from = dice.below(to) as u32;
        add_way(&mut edges, &mut place, (from, to as u32), true, !0);
    }
    for _ in 0..dice.below(nodes) {
        let (a, b) = (dice.below(nodes) as u32, dice.below(nodes) as u32);
        let kinds = if dice.percent(80) { !0 } else { 1 };
        if a != b {
            let two_way = dice.percent(50);
            add_way(&mut edges, &mut place, (a, b), two_way, kinds);
        }
    }
    let mut pairs = Vec::new();
    let classes = 3;
    let class = |dice: &mut Dice| ClassId::from_index(dice.below(classes));
    for e in &edges {
        for end in [e.from, e.to] {
            for (a, b) in [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)] {
                if dice.percent(70) {
                    pairs.push(((ClassId(a), e.place), (ClassId(b), PlaceId(end.0))));
                }
            }
        }
    }
    for _ in 0..dice.below(place) {
        let (p, q) = (dice.below(place), dice.below(place));
        let (a, b) = (class(dice), class(dice));
        pairs.push(((a, PlaceId::from_index(p)), (b, PlaceId::from_index(q))));
    }
    let zones = (0..dice.below(3))
        .map(|i| Zone {
            name: format!("zone-{i}"),
            capacity: 1 + dice.below(2) as u16,
            places: (0..place)
                .filter(|_| dice.percent(40))
                .map(PlaceId::from_index)
                .collect(),
            outline: vec![],
        })
        .collect();
    let at: Vec<Node> = (0..nodes)
        .map(|_| node((dice.below(5_000) as i32, dice.below(5_000) as i32)))
        .collect();
    let vehicles = 2 + dice.below(3);
    let fleet = (0..vehicles).map(|i| vehicle(dice.below(2) as u8, NodeId::from_index(i)));
    Floor {
        vehicles: fleet.collect(),
        roadmap: Roadmap::new(at, edges),
        conflicts: ConflictSets::from_pairs(place, classes, pairs),
        kinds: vec![kind([0, 1], true), kind([2, 2], false)],
        classes,
        zones,
        ..Floor::default()
    }
}

fn add_way(
    edges: &mut Vec<Edge>,
    place: &mut usize,
    (a, b): (u32, u32),
    two_way: bool,
    kinds: u32,
) {
    let ground = PlaceId::from_index(*place);
    *place += 1;
    edges.push(Edge {
        kinds,
        ..edge(a, b, ground)
    });
    if two_way {
        edges.push(Edge {
            kinds,
            ..edge(b, a, ground)
        });
    }
}

fn node((x_mm, y_mm): (i32, i32)) -> Node {
    Node {
        name: format!("{x_mm},{y_mm}"),
        level: LevelId(0),
        x_mm,
        y_mm,
    }
}

fn edge(from: u32, to: u32, place: PlaceId) -> Edge {
    Edge {
        from: NodeId(from),
        to: NodeId(to),
        place,
        length_mm: 1_000,
        speed_mm_s: 1_200,
        kinds: !0,
        twin: None,
        door: None,
    }
}

fn vehicle(kind: u8, start: NodeId) -> Vehicle {
    Vehicle {
        name: format!("vehicle-{}", start.0),
        kind: KindId(kind),
        start,
        address: None,
    }
}
