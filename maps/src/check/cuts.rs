//! Whether a vehicle that rests somewhere cuts other places off.

use super::Subject;
use super::reach::{Territory, view};
use crate::compile::Log;
use crate::floor::Floor;
use crate::ids::{ClassId, EdgeId, KindId, NodeId, PlaceId};
use crate::problem::Problem;
use crate::spec::Name;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeFiltered;

/// Most edges looked at in all; beyond that the floor is a grid of thousands of cells, where there is a way round.
const EDGES_MAX: usize = 10_000_000;

/// Warns of parking places and chargers at which a resting vehicle blocks the only way between others' targets.
pub(super) fn cuts(subject: &Subject, territories: &[Territory], log: &mut Log) {
    let (floor, spec) = (subject.floor, subject.spec);
    let chargers = floor.chargers.iter().zip(&spec.chargers);
    let chargers = chargers.map(|(c, spec)| (c.node, "charger", &spec.name));
    let parking = floor.parking.iter().zip(&spec.parking);
    let parking = parking.map(|(&node, name)| (node, "parking place", name));
    let resting: Vec<(NodeId, &str, &Name)> = chargers.chain(parking).collect();
    if resting.len() * territories.len() * floor.roadmap.edges().len() > EDGES_MAX {
        return;
    }
    let mut targets: Vec<NodeId> = floor.stations.iter().map(|s| s.node).collect();
    targets.extend(resting.iter().map(|r| r.0));
    targets.sort_unstable();
    targets.dedup();
    let graphs: Vec<_> = territories.iter().map(|t| view(subject, t.kind)).collect();
    for (node, what, name) in resting {
        let cut = territories.iter().zip(&graphs);
        let cut = cut.filter_map(|(t, graph)| cut_off(floor, t, graph, node, &targets));
        let Some((a, b)) = cut.into_iter().next() else {
            continue;
        };
        let (a, b) = (subject.name(a), subject.name(b));
        let message = format!(
            "a vehicle that rests at the {what} \"{}\" blocks the way between \"{a}\" and \"{b}\"",
            name.value
        );
        let problem = Problem::warning(message, name.span);
        log.push(problem.hint("move it aside, so that others can pass, or add a way round"));
    }
}

/// Two targets of a kind's vehicles between which no way is left while another vehicle rests at `node`.
fn cut_off(
    floor: &Floor,
    territory: &Territory,
    graph: &DiGraph<(), EdgeId>,
    node: NodeId,
    targets: &[NodeId],
) -> Option<(NodeId, NodeId)> {
    let kind = &floor.kinds[territory.kind];
    // Whoever rests carries nothing; whoever passes may.
    let resting: Vec<ClassId> = (0..floor.kinds.len())
        .map(KindId::from_index)
        .map(|k| floor.kinds[k.index()].class(false))
        .collect();
    let rest = floor.roadmap.place_of(node);
    let blocked = |place: PlaceId| {
        kind.classes.iter().any(|&passing| {
            let mut resting = resting.iter();
            resting.any(|&r| floor.conflicts.conflict((r, rest), (passing, place)))
        })
    };
    let free = EdgeFiltered::from_fn(graph, |edge| {
        let e = floor.roadmap.edge(*edge.weight());
        !blocked(e.place) && !blocked(PlaceId(e.from.0)) && !blocked(PlaceId(e.to.0))
    });
    let mut part = vec![0u32; graph.node_count()];
    for (i, nodes) in kosaraju_scc(&free).iter().enumerate() {
        for n in nodes {
            part[NodeIndex::index(*n)] = i as u32;
        }
    }
    // Targets too near to the resting vehicle are reported as such elsewhere.
    let mut left = targets
        .iter()
        .copied()
        .filter(|&t| territory.core[t.index()] && t != node && !blocked(floor.roadmap.place_of(t)));
    let first = left.next()?;
    let other = left.find(|t| part[t.index()] != part[first.index()])?;
    Some((first, other))
}
