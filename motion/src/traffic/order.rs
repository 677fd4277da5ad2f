//! The order: the moves that are planned and not granted yet, by rank, with lists by vehicle, by place and by zone.
//!
//! The lists are threaded through arrays that are as long as the largest plan. They are built once for each plan, last
//! rank first; a move that is granted or dropped is marked, and skipped from then on.

use super::hash::mix;
use super::zones::Zones;
use crate::Move;
use takt_maps::{ClassId, Conflict, EdgeId, Floor, PlaceId, VehicleId, ZoneId};

/// Ends a list.
const END: u32 = u32::MAX;

/// Planned moves. A move's rank is its index in the plan that it came with.
#[derive(Clone, Debug)]
pub(super) struct Order {
    moves: Vec<Move>,
    /// Neither granted nor dropped.
    pending: Vec<bool>,
    moves_max: usize,
    nodes: usize,
    zones_max: usize,
    /// The first pending move of each vehicle.
    vehicle_first: Vec<u32>,
    vehicle_next: Vec<u32>,
    /// The first move of each place that may be pending: along it if it is an edge's ground, to it if it is a node.
    place_first: Vec<u32>,
    edge_next: Vec<u32>,
    node_next: Vec<u32>,
    /// The first move that enters each zone and may be pending.
    zone_first: Vec<u32>,
    /// `zones_max` links a move, for the zones that its edge enters.
    zone_next: Vec<u32>,
    hash: u64,
}

impl Order {
    /// An empty order with room for `moves_max` moves.
    pub fn new(floor: &Floor, zones: &Zones, moves_max: usize) -> Self {
        assert!(moves_max < END as usize, "ranks are 32 bits wide");
        Self {
            moves: Vec::with_capacity(moves_max),
            pending: Vec::with_capacity(moves_max),
            moves_max,
            nodes: floor.roadmap.nodes().len(),
            zones_max: zones.entered_max(),
            vehicle_first: vec![END; floor.vehicles.len()],
            vehicle_next: vec![END; moves_max],
            place_first: vec![END; floor.roadmap.places()],
            edge_next: vec![END; moves_max],
            node_next: vec![END; moves_max],
            zone_first: vec![END; zones.len()],
            zone_next: vec![END; moves_max * zones.entered_max()],
            hash: 0,
        }
    }

    /// The most moves that it has room for.
    pub fn moves_max(&self) -> usize {
        self.moves_max
    }

    /// Number of ranks, pending or not.
    pub fn ranks(&self) -> u32 {
        self.moves.len() as u32
    }

    /// The move of a rank, if it is pending.
    pub fn pending(&self, rank: u32) -> Option<Move> {
        self.pending[rank as usize].then(|| self.moves[rank as usize])
    }

    /// Rank and edge of a vehicle's next move.
    pub fn next_of(&self, vehicle: VehicleId) -> Option<(u32, EdgeId)> {
        let rank = self.vehicle_first[vehicle.index()];
        (rank != END).then(|| (rank, self.moves[rank as usize].edge))
    }

    /// A vehicle's pending moves, in order.
    pub fn of_vehicle(&self, vehicle: VehicleId) -> impl Iterator<Item = EdgeId> {
        self.list(self.vehicle_first[vehicle.index()], |r| {
            self.vehicle_next[r as usize]
        })
        .map(|rank| self.moves[rank as usize].edge)
    }

    /// Forgets everything pending.
    pub fn clear(&mut self, floor: &Floor, zones: &Zones) {
        for m in &self.moves {
            let edge = floor.roadmap.edge(m.edge);
            self.vehicle_first[m.vehicle.index()] = END;
            self.place_first[edge.place.index()] = END;
            self.place_first[edge.to.index()] = END;
            for zone in zones.entered_by(m.edge) {
                self.zone_first[zone.index()] = END;
            }
        }
        self.moves.clear();
        self.pending.clear();
        self.hash = 0;
    }

    /// Takes over a plan in place of what was pending; `moves` fit.
    pub fn replace(&mut self, floor: &Floor, zones: &Zones, moves: &[Move]) {
        self.clear(floor, zones);
        self.moves.extend_from_slice(moves);
        self.pending.resize(moves.len(), true);
        for (rank, m) in moves.iter().enumerate().rev() {
            let edge = floor.roadmap.edge(m.edge);
            let head = rank as u32;
            let swap = |first: &mut u32| std::mem::replace(first, head);
            self.vehicle_next[rank] = swap(&mut self.vehicle_first[m.vehicle.index()]);
            self.edge_next[rank] = swap(&mut self.place_first[edge.place.index()]);
            self.node_next[rank] = swap(&mut self.place_first[edge.to.index()]);
            for (i, zone) in zones.entered_by(m.edge).iter().enumerate() {
                self.zone_next[rank * self.zones_max + i] =
                    swap(&mut self.zone_first[zone.index()]);
            }
            self.hash = self.hash.wrapping_add(term(head, m));
        }
    }

