//! A shop in discrete ticks: vehicles drive what they are granted, each step taking a random time, stand at their
//! goals for a while, and get new ones. Plans arrive late.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use takt_maps::*;
use takt_motion::plan::{Planner, PlannerOptions};
use takt_motion::traffic::{Refusal, Traffic};
use takt_motion::{AgentSnapshot, MotionProposal, MotionSnapshot};

/// How the shop is run.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Ticks between snapshots.
    pub plan_every: u64,
    /// Ticks from a snapshot to its proposal's admission.
    pub plan_takes: u64,
    /// Are grants withheld while a proposal is on its way?
    pub hold_while_planning: bool,
    /// Most ticks that a step takes; the least is 1.
    pub step_ticks_max: u64,
    /// One step in so many takes fifty times as long.
    pub stall_every: u64,
    /// Waypoints granted ahead.
    pub base: usize,
    /// Ticks between audits.
    pub audit_every: u64,
}

#[derive(Clone, Debug, Default)]
struct Driver {
    goal: Option<NodeId>,
    /// Tick at which its next waypoint is reached.
    arrives: u64,
    /// Tick until which it stands at its goal.
    stands_until: u64,
    /// Tick at which it got its goal.
    since: u64,
}

/// What happened.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Goals reached by each vehicle.
    pub goals: Vec<u32>,
    /// Waypoints reached.
    pub steps: u64,
    /// Proposals taken on.
    pub admitted: u64,
    /// Proposals overtaken by grants.
    pub stale: u64,
    /// Proposals refused for another reason.
    pub refused: u64,
    /// Most ticks from a goal given to the goal reached.
    pub longest: u64,
}

/// The shop.
pub struct Shop {
    floor: Floor,
    rules: Rules,
    traffic: Traffic,
    planner: Planner,
    drivers: Vec<Driver>,
    random: Pcg64Mcg,
    tick: u64,
    coming: Option<(u64, MotionProposal)>,
    pub tally: Tally,
}

impl Shop {
    /// All vehicles at their starts.
    pub fn new(floor: Floor, rules: Rules, seed: u64) -> Self {
        let n = floor.vehicles.len();
        let mut traffic = Traffic::new(&floor, 32 * n);
        for (i, vehicle) in floor.vehicles.iter().enumerate() {
            let v = VehicleId::from_index(i);
            let placed = traffic.place(&floor, v, vehicle.start, false, None, 0);
            placed.expect("starts are apart");
        }
        let options = PlannerOptions {
            seed,
            ..PlannerOptions::default()
        };
        Self {
            planner: Planner::new(&floor, options),
            drivers: vec![Driver::default(); n],
            random: Pcg64Mcg::seed_from_u64(seed),
            tick: 0,
            coming: None,
            tally: Tally {
                goals: vec![0; n],
                ..Tally::default()
            },
            floor,
            rules,
            traffic,
        }
    }

