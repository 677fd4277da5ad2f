//! Tiny floors: every plan, every interleaving of grants, reports and the steps of rehearsals, with and without a new plan
//! or a lost one in between.

use super::floors::floor;
use super::oracle::{self, vehicles};
use crate::traffic::Traffic;
use crate::{MotionProposal, Move};
use std::collections::HashSet;
use takt_maps::*;

/// A state, and what may still come.
#[derive(Clone)]
struct State {
    traffic: Traffic,
    /// Plans that may still come.
    replans: usize,
    /// Times that a vehicle may still lose its plan.
    drops: usize,
    /// What is being admitted, a step at a time.
    proposal: Option<MotionProposal>,
}

impl State {
    /// Tells states apart.
    fn key(&self) -> Key {
        let proposal = self.proposal.as_ref().map(|p| {
            let moves = p.moves.iter().map(|m| (m.vehicle.0, m.edge.0));
            (moves.collect(), p.base_end.clone())
        });
        (
            self.traffic.state_hash(),
            self.replans,
            self.drops,
            proposal,
        )
    }
}

type Key = (u64, usize, usize, Option<(Vec<(u16, u32)>, Vec<u32>)>);

/// A walk through all states that can be reached.
struct Walk<'a> {
    floor: &'a Floor,
    /// Moves of a plan that comes in the middle.
    replan_moves: usize,
    seen: HashSet<Key>,
    /// States in which nothing can happen any more.
    ends: usize,
    /// States in the middle of an admission, or of looking what still holds.
    rehearsing: usize,
}

/// All sequences of legal moves up to a length, from the base ends on.
fn plans(floor: &Floor, traffic: &Traffic, length: usize) -> Vec<MotionProposal> {
    let mut plans = vec![(vec![], oracle::at_base_ends(floor, traffic))];
    let mut done = 0;
    for _ in 0..length {
        let from = done..plans.len();
        done = plans.len();
        for i in from {
            for m in oracle::legal_moves(floor, &plans[i].1) {
                let (mut moves, mut stand): (Vec<Move>, _) = plans[i].clone();
                assert!(oracle::carry_out(floor, &mut stand, &m));
                moves.push(m);
                plans.push((moves, stand));
            }
        }
    }
    let base_end: Vec<u32> = vehicles(floor).map(|v| traffic.base_end(v).1).collect();
    let proposal = |moves| MotionProposal {
        moves,
        base_end: base_end.clone(),
        ..MotionProposal::default()
    };
    plans
        .into_iter()
        .map(|(moves, _)| proposal(moves))
        .collect()
}

impl Walk<'_> {
    fn explore(&mut self, start: State) {
        let mut open = vec![start];
        while let Some(state) = open.pop() {
            if !self.seen.insert(state.key()) {
                continue;
            }
            let traffic = &state.traffic;
            assert_eq!(traffic.audit(self.floor), Ok(()));
            assert!(oracle::nothing_touches(self.floor, traffic));
            let before = open.len();
            for v in vehicles(self.floor) {
                let mut granted = state.clone();
                let result = granted.traffic.grant(self.floor, v, 1_000, |_| true);
                assert!(result.is_err() || !traffic.is_rehearsing());
                if result.is_ok() {
                    open.push(granted);
                }
                if traffic.base(v).next().is_some() {
                    let mut reached = state.clone();
                    let seq = traffic.last_reached(v).1 + 1;
                    assert_eq!(reached.traffic.reached(v, seq), Ok(1));
                    open.push(reached);
                }
                if state.drops > 0 && traffic.pending(v).next().is_some() {
                    let mut dropped = state.clone();
                    dropped.traffic.drop_plan(v);
                    dropped.drops -= 1;
                    open.push(dropped);
                }
            }
            if traffic.is_rehearsing() {
                self.rehearsing += 1;
                open.push(self.go_on(state.clone()));
            }
            if open.len() == before {
                // Nothing can happen: then everything has.
                self.ends += 1;
                for v in vehicles(self.floor) {
                    assert_eq!(traffic.pending(v).count(), 0, "{traffic:?} is stuck");
                    assert!(traffic.at_rest(v).is_some());
                }
            }
            if state.replans > 0 && !traffic.is_rehearsing() {
                for plan in plans(self.floor, traffic, self.replan_moves) {
                    let mut replanned = state.clone();
                    assert_eq!(replanned.traffic.begin_admission(&plan), Ok(()));
                    replanned.proposal = Some(plan);
                    replanned.replans -= 1;
                    open.push(replanned);
                }
            }
        }
    }

    /// One step more of what is rehearsed.
    fn go_on(&self, mut state: State) -> State {
        if state.traffic.is_unsettled() {
            // What was being admitted is overtaken.
            state.proposal = None;
            state.traffic.settle(1);
            return state;
        }
        let proposal = state.proposal.take();
        let proposal = proposal.expect("an admission goes on with its proposal");
        match state.traffic.admit_some(self.floor, &proposal, 1) {
            None => state.proposal = Some(proposal),
            Some(result) => assert_eq!(result, Ok(()), "it holds, and nobody's base end changes"),
        }
        state
    }
}