    /// Takes a vehicle's next move out: it is granted.
    pub fn take(&mut self, floor: &Floor, zones: &Zones, rank: u32) {
        let m = self.moves[rank as usize];
        assert!(
            self.vehicle_first[m.vehicle.index()] == rank,
            "a vehicle's moves are granted in order"
        );
        self.mark(rank);
        // What was dropped is the rest of a vehicle's list, so the list ends there.
        let next = self.vehicle_next[rank as usize];
        let goes_on = next != END && self.pending[next as usize];
        self.vehicle_first[m.vehicle.index()] = if goes_on { next } else { END };
        // Heads step over what is no longer pending, so that lists are walked once, not at every look.
        let edge = floor.roadmap.edge(m.edge);
        for place in [edge.place, floor.roadmap.place_of(edge.to)] {
            let first = self.place_first[place.index()];
            let next = self.list(first, |r| self.after(place, r)).next();
            self.place_first[place.index()] = next.unwrap_or(END);
        }
        for &zone in zones.entered_by(m.edge) {
            let first = self.zone_first[zone.index()];
            let next = self
                .list(first, |r| self.after_in_zone(zones, zone, r))
                .next();
            self.zone_first[zone.index()] = next.unwrap_or(END);
        }
    }

    /// Drops all moves of a vehicle from `rank` on, which is one of its own pending moves.
    pub fn drop_from(&mut self, rank: u32) {
        let vehicle = self.moves[rank as usize].vehicle.index();
        if self.vehicle_first[vehicle] == rank {
            self.vehicle_first[vehicle] = END;
        }
        let mut next = rank;
        while next != END {
            if self.pending[next as usize] {
                self.mark(next);
            }
            next = self.vehicle_next[next as usize];
        }
    }

    /// The vehicle of the first pending move before `rank` that uses the other place of a conflict in a class for
    /// which it is one. `rank` is a vehicle's next move, so all before it are others'.
    pub fn earlier_conflict(
        &self,
        rank: u32,
        conflict: &Conflict,
        class_of: impl Fn(VehicleId) -> ClassId,
    ) -> Option<VehicleId> {
        let place = conflict.place;
        self.list(self.place_first[place.index()], |r| self.after(place, r))
            .take_while(|&r| r < rank)
            .map(|r| self.moves[r as usize].vehicle)
            .find(|&v| conflict.classes >> class_of(v).0 & 1 == 1)
    }

    /// The vehicle of the first pending move before `rank` that enters a zone.
    pub fn earlier_entry(&self, zones: &Zones, zone: ZoneId, rank: u32) -> Option<VehicleId> {
        let next = self
            .list(self.zone_first[zone.index()], |r| {
                self.after_in_zone(zones, zone, r)
            })
            .next()?;
        (next < rank).then(|| self.moves[next as usize].vehicle)
    }

    /// Its share of the state hash.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The same, computed anew.
    pub fn hash_anew(&self) -> u64 {
        (0..self.ranks())
            .filter_map(|rank| self.pending(rank).map(|m| term(rank, &m)))
            .fold(0, u64::wrapping_add)
    }

    fn mark(&mut self, rank: u32) {
        assert!(self.pending[rank as usize], "a move is marked once");
        self.pending[rank as usize] = false;
        self.hash = self
            .hash
            .wrapping_sub(term(rank, &self.moves[rank as usize]));
    }

    /// The pending ranks of a list, rising.
    fn list(&self, first: u32, next: impl Fn(u32) -> u32) -> impl Iterator<Item = u32> {
        let link = |rank: u32| (rank != END).then_some(rank);
        std::iter::successors(link(first), move |&rank| link(next(rank)))
            .filter(|&rank| self.pending[rank as usize])
    }

    fn after(&self, place: PlaceId, rank: u32) -> u32 {
        if place.index() < self.nodes {
            self.node_next[rank as usize]
        } else {
            self.edge_next[rank as usize]
        }
    }

    fn after_in_zone(&self, zones: &Zones, zone: ZoneId, rank: u32) -> u32 {
        let entered = zones.entered_by(self.moves[rank as usize].edge);
        entered
            .iter()
            .position(|&z| z == zone)
            .map_or(END, |i| self.zone_next[rank as usize * self.zones_max + i])
    }
}

/// A pending move's term of the state hash.
fn term(rank: u32, m: &Move) -> u64 {
    let who = u64::from(m.vehicle.0) << 32 | u64::from(m.edge.0);
    mix(mix(2, u64::from(rank)), who)
}
