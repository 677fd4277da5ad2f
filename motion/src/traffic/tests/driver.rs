//! A random life of traffic: grants, reports, proposals good, old and corrupted, loads, losses, in any order.

use super::floors::{self, Dice};
use super::oracle::{self, vehicles};
use crate::traffic::{Check, Refusal, Traffic, Violation, Wait};
use crate::{MotionProposal, Move};
use takt_maps::*;

/// What went wrong.
#[derive(Debug, PartialEq)]
pub enum Caught {
    Audit(Violation),
    Touch,
    Stuck { pending: usize },
    Admission { expected: bool, got: String },
}

/// How much happened, so that a green test is known to have tested something.
#[derive(Debug, Default)]
pub struct Tally {
    pub granted: usize,
    pub admitted: usize,
    pub admitted_old: usize,
    pub refused: usize,
    pub held: usize,
    pub ordered: usize,
    pub zone: usize,
    pub rehearsal: usize,
    pub admitted_in_steps: usize,
    pub overtaken: usize,
    pub settled_in_steps: usize,
    pub finished_moves: usize,
}

pub struct Driver {
    pub floor: Floor,
    pub traffic: Traffic,
    pub dice: Dice,
    pub tally: Tally,
    /// Every edge granted to each vehicle since it was placed, and the sequence number it was placed with.
    history: Vec<(u32, Vec<EdgeId>)>,
    old: Vec<MotionProposal>,
    /// The proposal that is being admitted step by step, and whether it should be admitted in the end.
    rehearsed: Option<(MotionProposal, bool)>,
}

impl Driver {
    pub fn new(seed: u64, without: Option<Check>) -> Self {
        let mut dice = Dice::new(seed);
        let floor = floors::random(&mut dice);
        let mut traffic = Traffic::new(&floor, 64);
        traffic.without = without;
        let mut driver = Self {
            history: vec![(0, vec![]); floor.vehicles.len()],
            floor,
            traffic,
            dice,
            tally: Tally::default(),
            old: vec![],
            rehearsed: None,
        };
        for v in vehicles(&driver.floor) {
            driver.place(v);
        }
        driver
    }

    /// So many random events, then everything is brought to its end.
    pub fn live(&mut self, events: usize) -> Result<(), Caught> {
        for _ in 0..events {
            let v = VehicleId::from_index(self.dice.below(self.floor.vehicles.len()));
            // What is rehearsed comes to its end sooner or later, and then things move again.
            let what = if self.traffic.is_rehearsing() && self.dice.percent(40) {
                60
            } else {
                self.dice.below(100)
            };
            match what {
                0..40 => self.grant(v),
                40..60 => self.reach(v),
                60..75 => self.go_on()?,
                75..85 => self.admit_new()?,
                85..90 => self.admit_corrupted()?,
                90..93 => self.admit_old()?,
                93..95 => self.load(v),
                95 => self.renumber(v),
                96 => self.lie(v),
                97 => self.traffic.remove(v),
                98 => self.place(v),
                _ => self.traffic.drop_plan(v),
            }
            self.audit()?;
        }
        self.finish()
    }

    fn audit(&self) -> Result<(), Caught> {
        self.traffic.audit(&self.floor).map_err(Caught::Audit)?;
        if oracle::nothing_touches(&self.floor, &self.traffic) {
            Ok(())
        } else {
            Err(Caught::Touch)
        }
    }

    fn grant(&mut self, v: VehicleId) {
        let open = self.dice.percent(80);
        match self.traffic.grant(&self.floor, v, 700, |_| open) {
            Ok(waypoint) => {
                assert!(open);
                let edge = self.traffic.base_edges(v).last().unwrap();
                self.history[v.index()].1.push(edge);
                assert_eq!(self.traffic.base_end(v), (waypoint.node, waypoint.seq));
                self.tally.granted += 1;
            }
            Err(Wait::Held { by }) => {
                assert_ne!(by, v);
                self.tally.held += 1;
            }
            Err(Wait::Order { behind }) => {
                assert_ne!(behind, v);
                self.tally.ordered += 1;
            }
            Err(Wait::Zone) => self.tally.zone += 1,
            Err(Wait::Gate(_)) => assert!(!open),
            Err(Wait::Rehearsal) => {
                assert!(self.traffic.is_rehearsing());
                self.tally.rehearsal += 1;
            }
            Err(_) => {}
        }
    }

