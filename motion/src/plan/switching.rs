//! Reversing dependencies that are not granted yet, where that helps: others go before one that is late.
//!
//! After Berndt, van Duijkeren, Palmieri, Kleiner, Keviczky, *Receding Horizon Re-Ordering of Multi-Agent Execution
//! Schedules* (IEEE T-RO 40, 2024), and Feng, Paul, Chen, Li, *A Real-Time Rescheduling Algorithm for Multi-Robot Plan
//! Execution* (ICAPS 2024): routes stay as they are, only who goes first changes. There a mixed integer program or A*
//! looks for the best order; here it is a local search, with effort that is counted and bounded:
//!
//! 1. *Who is late?* Somebody whose next move waits for nobody, and who has not been granted it for longer than its last
//!    moves take. It is expected to stand for as long again as it has stood.
//! 2. *What would be better?* All dependencies on its moves that can be reversed together are: whoever can go before it
//!    does. If that leaves an order that can't be carried out, those who wait for it are tried one at a time.
//! 3. *Is it?* Both orders are timed with the times of their edges. The new one is taken if the weighted sum of the times
//!    at which vehicles finish falls by enough.
//!
//! What comes out is a proposal like any other: admission looks at it, and nothing here can make it unsafe.

use super::graph::{Graph, NONE, Swept};
use super::stage::Stage;
use crate::proposal::{AgentSnapshot, MotionSnapshot, Move};
use takt_maps::{Floor, VehicleId};

/// Nobody is late before it has stood for so long, ms.
const LATE_MS: u64 = 3_000;
/// Nobody is expected to stand for longer than this from now on, ms.
const STAND_MS_MAX: u64 = 120_000;
/// A vehicle that can't be moved now is expected to stand for so long at least, ms.
const FIXED_MS: u64 = 5_000;
/// The sum of finishing times has to fall by so much, ms times weight: below that an order is not worth changing.
const GAIN_MIN: u64 = 1_000;
/// Moves looked at in one plan at most, but for the candidate that is being looked at then.
const WORK_MAX: u64 = 200_000;
/// Late vehicles that are looked at in one plan.
const LATE_MAX: usize = 16;
/// Of those who wait for a late vehicle, so many are tried one at a time.
const WAITERS_MAX: usize = 8;

/// What is remembered of a vehicle.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Where its base ended.
    seq: u32,
    /// Plans in a row with the same.
    stood: u64,
    /// How long its last move that was granted takes, and the one that was next before.
    last_ms: u64,
    next_ms: u64,
}

/// Looks for better orders; keeps what it needs to know who is late.
#[derive(Clone, Debug)]
pub(super) struct Switching {
    progress: Vec<Progress>,
    /// For how long each vehicle is expected to stand from now on, ms.
    delay_ms: Vec<u64>,
    /// Late vehicles, those who stand longest first.
    late: Vec<(u64, u32)>,
    clocks: Clocks,
    candidate: Vec<Move>,
    rest: Vec<Move>,
    waits: Vec<bool>,
}

/// When vehicles are ready for their next moves, and nodes free.
#[derive(Clone, Debug, Default)]
struct Clocks {
    vehicle_ms: Vec<u64>,
    node_ms: Vec<u64>,
}

/// What orders are timed with.
struct Timing<'a> {
    floor: &'a Floor,
    graph: &'a Graph,
    agents: &'a [AgentSnapshot],
}

impl Timing<'_> {
    /// The nodes where nobody may stand when this move is made.
    fn swept(&self, m: &Move) -> &[Swept] {
        let agent = self.agents.get(m.vehicle.index());
        agent.map_or(&[], |a| self.graph.swept(a.class.0, m.edge.0))
    }
}

