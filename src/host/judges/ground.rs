//! The judge of granted ground: what vehicles are told, and what they still have to drive, never conflicts.
//!
//! It looks at commands as they leave, and at what vehicles truly have ahead of them; what the controller believes to be
//! held does not count. Ground is added by commands alone, so it is compared when a command adds some.

use takt_maps::words::{OperatingMode, VehicleCommand};
use takt_maps::{ClassId, Floor, NodeId, PlaceId, VehicleId};
use takt_motion::traffic::Traffic;
use takt_plc_bridge::{Endpoint, FromField, LinkState};
use takt_sim::SimFloor;
use takt_sim::vehicle::drive::Drive;

use super::Findings;

/// So long after a vehicle fell silent, or said that it cannot go on, it may still be told what it was granted before.
const AFTERWARDS_MS: u64 = 500;
/// A report may be older than the truth by as much as a vehicle drives meanwhile.
const DRIVEN_ON_MM: f64 = 1_000.0;

/// Watches the ground of all vehicles.
#[derive(Debug)]
pub struct Ground {
    vehicles: Vec<Watched>,
    /// For each place the vehicles that held it when last looked at; who has left it is taken out when somebody else
    /// wants it.
    holders: Vec<Vec<VehicleId>>,
}

#[derive(Clone, Debug, Default)]
struct Watched {
    /// Epoch and last waypoint that it was told.
    told: (u16, u32),
    /// All that it was last told.
    command: Option<VehicleCommand>,
    /// Since when nothing may be granted to it, as far as the controller can know.
    unfit_since_ms: Option<u64>,
    /// The number of starts that the controller has heard of.
    boot: Option<u16>,
    /// When it last said that it was where it was not, if it was so when the controller located it: then nobody can know
    /// which ground is its own until it says so.
    misplaced_ms: Option<u64>,
    /// It was not in automatic mode, or was switched off, and nobody has resumed it since.
    to_be_resumed: bool,
}

impl Ground {
    /// A judge of a floor on which everybody stands where the floor says.
    pub fn new(floor: &Floor) -> Self {
        let mut holders = vec![Vec::new(); floor.roadmap.places()];
        for (i, vehicle) in floor.vehicles.iter().enumerate() {
            let place = floor.roadmap.place_of(vehicle.start);
            holders[place.index()].push(VehicleId::from_index(i));
        }
        Self {
            vehicles: vec![Watched::default(); floor.vehicles.len()],
            holders,
        }
    }

    /// What the controller, which has these vehicles under control, is told in this cycle.
    pub fn told_controller(
        &mut self,
        floor: &Floor,
        sim: &SimFloor,
        traffic: &Traffic,
        input: &FromField,
        now_ms: u64,
    ) {
        let (vehicle, fit) = match input {
            FromField::Vehicle { vehicle, report } => (
                *vehicle,
                report.mode == OperatingMode::Automatic && report.pose.is_some(),
            ),
            FromField::Link {
                endpoint: Endpoint::Vehicle(vehicle),
                state: LinkState::Down,
            } => (*vehicle, false),
            _ => return,
        };
        let watched = &mut self.vehicles[vehicle.index()];
        if let FromField::Vehicle { report, .. } = input {
            let (x, y) = sim.vehicle(vehicle).motion().position();
            let tolerance = f64::from(floor.control.position_tolerance_mm);
            let is_true = report.pose.is_none_or(|pose| {
                let (dx, dy) = (f64::from(pose.x_mm) - x, f64::from(pose.y_mm) - y);
                // It may have driven on since it said so.
                dx * dx + dy * dy <= (tolerance + DRIVEN_ON_MM) * (tolerance + DRIVEN_ON_MM)
            });
            let placed = traffic.is_placed(vehicle);
            if !is_true && (!placed || watched.misplaced_ms.is_some()) {
                watched.misplaced_ms = Some(now_ms);
            } else if !placed {
                watched.misplaced_ms = None;
            }
            let before = watched.boot.replace(report.boot);
            let rebooted = before.is_some_and(|boot| boot != report.boot);
            watched.to_be_resumed |= rebooted || report.mode != OperatingMode::Automatic;
        }
        let since = &mut watched.unfit_since_ms;
        *since = if fit {
            None
        } else {
            Some(since.unwrap_or(now_ms))
        };
    }

