//! The order: the moves that are planned and not granted yet, by rank, with lists by vehicle, by place and by zone.
//!
//! The lists are threaded through arrays that are as long as the largest plan. They grow as moves are added, lowest rank
//! first; a move that is granted or dropped is marked, and skipped from then on. Ends of lists carry the number of the
//! plan that they belong to, so that an order is emptied by counting on, however long it is.

use super::hash::mix;
use super::ways::{Way, Ways};
use super::zones::Zones;
use crate::Move;
use takt_maps::{ClassId, Conflict, EdgeId, Floor, PlaceId, VehicleId, ZoneId};

/// Ends a list.
const END: u32 = u32::MAX;

/// Both ends of a list.
#[derive(Clone, Copy, Debug)]
struct Ends {
    /// The plan that the list belongs to; of any other than the current one it is empty.
    plan: u32,
    /// The first move that may be pending, or [`END`].
    first: u32,
    /// The last move added; only counts while `first` does.
    last: u32,
}

impl Ends {
    const EMPTY: Self = Self {
        plan: 0,
        first: END,
        last: END,
    };

    /// The first move that may be pending, or [`END`].
    fn first(&self, plan: u32) -> u32 {
        if self.plan == plan { self.first } else { END }
    }

    /// Adds a move at the end; gives the one before it, if there is one.
    fn add(&mut self, plan: u32, rank: u32) -> Option<u32> {
        if self.first(plan) == END {
            *self = Self {
                plan,
                first: rank,
                last: rank,
            };
            return None;
        }
        Some(std::mem::replace(&mut self.last, rank))
    }
}