impl Clocks {
    /// The weighted sum of the times at which vehicles finish an order, if everyone goes as soon as it can after it has
    /// stood for as long as expected.
    fn cost(&mut self, timing: &Timing, delay_ms: &[u64], order: &[Move]) -> u64 {
        let Clocks {
            vehicle_ms,
            node_ms,
        } = self;
        vehicle_ms.clear();
        vehicle_ms.extend_from_slice(delay_ms);
        node_ms.clear();
        node_ms.resize(timing.graph.nodes, 0);
        for m in order {
            let i = m.vehicle.index();
            let free_ms = timing
                .swept(m)
                .iter()
                .map(|s| node_ms[s.node as usize])
                .max();
            let begin_ms = vehicle_ms[i].max(free_ms.unwrap_or(0));
            vehicle_ms[i] = begin_ms + edge_ms(timing.floor, &timing.agents[i], m);
            // What it leaves is free when it has arrived.
            let from = timing.graph.edges[m.edge.index()].0;
            node_ms[from as usize] = vehicle_ms[i];
        }
        let weight = |a: &AgentSnapshot| 1 + u64::from(a.priority) / 1_000;
        let each = vehicle_ms.iter().zip(timing.agents);
        each.map(|(ms, it)| ms * weight(it)).sum()
    }
}

/// Those whose moves come after ones of a late vehicle in the same places, in the order of the first of these.
fn waiters(timing: &Timing, order: &[Move], late: VehicleId) -> Vec<VehicleId> {
    let mut its = vec![false; timing.graph.nodes];
    let mut waiters = Vec::new();
    for m in order {
        let (from, to, _) = timing.graph.edges[m.edge.index()];
        if m.vehicle == late {
            (its[from as usize], its[to as usize]) = (true, true);
        } else if waiters.len() < WAITERS_MAX
            && timing.swept(m).iter().any(|s| its[s.node as usize])
            && !waiters.contains(&m.vehicle)
        {
            waiters.push(m.vehicle);
        }
    }
    waiters
}

impl Switching {
    /// For a fleet.
    pub fn new(vehicles: usize) -> Self {
        Self {
            progress: vec![Progress::default(); vehicles],
            delay_ms: vec![0; vehicles],
            late: Vec::new(),
            clocks: Clocks::default(),
            candidate: Vec::new(),
            rest: Vec::new(),
            waits: vec![false; vehicles],
        }
    }

    /// Changes the order of the moves where that helps; each vehicle's own moves stay as they are.
    ///
    /// `order` can be carried out from where the stage is, and can be afterwards. The stage is left as it was.
    pub fn improve(
        &mut self,
        floor: &Floor,
        graph: &Graph,
        snapshot: &MotionSnapshot,
        stage: &mut Stage,
        order: &mut Vec<Move>,
    ) {
        self.find_late(floor, graph, snapshot, stage, order);
        let timing = Timing {
            floor,
            graph,
            agents: &snapshot.agents,
        };
        let mut timed = order.len();
        let mut best = self.clocks.cost(&timing, &self.delay_ms, order);
        for at in 0..self.late.len().min(LATE_MAX) {
            let late = VehicleId(self.late[at].1 as u16);
            let waiters = waiters(&timing, order, late);
            for waiter in std::iter::once(None).chain(waiters.into_iter().map(Some)) {
                if stage.work() + timed as u64 > WORK_MAX {
                    return;
                }
                let can_be = match waiter {
                    None => self.hold_back(graph, stage, order, late),
                    Some(waiter) => self.overtake(graph, stage, order, late, waiter),
                };
                if !can_be {
                    continue;
                }
                timed += order.len();
                let cost = (self.clocks).cost(&timing, &self.delay_ms, &self.candidate);
                if cost.saturating_add(GAIN_MIN) <= best {
                    best = cost;
                    order.clone_from(&self.candidate);
                }
            }
        }
    }

