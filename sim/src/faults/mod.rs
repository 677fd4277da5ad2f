//! Faults: everything that goes wrong on a floor, each with a name, a target, a time and a size.
//!
//! What goes wrong in a run is a *script*: a list of [`Fault`]s, drawn beforehand from a [`Mix`] of rates and a seed
//! ([`Mix::draw`]). A run with the same script is the same run, whoever drew it; a script can be written to a file, cut
//! down to what matters, and given by hand. Faults of vehicles, PLCs and ways are done by the simulated floor
//! ([`crate::floor::SimFloor::begin_fault`]); those of links, controller, disk, workers, operators and clocks by the host
//! that runs it.

mod act;
pub(crate) mod dice;
mod draw;
mod given;
pub(crate) mod incidents;
mod kind;
mod mix;
mod parse;
mod stoppages;
mod surroundings;

pub use kind::{Amount, FaultKind, TargetClass};
pub use mix::{Mix, Profile, Rate, Scope};
pub use parse::SpecError;
pub(crate) use parse::unknown;
pub use stoppages::stoppages;

use takt_maps::{DeviceId, EdgeId, Floor, NodeId, VehicleId};

/// Whom or what a fault is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// All of it: the controller, its disk, its workers, its operators.
    Whole,
    /// A vehicle, or the link to it.
    Vehicle(VehicleId),
    /// A device, or the link to it.
    Device(DeviceId),
    /// An edge of the roadmap.
    Edge(EdgeId),
    /// What is around a node; the fault's amount is the radius.
    Area(NodeId),
}

/// One thing that goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What.
    pub kind: FaultKind,
    /// Whom it is about.
    pub target: Target,
    /// When it begins, ms since the start of the run.
    pub at_ms: u64,
    /// How long it lasts, ms; 0 for what happens at once.
    pub for_ms: u64,
    /// How large it is, in the unit of its kind's [`Amount`]; 0 for kinds without one.
    pub amount: u32,
}

impl Fault {
    /// When it is over.
    pub fn until_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.for_ms)
    }
}

impl Target {
    /// Its name on a floor; an edge is `from->to`, and everything is empty.
    pub fn name(self, floor: &Floor) -> String {
        let node = |id: NodeId| &floor.roadmap.node(id).name;
        match self {
            Target::Whole => String::new(),
            Target::Vehicle(id) => floor.vehicles[id.index()].name.clone(),
            Target::Device(id) => floor.devices[id.index()].name.clone(),
            Target::Edge(id) => {
                let edge = floor.roadmap.edge(id);
                format!("{}->{}", node(edge.from), node(edge.to))
            }
            Target::Area(id) => node(id).clone(),
        }
    }

    /// The target of a class that has this name.
    pub fn named(floor: &Floor, class: TargetClass, name: &str) -> Option<Self> {
        class
            .targets(floor)
            .find(|target| target.name(floor) == name)
    }
}

#[cfg(test)]
mod tests;
