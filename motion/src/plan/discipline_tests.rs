//! Disciplines on floors where vehicles stop for a while: what they propose is admitted, and goes by their rules.

#![allow(clippy::unwrap_used)]

use super::kept::{Keeping, KeptOrder};
use super::testing::{grid, node_at};
use super::{AnyPlanner, Discipline, PlannerOptions};
use crate::proposal::{AgentSnapshot, MotionProposal, MotionSnapshot, Move};
use crate::traffic::Traffic;
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use takt_maps::{Floor, NodeId, VehicleId};

/// A floor with a traffic manager, on which some vehicles stand for a while.
struct Yard {
    floor: Floor,
    planner: AnyPlanner,
    traffic: Traffic,
    goals: Vec<NodeId>,
    /// Rounds that each vehicle still stands.
    stands: Vec<u32>,
    reached: Vec<u32>,
    stamp: u64,
    out: MotionProposal,
}

impl Yard {
    fn new(mut floor: Floor, starts: &[NodeId], discipline: Discipline) -> Self {
        floor.control.planner_ms = 250;
        let mut traffic = Traffic::new(&floor, 64 * starts.len());
        for (i, &node) in starts.iter().enumerate() {
            let vehicle = VehicleId::from_index(i);
            traffic
                .place(&floor, vehicle, node, false, None, 0)
                .unwrap();
        }
        Self {
            planner: AnyPlanner::new(&floor, PlannerOptions::default(), discipline),
            traffic,
            goals: starts.to_vec(),
            stands: vec![0; starts.len()],
            reached: vec![0; starts.len()],
            stamp: 0,
            out: MotionProposal::default(),
            floor,
        }
    }

    fn vehicles(&self) -> impl Iterator<Item = VehicleId> + use<> {
        (0..self.goals.len()).map(VehicleId::from_index)
    }

    fn snapshot(&self) -> MotionSnapshot {
        let agent = |v: VehicleId| {
            let (node, seq) = self.traffic.base_end(v);
            AgentSnapshot {
                present: true,
                movable: true,
                node,
                seq,
                // At 1 m/s.
                ready_ms: self.traffic.base_length_mm(v),
                goal: Some(self.goals[v.index()]),
                ..AgentSnapshot::default()
            }
        };
        MotionSnapshot {
            stamp: self.stamp,
            agents: self.vehicles().map(agent).collect(),
            blocked: Vec::new(),
        }
    }

    /// Plans; the proposal has to be admitted. Gives the moves that were pending before.
    fn plan(&mut self) -> Vec<Vec<Move>> {
        let pending = |v: VehicleId| {
            let of = |edge| Move { vehicle: v, edge };
            self.traffic.pending(v).map(of).collect()
        };
        let before = self.vehicles().map(pending).collect();
        self.stamp += 1;
        let snapshot = self.snapshot();
        self.planner.plan(&self.floor, &snapshot, &mut self.out);
        self.traffic.admit(&self.floor, &self.out).unwrap();
        before
    }

    /// Everybody who does not stand is granted a move, if that may be, and makes it.
    fn go(&mut self) {
        for v in self.vehicles() {
            if self.stands[v.index()] > 0 {
                self.stands[v.index()] -= 1;
                continue;
            }
            if let Ok(waypoint) = self.traffic.grant(&self.floor, v, u32::MAX, |_| true) {
                self.traffic.reached(v, waypoint.seq).unwrap();
            }
        }
        self.traffic.audit(&self.floor).unwrap();
    }

    /// A round in which those who have arrived get new goals, and now and then somebody stops.
    fn round(&mut self, random: &mut Pcg32) {
        let nodes = self.floor.roadmap.nodes().len();
        for v in self.vehicles() {
            let i = v.index();
            let goal = NodeId::from_index(random.next_u32() as usize % nodes);
            if self.traffic.at_rest(v) == Some(self.goals[i]) && !self.goals.contains(&goal) {
                self.goals[i] = goal;
                self.reached[i] += 1;
            }
            if random.next_u32().is_multiple_of(100) {
                self.stands[i] = 60;
            }
        }
    }
}