    /// A person asks for a vehicle to go on.
    pub fn resumed(&mut self, vehicle: VehicleId) {
        self.vehicles[vehicle.index()].to_be_resumed = false;
    }

    /// A controller has died: what it told is on the vehicles, or lost.
    pub fn crashed(&mut self) {
        for watched in &mut self.vehicles {
            watched.unfit_since_ms = None;
        }
    }

    /// A command leaves for a vehicle.
    pub fn commanded(
        &mut self,
        floor: &Floor,
        sim: &SimFloor,
        vehicle: VehicleId,
        command: &VehicleCommand,
        now_ms: u64,
        findings: &mut Findings,
    ) {
        let watched = &mut self.vehicles[vehicle.index()];
        let end = command.waypoints().last().map_or(0, |w| w.seq);
        let more = command.epoch != watched.told.0 && end > 0
            || command.epoch == watched.told.0 && end > watched.told.1;
        watched.command = Some(*command);
        if !more {
            return;
        }
        watched.told = (command.epoch, end);
        if let Some(since_ms) = watched.unfit_since_ms
            && now_ms > since_ms + AFTERWARDS_MS
        {
            findings.note("granted-unfit", now_ms, || {
                format!(
                    "{} is given ground up to waypoint {end}, and has been out of touch or unfit for {} ms",
                    floor.vehicles[vehicle.index()].name,
                    now_ms - since_ms
                )
            });
        }
        if self.vehicles[vehicle.index()].to_be_resumed {
            findings.note("granted-unfit", now_ms, || {
                format!(
                    "{} is given ground after a stop, and nobody has resumed it",
                    floor.vehicles[vehicle.index()].name
                )
            });
        }
        let held = self.held(floor, sim, vehicle);
        let known = !self.is_misplaced(vehicle, now_ms);
        let class = class_of(floor, sim, vehicle);
        for &place in held.iter().filter(|_| known) {
            for conflict in floor.conflicts.of(class, place) {
                if let Some(other) = self.found_at(
                    floor,
                    sim,
                    vehicle,
                    conflict.place,
                    conflict.classes,
                    now_ms,
                ) {
                    let name = |v: VehicleId| &floor.vehicles[v.index()].name;
                    findings.note("ground", now_ms, || {
                        format!(
                            "{} is given {}, which conflicts with {} of {}",
                            name(vehicle),
                            words(floor, place),
                            words(floor, conflict.place),
                            name(other)
                        )
                    });
                }
            }
        }
        for place in held {
            let holders = &mut self.holders[place.index()];
            if !holders.contains(&vehicle) {
                holders.push(vehicle);
            }
        }
    }

    /// Another vehicle of these classes that truly holds a place.
    fn found_at(
        &mut self,
        floor: &Floor,
        sim: &SimFloor,
        except: VehicleId,
        place: PlaceId,
        classes: u32,
        now_ms: u64,
    ) -> Option<VehicleId> {
        let mut at = 0;
        while at < self.holders[place.index()].len() {
            let other = self.holders[place.index()][at];
            if other != except {
                if !self.held(floor, sim, other).contains(&place) {
                    self.holders[place.index()].swap_remove(at);
                    continue;
                }
                if classes >> class_of(floor, sim, other).0 & 1 == 1
                    && !self.is_misplaced(other, now_ms)
                {
                    return Some(other);
                }
            }
            at += 1;
        }
        None
    }

    /// Has it said until now, and when it was located, that it was elsewhere?
    fn is_misplaced(&self, vehicle: VehicleId, now_ms: u64) -> bool {
        let since = self.vehicles[vehicle.index()].misplaced_ms;
        since.is_some_and(|ms| now_ms <= ms + AFTERWARDS_MS)
    }

