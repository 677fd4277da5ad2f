//! Which kinds get where, and back: strongly connected components of the roadmap as each kind sees it.

use super::{Subject, cuts};
use crate::compile::Log;
use crate::floor::BufferRole;
use crate::ids::{EdgeId, NodeId, StationId};
use crate::problem::Problem;
use crate::spec::Name;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, Reversed};
use std::collections::BTreeSet;

/// The part of the floor in which vehicles of a kind get from everywhere to everywhere, and its surroundings.
pub(super) struct Territory {
    pub(super) kind: usize,
    /// In the component that has most of what vehicles are there for.
    pub(super) core: Vec<bool>,
    /// From here a way leads into the core.
    leads_in: Vec<bool>,
}

/// Reports what no vehicle can serve, vehicles that can't get to work, and ways into dead ends.
pub(crate) fn reach(subject: &Subject, log: &mut Log) {
    if !subject.whole || subject.floor.roadmap.nodes().is_empty() {
        return;
    }
    let territories = territories(subject);
    for territory in &territories {
        traps(subject, territory, log);
        starts(subject, territory, log);
        energy(subject, territory, log);
    }
    targets(subject, &territories, log);
    flows(subject, &territories, log);
    cuts::cuts(subject, &territories, log);
}

/// The roadmap as a kind sees it.
pub(super) fn view(subject: &Subject, kind: usize) -> DiGraph<(), EdgeId> {
    let roadmap = &subject.floor.roadmap;
    let mut graph = DiGraph::with_capacity(roadmap.nodes().len(), roadmap.edges().len());
    for _ in roadmap.nodes() {
        graph.add_node(());
    }
    for (e, edge) in roadmap.edges().iter().enumerate() {
        if edge.kinds >> kind & 1 == 1 {
            let (from, to) = (
                NodeIndex::new(edge.from.index()),
                NodeIndex::new(edge.to.index()),
            );
            graph.add_edge(from, to, EdgeId::from_index(e));
        }
    }
    graph
}

/// One for each kind that has vehicles, or for each kind if there are no vehicles at all.
fn territories(subject: &Subject) -> Vec<Territory> {
    let floor = subject.floor;
    let has_vehicles = |k| floor.vehicles.iter().any(|v| v.kind.index() == k);
    (0..floor.kinds.len())
        .filter(|&k| floor.vehicles.is_empty() || has_vehicles(k))
        .map(|k| territory(subject, k))
        .collect()
}

fn territory(subject: &Subject, kind: usize) -> Territory {
    let floor = subject.floor;
    let graph = view(subject, kind);
    let mut weight = vec![0usize; graph.node_count()];
    let stations = floor.stations.iter().map(|s| s.node);
    let work = stations.chain(floor.chargers.iter().map(|c| c.node));
    for node in work.chain(floor.parking.iter().copied()) {
        weight[node.index()] += 1;
    }
    let worth = |part: &Vec<NodeIndex>| {
        let targets: usize = part.iter().map(|n| weight[n.index()]).sum();
        (targets, part.len())
    };
    let mut core = vec![false; graph.node_count()];
    let mut leads_in = core.clone();
    if let Some(part) = kosaraju_scc(&graph).iter().max_by_key(|part| worth(part)) {
        for node in part {
            core[node.index()] = true;
        }
        let mut back = Dfs::new(Reversed(&graph), part[0]);
        while let Some(node) = back.next(Reversed(&graph)) {
            leads_in[node.index()] = true;
        }
    }
    Territory {
        kind,
        core,
        leads_in,
    }
}

/// Reports nodes that vehicles can get into and never out of.
fn traps(subject: &Subject, territory: &Territory, log: &mut Log) {
    let floor = subject.floor;
    let kind = &floor.kinds[territory.kind];
    let mut told = BTreeSet::new();
    for (e, edge) in floor.roadmap.edges().iter().enumerate() {
        let enters = territory.core[edge.from.index()] && !territory.core[edge.to.index()];
        if enters && edge.kinds >> territory.kind & 1 == 1 && told.insert(edge.to) {
            let message = format!(
                "a vehicle of kind \"{}\" that goes to \"{}\" never gets out again",
                kind.name,
                subject.name(edge.to)
            );
            let problem = Problem::error(message, subject.edge_span(EdgeId::from_index(e)));
            log.push(problem.hint("make the path two_way, or add one that leads back"));
        }
    }
}

