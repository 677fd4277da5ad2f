//! A rehearsal room: vehicles as points on nodes, moves one at a time, as admission looks at them.

use super::graph::{Graph, NONE};
use super::world::{Agent, World};
use crate::proposal::{MotionSnapshot, Move};
use takt_maps::PlaceId;

/// Where everyone stands after the moves carried out so far.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    world: World,
    /// Closed places in the last snapshot.
    closed: Vec<PlaceId>,
}

impl Stage {
    /// Room for a floor with so many places and vehicles.
    pub fn new(graph: &Graph, places: usize, vehicles: usize) -> Self {
        Self {
            world: World::new(graph, places, vehicles),
            closed: Vec::new(),
        }
    }

    /// Puts everyone at the end of their base. Says whether other places are closed than before.
    pub fn begin(&mut self, graph: &Graph, snapshot: &MotionSnapshot) -> bool {
        let world = &mut self.world;
        world.work = 0;
        world.moves.clear();
        world.occupant.fill(NONE);
        world.in_zone.fill(0);
        for (i, it) in world.agents.iter_mut().enumerate() {
            let known = snapshot.agents.get(i).filter(|a| {
                a.present && a.node.index() < graph.nodes && a.kind.index() < graph.kinds.len()
            });
            *it = known.map_or_else(Agent::default, |a| Agent {
                present: true,
                kind: a.kind.0,
                class: a.class.0,
                node: a.node.0,
                ..Agent::default()
            });
        }
        for i in 0..world.agents.len() {
            if world.agents[i].present {
                world.place(graph, i as u32);
            }
        }
        let changed = self.closed != snapshot.blocked;
        if changed {
            self.closed.clone_from(&snapshot.blocked);
            world.closed.fill(false);
            for place in &self.closed {
                if let Some(closed) = world.closed.get_mut(place.index()) {
                    *closed = true;
                }
            }
        }
        changed
    }

    /// Where a vehicle stands now.
    pub fn node(&self, vehicle: usize) -> u32 {
        self.world.agents[vehicle].node
    }

    /// May nobody take this edge now?
    pub fn is_closed(&self, graph: &Graph, edge: u32) -> bool {
        self.world.edge_closed(graph, edge)
    }

    /// May this be the next move: does it begin where its vehicle stands, is its way open, and is nobody in it?
    pub fn may(&mut self, graph: &Graph, m: &Move) -> bool {
        self.world.work += 1;
        self.world.may_go(graph, u32::from(m.vehicle.0), m.edge.0)
    }

    /// Carries out a move that may be next.
    pub fn go(&mut self, graph: &Graph, m: &Move) {
        self.world.go(graph, u32::from(m.vehicle.0), m.edge.0);
    }

    /// Takes back all moves beyond the first `keep`.
    pub fn undo(&mut self, graph: &Graph, keep: usize) {
        self.world.undo(graph, keep);
    }

    /// Moves that were looked at since the beginning.
    pub fn work(&self) -> u64 {
        self.world.work
    }
}