    /// Everything that a vehicle is on or may go to: what it has ahead of it, and what it has been told and not heard yet.
    fn held(&self, floor: &Floor, sim: &SimFloor, vehicle: VehicleId) -> Vec<PlaceId> {
        let truth = sim.vehicle(vehicle);
        let motion = truth.motion();
        let mut at = begins_at(floor, motion);
        let mut held = vec![floor.roadmap.place_of(at)];
        for node in motion.nodes_ahead() {
            add(floor, &mut held, at, node);
            at = node;
            // Nearer than the floor's tolerance it may count as being there.
            if held.len() <= FIRST_LEG && is_near(floor, motion.position(), node) {
                held.clear();
                held.push(floor.roadmap.place_of(node));
            }
        }
        if let Some(command) = &self.vehicles[vehicle.index()].command {
            let (epoch, known) = truth.knows();
            let known = if command.epoch == epoch { known } else { 0 };
            for waypoint in command.waypoints().iter().filter(|w| w.seq > known) {
                add(floor, &mut held, at, waypoint.node);
                at = waypoint.node;
            }
        }
        held
    }
}

/// A node, the way to the next, and that.
const FIRST_LEG: usize = 3;

/// Is a point at a node, by the tolerance with which vehicles are located?
fn is_near(floor: &Floor, at: (f64, f64), node: NodeId) -> bool {
    let node = floor.roadmap.node(node);
    let (dx, dy) = (at.0 - f64::from(node.x_mm), at.1 - f64::from(node.y_mm));
    let tolerance = f64::from(floor.control.position_tolerance_mm);
    dx * dx + dy * dy <= tolerance * tolerance
}

/// The node at which a vehicle stands, or from which it goes to the first that is ahead of it.
///
/// That is its last node, unless it has forgotten its base on the way: short of another node it may have been located there.
fn begins_at(floor: &Floor, motion: &Drive) -> NodeId {
    let (last, first) = (motion.node(), motion.nodes_ahead().next());
    let ends = |from: NodeId| {
        let edges = floor.roadmap.out_edges(from).iter();
        edges.map(|&e| floor.roadmap.edge(e).to)
    };
    let leads = |from, to| ends(from).any(|end| end == to);
    if is_near(floor, motion.position(), last) {
        return last;
    }
    let Some(first) = first else {
        let mut near = ends(last).filter(|&node| is_near(floor, motion.position(), node));
        return near.next().unwrap_or(last);
    };
    if leads(last, first) {
        return last;
    }
    // Of several nodes the one on whose way to the first it is.
    let aside = |&node: &NodeId| distance_aside(floor, motion.position(), node, first);
    let before = ends(last).filter(|&node| leads(node, first));
    before
        .min_by(|a, b| aside(a).total_cmp(&aside(b)))
        .unwrap_or(last)
}

/// How far a point is from the straight way between two nodes, mm.
fn distance_aside(floor: &Floor, at: (f64, f64), from: NodeId, to: NodeId) -> f64 {
    let place = |node| {
        let node = floor.roadmap.node(node);
        (f64::from(node.x_mm), f64::from(node.y_mm))
    };
    let (from, to) = (place(from), place(to));
    let (along, rest) = (
        (to.0 - from.0, to.1 - from.1),
        (at.0 - from.0, at.1 - from.1),
    );
    let square = along.0 * along.0 + along.1 * along.1;
    let share = ((rest.0 * along.0 + rest.1 * along.1) / square.max(1.0)).clamp(0.0, 1.0);
    let (dx, dy) = (rest.0 - share * along.0, rest.1 - share * along.1);
    (dx * dx + dy * dy).sqrt()
}

/// The ground of the way from one node to the next, and of that.
fn add(floor: &Floor, held: &mut Vec<PlaceId>, from: NodeId, to: NodeId) {
    let edges = floor.roadmap.out_edges(from).iter();
    let between = edges.map(|&e| floor.roadmap.edge(e)).filter(|e| e.to == to);
    held.extend(between.map(|e| e.place));
    held.push(floor.roadmap.place_of(to));
}

fn class_of(floor: &Floor, sim: &SimFloor, vehicle: VehicleId) -> ClassId {
    floor.kind_of(vehicle).class(sim.vehicle(vehicle).loaded())
}

fn words(floor: &Floor, place: PlaceId) -> String {
    match floor.roadmap.node_of(place) {
        Some(node) => floor.roadmap.node(node).name.clone(),
        None => {
            let edge = floor.roadmap.edges().iter().find(|e| e.place == place);
            let name = |node: NodeId| floor.roadmap.node(node).name.as_str();
            edge.map_or(String::new(), |e| {
                format!("{}->{}", name(e.from), name(e.to))
            })
        }
    }
}

#[cfg(test)]
#[path = "ground_tests.rs"]
mod tests;
