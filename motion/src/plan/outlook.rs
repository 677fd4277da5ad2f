//! What a vehicle could do in the next ticks: ways along a few edges, with turns and waits, in the time that these take.

use super::distance::{Fields, UNREACHABLE};
use super::epibt::{Path, STEP};
use super::graph::{Arc, Graph, NONE};
use super::ground::FloorGround;
use super::world::{Agent, World};

/// Ticks that are looked ahead.
pub(super) const TICKS: usize = 6;
/// Now, and after each tick.
pub(super) const MOMENTS: usize = TICKS + 1;
/// What it costs to go about a dead end that another one has to leave first.
const SHUT_MS: i64 = 120_000;

/// An operation: where a vehicle is at each moment, and what that is worth to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// What it costs more than to stay, in parts of a tick ([`STEP`]).
    pub value: i32,
    /// How late it moves: a tie-break.
    pub lateness: u8,
    pub path: Path<MOMENTS>,
}

/// Looks for the operations of a vehicle.
pub(super) struct Outlook<'a> {
    pub graph: &'a Graph,
    pub fields: &'a Fields,
    pub world: &'a World,
    pub ground: &'a FloorGround,
    pub it: &'a Agent,
    pub tick_ms: u32,
    /// The moment from which on it can do something.
    ready: usize,
    /// May it go about the mouth of the dead end that is shut? One that is there already, or has to come out of another one.
    near_shut: bool,
    path: Path<MOMENTS>,
    list: &'a mut Vec<Operation>,
}

/// Where and how a vehicle stands in between.
#[derive(Clone, Copy)]
struct Stop {
    node: u32,
    heading: [i32; 2],
    moment: usize,
    /// Since the beginning, and of that on its way.
    now_ms: u32,
    driven_ms: u32,
    /// Has it gone about a dead end that is shut?
    shut: bool,
    late: usize,
}

impl<'a> Outlook<'a> {
    /// For a vehicle; what it can do comes into `list`.
    pub fn new(
        (graph, ground): (&'a Graph, &'a FloorGround),
        fields: &'a Fields,
        world: &'a World,
        it: &'a Agent,
        tick_ms: u32,
        list: &'a mut Vec<Operation>,
    ) -> Self {
        list.clear();
        let near_shut = it.shut_out != NONE
            && (graph.spurs.of(it.node) != NONE
                || graph.spurs.mouths(it.node).contains(&it.shut_out));
        Self {
            graph,
            fields,
            world,
            ground,
            it,
            tick_ms,
            ready: ready(it, tick_ms),
            near_shut,
            path: [it.node; MOMENTS],
            list,
        }
    }

    /// It stays: the only thing that one can do that can't be moved.
    pub fn stay(&mut self) {
        self.note(self.it.node, 0, self.start());
    }

    /// Everything that it can do, to stay first.
    pub fn look(&mut self) {
        self.go_on(self.start());
    }

    fn start(&self) -> Stop {
        Stop {
            node: self.it.node,
            heading: self.it.heading,
            moment: self.ready,
            now_ms: self.it.ready_ms,
            driven_ms: 0,
            shut: false,
            late: 0,
        }
    }

    /// What can be done from where it stands.
    fn go_on(&mut self, stop: Stop) {
        self.path[stop.moment + 1..].fill(stop.node);
        let arrived = self.it.active() && stop.node == self.it.goal;
        let rest = if arrived {
            0
        } else {
            lateness(stop.moment, TICKS)
        };
        let late = stop.late + rest;
        self.note(stop.node, 0, Stop { late, ..stop });
        if stop.moment == TICKS || stop.node == self.it.dwells_at {
            return;
        }
        // It waits where it is at first, as long as it takes, and not again before the next plan: nobody knows what comes then.
        let first = stop.moment == self.ready;
        let waits = if first { TICKS - self.ready } else { 1 };
        for wait in 0..waits {
            for &arc in self.arcs(stop.node) {
                self.take(stop, wait, arc);
            }
        }
    }