    fn reach(&mut self, v: VehicleId) {
        let ahead = self.traffic.base(v).count();
        let passed = self.dice.below(ahead + 1) as u32;
        let seq = self.traffic.last_reached(v).1 + passed;
        if self.traffic.is_placed(v) {
            assert_eq!(self.traffic.reached(v, seq), Ok(passed));
        }
    }

    fn lie(&mut self, v: VehicleId) {
        let before = self.traffic.state_hash();
        let above = self.traffic.base_end(v).1 + 1 + self.dice.below(5) as u32;
        assert!(self.traffic.reached(v, above).is_err());
        if let Some(below) = self.traffic.last_reached(v).1.checked_sub(1) {
            assert!(self.traffic.reached(v, below).is_err());
        }
        assert_eq!(self.traffic.state_hash(), before);
    }

    fn load(&mut self, v: VehicleId) {
        let before = self.traffic.state_hash();
        let loaded = self.dice.percent(50);
        if self.traffic.set_loaded(&self.floor, v, loaded).is_err() {
            assert_eq!(self.traffic.state_hash(), before);
        }
    }

    fn renumber(&mut self, v: VehicleId) {
        let seq = self.dice.below(200) as u32;
        let before: Vec<PlaceId> = self.traffic.held(v).collect();
        if self.traffic.renumber(v, seq).is_ok() {
            let base: Vec<EdgeId> = self.traffic.base_edges(v).collect();
            assert_eq!(self.traffic.last_reached(v).1, seq);
            assert_eq!(self.traffic.base_end(v).1, seq + base.len() as u32);
            self.history[v.index()] = (seq, base);
        }
        assert!(self.traffic.held(v).eq(before), "what it holds stays held");
    }

    fn place(&mut self, v: VehicleId) {
        let node = NodeId::from_index(self.dice.below(self.floor.roadmap.nodes().len()));
        let (loaded, seq) = (self.dice.percent(30), self.dice.below(100) as u32);
        let before = self.traffic.state_hash();
        match self
            .traffic
            .place(&self.floor, v, node, loaded, Some((1, 0)), seq)
        {
            Ok(()) => self.history[v.index()] = (seq, vec![]),
            Err(_) => assert_eq!(self.traffic.state_hash(), before),
        }
    }

    fn admit_new(&mut self) -> Result<(), Caught> {
        let length = self.dice.below(24);
        let proposal = oracle::propose(&self.floor, &self.traffic, &mut self.dice, length);
        self.tally.admitted += 1;
        if self.dice.percent(50) {
            self.old.push(proposal.clone());
        }
        self.admit(&proposal, true)
    }

    fn admit_corrupted(&mut self) -> Result<(), Caught> {
        let mut p = oracle::propose(&self.floor, &self.traffic, &mut self.dice, 12);
        let at = self.dice.below(p.moves.len() + 1);
        let m = Move {
            vehicle: VehicleId::from_index(self.dice.below(self.floor.vehicles.len() + 1)),
            edge: EdgeId::from_index(self.dice.below(self.floor.roadmap.edges().len() + 1)),
        };
        match self.dice.below(5) {
            0 => p.moves.insert(at, m),
            1 if at < p.moves.len() => p.moves[at] = m,
            2 if at < p.moves.len() => drop(p.moves.remove(at)),
            3 if at + 1 < p.moves.len() => p.moves.swap(at, at + 1),
            _ => p.base_end[self.dice.below(self.floor.vehicles.len())] += 1,
        }
        let expected = self.expected(&p);
        self.admit(&p, expected)
    }

    fn admit_old(&mut self) -> Result<(), Caught> {
        if self.old.is_empty() {
            return Ok(());
        }
        let i = self.dice.below(self.old.len());
        let p = self.old.swap_remove(i);
        let expected = self.expected(&p);
        self.tally.admitted_old += usize::from(expected);
        self.admit(&p, expected)
    }

    /// Would the oracle admit it?
    fn expected(&self, p: &MotionProposal) -> bool {
        let mut stand = oracle::at_base_ends(&self.floor, &self.traffic);
        let known = |v: VehicleId| {
            let (seq, history) = &self.history[v.index()];
            (*seq, self.traffic.base_end(v).1, history)
        };
        let mut followed = p.base_end.clone();
        let fresh = stand.keys().all(|&v| {
            let (placed_at, granted, _) = known(v);
            (placed_at..=granted).contains(&followed[v.index()])
        });
        fresh
            && p.moves.iter().all(|m| {
                if !stand.contains_key(&m.vehicle) {
                    return false;
                }
                let (placed_at, granted, history) = known(m.vehicle);
                let done = &mut followed[m.vehicle.index()];
                if *done == granted {
                    return oracle::carry_out(&self.floor, &mut stand, m);
                }
                *done += 1;
                // Traffic remembers so many steps.
                granted - *done < 16 && history[(*done - placed_at - 1) as usize] == m.edge
            })
    }

