//! Guidance: what arcs cost, so that distance fields lead round congestion and against nobody.
//!
//! Costs follow the traffic that was seen. Who goes against a flow meets others head-on and has to give way, so an arc costs
//! more the more go the other way; that is how lanes come about (contraflow in Chen, Harabor, Li, Stuckey: "Traffic Flow
//! Optimisation for Lifelong Multi-Agent Path Finding", AAAI 2024). And where agents stand and wait, others will, too: to
//! go there costs more, as long as there is room to go round.

use super::fields::ARC_MAX;
use super::neighbours::Neighbours;
use super::space::{NONE, Place, Space, State};
use crate::plan::epibt::STEP;

/// Steps between two updates of the costs.
const PERIOD: u32 = 16;

/// A move, in the fixed-point numbers of flows.
const ONE: u32 = 1 << 12;

/// Of each flow, a part in `2^DECAY` is forgotten with each update: the time constant is `PERIOD << DECAY` steps.
const DECAY: u32 = 4;

/// Steps that going against a flow of one agent a step costs for each edge.
const CONTRAFLOW: u64 = 20;

/// The same where windows plan: they see sooner who comes against them.
const CONTRAFLOW_WINDOWS: u64 = 3;

/// Steps that it costs to go where somebody waits all the time, on an empty floor; less the fewer places are free, for where
/// all wait there is no better way.
const STANDING: u64 = 10;

/// Costs of arcs, adapted to the traffic that is seen.
#[derive(Clone, Debug)]
pub(super) struct Guidance {
    /// Of each arc (`state * ACTIONS + action`), 1 to [`ARC_MAX`].
    pub costs: Vec<u16>,
    /// Counts changes of the costs.
    pub version: u32,
    /// For each arc the edge between places that it takes; [`NONE`] if it stays in its place.
    edges: Vec<u32>,
    /// The place that each edge leads to.
    ends: Vec<Place>,
    /// For each edge the one the other way.
    opposite: Vec<u32>,
    /// Moves along each edge, decaying.
    flow: Vec<u32>,
    /// Waits in each place, decaying.
    waits: Vec<u32>,
    /// What going to a place costs where somebody always waits.
    standing: u64,
    steps: u32,
}

impl Guidance {
    pub fn new<S: Space>(space: &S, neighbours: &Neighbours, agents: usize) -> Self {
        let mut edges = vec![NONE; space.states() * S::ACTIONS];
        for state in 0..space.states() as u32 {
            for action in 1..S::ACTIONS {
                let to = space.next(state, action);
                if to != NONE && space.place(to) != space.place(state) {
                    let edge = neighbours.edge(space.place(state), space.place(to));
                    edges[state as usize * S::ACTIONS + action] = edge;
                }
            }
        }
        let count = neighbours.edges();
        let mut ends = vec![NONE; count];
        let mut opposite = vec![NONE; count];
        for place in 0..space.places() as u32 {
            for (edge, to) in neighbours.of(place) {
                ends[edge as usize] = to;
                opposite[edge as usize] = neighbours.edge(to, place);
            }
        }
        let free = space.places().saturating_sub(agents) as u64;
        Self {
            standing: STANDING * u64::from(STEP) * free / (space.places() as u64).max(1),
            waits: vec![0; space.places()],
            ends,
            costs: vec![STEP; edges.len()],
            version: 0,
            edges,
            opposite,
            flow: vec![0; count],
            steps: 0,
        }
    }

    /// Takes note of what an agent does that isn't idle.
    #[inline]
    pub fn see<S: Space>(&mut self, state: State, action: u8) {
        let edge = self.edges[state as usize * S::ACTIONS + usize::from(action)];
        if edge != NONE {
            self.flow[edge as usize] += ONE;
        } else if action == 0 {
            self.waits[state as usize / S::STATES_PER_PLACE] += ONE;
        }
    }

    /// Ends a step, planned by windows or operations; now and then the costs are made anew.
    pub fn end_step(&mut self, windows: bool) {
        self.steps += 1;
        if !self.steps.is_multiple_of(PERIOD) {
            return;
        }
        self.version += 1;
        let contraflow = if windows {
            CONTRAFLOW_WINDOWS
        } else {
            CONTRAFLOW
        };
        // What a flow of one agent a step comes to in the long run.
        let full = u64::from(ONE) * u64::from(PERIOD << DECAY);
        for (cost, &edge) in self.costs.iter_mut().zip(&self.edges) {
            if edge == NONE {
                continue;
            }
            let waits = u64::from(self.waits[self.ends[edge as usize] as usize]);
            let flow = match self.opposite[edge as usize] {
                NONE => 0,
                opposite => u64::from(self.flow[opposite as usize]),
            };
            let more = contraflow * u64::from(STEP) * flow / full + self.standing * waits / full;
            *cost = (u64::from(STEP) + more).min(u64::from(ARC_MAX)) as u16;
        }
        for flow in self.flow.iter_mut().chain(&mut self.waits) {
            *flow -= *flow >> DECAY;
        }
    }
}