    /// Notes how everyone gets on, and who is late.
    fn find_late(
        &mut self,
        floor: &Floor,
        graph: &Graph,
        snapshot: &MotionSnapshot,
        stage: &mut Stage,
        order: &[Move],
    ) {
        let plan_ms = u64::from(floor.control.planner_ms);
        let mut met = vec![false; self.progress.len()];
        // Where moves of lower rank lead from and to.
        let mut wanted: Vec<u32> = vec![NONE; graph.nodes];
        self.delay_ms.fill(0);
        self.late.clear();
        for (progress, it) in self.progress.iter_mut().zip(&snapshot.agents) {
            progress.stood += 1;
            if progress.seq != it.seq {
                (progress.seq, progress.stood) = (it.seq, 0);
                progress.last_ms = progress.next_ms;
            }
        }
        for m in order {
            let i = m.vehicle.index();
            let Some(it) = snapshot.agents.get(i) else {
                continue;
            };
            if !std::mem::replace(&mut met[i], true) {
                let swept = graph.swept(it.class.0, m.edge.0);
                let first = |s: &Swept| {
                    wanted[s.node as usize] == NONE || wanted[s.node as usize] == i as u32
                };
                let waits_for_nobody = stage.may(graph, m) && swept.iter().all(first);
                let progress = &mut self.progress[i];
                progress.next_ms = edge_ms(floor, it, m);
                let stood_ms = progress.stood * plan_ms;
                let expected = LATE_MS + 2 * (progress.last_ms + progress.next_ms);
                self.delay_ms[i] = match (it.movable, waits_for_nobody && stood_ms > expected) {
                    (false, _) => stood_ms.clamp(FIXED_MS, STAND_MS_MAX),
                    (true, true) => stood_ms.min(STAND_MS_MAX),
                    (true, false) => 0,
                };
                if self.delay_ms[i] > 0 {
                    self.late.push((self.delay_ms[i], i as u32));
                }
            }
            let (from, to, _) = graph.edges[m.edge.index()];
            for node in [from, to] {
                let first = &mut wanted[node as usize];
                *first = if *first == NONE { i as u32 } else { *first };
            }
        }
        self.late
            .sort_unstable_by_key(|&(ms, i)| (std::cmp::Reverse(ms), i));
    }

    /// The order in which whoever can goes before a late vehicle, as the candidate. Can it be carried out?
    fn hold_back(
        &mut self,
        graph: &Graph,
        stage: &mut Stage,
        order: &[Move],
        late: VehicleId,
    ) -> bool {
        self.candidate.clear();
        self.rest.clear();
        self.waits.fill(false);
        self.waits[late.index()] = true;
        self.pass(graph, stage, order);
        // Then it goes, and whoever had to wait for it, in the old order.
        loop {
            let (before, waiting) = (self.rest.len(), std::mem::take(&mut self.rest));
            self.waits.fill(false);
            self.pass(graph, stage, &waiting);
            if self.rest.is_empty() || self.rest.len() == before {
                break;
            }
        }
        stage.undo(graph, 0);
        self.rest.is_empty()
    }

    /// The order in which one vehicle goes before a late one, as far as it can, as the candidate. Can it be carried out?
    fn overtake(
        &mut self,
        graph: &Graph,
        stage: &mut Stage,
        order: &[Move],
        late: VehicleId,
        waiter: VehicleId,
    ) -> bool {
        self.candidate.clear();
        self.rest.clear();
        self.waits.fill(false);
        let first = order.iter().position(|m| m.vehicle == late);
        let (before, after) = order.split_at(first.unwrap_or(order.len()));
        self.pass(graph, stage, before);
        let its: Vec<Move> = after
            .iter()
            .filter(|m| m.vehicle == waiter)
            .copied()
            .collect();
        let begin = self.candidate.len();
        self.pass(graph, stage, &its);
        self.rest.clear();
        self.waits.fill(false);
        let mut ahead = self.candidate.len() - begin;
        let others: Vec<Move> = (after.iter().copied())
            .filter(|m| {
                let done = m.vehicle == waiter && ahead > 0;
                ahead -= usize::from(done);
                !done
            })
            .collect();
        self.pass(graph, stage, &others);
        stage.undo(graph, 0);
        self.rest.is_empty()
    }

    /// Carries out what can be, in this order; the rest, with all later moves of the same vehicles, is noted as such.
    fn pass(&mut self, graph: &Graph, stage: &mut Stage, moves: &[Move]) {
        for m in moves {
            let waits = &mut self.waits[m.vehicle.index()];
            if *waits || !stage.may(graph, m) {
                *waits = true;
                self.rest.push(*m);
            } else {
                stage.go(graph, m);
                self.candidate.push(*m);
            }
        }
    }
}

/// How long a move takes, ms.
fn edge_ms(floor: &Floor, it: &AgentSnapshot, m: &Move) -> u64 {
    let loaded = floor.kinds[it.kind.index()].class(true) == it.class
        && floor.kinds[it.kind.index()].class(false) != it.class;
    u64::from(floor.edge_time_ms(it.kind, loaded, m.edge))
}