    fn admit(&mut self, p: &MotionProposal, expected: bool) -> Result<(), Caught> {
        let before = self.traffic.state_hash();
        if self.traffic.is_rehearsing() {
            assert_eq!(self.traffic.admit(&self.floor, p), Err(Refusal::Rehearsing));
            assert_eq!(self.traffic.state_hash(), before);
            return Ok(());
        }
        if self.dice.percent(50) {
            if self.traffic.begin_admission(p).is_ok() {
                self.rehearsed = Some((p.clone(), expected));
            } else {
                assert!(!expected);
            }
            return Ok(());
        }
        let got = self.traffic.admit(&self.floor, p);
        if got.is_err() {
            assert_eq!(
                self.traffic.state_hash(),
                before,
                "a refusal changes nothing"
            );
            self.tally.refused += 1;
        }
        if got.is_ok() == expected || self.traffic.without.is_some() {
            return Ok(());
        }
        Err(Caught::Admission {
            expected,
            got: format!("{got:?}"),
        })
    }

    /// Goes on with what is being rehearsed, some steps.
    fn go_on(&mut self) -> Result<(), Caught> {
        let steps = 1 + self.dice.below(6);
        if self.traffic.is_unsettled() {
            self.tally.settled_in_steps += 1;
            self.traffic.settle(steps);
            return Ok(());
        }
        let Some((proposal, expected)) = &self.rehearsed else {
            return Ok(());
        };
        let planned = |t: &Traffic| -> Vec<Vec<EdgeId>> {
            vehicles(&self.floor)
                .map(|v| t.pending(v).collect())
                .collect()
        };
        let before = planned(&self.traffic);
        let got = self.traffic.admit_some(&self.floor, proposal, steps);
        if got != Some(Ok(())) {
            assert_eq!(planned(&self.traffic), before, "what was planned stays");
        }
        let caught = match got {
            None => return Ok(()),
            Some(Err(Refusal::Overtaken)) => {
                self.tally.overtaken += 1;
                None
            }
            Some(result) if result.is_ok() == *expected || self.traffic.without.is_some() => {
                self.tally.admitted_in_steps += usize::from(*expected);
                None
            }
            Some(result) => Some(Caught::Admission {
                expected: *expected,
                got: format!("{result:?}"),
            }),
        };
        self.rehearsed = None;
        caught.map_or(Ok(()), Err)
    }

    /// Everyone drives on, with random delays, until nothing is pending and all stand.
    pub fn finish(&mut self) -> Result<(), Caught> {
        let pending = |d: &Self| -> usize {
            vehicles(&d.floor)
                .map(|v| d.traffic.pending(v).count() + d.traffic.base(v).count())
                .sum()
        };
        while self.traffic.is_rehearsing() {
            self.go_on()?;
            self.audit()?;
        }
        self.tally.finished_moves += pending(self);
        while pending(self) > 0 {
            let before = pending(self);
            // A round lets everyone come to the end of its base and try, so it has to get something done.
            for v in self.shuffled() {
                self.reach(v);
                self.grant(v);
                self.audit()?;
            }
            for v in self.shuffled() {
                if self.traffic.is_placed(v) {
                    let end = self.traffic.base_end(v).1;
                    self.traffic.reached(v, end).unwrap();
                }
            }
            for v in self.shuffled() {
                if self.traffic.grant(&self.floor, v, 700, |_| true).is_ok() {
                    let edge = self.traffic.base_edges(v).last().unwrap();
                    self.history[v.index()].1.push(edge);
                }
                self.audit()?;
            }
            let moving = vehicles(&self.floor).any(|v| self.traffic.base(v).count() > 0);
            let stuck = pending(self);
            if stuck > 0 && stuck == before && !moving {
                return Err(Caught::Stuck { pending: stuck });
            }
        }
        Ok(())
    }

    fn shuffled(&mut self) -> Vec<VehicleId> {
        let mut all: Vec<VehicleId> = vehicles(&self.floor).collect();
        for i in 1..all.len() {
            all.swap(i, self.dice.below(i + 1));
        }
        all
    }
}