    /// Lets so many ticks go by.
    pub fn run(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.tick += 1;
            for v in self.fleet() {
                self.drive(v);
                self.serve(v);
            }
            self.admit();
            self.plan();
            if self.coming.is_none() || !self.rules.hold_while_planning {
                for v in self.fleet() {
                    self.grant(v);
                }
            }
            if self.tick.is_multiple_of(self.rules.audit_every) {
                let audit = self.traffic.audit(&self.floor);
                assert_eq!(audit, Ok(()), "tick {}", self.tick);
            }
        }
    }

    /// A hash of the state, to compare runs.
    pub fn state_hash(&self) -> u64 {
        self.traffic.state_hash()
    }

    /// Where everyone is, wants to go, and why it is not granted more: for the message of a failed test.
    pub fn describe(&self) -> String {
        let name = |n: NodeId| self.floor.roadmap.node(n).name.clone();
        let lines = self.fleet().map(|v| {
            let (node, seq) = self.traffic.base_end(v);
            let driver = &self.drivers[v.index()];
            let wait = self.traffic.clone().grant(&self.floor, v, 1, |_| true);
            format!(
                "{}: base ends at {} ({} ahead, {seq} in all), goal {:?} for {}, {} planned, {wait:?}\n",
                v.0,
                name(node),
                self.traffic.base(v).count(),
                driver.goal.map(name),
                self.tick - driver.since,
                self.traffic.pending(v).count(),
            )
        });
        lines.collect()
    }

    fn fleet(&self) -> impl Iterator<Item = VehicleId> + use<> {
        (0..self.drivers.len()).map(VehicleId::from_index)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.random.next_u64() % n
    }

    fn step_ticks(&mut self) -> u64 {
        let ticks = 1 + self.below(self.rules.step_ticks_max);
        let stalls = self.below(self.rules.stall_every) == 0;
        if stalls { 50 * ticks } else { ticks }
    }

    /// It reaches its next waypoint, if it is time.
    fn drive(&mut self, v: VehicleId) {
        let Some(next) = self.traffic.base(v).next().map(|w| w.seq) else {
            return;
        };
        if self.tick >= self.drivers[v.index()].arrives {
            assert_eq!(self.traffic.reached(v, next), Ok(1));
            self.tally.steps += 1;
            self.drivers[v.index()].arrives = self.tick + self.step_ticks();
        }
    }

    /// It arrives, stands, and gets a new goal.
    fn serve(&mut self, v: VehicleId) {
        let at_rest = self.traffic.at_rest(v);
        let stand = self.below(40);
        let driver = &mut self.drivers[v.index()];
        if let Some(goal) = driver.goal {
            self.tally.longest = self.tally.longest.max(self.tick - driver.since);
            if at_rest == Some(goal) {
                driver.goal = None;
                driver.stands_until = self.tick + stand;
                self.tally.goals[v.index()] += 1;
            }
        } else if self.tick >= driver.stands_until {
            let node = self.below(self.floor.roadmap.nodes().len() as u64);
            let goal = NodeId(node as u32);
            let taken = self.drivers.iter().any(|d| d.goal == Some(goal));
            let stood_on = self.fleet().any(|o| {
                self.drivers[o.index()].goal.is_none() && self.traffic.base_end(o).0 == goal
            });
            if !taken && !stood_on {
                self.drivers[v.index()].goal = Some(goal);
                self.drivers[v.index()].since = self.tick;
            }
        }
    }

    fn plan(&mut self) {
        if !self.tick.is_multiple_of(self.rules.plan_every) || self.coming.is_some() {
            return;
        }
        let agent = |v: VehicleId| {
            let driver = &self.drivers[v.index()];
            let (node, seq) = self.traffic.base_end(v);
            let stands = driver.goal.is_none() && self.tick < driver.stands_until;
            AgentSnapshot {
                present: true,
                movable: !stands,
                node,
                seq,
                ready_ms: 0,
                kind: KindId(0),
                class: ClassId(0),
                goal: driver.goal,
                dwell: true,
                priority: 0,
            }
        };
        let snapshot = MotionSnapshot {
            stamp: self.tick,
            agents: self.fleet().map(agent).collect(),
            blocked: vec![],
        };
        let mut proposal = MotionProposal::default();
        self.planner.plan(&self.floor, &snapshot, &mut proposal);
        self.coming = Some((self.tick + self.rules.plan_takes, proposal));
        if self.rules.plan_takes == 0 {
            self.admit();
        }
    }

    fn admit(&mut self) {
        let Some((_, proposal)) = self.coming.take_if(|(due, _)| *due <= self.tick) else {
            return;
        };
        match self.traffic.admit(&self.floor, &proposal) {
            Ok(()) => self.tally.admitted += 1,
            Err(Refusal::Stale { .. }) => self.tally.stale += 1,
            Err(_) => self.tally.refused += 1,
        }
    }

    fn grant(&mut self, v: VehicleId) {
        while self.traffic.base(v).count() < self.rules.base {
            let stood = self.traffic.at_rest(v).is_some();
            let limit = 1_000;
            if self.traffic.grant(&self.floor, v, limit, |_| true).is_err() {
                return;
            }
            if stood {
                self.drivers[v.index()].arrives = self.tick + self.step_ticks();
            }
        }
    }
}
