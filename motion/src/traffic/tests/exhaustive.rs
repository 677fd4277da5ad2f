//! Tiny floors: every plan, every interleaving of grants and reports, with and without a new plan in between.

use super::floors::floor;
use super::oracle::{self, vehicles};
use crate::traffic::Traffic;
use crate::{MotionProposal, Move};
use std::collections::HashSet;
use takt_maps::*;

/// A walk through all states that can be reached.
struct Walk<'a> {
    floor: &'a Floor,
    /// Moves of a plan that comes in the middle.
    replan_moves: usize,
    /// State hash and plans still to come.
    seen: HashSet<(u64, usize)>,
    /// States in which nothing can happen any more.
    ends: usize,
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
    fn explore(&mut self, start: Traffic, replans: usize) {
        let mut open = vec![(start, replans)];
        while let Some((traffic, replans)) = open.pop() {
            if !self.seen.insert((traffic.state_hash(), replans)) {
                continue;
            }
            assert_eq!(traffic.audit(self.floor), Ok(()));
            assert!(oracle::nothing_touches(self.floor, &traffic));
            let before = open.len();
            for v in vehicles(self.floor) {
                let mut granted = traffic.clone();
                if granted.grant(self.floor, v, 1_000, |_| true).is_ok() {
                    open.push((granted, replans));
                }
                if traffic.base(v).next().is_some() {
                    let mut reached = traffic.clone();
                    let seq = traffic.last_reached(v).1 + 1;
                    assert_eq!(reached.reached(v, seq), Ok(1));
                    open.push((reached, replans));
                }
            }
            if open.len() == before {
                // Nothing can happen: then everything has.
                self.ends += 1;
                for v in vehicles(self.floor) {
                    assert_eq!(traffic.pending(v).count(), 0, "{traffic:?} is stuck");
                    assert!(traffic.at_rest(v).is_some());
                }
            }
            if replans > 0 {
                for plan in plans(self.floor, &traffic, self.replan_moves) {
                    let mut replanned = traffic.clone();
                    assert_eq!(replanned.admit(self.floor, &plan), Ok(()));
                    open.push((replanned, replans - 1));
                }
            }
        }
    }
}

/// Every plan of `moves` moves, then every plan of `replan_moves` in any state on the way. Returns states and ends.
fn walk(floor: &Floor, at: [u32; 3], moves: usize, replan_moves: usize) -> (usize, usize) {
    let mut start = Traffic::new(floor, 16);
    for (v, node) in vehicles(floor).zip(at) {
        assert_eq!(start.place(floor, v, NodeId(node), false, None, 0), Ok(()));
    }
    let mut walk = Walk {
        floor,
        replan_moves,
        seen: HashSet::new(),
        ends: 0,
    };
    for plan in plans(floor, &start, moves) {
        let mut traffic = start.clone();
        assert_eq!(traffic.admit(floor, &plan), Ok(()));
        walk.explore(traffic, usize::from(replan_moves > 0));
    }
    (walk.seen.len(), walk.ends)
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

#[test]
fn every_delay_of_every_plan_finishes() {
    for (name, floor, at) in [
        ("corridor", corridor_with_bay(), [0, 2, 4]),
        ("ring", ring(), [0, 2, 3]),
        ("star", star_with_zone(), [1, 3, 4]),
    ] {
        let (states, ends) = walk(&floor, at, 7, 0);
        println!("{name}: {states} states, {ends} ends");
        assert!(states > 1_500 && ends > 20, "{name}: {states}, {ends}");
    }
}

#[test]
fn every_new_plan_in_the_middle_of_another_finishes() {
    for (name, floor, at) in [
        ("corridor", corridor_with_bay(), [0, 2, 4]),
        ("ring", ring(), [0, 2, 3]),
        ("star", star_with_zone(), [1, 3, 4]),
    ] {
        let (states, ends) = walk(&floor, at, 4, 3);
        println!("{name}: {states} states, {ends} ends");
        assert!(states > 1_500 && ends > 20, "{name}: {states}, {ends}");
    }
}
