//! Guidance for a crowd: costs of vertices that spread its ways over the floor.
//!
//! After Chen, Harabor, Li, Stuckey, "Traffic flow optimisation for lifelong multi-agent path finding" (AAAI 2024): each
//! agent takes a way that avoids where those before it have gone, and the costs that have come of that hold for all.
//! Configurations that are made with them crowd less.

use super::fields::{Fields, UNREACHABLE};
use super::network::{NONE, Network, TILE};
use crate::plan::chance::Chance;

/// What a step costs, where each way that leads through its end costs one.
const STEP: u32 = 8;
/// A step costs less than this.
const COST_MAX: usize = 256;
/// Distances that may be kept: 64 MB.
const DISTANCES_MAX: usize = 1 << 25;

/// Finds ways that avoid each other.
#[derive(Debug)]
struct Guide<'a> {
    network: &'a Network,
    /// How many ways lead through each vertex.
    through: Vec<u32>,
    /// What is open, by cost modulo the number of lists.
    open: Vec<Vec<u32>>,
    /// Vertices settled: the effort.
    work: u64,
}

/// Costs to all goals from everywhere; `None`: they would take too much memory, or `go_on`, told the effort, said no.
pub(super) fn guide(
    network: &Network,
    starts: &[u32],
    goals: &[u32],
    chance: &mut Chance,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Option<Fields> {
    let slots = network.tiles() * TILE;
    if goals.len().saturating_mul(slots) > DISTANCES_MAX {
        return None;
    }
    let mut guide = Guide {
        network,
        through: vec![0; network.len()],
        open: vec![Vec::new(); COST_MAX],
        work: 0,
    };
    let mut costs = vec![0; slots];
    for (&start, &goal) in starts.iter().zip(goals) {
        if !go_on(guide.work) {
            return None;
        }
        guide.search(goal, start, &mut costs);
        guide.go(start, goal, &costs, chance);
    }
    let mut costs = vec![0; slots * goals.len()];
    for (&goal, costs) in goals.iter().zip(costs.chunks_mut(slots)) {
        if !go_on(guide.work) {
            return None;
        }
        guide.search(goal, NONE, costs);
    }
    Some(Fields::known(network, goals, costs, guide.work))
}

impl Guide<'_> {
    /// What going to a vertex costs.
    #[inline]
    fn cost(&self, to: u32) -> u32 {
        (STEP + self.through[to as usize]).min(COST_MAX as u32 - 1)
    }

    /// Dijkstra's algorithm: what it costs from each vertex to the goal, until one is settled; the others stay unknown.
    fn search(&mut self, goal: u32, until: u32, costs: &mut [u16]) {
        costs.fill(u16::MAX);
        self.open.iter_mut().for_each(Vec::clear);
        costs[goal as usize] = 0;
        self.open[0].push(goal);
        let (mut now, mut empty) = (0, 0);
        // No step costs as much as there are lists: when so many in a row are empty, all are.
        while empty < COST_MAX && now < UNREACHABLE {
            empty += 1;
            while let Some(at) = self.open[now as usize % COST_MAX].pop() {
                empty = 0;
                if u32::from(costs[at as usize]) != now {
                    continue; // it was cheaper
                }
                if at == until {
                    return;
                }
                self.work += 1;
                let cost = (now + self.cost(at)).min(UNREACHABLE);
                for &from in self.network.predecessors(at) {
                    if cost < u32::from(costs[from as usize]) {
                        costs[from as usize] = cost as u16;
                        self.open[cost as usize % COST_MAX].push(from);
                    }
                }
            }
            now += 1;
        }
    }

    /// Goes a way of the least cost, by chance among all.
    fn go(&mut self, start: u32, goal: u32, costs: &[u16], chance: &mut Chance) {
        let mut at = start;
        while at != goal {
            let (mut best, mut count, mut to) = (u32::from(costs[at as usize]), 0, NONE);
            for &next in self.network.successors(at) {
                let cost = u32::from(costs[next as usize]) + self.cost(next);
                if cost < best {
                    (best, count) = (cost, 0);
                }
                if cost == best {
                    count += 1;
                    if chance.below(count) == 0 {
                        to = next;
                    }
                }
            }
            if to == NONE {
                return; // farther than can be told
            }
            at = to;
            self.through[at as usize] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows: ways that are as short are shared out among them, and costs add up along the cheapest.
    #[test]
    fn ways_are_spread_over_the_floor() {
        let (network, vertex) = Network::grid(&[true; 12], 6, 2);
        let mut guide = Guide {
            network: &network,
            through: vec![0; network.len()],
            open: vec![Vec::new(); COST_MAX],
            work: 0,
        };
        let mut costs = vec![0; network.tiles() * TILE];
        let (start, goal) = (vertex[0], vertex[11]);
        for _ in 0..10 {
            guide.search(goal, start, &mut costs);
            guide.go(start, goal, &costs, &mut Chance::new(1));
        }
        let upper: u32 = (1..5).map(|x| guide.through[vertex[x] as usize]).sum();
        let lower: u32 = (7..11).map(|x| guide.through[vertex[x] as usize]).sum();
        assert!(upper.abs_diff(lower) <= 8, "{upper} and {lower}");
        guide.search(goal, NONE, &mut costs);
        for &at in vertex.iter().filter(|&&at| at != goal) {
            let by = |&next: &u32| u32::from(costs[next as usize]) + guide.cost(next);
            let least = network.successors(at).iter().map(by).min();
            assert_eq!(Some(u32::from(costs[at as usize])), least);
        }
    }

    #[test]
    fn what_cant_be_reached_stays_unknown() {
        let (network, vertex) = Network::grid(&[true, true, false, true], 4, 1);
        let fields = guide(
            &network,
            &[vertex[0]],
            &[vertex[1]],
            &mut Chance::new(1),
            &mut |_| true,
        );
        let Some(mut fields) = fields else {
            panic!("it is small");
        };
        assert_eq!(fields.distance(&network, 0, vertex[3]), UNREACHABLE);
        assert_eq!(fields.distance(&network, 0, vertex[1]), 0);
        assert!(fields.distance(&network, 0, vertex[0]) >= STEP);
    }
}
