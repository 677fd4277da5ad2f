//! The best path of one agent around all others: safe interval path planning.
//!
//! Phillips, Likhachev, "SIPP: Safe interval path planning for dynamic environments" (ICRA 2011), with the loss as its
//! cost: a step counts unless the agent rests at its goal. Of the ways to be in a safe interval of a vertex only the
//! earliest is kept, and a later one if it has rested at the goal before.

use super::fields::{Fields, UNREACHABLE};
use super::network::{NONE, Network};
use super::timetable::Timetable;

/// Searches; its tables are used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Sipp {
    labels: Vec<Label>,
    /// Labels that are open, by loss expected at least minus that of the start.
    open: Vec<Vec<u32>>,
    /// Best label of an interval, in an open-addressing table: (vertex, end of the interval), label, round.
    table: Vec<(u64, u32, u32)>,
    round: u32,
    filled: usize,
    /// Labels expanded: the effort.
    pub work: u64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trip {
    pub agent: u32,
    pub start: u32,
    pub goal: u32,
    /// The loss has to be less.
    pub below: u32,
    /// Any number: which of the ways that are as good is found depends on it.
    pub taste: u32,
}

/// A way to be at a vertex from a step on.
#[derive(Clone, Copy, Debug)]
struct Label {
    vertex: u32,
    step: u32,
    /// The step before somebody else is there.
    end: u32,
    loss: u32,
    /// From here to the goal, at least.
    distance: u32,
    parent: u32,
}

impl Sipp {
    /// Writes the path with the least loss into `path` and gives back its loss; `None` if there is none with less than
    /// the trip may lose.
    pub fn plan(
        &mut self,
        network: &Network,
        fields: &mut Fields,
        timetable: &Timetable,
        trip: Trip,
        path: &mut Vec<u32>,
    ) -> Option<u32> {
        let Trip {
            agent,
            start,
            goal,
            below,
            taste,
        } = trip;
        let least = fields.distance(network, agent, start);
        if least >= below || timetable.who(start, 0) != NONE {
            return None;
        }
        self.begin();
        let horizon = timetable.horizon();
        let beside = network.sweeps_beside();
        let label = Label {
            vertex: start,
            step: 0,
            end: timetable.busy_from(network, start, 0) - 1,
            loss: 0,
            distance: least,
            parent: NONE,
        };
        self.push(label, least, least);
        let mut level = 0;
        loop {
            let Some(&at) = self.open.get(level)?.last() else {
                level += 1;
                if least + level as u32 >= below {
                    return None;
                }
                continue;
            };
            self.open[level].pop();
            let it = self.labels[at as usize];
            if self.best(it.vertex, it.end) != at {
                continue; // a better one has come
            }
            self.work += 1;

            // There, and for good?
            if it.vertex == goal && it.end + 1 == horizon {
                self.trace(at, path);
                return Some(it.loss);
            }

            // To each neighbour, in each of its safe intervals that can be reached from this one.
            let last = (it.end + 1).min(horizon - 1);
            let ways = network.successors(it.vertex);
            let (later, sooner) = ways.split_at(turn(it.vertex, taste, ways.len()));
            for &to in sooner.iter().chain(later) {
                let mut step = timetable.free_from(network, to, it.step + 1);
                while step <= last {
                    let end = timetable.busy_from(network, to, step) - 1;
                    // Who would swap with it is what ends its interval.
                    let may_go = |step: u32| {
                        (step <= it.end && !beside)
                            || timetable.lets_by(network, it.vertex, to, step)
                    };
                    if let Some(step) = (step..=end.min(last)).find(|&step| may_go(step)) {
                        let waited = if it.vertex == goal {
                            0
                        } else {
                            step - 1 - it.step
                        };
                        let distance = fields.distance_below(network, agent, to, it.distance);
                        let loss = it.loss + waited + 1;
                        let label = Label {
                            vertex: to,
                            step,
                            end,
                            loss,
                            distance,
                            parent: at,
                        };
                        if distance != UNREACHABLE && label.loss + distance < below {
                            self.push(label, label.loss + distance, least);
                        }
                    }
                    step = timetable.free_from(network, to, end + 1);
                }
            }
        }
    }

    /// Forgets the search before.
    fn begin(&mut self) {
        self.labels.clear();
        self.open.iter_mut().for_each(Vec::clear);
        self.round = self.round.wrapping_add(1);
        self.filled = 0;
        if self.table.is_empty() || self.round == 0 {
            self.table = vec![(0, 0, 0); self.table.len().max(1 << 10)];
            self.round = 1;
        }
    }

    /// Where the best label of an interval is in the table, or would be.
    fn slot(&self, vertex: u32, end: u32) -> usize {
        let key = u64::from(vertex) << 32 | u64::from(end);
        let mask = self.table.len() - 1;
        let mut at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) as usize & mask;
        while self.table[at].2 == self.round && self.table[at].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    fn best(&self, vertex: u32, end: u32) -> u32 {
        self.table[self.slot(vertex, end)].1
    }

    /// Opens a label, unless there is a better one.
    fn push(&mut self, label: Label, expected: u32, least: u32) {
        let mut slot = self.slot(label.vertex, label.end);
        let new = self.labels.len() as u32;
        if self.table[slot].2 == self.round {
            let known = self.labels[self.table[slot].1 as usize];
            if known.step <= label.step && known.loss + (label.step - known.step) <= label.loss {
                return;
            }
        } else {
            self.filled += 1;
            if 2 * self.filled > self.table.len() {
                self.grow();
                slot = self.slot(label.vertex, label.end);
            }
        }
        self.table[slot] = (
            u64::from(label.vertex) << 32 | u64::from(label.end),
            new,
            self.round,
        );
        self.labels.push(label);
        let level = (expected - least) as usize;
        if level >= self.open.len() {
            self.open.resize_with(level + 1, Vec::new);
        }
        self.open[level].push(new);
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.table);
        self.table = vec![(0, 0, 0); 2 * old.len()];
        for entry in old.into_iter().filter(|entry| entry.2 == self.round) {
            let slot = self.slot((entry.0 >> 32) as u32, entry.0 as u32);
            self.table[slot] = entry;
        }
    }

    /// One vertex a step, up to the last.
    fn trace(&self, mut at: u32, path: &mut Vec<u32>) {
        path.clear();
        let last = self.labels[at as usize];
        path.resize(last.step as usize + 1, last.vertex);
        while self.labels[at as usize].parent != NONE {
            let it = self.labels[at as usize];
            let parent = self.labels[it.parent as usize];
            path[parent.step as usize..it.step as usize].fill(parent.vertex);
            at = it.parent;
        }
    }
}

/// Which of so many ways from a vertex is looked at first.
#[inline]
fn turn(vertex: u32, taste: u32, ways: usize) -> usize {
    let bits = vertex.wrapping_add(taste).wrapping_mul(0x9E37_79B9);
    ((u64::from(bits) * ways as u64) >> 32) as usize
}
