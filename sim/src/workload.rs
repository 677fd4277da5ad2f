//! Transports that arise by themselves in demonstrations and simulations: random ones, and rush orders.
//!
//! A pure generator: the caller says what time it is and how many random transports are open, and decides what it
//! does with a request (a rush order for a buffer without room is best dropped).

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;
use std::collections::VecDeque;
use takt_maps::{BufferId, BufferRole, Floor, KindId, NodeId, StationId};

/// A transport that somebody wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Request {
    /// Where the load is taken.
    pub pickup: StationId,
    /// Where it goes.
    pub drop: StationId,
    /// The buffer that it is taken from, if any.
    pub pickup_buffer: Option<BufferId>,
    /// The buffer that it goes to, if any.
    pub drop_buffer: Option<BufferId>,
    /// A rush order goes before all others.
    pub rush: bool,
    /// When it should be there, ms since the start; `None`: whenever.
    pub deadline_ms: Option<u64>,
}

/// Generates requests from a floor's [`Workload`](takt_maps::Workload) and a seed.
#[derive(Clone, Debug)]
pub struct Workload {
    random: Pcg32,
    random_open: usize,
    deadline_ms: Option<u64>,
    /// Stations with their nodes, in groups in which every station can be reached from every other.
    groups: Vec<Vec<(StationId, NodeId)>>,
    /// Stations from which there is somewhere to go, with their group.
    pickups: Vec<(StationId, NodeId, usize)>,
    /// Pairs of buffers that a rush order may be about.
    call_offs: Vec<(BufferId, BufferId)>,
    stations_of: Vec<StationId>,
    rush_mean_ms: u64,
    rush_at_ms: Option<u64>,
}

impl Workload {
    /// The workload of a floor.
    pub fn new(floor: &Floor, seed: u64) -> Self {
        Self::with(floor, &floor.workload, seed)
    }

    /// Another workload on the same floor.
    pub fn with(floor: &Floor, data: &takt_maps::Workload, seed: u64) -> Self {
        let groups = groups(floor);
        let elsewhere = |group: &[(StationId, NodeId)], node| group.iter().any(|g| g.1 != node);
        let mut pickups = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            let usable = group.iter().filter(|s| elsewhere(group, s.1));
            pickups.extend(usable.map(|&(station, node)| (station, node, index)));
        }
        let mut workload = Self {
            random: Pcg32::seed_from_u64(seed),
            random_open: data.random_open as usize,
            deadline_ms: (data.deadline_s > 0).then(|| u64::from(data.deadline_s) * 1000),
            groups,
            pickups,
            call_offs: call_offs(floor),
            stations_of: floor.buffers.iter().map(|b| b.station).collect(),
            rush_mean_ms: u64::from(data.rush_every_s) * 1000,
            rush_at_ms: None,
        };
        workload.schedule_rush(0);
        workload
    }

    /// The next request that is due now, if any, when `open_now` random transports are open; call it again until it
    /// answers `None`.
    pub fn next(&mut self, now_ms: u64, open_now: usize) -> Option<Request> {
        if self.rush_at_ms.is_some_and(|at| at <= now_ms) {
            self.schedule_rush(now_ms);
            return Some(self.rush(now_ms));
        }
        if open_now >= self.random_open || self.pickups.is_empty() {
            return None;
        }
        let at = self.below(self.pickups.len());
        let (pickup, node, group) = self.pickups[at];
        let drops = self.groups[group].iter().filter(|s| s.1 != node).count();
        let nth = self.below(drops);
        let mut others = self.groups[group].iter().filter(|s| s.1 != node);
        let &(drop, _) = others.nth(nth)?;
        Some(Request {
            pickup,
            drop,
            pickup_buffer: None,
            drop_buffer: None,
            rush: false,
            deadline_ms: self.deadline_ms.map(|d| now_ms + d),
        })
    }

    /// A rush order at once, if the floor has buffers for it.
    pub fn rush_now(&mut self, now_ms: u64) -> Option<Request> {
        (!self.call_offs.is_empty()).then(|| self.rush(now_ms))
    }

    fn rush(&mut self, now_ms: u64) -> Request {
        let index = self.below(self.call_offs.len());
        let (from, to) = self.call_offs[index];
        Request {
            pickup: self.stations_of[from.index()],
            drop: self.stations_of[to.index()],
            pickup_buffer: Some(from),
            drop_buffer: Some(to),
            rush: true,
            deadline_ms: self.deadline_ms.map(|d| now_ms + d),
        }
    }

    /// Draws the time to the next rush order: exponential, 1 ms at least.
    fn schedule_rush(&mut self, now_ms: u64) {
        if self.rush_mean_ms == 0 || self.call_offs.is_empty() {
            return;
        }
        // In (0, 1], so that the logarithm is finite.
        let uniform = (f64::from(self.random.next_u32()) + 1.0) / 4_294_967_296.0;
        let wait_ms = -libm::log(uniform) * self.rush_mean_ms as f64;
        self.rush_at_ms = Some(now_ms + (wait_ms as u64).max(1));
    }

    /// A number in `0 .. n`, by multiplication: the bias is below n / 2^32.
    fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.random.next_u32()) * n as u64) >> 32) as usize
    }
}