/// Every plan of `moves` moves, then every plan of `replan_moves` in any state on the way, and `drops` lost plans; each
/// rehearsed a move at a time, with grants and reports between. Returns states, states while something is rehearsed, and
/// ends.
fn walk(
    floor: &Floor,
    at: [u32; 3],
    moves: usize,
    replan_moves: usize,
    drops: usize,
) -> (usize, usize, usize) {
    let mut start = Traffic::new(floor, 16);
    for (v, node) in vehicles(floor).zip(at) {
        assert_eq!(start.place(floor, v, NodeId(node), false, None, 0), Ok(()));
    }
    let mut walk = Walk {
        floor,
        replan_moves,
        seen: HashSet::new(),
        ends: 0,
        rehearsing: 0,
    };
    for plan in plans(floor, &start, moves) {
        let mut traffic = start.clone();
        assert_eq!(traffic.begin_admission(&plan), Ok(()));
        walk.explore(State {
            traffic,
            replans: usize::from(replan_moves > 0),
            drops,
            proposal: Some(plan),
        });
    }
    (walk.seen.len(), walk.rehearsing, walk.ends)
}

/// A corridor of four nodes with a bay beside its second.
fn corridor_with_bay() -> Floor {
    let at = [(0, 0), (1, 0), (2, 0), (3, 0), (1, 1)];
    let ways = [(0, 1, true), (1, 2, true), (2, 3, true), (1, 4, true)];
    floor(&at, &ways, 3)
}

/// A one-way ring of six.
fn ring() -> Floor {
    let at = [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)];
    let ways = [0, 1, 2, 3, 4, 5].map(|i| (i, (i + 1) % 6, false));
    floor(&at, &ways, 3)
}

/// A crossing with five arms, and a zone for two over the crossing and two of the arms.
fn star_with_zone() -> Floor {
    let at = [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (1, 1)];
    let ways = [1, 2, 3, 4, 5].map(|i| (0, i, true));
    let zone = Zone {
        name: "crossing".into(),
        capacity: 2,
        places: [0, 1, 2, 6, 7].map(PlaceId).to_vec(),
        outline: vec![],
    };
    Floor {
        zones: vec![zone],
        ..floor(&at, &ways, 3)
    }
}

/// The three floors, and where vehicles stand on them.
fn tiny_floors() -> [(&'static str, Floor, [u32; 3]); 3] {
    [
        ("corridor", corridor_with_bay(), [0, 2, 4]),
        ("ring", ring(), [0, 2, 3]),
        ("star", star_with_zone(), [1, 3, 4]),
    ]
}

fn walk_all(moves: usize, replan_moves: usize, drops: usize, states_min: usize) {
    for (name, floor, at) in tiny_floors() {
        let (states, rehearsing, ends) = walk(&floor, at, moves, replan_moves, drops);
        println!("{name}: {states} states, {rehearsing} of them in a rehearsal, {ends} ends");
        assert!(states > states_min && rehearsing > states_min / 10 && ends > 20);
    }
}

#[test]
fn every_delay_of_every_plan_finishes() {
    walk_all(7, 0, 0, 1_500);
}

#[test]
fn every_new_plan_in_the_middle_of_another_finishes() {
    walk_all(4, 3, 0, 1_500);
}

#[test]
fn every_plan_lost_in_the_middle_of_others_leaves_what_finishes() {
    walk_all(4, 2, 1, 1_500);
}