fn hall(vehicles: usize, discipline: Discipline) -> Yard {
    let rows = [".......", ".#.#.#.", ".......", ".#.#.#.", "......."];
    let floor = grid(&rows, vehicles);
    let nodes = floor.roadmap.nodes().len();
    let starts: Vec<_> = (0..vehicles)
        .map(|i| NodeId::from_index(i * nodes / vehicles))
        .collect();
    Yard::new(floor, &starts, discipline)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever is proposed is admitted, ground is never held twice (both panic otherwise), and people get on.
    #[test]
    fn all_disciplines_keep_to_the_rules(seed: u64, which in 0usize..5) {
        let discipline = Discipline::ALL[which];
        let mut yard = hall(6, discipline);
        let mut random = Pcg32::seed_from_u64(seed);
        for _ in 0..600 {
            yard.round(&mut random);
            yard.plan();
            yard.go();
        }
        if discipline != Discipline::Blocks {
            prop_assert!(yard.reached.iter().all(|&n| n >= 1), "{discipline:?}: {:?}", yard.reached);
        }
    }

    /// What is pending comes first in a new proposal, vehicle by vehicle and between vehicles as it was.
    #[test]
    fn a_fixed_order_is_never_reversed(seed: u64) {
        let mut yard = hall(6, Discipline::Fixed);
        let mut random = Pcg32::seed_from_u64(seed);
        for _ in 0..300 {
            yard.round(&mut random);
            let last = yard.out.moves.clone();
            let pending = yard.plan();
            let mut left: Vec<usize> = pending.iter().map(Vec::len).collect();
            // Of the last proposal what was still pending: of each vehicle the last moves.
            let mut kept: Vec<Move> = last.into_iter().rev().filter(|m| {
                let of = &mut left[m.vehicle.index()];
                let is_pending = *of > 0;
                *of -= usize::from(is_pending);
                is_pending
            }).collect();
            kept.reverse();
            prop_assert!(yard.out.moves.starts_with(&kept));
            yard.go();
        }
    }

    /// The same questions get the same answers.
    #[test]
    fn disciplines_are_deterministic(seed: u64, which in 0usize..5) {
        let run = || {
            let mut yard = hall(6, Discipline::ALL[which]);
            let mut random = Pcg32::seed_from_u64(seed);
            let mut all = Vec::new();
            for _ in 0..100 {
                yard.round(&mut random);
                yard.plan();
                all.push(yard.out.clone());
                yard.go();
            }
            all
        };
        prop_assert_eq!(run(), run());
    }
}

/// Two at a crossing; the first in an order that reaches far stops before it. Rounds until the other one is where it wants to
/// be.
fn rounds_behind_one_that_stands(bends: bool) -> Option<u32> {
    let rows = ["###.###", "###.###", ".......", "###.###", "###.###"];
    let floor = grid(&rows, 2);
    let at = |x, y| node_at(&floor, x, y);
    let (goals, starts) = ([at(6, 2), at(3, 4)], [at(1, 2), at(3, 0)]);
    let mut yard = Yard::new(floor, &starts, Discipline::Kept);
    let keeping = Keeping {
        steps: 8,
        few: 1,
        bends,
        operations: false,
    };
    let planner = KeptOrder::new(&yard.floor, PlannerOptions::default(), keeping);
    yard.planner = AnyPlanner::Kept(Box::new(planner));
    yard.goals = goals.to_vec();
    yard.stands[0] = 240;
    for round in 0..200 {
        yard.plan();
        yard.go();
        if yard.traffic.at_rest(VehicleId(1)) == Some(goals[1]) {
            return Some(round);
        }
    }
    None
}

#[test]
fn others_go_before_one_that_is_late() {
    assert_eq!(rounds_behind_one_that_stands(false), None);
    let bent = rounds_behind_one_that_stands(true);
    assert!(bent.is_some_and(|rounds| rounds < 60), "{bent:?}");
}

/// Two at a crossing, each with so much of its base ahead, ms, and so good at braking. Who is given moves?
fn given_moves(ready_ms: [u32; 2], deceleration_mm_s2: u32) -> Vec<VehicleId> {
    let rows = ["###.###", "###.###", ".......", "###.###", "###.###"];
    let mut floor = grid(&rows, 2);
    for kind in &mut floor.kinds {
        kind.deceleration_mm_s2 = deceleration_mm_s2;
    }
    let at = |x, y| node_at(&floor, x, y);
    let (goals, starts) = ([at(6, 2), at(3, 4)], [at(2, 2), at(3, 1)]);
    let mut yard = Yard::new(floor, &starts, Discipline::Operations);
    yard.goals = goals.to_vec();
    let mut snapshot = yard.snapshot();
    for (agent, ready_ms) in snapshot.agents.iter_mut().zip(ready_ms) {
        agent.ready_ms = ready_ms;
    }
    yard.planner.plan(&yard.floor, &snapshot, &mut yard.out);
    yard.out.moves.iter().map(|m| m.vehicle).collect()
}

#[test]
fn operations_go_on_as_far_as_ground_is_needed_now_and_who_is_there_first_goes_first() {
    let (first, second) = (VehicleId(0), VehicleId(1));
    assert_eq!(given_moves([0, 3_000], 1_000), [first]);
    assert_eq!(given_moves([3_000, 0], 1_000), [second]);
    assert_eq!(given_moves([3_000, 3_000], 1_000), []);
    assert_eq!(given_moves([0, 0], 1_000).len(), 1);
}

#[test]
fn who_brakes_over_many_edges_goes_by_steps() {
    assert_ne!(given_moves([3_000, 3_000], 50), []);
}