/// Buffers that a line uses up, with the sources that fill them, at different places.
fn call_offs(floor: &Floor) -> Vec<(BufferId, BufferId)> {
    let buffers = floor.buffers.iter().enumerate();
    buffers
        .filter_map(|(to, buffer)| {
            let BufferRole::Consume { from, .. } = buffer.role else {
                return None;
            };
            let source = floor.buffers.get(from.index())?;
            let feeds = matches!(source.role, BufferRole::Source { .. });
            let apart = source.station != buffer.station;
            (feeds && apart).then_some((from, BufferId::from_index(to)))
        })
        .collect()
}

/// Stations that the vehicles of some start can all reach and come back from, once for each such set.
fn groups(floor: &Floor) -> Vec<Vec<(StationId, NodeId)>> {
    let mut groups: Vec<Vec<(StationId, NodeId)>> = Vec::new();
    let mut seen: Vec<(KindId, Vec<bool>)> = Vec::new();
    for vehicle in &floor.vehicles {
        let known = |(kind, nodes): &(KindId, Vec<bool>)| {
            *kind == vehicle.kind && nodes[vehicle.start.index()]
        };
        if seen.iter().any(known) {
            continue;
        }
        let there = reach(floor, vehicle.kind, vehicle.start, true);
        let back = reach(floor, vehicle.kind, vehicle.start, false);
        let both: Vec<bool> = there.iter().zip(&back).map(|(a, b)| *a && *b).collect();
        let stations = floor.stations.iter().enumerate();
        let group: Vec<_> = stations
            .filter(|(_, s)| both[s.node.index()])
            .map(|(i, s)| (StationId::from_index(i), s.node))
            .collect();
        if !groups.contains(&group) {
            groups.push(group);
        }
        seen.push((vehicle.kind, both));
    }
    groups
}

/// Nodes that a kind can reach from `start`, or from which it can reach `start`.
fn reach(floor: &Floor, kind: KindId, start: NodeId, forward: bool) -> Vec<bool> {
    let map = &floor.roadmap;
    let mut found = vec![false; map.nodes().len()];
    found[start.index()] = true;
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let edges = if forward {
            map.out_edges(node)
        } else {
            map.in_edges(node)
        };
        for edge in edges.iter().map(|&e| map.edge(e)) {
            let next = if forward { edge.to } else { edge.from };
            if edge.allows(kind) && !found[next.index()] {
                found[next.index()] = true;
                queue.push_back(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn run(floor: &Floor, seed: u64, hours: u64) -> Vec<(u64, Request)> {
        let mut workload = Workload::new(floor, seed);
        let mut all = Vec::new();
        for second in 0..hours * 3600 {
            // One random transport a second is open on top of the one before.
            let mut open = 1;
            while let Some(request) = workload.next(second * 1000, open) {
                open += usize::from(!request.rush);
                all.push((second * 1000, request));
            }
        }
        all
    }

    #[test]
    fn keeps_so_many_open_and_sends_rush_orders_at_their_rate() {
        let floor = testing::floor();
        let all = run(&floor, 3, 10);
        let rush: Vec<_> = all.iter().filter(|(_, r)| r.rush).collect();
        assert_eq!(all.len() - rush.len(), 36_000);
        // 600 expected; five standard deviations are 122.
        assert!((478..=722).contains(&rush.len()), "{}", rush.len());
        for (now, request) in &all {
            assert_ne!(request.pickup, request.drop);
            assert_eq!(request.deadline_ms, Some(now + 300_000));
        }
        for (_, request) in rush {
            assert_eq!(
                (request.pickup_buffer, request.drop_buffer),
                (Some(BufferId(0)), Some(BufferId(1)))
            );
            assert_eq!((request.pickup, request.drop), (StationId(0), StationId(1)));
        }
        for from in 0..3 {
            let drops = all.iter().filter(|(_, r)| !r.rush && r.pickup.0 == from);
            assert!(drops.count() > 10_000);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_requests_and_another_others() {
        let floor = testing::floor();
        assert_eq!(run(&floor, 3, 1), run(&floor, 3, 1));
        assert_ne!(run(&floor, 3, 1), run(&floor, 4, 1));
    }

    #[test]
    fn nothing_goes_where_no_vehicle_can_go_and_come_back() {
        let mut floor = testing::floor();
        // Cut off the bench at node 4: its edges allow no kind. The vehicle that starts there is on its own.
        let (nodes, mut edges) = (
            floor.roadmap.nodes().to_vec(),
            floor.roadmap.edges().to_vec(),
        );
        for edge in edges.iter_mut().filter(|e| e.from == NodeId(4)) {
            edge.kinds = 0;
        }
        floor.roadmap = takt_maps::Roadmap::new(nodes, edges);
        for (_, request) in run(&floor, 5, 1) {
            assert_ne!(request.pickup, StationId(2));
            assert_ne!(request.drop, StationId(2));
        }
        floor.workload = takt_maps::Workload::default();
        assert_eq!(Workload::new(&floor, 1).next(1_000_000, 0), None);
    }
}