/// Reports vehicles that can't get from their start to where the work is.
fn starts(subject: &Subject, territory: &Territory, log: &mut Log) {
    let vehicles = subject.floor.vehicles.iter().zip(&subject.spec.vehicles);
    for (vehicle, spec) in vehicles.filter(|(v, _)| v.kind.index() == territory.kind) {
        if !territory.leads_in[vehicle.start.index()] {
            let message = format!(
                "the vehicle \"{}\" can't get from \"{}\" to where most stations are",
                vehicle.name,
                subject.name(vehicle.start)
            );
            let problem = Problem::error(message, spec.start.span);
            log.push(problem.hint("join the node by a path that the vehicle's kind may use"));
        }
    }
}

/// Reports a kind with a battery that gets to no charger.
fn energy(subject: &Subject, territory: &Territory, log: &mut Log) {
    let floor = subject.floor;
    let kind = &floor.kinds[territory.kind];
    let chargers = &floor.chargers;
    let served = chargers.iter().any(|c| territory.core[c.node.index()]);
    if kind.battery.capacity_wh == 0 || served || floor.vehicles.is_empty() {
        return;
    }
    let span = subject.spec.kinds[territory.kind].name.span;
    let message = format!("vehicles of kind \"{}\" can't reach a charger", kind.name);
    let problem = if chargers.is_empty() {
        Problem::warning(message, span)
    } else {
        Problem::error(message, span)
    };
    log.push(
        problem.hint("add a [[charger]], or leave the battery out: then energy is not modelled"),
    );
}

/// Reports stations, chargers and parking places that no kind can get to and away from.
fn targets(subject: &Subject, territories: &[Territory], log: &mut Log) {
    let (floor, spec) = (subject.floor, subject.spec);
    let mut check = |what: &str, name: &Name, node: NodeId| {
        let n = node.index();
        if territories.iter().any(|t| t.core[n]) {
            return;
        }
        let roadmap = &floor.roadmap;
        let usable = |e: &EdgeId| {
            let kinds = roadmap.edge(*e).kinds;
            territories.iter().any(|t| kinds >> t.kind & 1 == 1)
        };
        let (enter, leave) = (
            roadmap.in_edges(node).iter().any(usable),
            roadmap.out_edges(node).iter().any(usable),
        );
        let hint = match (enter, leave) {
            (false, false) => "no path that a vehicle may use touches its node",
            (false, true) => "no path that a vehicle may use leads to its node",
            (true, false) => "no path that a vehicle may use leads away from its node",
            (true, true) => "its paths don't lead to and from the other stations",
        };
        let message = format!("the {what} \"{}\" is out of reach", name.value);
        log.push(Problem::error(message, name.span).hint(hint));
    };
    for (station, spec) in floor.stations.iter().zip(&spec.stations) {
        check("station", &spec.name, station.node);
    }
    for (charger, spec) in floor.chargers.iter().zip(&spec.chargers) {
        check("charger", &spec.name, charger.node);
    }
    for (&node, name) in floor.parking.iter().zip(&spec.parking) {
        check("parking place", name, node);
    }
}

/// Reports supplies between stations that no kind serves both of.
fn flows(subject: &Subject, territories: &[Territory], log: &mut Log) {
    let floor = subject.floor;
    let node = |station: StationId| floor.stations[station.index()].node.index();
    let served = |n: usize| territories.iter().any(|t| t.core[n]);
    for (buffer, spec) in floor.buffers.iter().zip(&subject.spec.buffers) {
        let other = match buffer.role {
            BufferRole::Consume { from, .. } => from,
            BufferRole::Produce { to, .. } => to,
            BufferRole::Source { .. } | BufferRole::Sink => continue,
        };
        let other = &floor.buffers[other.index()];
        let (a, b) = (node(buffer.station), node(other.station));
        let both = territories.iter().any(|t| t.core[a] && t.core[b]);
        // A station that nobody serves has been reported.
        if !both && served(a) && served(b) {
            let message = format!(
                "no vehicle kind serves both the buffer \"{}\" and \"{}\"",
                buffer.name, other.name
            );
            let problem = Problem::error(message, spec.name.span);
            log.push(problem.hint("let one kind use the paths to both stations"));
        }
    }
}
