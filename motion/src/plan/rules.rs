//! The rules hold on any floor: random roadmaps, conflict sets, zones and fleets, checked by brute force.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::testing::{check, fleet, kind};
use super::{Planner, PlannerOptions};
use crate::proposal::{AgentSnapshot, MotionProposal, MotionSnapshot};
use proptest::prelude::*;
use takt_maps::*;

/// A floor of `nodes` nodes with two classes: ways, extra conflicts between places, and a zone.
#[derive(Clone, Debug)]
struct Draft {
    nodes: usize,
    /// From, to, and is it two-way?
    ways: Vec<(usize, usize, bool)>,
    /// Class, place, class, place; modulo what there is.
    conflicts: Vec<(u8, usize, u8, usize)>,
    zone: Vec<usize>,
    capacity: u16,
    /// Node, goal, kind, movable, dwell, priority.
    agents: Vec<(usize, Option<usize>, u8, bool, bool, u32)>,
    /// When each of them is where it begins, ms.
    ready_ms: [u32; 6],
    closed: Option<usize>,
    seed: u64,
}

fn draft() -> impl Strategy<Value = Draft> {
    (4usize..14).prop_flat_map(|nodes| {
        let agent = (
            0..nodes,
            proptest::option::weighted(0.8, 0..nodes),
            0u8..2,
            proptest::bool::weighted(0.85),
            any::<bool>(),
            0u32..4,
        );
        (
            proptest::collection::vec((0..nodes, 0..nodes, any::<bool>()), nodes..3 * nodes),
            proptest::collection::vec((0u8..2, 0usize..64, 0u8..2, 0usize..64), 0..12),
            proptest::collection::vec(0usize..64, 0..8),
            1u16..3,
            proptest::collection::vec(agent, 1..7),
            proptest::option::of(0usize..64),
            any::<u64>(),
            proptest::array::uniform6(0u32..4_000),
        )
            .prop_map(
                move |(ways, conflicts, zone, capacity, agents, closed, seed, ready_ms)| Draft {
                    nodes,
                    ways,
                    conflicts,
                    zone,
                    capacity,
                    agents,
                    ready_ms,
                    closed,
                    seed,
                },
            )
    })
}

fn floor_of(draft: &Draft) -> Floor {
    let node = |i: usize| Node {
        name: format!("n{i}"),
        level: LevelId(0),
        x_mm: (i * i * 700 % 5_000) as i32,
        y_mm: (i * 900) as i32,
    };
    let (mut edges, mut pairs, mut places) = (Vec::new(), Vec::new(), draft.nodes);
    for &(a, b, two_way) in draft.ways.iter().filter(|w| w.0 != w.1) {
        let place = PlaceId::from_index(places);
        places += 1;
        for (from, to) in [(a, b), (b, a)].into_iter().take(1 + usize::from(two_way)) {
            edges.push(Edge {
                from: NodeId::from_index(from),
                to: NodeId::from_index(to),
                place,
                length_mm: 500 + 300 * (a + b) as u32,
                speed_mm_s: 1_000,
                kinds: if (a + b) % 5 == 0 { 0b01 } else { 0b11 },
                twin: None,
                door: None,
            });
        }
        for (ca, cb) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for end in [a, b] {
                pairs.push((
                    (ClassId(ca), place),
                    (ClassId(cb), PlaceId::from_index(end)),
                ));
            }
        }
    }
    for &(ca, p, cb, q) in &draft.conflicts {
        let (p, q) = (p % places, q % places);
        pairs.push((
            (ClassId(ca), PlaceId::from_index(p)),
            (ClassId(cb), PlaceId::from_index(q)),
        ));
    }
    let mut zone: Vec<PlaceId> = draft
        .zone
        .iter()
        .map(|z| PlaceId::from_index(z % places))
        .collect();
    zone.sort_unstable();
    zone.dedup();
    let mut vehicles = fleet(draft.agents.len());
    for (vehicle, agent) in vehicles.iter_mut().zip(&draft.agents) {
        vehicle.kind = KindId(agent.2);
    }
    Floor {
        roadmap: Roadmap::new((0..draft.nodes).map(node).collect(), edges),
        conflicts: ConflictSets::from_pairs(places, 2, pairs),
        kinds: vec![kind("small", 0), kind("large", 1)],
        classes: 2,
        vehicles,
        zones: vec![Zone {
            name: "zone".into(),
            capacity: draft.capacity,
            places: zone,
            outline: Vec::new(),
        }],
        ..Floor::default()
    }
}

fn snapshot_of(draft: &Draft, floor: &Floor) -> MotionSnapshot {
    let mut agents: Vec<AgentSnapshot> = Vec::new();
    let drafts = draft.agents.iter().zip(draft.ready_ms);
    for (&(node, goal, kind, movable, dwell, priority), ready_ms) in drafts {
        let node = NodeId::from_index(node);
        // The starts obey the rules, as the grants that led there did.
        let clear = agents.iter().filter(|a| a.present).all(|a| {
            let (p, q) = (PlaceId(node.0), PlaceId(a.node.0));
            !floor.conflicts.conflict((ClassId(kind), p), (a.class, q))
        });
        agents.push(AgentSnapshot {
            present: clear,
            movable,
            node,
            seq: 0,
            ready_ms,
            kind: KindId(kind),
            class: ClassId(kind),
            goal: goal.map(NodeId::from_index),
            dwell,
            priority,
        });
    }
    let blocked = draft
        .closed
        .map(|p| PlaceId::from_index(p % floor.roadmap.places()));
    MotionSnapshot {
        stamp: 1,
        agents,
        blocked: blocked.into_iter().collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn moves_one_at_a_time_break_no_rule(draft in draft(), jams: bool, operations: bool) {
        let floor = floor_of(&draft);
        let options = PlannerOptions { seed: draft.seed, jams, operations, ..PlannerOptions::default() };
        let mut planner = Planner::new(&floor, options);
        if jams {
            planner.jam.fret_jammed = 0; // everybody is in a jam at once
        }
        let mut again = planner.clone();
        let mut snapshot = snapshot_of(&draft, &floor);
        let (mut out, mut same) = (MotionProposal::default(), MotionProposal::default());
        for round in 0..6u32 {
            planner.plan(&floor, &snapshot, &mut out);
            again.plan(&floor, &snapshot, &mut same);
            prop_assert_eq!(&out, &same, "the same snapshots give the same plans");
            if let Err(why) = check(&floor, &snapshot, &out) {
                return Err(TestCaseError::fail(why));
            }
            // Carry a part out: any prefix of the total order will do.
            for step in out.moves.iter().take(3 * round as usize) {
                let agent = &mut snapshot.agents[step.vehicle.index()];
                agent.node = floor.roadmap.edge(step.edge).to;
                agent.seq += 1;
            }
            // Loads are taken over: footprints and goals change.
            let n = snapshot.agents.len();
            let agent = &mut snapshot.agents[round as usize % n];
            agent.goal = Some(NodeId::from_index((round as usize * 5 + 1) % draft.nodes));
            agent.movable = round % 3 != 0;
        }
    }
}