    fn arcs(&self, node: u32) -> &'a [Arc] {
        self.graph.kinds[usize::from(self.it.kind)]
            .out
            .row(node as usize)
    }

    /// Goes along an edge after a wait of so many ticks, if it may, and on from there.
    fn take(&mut self, stop: Stop, wait: usize, arc: Arc) {
        let kind = &self.graph.kinds[usize::from(self.it.kind)];
        let leads_on = || self.it.field != NONE && self.ms(arc.node) != UNREACHABLE;
        let been = |place: &u32| self.ground.end(*place) == arc.node;
        if self.world.edge_closed(self.graph, arc.edge)
            || (kind.trap(stop.node, arc.node) && !leads_on())
            || self.path[..=stop.moment].iter().any(been)
        {
            return;
        }
        let begin = stop.moment + wait;
        let direction = self.graph.edges[arc.edge as usize].2;
        let took_ms = kind.turn_ms(stop.heading, direction) + arc.ms;
        let begin_ms = stop.now_ms.max(begin as u32 * self.tick_ms);
        let now_ms = begin_ms.saturating_add(took_ms);
        let ticks = (now_ms.saturating_add(self.tick_ms / 2) / self.tick_ms) as usize;
        let moment = ticks.max(begin + 1);
        self.path[stop.moment + 1..=begin].fill(stop.node);
        self.path[begin + 1..=moment.min(TICKS)].fill(self.ground.on(arc.edge));
        let next = Stop {
            node: arc.node,
            heading: direction,
            moment,
            now_ms,
            driven_ms: stop.driven_ms.saturating_add(took_ms),
            shut: stop.shut || self.is_shut(arc.node),
            late: stop.late + lateness(stop.moment, begin),
        };
        if moment <= TICKS {
            self.path[moment] = self.ground.arriving(arc.edge);
        }
        if moment < TICKS {
            self.go_on(next);
        } else {
            let over_ms = now_ms.saturating_sub(TICKS as u32 * self.tick_ms);
            self.note(arc.node, over_ms, next);
        }
    }

    /// Is this node in, or about, the dead end that it may not enter now?
    fn is_shut(&self, node: u32) -> bool {
        let shut = self.it.shut_out;
        shut != NONE
            && (self.graph.spurs.of(node) == shut
                || (!self.near_shut && self.graph.spurs.mouths(node).contains(&shut)))
    }

    /// Notes the path as it is; it leads to a node, where the vehicle is so long after the last moment.
    fn note(&mut self, node: u32, over_ms: u32, stop: Stop) {
        let tick_ms = i64::from(self.tick_ms);
        let ms = if self.it.active() {
            let goal = Some(self.it.goal);
            let there = self
                .path
                .iter()
                .position(|&p| self.ground.stands(p) == goal);
            let left_ms = match there {
                Some(moment) => (moment as i64 - TICKS as i64) * tick_ms,
                None => i64::from(self.ms(node)) + i64::from(over_ms),
            };
            left_ms - i64::from(self.ms(self.it.node)) + if stop.shut { SHUT_MS } else { 0 }
        } else {
            let spurs = &self.graph.spurs;
            let mouth = !spurs.mouths(node).is_empty() || spurs.of(node) != NONE;
            i64::from(stop.driven_ms) + if mouth { 2 * tick_ms } else { 0 }
        };
        let value = ms * i64::from(STEP) / tick_ms;
        self.list.push(Operation {
            value: value.clamp(-(1 << 14), 1 << 17) as i32,
            lateness: stop.late.min(15) as u8,
            path: self.path,
        });
    }

    fn ms(&self, node: u32) -> u32 {
        self.fields.ms(self.it.field, node)
    }
}

/// The moment from which on a vehicle can do something that is still on its way; [`TICKS`]: not before the time is over.
pub(super) fn ready(it: &Agent, tick_ms: u32) -> usize {
    let ticks = it.ready_ms.saturating_add(tick_ms / 2) / tick_ms;
    (ticks as usize).min(TICKS)
}

/// What it counts to wait from a moment to another one: more, the sooner that is.
fn lateness(from: usize, to: usize) -> usize {
    (from..to).map(|moment| TICKS - moment).sum::<usize>() / 2
}
