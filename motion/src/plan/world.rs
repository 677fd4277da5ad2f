//! The floor as it would be after the moves planned so far: who stands where, and what each vehicle is up to.

use super::graph::{Graph, NONE, Swept};
use takt_maps::{EdgeId, VehicleId};

use crate::proposal::Move;

/// How far a vehicle is with its decision in the current step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Phase {
    /// Not asked yet: it may be pushed.
    #[default]
    Open,
    /// It has found a way that others must clear first: its place is taken until they have.
    Deciding,
    /// It has moved, or stays.
    Decided,
}

/// Why a vehicle could not take an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Blocker {
    /// No edge brings it nearer: the way is closed, or belongs to another first.
    Closed,
    /// A vehicle that could not be moved.
    Agent(u32),
    /// A zone that is full.
    Zone(u16),
}

/// One vehicle in the planned future.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agent {
    /// Does it take part?
    pub present: bool,
    /// It stays where it is for the rest of the plan.
    pub fixed: bool,
    /// What is in its way isn't about to go: it lets others past.
    pub waiting: bool,
    /// Where it stays for good once it is there (the goal that it was given, if a load is handed over), or [`NONE`].
    pub dwells_at: u32,
    pub phase: Phase,
    /// Somebody has tried in vain to push it in this step.
    pub refused: bool,
    pub kind: u8,
    pub class: u8,
    pub node: u32,
    /// How long it takes to get to `node`, where it is not there yet.
    pub ready_ms: u32,
    /// Where it goes, or [`NONE`].
    pub goal: u32,
    /// The distance field to the goal, or [`NONE`] if there is no goal that can be reached.
    pub field: u32,
    /// The direction in which it came (unit vector in thousandths), or zero.
    pub heading: [i32; 2],
    /// Greater goes first, within a tier.
    pub priority: u64,
    /// It goes after this vehicle, whatever its priority, or [`NONE`].
    pub after: u32,
    /// The dead end that it may not enter now, or [`NONE`].
    pub shut_out: u32,
    /// Seed of its tie-breaks.
    pub seed: u64,
    /// Why it could not get nearer to its goal in this step, if it could not when it was its turn.
    pub stuck: Option<Blocker>,
    /// Has it let another one go first in this step?
    pub yields: bool,
    /// Has it got nearer to its goal in this step?
    pub nearer: bool,
}

impl Agent {
    /// Is it on its way to somewhere?
    #[inline]
    pub fn active(&self) -> bool {
        self.present && self.field != NONE && self.node != self.goal
    }

    /// Those on their way go before those who wait, and these before those with nowhere to go.
    #[inline]
    pub fn tier(&self) -> u8 {
        match (self.active(), self.waiting) {
            (true, false) => 2,
            (true, true) => 1,
            (false, _) => 0,
        }
    }
}

/// All vehicles in the planned future, and the moves that lead there.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub agents: Vec<Agent>,
    /// Who stands at each node, or [`NONE`].
    pub occupant: Vec<u32>,
    /// Vehicles in each zone.
    pub in_zone: Vec<u16>,
    /// Places that nobody may enter.
    pub closed: Vec<bool>,
    /// What has been planned.
    pub moves: Vec<Move>,
    /// Edges looked at.
    pub work: u64,
}

impl World {
    pub fn new(graph: &Graph, places: usize, agents: usize) -> Self {
        Self {
            agents: vec![Agent::default(); agents],
            occupant: vec![NONE; graph.nodes],
            in_zone: vec![0; graph.zone_capacity.len()],
            closed: vec![false; places],
            moves: Vec::with_capacity(agents * 16),
            work: 0,
        }
    }

    /// May nobody take this edge now?
    #[inline]
    pub fn edge_closed(&self, graph: &Graph, edge: u32) -> bool {
        let to = graph.edges[edge as usize].1;
        self.closed[graph.edge_place[edge as usize] as usize] || self.closed[to as usize]
    }

    /// Puts a vehicle on the floor. If another one is on its node, neither can be moved: a person has to help.
    pub fn place(&mut self, graph: &Graph, agent: u32) {
        let node = self.agents[agent as usize].node;
        let there = &mut self.occupant[node as usize];
        if *there == NONE {
            *there = agent;
        } else {
            self.agents[*there as usize].fixed = true;
            self.agents[agent as usize].fixed = true;
        }
        for &zone in graph.node_zones.row(node as usize) {
            self.in_zone[usize::from(zone)] += 1;
        }
    }

    /// A zone that has no room for this vehicle on this edge, if there is one.
    pub fn full_zone(&self, graph: &Graph, agent: u32, edge: u32) -> Option<u16> {
        let zones = graph.edge_zones.row(edge as usize);
        let inside = graph
            .node_zones
            .row(self.agents[agent as usize].node as usize);
        zones.iter().copied().find(|z| {
            !inside.contains(z)
                && self.in_zone[usize::from(*z)] >= graph.zone_capacity[usize::from(*z)]
        })
    }

    /// Could a vehicle take an edge next, pushing nobody: does it begin where it stands, is it open, and nobody in its way?
    pub fn may_go(&self, graph: &Graph, agent: u32, edge: u32) -> bool {
        let Some(it) = self.agents.get(agent as usize) else {
            return false;
        };
        it.present
            && it.node == graph.edges[edge as usize].0
            && !self.edge_closed(graph, edge)
            && !graph.swept(it.class, edge).iter().any(|swept| {
                let other = self.stands(swept);
                other.is_some_and(|other| other != agent)
            })
            && self.full_zone(graph, agent, edge).is_none()
    }

    /// The vehicle that stands at a node where it is in the way.
    #[inline]
    pub fn stands(&self, swept: &Swept) -> Option<u32> {
        let other = self.occupant[swept.node as usize];
        (other != NONE && swept.classes >> self.agents[other as usize].class & 1 == 1)
            .then_some(other)
    }

    /// Plans a move: everything in its way has been cleared.
    pub fn go(&mut self, graph: &Graph, agent: u32, edge: u32) {
        let (from, to, _) = graph.edges[edge as usize];
        debug_assert_eq!(
            self.agents[agent as usize].node, from,
            "a move begins where its vehicle is"
        );
        debug_assert_eq!(
            self.occupant[to as usize], NONE,
            "the end of a move is free"
        );
        self.shift(graph, agent, from, to);
        self.moves.push(Move {
            vehicle: VehicleId(agent as u16),
            edge: EdgeId(edge),
        });
        self.agents[agent as usize].phase = Phase::Decided;
    }

    /// Takes back the moves beyond the first `keep`; who made them is open again.
    pub fn undo(&mut self, graph: &Graph, keep: usize) {
        while self.moves.len() > keep {
            let Some(last) = self.moves.pop() else { return };
            let (from, to, _) = graph.edges[last.edge.index()];
            let agent = u32::from(last.vehicle.0);
            self.shift(graph, agent, to, from);
            self.agents[agent as usize].phase = Phase::Open;
        }
    }

    fn shift(&mut self, graph: &Graph, agent: u32, from: u32, to: u32) {
        for &zone in graph.node_zones.row(from as usize) {
            self.in_zone[usize::from(zone)] -= 1;
        }
        for &zone in graph.node_zones.row(to as usize) {
            self.in_zone[usize::from(zone)] += 1;
        }
        self.occupant[from as usize] = NONE;
        self.occupant[to as usize] = agent;
        self.agents[agent as usize].node = to;
    }
}
