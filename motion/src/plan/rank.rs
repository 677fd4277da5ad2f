//! What a vehicle may do next, best first.

use super::distance::UNREACHABLE;
use super::graph::NONE;
use super::pibt::Step;

/// Stay, or take an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    Stay,
    Edge(u32),
}

/// One thing that a vehicle may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub way: Way,
    /// Smaller is better: how well it suits, what it costs in milliseconds, a seeded tie-break.
    key: (u8, u32, u32),
}

/// Best: nearer to the goal.
const NEARER: u8 = 0;
/// For those without a goal the best is to stay.
const STAY: u8 = 1;
/// Ways that cost something.
const ASIDE: u8 = 2;
/// Into, or about, a dead end that another has to leave first.
const SHUT: u8 = 12;

impl Step<'_> {
    /// Puts what `agent` may do on the stack of choices, best first.
    pub(super) fn rank(&mut self, agent: u32, pusher: Option<u32>) {
        let base = self.stacks.choices.len();
        let it = self.world.agents[agent as usize];
        let kind = &self.graph.kinds[usize::from(it.kind)];
        let active = it.active();
        let here_ms = self.ms(it.field, it.node);
        // One that is there already, or has to come out of another dead end first, may go about the mouth.
        let near_shut = it.shut_out != NONE
            && (self.graph.spurs.of(it.node) != NONE
                || self.graph.spurs.mouths(it.node).contains(&it.shut_out));
        // Whoever pushes will come this way: where it comes nearer to its goal, one is pushed again.
        let pusher = pusher.map(|p| &self.world.agents[p as usize]);
        let pusher_ms = pusher.map_or(0, |p| self.ms(p.field, it.node));

        self.stacks.choices.push(Choice {
            way: Way::Stay,
            key: (STAY, 0, 0),
        });
        for arc in kind.out.row(it.node as usize) {
            let there_ms = self.ms(it.field, arc.node);
            if self.world.edge_closed(self.graph, arc.edge)
                || (kind.trap(it.node, arc.node) && there_ms == UNREACHABLE)
            {
                continue;
            }
            let occupied = self.world.occupant[arc.node as usize] != NONE;
            let turn_ms = kind.turn_ms(it.heading, self.graph.edges[arc.edge as usize].2);
            let crowd_ms = if occupied { arc.ms / 2 } else { 0 };
            let (suits, cost) = if active {
                let cost = there_ms.saturating_add(arc.ms);
                // A long edge that ends nearer to the goal may still be a way round that isn't worth it.
                let progress = there_ms < here_ms
                    && cost <= here_ms.saturating_add(here_ms / 4).saturating_add(2_000);
                let shut = it.shut_out != NONE
                    && (self.graph.spurs.of(arc.node) == it.shut_out
                        || (!near_shut
                            && self.graph.spurs.mouths(arc.node).contains(&it.shut_out)));
                match (shut, progress) {
                    (true, _) => (SHUT, cost),
                    (false, true) => (NEARER, cost),
                    (false, false) => (ASIDE, cost),
                }
            } else {
                let ahead = pusher.is_some_and(|p| self.ms(p.field, arc.node) < pusher_ms);
                let mouth = !self.graph.spurs.mouths(arc.node).is_empty()
                    || self.graph.spurs.of(arc.node) != NONE;
                let cost = if there_ms == UNREACHABLE {
                    arc.ms
                } else {
                    there_ms.saturating_add(arc.ms)
                };
                let suits = ASIDE + 4 * u8::from(ahead) + 2 * u8::from(occupied) + u8::from(mouth);
                (suits, cost)
            };
            let cost = cost.saturating_add(turn_ms).saturating_add(crowd_ms);
            let tie = mix(it.seed ^ u64::from(arc.edge)) as u32;
            self.stacks.choices.push(Choice {
                way: Way::Edge(arc.edge),
                key: (suits, cost, tie),
            });
        }
        self.stacks.choices[base..].sort_unstable_by_key(|c| c.key);
    }

    /// Time to a field's goal; the same from everywhere without a field.
    #[inline]
    fn ms(&self, field: u32, node: u32) -> u32 {
        if field == NONE {
            UNREACHABLE
        } else {
            self.fields.ms(field, node)
        }
    }
}

/// A hash of 64 bits (the finalizer of SplitMix64), for tie-breaks.
pub(super) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
