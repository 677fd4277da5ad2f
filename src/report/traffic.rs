//! Which edges vehicles drive: followed from look to look along what each was going to drive.

use std::collections::BTreeMap;

use takt_maps::{EdgeId, Floor, NodeId, VehicleId};
use takt_motion::traffic::Traffic;

/// Edges ahead that are remembered of a vehicle: more than one drives between two looks.
const AHEAD_MAX: usize = 24;

/// Follows a fleet.
#[derive(Clone, Debug)]
pub struct Follow {
    vehicles: Vec<Way>,
    /// Ways that could not be followed: plans that changed, controllers that began anew.
    pub unknown: u64,
}

/// What was known of one vehicle at the last look.
#[derive(Clone, Debug, Default)]
struct Way {
    node: NodeId,
    reached: u32,
    ahead: Vec<EdgeId>,
}

impl Follow {
    /// A fleet of which nothing is known yet.
    pub fn new(floor: &Floor) -> Self {
        Self {
            vehicles: vec![Way::default(); floor.vehicles.len()],
            unknown: 0,
        }
    }

    /// Counts what a vehicle has driven since the last look; gives back the last node that it has reached.
    pub fn look(
        &mut self,
        floor: &Floor,
        traffic: &Traffic,
        vehicle: VehicleId,
        driven: &mut BTreeMap<EdgeId, u64>,
    ) -> NodeId {
        let way = &mut self.vehicles[vehicle.index()];
        let (node, reached) = traffic.last_reached(vehicle);
        let steps = reached.saturating_sub(way.reached) as usize;
        if steps > 0 {
            let passed = way.ahead.get(..steps);
            let arrives = |edges: &[EdgeId]| {
                edges
                    .last()
                    .is_some_and(|&e| floor.roadmap.edge(e).to == node)
            };
            match passed.filter(|edges| arrives(edges)) {
                Some(edges) => edges
                    .iter()
                    .for_each(|&e| *driven.entry(e).or_default() += 1),
                // Granted and driven since: known all the same if it is one edge.
                None => match direct(floor, way.node, node).filter(|_| steps == 1) {
                    Some(edge) => *driven.entry(edge).or_default() += 1,
                    None => self.unknown += 1,
                },
            }
        }
        if steps > 0 || reached < way.reached || way.ahead.len() < AHEAD_MAX {
            way.ahead.clear();
            let ahead = traffic.base_edges(vehicle).chain(traffic.pending(vehicle));
            way.ahead.extend(ahead.take(AHEAD_MAX));
        }
        (way.node, way.reached) = (node, reached);
        node
    }
}

/// The edge from one node to another.
fn direct(floor: &Floor, from: NodeId, to: NodeId) -> Option<EdgeId> {
    let mut edges = floor.roadmap.out_edges(from).iter().copied();
    edges.find(|&e| floor.roadmap.edge(e).to == to)
}
