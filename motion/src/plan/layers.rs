//! The floor as the one-shot planner reads it: for each kind and class of vehicle that can move a layer of all nodes, with
//! conflicts within and across layers. Who can't move is part of the floor.

use super::Planner;
use super::graph::{Arc, Graph};
use super::oneshot::{Instance, Network};
use takt_maps::{ClassId, Floor, PlaceId};

/// The layers, and all of them as one network.
pub(super) struct Layers {
    /// Kind and class.
    layers: Vec<(u8, u8)>,
    nodes: usize,
    pub network: Network,
}

impl Layers {
    pub fn new(floor: &Floor, planner: &Planner) -> Self {
        let (graph, world) = (&planner.graph, &planner.world);
        let movable = world.agents.iter().filter(|it| it.present && !it.fixed);
        let mut layers: Vec<(u8, u8)> = movable.map(|it| (it.kind, it.class)).collect();
        layers.sort_unstable();
        layers.dedup();
        let nodes = graph.nodes;
        let vertex = |layer: usize, node: u32| layer as u32 * nodes as u32 + node;

        let (mut arcs, mut sweeps, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
        for (layer, &(kind, class)) in layers.iter().enumerate() {
            for node in 0..nodes as u32 {
                for (to, edge) in ways(planner, kind, class, node) {
                    for swept in graph.swept(class, edge) {
                        for other in with_class(&layers, swept.classes) {
                            sweeps.push((arcs.len() as u32, vertex(other, swept.node)));
                        }
                    }
                    arcs.push((vertex(layer, node), vertex(layer, to)));
                }
                for place in floor.conflicts.of(ClassId(class), PlaceId(node)) {
                    let Some(there) = floor.roadmap.node_of(place.place) else {
                        continue;
                    };
                    for other in with_class(&layers, place.classes) {
                        conflicts.push((vertex(layer, node), vertex(other, there.0)));
                    }
                }
                for other in layer + 1..layers.len() {
                    conflicts.push((vertex(layer, node), vertex(other, node)));
                }
            }
        }
        Self {
            network: Network::roadmap(layers.len() * nodes, &arcs, &conflicts, &sweeps),
            layers,
            nodes,
        }
    }

    fn vertex(&self, kind: u8, class: u8, node: u32) -> Option<u32> {
        let layer = self.layers.binary_search(&(kind, class)).ok()?;
        Some((layer * self.nodes) as u32 + node)
    }

    /// Those who can move, and from where to where: `whom` to its goal, each other one to its own, if nobody before it
    /// needs the place, or else to the nearest place that is left.
    pub fn instance(
        &self,
        floor: &Floor,
        planner: &Planner,
        whom: u32,
    ) -> Option<(Vec<u32>, Instance)> {
        let world = &planner.world;
        let mut taken = vec![false; self.network.len()];
        let mut agents = vec![whom];
        for (at, it) in world.agents.iter().enumerate().filter(|(_, it)| it.present) {
            if !it.fixed {
                if at as u32 != whom {
                    agents.push(at as u32);
                }
                continue;
            }
            for place in floor.conflicts.of(ClassId(it.class), PlaceId(it.node)) {
                let Some(node) = floor.roadmap.node_of(place.place) else {
                    continue;
                };
                for layer in with_class(&self.layers, place.classes) {
                    taken[layer * self.nodes + node.index()] = true;
                }
            }
        }
        let mut instance = Instance {
            starts: Vec::new(),
            goals: Vec::new(),
        };
        for &agent in &agents {
            let it = &world.agents[agent as usize];
            let start = self.vertex(it.kind, it.class, it.node)?;
            let goal = it.active().then_some(it.goal);
            let goal = goal.and_then(|goal| self.vertex(it.kind, it.class, goal));
            let free = |vertex: u32| {
                let conflicts = self.network.conflicts(vertex);
                conflicts.iter().all(|&other| !taken[other as usize])
            };
            let reached = |goal: &u32| self.network.distance(start, *goal).is_some();
            let chosen = match goal.filter(|&goal| free(goal)).filter(reached) {
                Some(goal) => goal,
                None if agent == whom => return None,
                None => self.nearest(start, free)?,
            };
            taken[chosen as usize] = true;
            instance.starts.push(start);
            instance.goals.push(chosen);
        }
        Some((agents, instance))
    }

    /// The nearest vertex that will do.
    fn nearest(&self, start: u32, will_do: impl Fn(u32) -> bool) -> Option<u32> {
        let mut seen = vec![false; self.network.len()];
        let mut queue = vec![start];
        seen[start as usize] = true;
        let mut at = 0;
        while let Some(&vertex) = queue.get(at) {
            if will_do(vertex) {
                return Some(vertex);
            }
            at += 1;
            for &to in self.network.successors(vertex) {
                if !std::mem::replace(&mut seen[to as usize], true) {
                    queue.push(to);
                }
            }
        }
        None
    }

    /// The edge between two vertices.
    pub fn edge(&self, planner: &Planner, from: u32, to: u32) -> Option<u32> {
        let (kind, class) = self.layers[from as usize / self.nodes];
        let mut ways = ways(planner, kind, class, self.node(from));
        ways.find(|&(end, _)| end == self.node(to))
            .map(|(_, edge)| edge)
    }

    /// The node of a vertex.
    pub fn node(&self, vertex: u32) -> u32 {
        vertex % self.nodes as u32
    }
}

/// Layers of vehicles of these classes.
fn with_class(layers: &[(u8, u8)], classes: takt_maps::ClassMask) -> impl Iterator<Item = usize> {
    let layers = layers.iter().enumerate();
    layers
        .filter(move |(_, (_, class))| classes >> class & 1 == 1)
        .map(|(at, _)| at)
}

/// Where one can go from a node, past those who can't move, and by which edge: the quickest to each end.
fn ways(planner: &Planner, kind: u8, class: u8, node: u32) -> impl Iterator<Item = (u32, u32)> {
    let (graph, world): (&Graph, _) = (&planner.graph, &planner.world);
    let arcs = graph.kinds[usize::from(kind)].out.row(node as usize);
    let open = move |edge: u32| {
        let barred = |swept| {
            let other = world.stands(swept);
            other.is_some_and(|other| world.agents[other as usize].fixed)
        };
        !world.edge_closed(graph, edge) && !graph.swept(class, edge).iter().any(barred)
    };
    let best = move |arc: &&Arc| {
        let quicker = |other: &&Arc| {
            other.node == arc.node
                && (other.ms, other.edge) < (arc.ms, arc.edge)
                && open(other.edge)
        };
        arc.node != node && open(arc.edge) && arcs.iter().find(quicker).is_none()
    };
    arcs.iter().filter(best).map(|arc| (arc.node, arc.edge))
}