/// Planned moves. A move's rank is its index in the plan that it came with.
#[derive(Clone, Debug)]
pub(super) struct Order {
    moves: Vec<Move>,
    /// Neither granted nor dropped.
    pending: Vec<bool>,
    moves_max: usize,
    nodes: usize,
    zones_max: usize,
    /// Number of the plan, `1 ..`.
    plan: u32,
    /// The pending moves of each vehicle.
    vehicles: Vec<Ends>,
    vehicle_next: Vec<u32>,
    /// The moves of each place: along it if it is an edge's ground, to it if it is a node.
    places: Vec<Ends>,
    edge_next: Vec<u32>,
    node_next: Vec<u32>,
    /// The moves that enter each zone.
    zones: Vec<Ends>,
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
            plan: 1,
            vehicles: vec![Ends::EMPTY; floor.vehicles.len()],
            vehicle_next: vec![END; moves_max],
            places: vec![Ends::EMPTY; floor.roadmap.places()],
            edge_next: vec![END; moves_max],
            node_next: vec![END; moves_max],
            zones: vec![Ends::EMPTY; zones.len()],
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
        let rank = self.first_of(vehicle);
        (rank != END).then(|| (rank, self.moves[rank as usize].edge))
    }

    /// A vehicle's pending moves, in order.
    pub fn of_vehicle(&self, vehicle: VehicleId) -> impl Iterator<Item = EdgeId> {
        self.list(self.first_of(vehicle), |r| self.vehicle_next[r as usize])
            .map(|rank| self.moves[rank as usize].edge)
    }

    /// Forgets everything, in constant time.
    pub fn clear(&mut self) {
        self.moves.clear();
        self.pending.clear();
        self.hash = 0;
        self.plan = self.plan.checked_add(1).unwrap_or_else(|| {
            // After 2^32 plans, some 30 years of four a second, old numbers come again.
            let ends = self.vehicles.iter_mut().chain(&mut self.places);
            ends.chain(&mut self.zones).for_each(|e| *e = Ends::EMPTY);
            1
        });
    }

    /// Reads what adding a move along this way will look up.
    #[inline]
    pub fn glance(&self, way: &Way) -> (u32, u32) {
        let last = |place: usize| self.places[place].last;
        (last(way.place.index()), last(way.to.index()))
    }

    /// Adds a move as the last; the caller knows that there is room.
    pub fn add(&mut self, ways: &Ways, zones: &Zones, m: &Move) {
        let rank = self.ranks();
        let at = rank as usize;
        assert!(at < self.moves_max, "longer plans are refused");
        self.moves.push(*m);
        self.pending.push(true);
        let way = ways.way(m.edge);
        let link = |ends: &mut Ends, next: &mut [u32]| {
            next[at] = END;
            if let Some(before) = ends.add(self.plan, rank) {
                next[before as usize] = rank;
            }
        };
        link(
            &mut self.vehicles[m.vehicle.index()],
            &mut self.vehicle_next,
        );
        link(&mut self.places[way.place.index()], &mut self.edge_next);
        link(&mut self.places[way.to.index()], &mut self.node_next);
        let entered = if self.zones_max == 0 {
            &[]
        } else {
            zones.entered_by(m.edge)
        };
        for (i, &zone) in entered.iter().enumerate() {
            self.zone_next[at * self.zones_max + i] = END;
            if let Some(before) = self.zones[zone.index()].add(self.plan, rank) {
                let entered = zones.entered_by(self.moves[before as usize].edge);
                let slot = entered.iter().position(|&z| z == zone);
                assert!(slot.is_some(), "a zone's list has moves that enter it");
                self.zone_next[before as usize * self.zones_max + slot.unwrap_or(0)] = rank;
            }
        }
        self.hash = self.hash.wrapping_add(term(rank, m));
    }

    /// Takes a vehicle's next move out: it is granted.
    pub fn take(&mut self, floor: &Floor, zones: &Zones, rank: u32) {
        let m = self.moves[rank as usize];
        assert!(
            self.first_of(m.vehicle) == rank,
            "a vehicle's moves are granted in order"
        );
        self.mark(rank);
        // What was dropped is the rest of a vehicle's list, so the list ends there.
        let next = self.vehicle_next[rank as usize];
        let goes_on = next != END && self.pending[next as usize];
        self.vehicles[m.vehicle.index()].first = if goes_on { next } else { END };
        // Heads step over what is no longer pending, so that lists are walked once, not at every look.
        let edge = floor.roadmap.edge(m.edge);
        for place in [edge.place, floor.roadmap.place_of(edge.to)] {
            let first = self.first_in(place);
            let next = self.list(first, |r| self.after(place, r)).next();
            self.places[place.index()].first = next.unwrap_or(END);
        }
        for &zone in zones.entered_by(m.edge) {
            let next = self.first_entry(zones, zone);
            self.zones[zone.index()].first = next.unwrap_or(END);
        }
    }

    /// Drops all moves of a vehicle from `rank` on, which is one of its own pending moves.
    pub fn drop_from(&mut self, rank: u32) {
        let vehicle = self.moves[rank as usize].vehicle;
        if self.first_of(vehicle) == rank {
            self.vehicles[vehicle.index()].first = END;
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
    /// which it is one. `rank` is a vehicle's next move, or beyond all of a plan in which it has none, so all before it
    /// are others'.
    pub fn earlier_conflict(
        &self,
        rank: u32,
        conflict: &Conflict,
        class_of: impl Fn(VehicleId) -> ClassId,
    ) -> Option<VehicleId> {
        let place = conflict.place;
        self.list(self.first_in(place), |r| self.after(place, r))
            .take_while(|&r| r < rank)
            .map(|r| self.moves[r as usize].vehicle)
            .find(|&v| conflict.classes >> class_of(v).0 & 1 == 1)
    }

    /// The vehicle of the first pending move before `rank` that enters a zone.
    pub fn earlier_entry(&self, zones: &Zones, zone: ZoneId, rank: u32) -> Option<VehicleId> {
        let next = self.first_entry(zones, zone)?;
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

    fn first_of(&self, vehicle: VehicleId) -> u32 {
        self.vehicles[vehicle.index()].first(self.plan)
    }

    fn first_in(&self, place: PlaceId) -> u32 {
        self.places[place.index()].first(self.plan)
    }

    /// The first pending move that enters a zone.
    fn first_entry(&self, zones: &Zones, zone: ZoneId) -> Option<u32> {
        let first = self.zones[zone.index()].first(self.plan);
        let mut list = self.list(first, |r| self.after_in_zone(zones, zone, r));
        list.next()
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
