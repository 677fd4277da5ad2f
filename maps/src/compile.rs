//! From a [`FloorSpec`] to a [`Floor`]: names become ids, metres millimetres, geometry conflict sets; and everything
//! that is wrong on the way is reported, all of it at once.

mod fleet;
mod names;
mod numbers;
mod plant;
mod roadmap;
mod zones;

use crate::check;
use crate::conflict::ConflictSets;
use crate::digest::digest;
use crate::floor::Floor;
use crate::geometry::{pairs, shapes};
use crate::problem::{Problem, Severity};
use crate::spec::{FloorSpec, Span};
use names::Tables;

/// What problems are gathered in while a floor is compiled.
pub(crate) struct Log {
    problems: Vec<Problem>,
    /// Values without a place in the text could not be read, which has been reported: don't judge what stands in for them.
    skip_unplaced: bool,
}

impl Log {
    /// Adds a problem.
    pub(crate) fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Stands this value in for one that could not be read?
    pub(crate) fn unreadable(&self, span: Option<Span>) -> bool {
        self.skip_unplaced && span.is_none()
    }

    /// Number of errors so far.
    pub(crate) fn errors(&self) -> usize {
        let errors = self.problems.iter();
        errors.filter(|p| p.severity == Severity::Error).count()
    }
}

/// Compiles a floor.
///
/// `read` are the problems found while the description was read. If there are errors among them, values of `spec`
/// without a span are taken for unreadable and reported no further.
///
/// # Errors
/// All problems, `read` among them, if one is an error; otherwise the floor comes with the warnings.
pub fn compile(
    spec: &FloorSpec,
    read: Vec<Problem>,
) -> Result<(Floor, Vec<Problem>), Vec<Problem>> {
    let mut log = Log {
        skip_unplaced: read.iter().any(|p| p.severity == Severity::Error),
        problems: read,
    };
    let tables = Tables::new(spec, &mut log);
    let mut floor = Floor {
        name: spec.name.value.clone(),
        control: numbers::control(&spec.control, &mut log),
        workload: numbers::workload(&spec.workload, &mut log),
        ..Floor::default()
    };

    // Where vehicles are and go.
    let before_roadmap = log.errors();
    fleet::kinds(spec, &mut floor, &mut log);
    let paths = roadmap::roadmap(spec, &tables, &mut floor, &mut log);
    let whole = log.errors() == before_roadmap && !log.skip_unplaced;

    // What stands around it.
    let before_things = log.errors();
    plant::devices(spec, &tables, &mut floor, &mut log);
    plant::places(spec, &tables, &mut floor, &mut log);
    plant::production(spec, &tables, &mut floor, &mut log);
    fleet::vehicles(spec, &tables, &mut floor, &mut log);
    let things_whole = log.errors() == before_things;
    let exclusive = zones::zones(spec, &tables, &mut floor, &mut log);

    // Which places are too near to each other.
    let classes = shapes::classes(&floor.kinds, floor.classes);
    let stations: Vec<_> = floor.stations.iter().map(|s| s.node).collect();
    let shapes = shapes::Shapes::new(&floor.roadmap, &classes, &stations);
    let places = floor.roadmap.places();
    let clearance = f64::from(floor.control.clearance_mm);
    let mut entries = pairs::conflicts(&shapes, floor.classes, places, clearance);
    zones::exclude(&exclusive, &classes, &floor, &mut entries);
    floor.conflicts = ConflictSets::from_entries(places, floor.classes, entries);

    let subject = check::Subject {
        spec,
        floor: &floor,
        shapes: &shapes,
        paths: &paths,
        whole: whole && things_whole,
    };
    check::space(&subject, &mut log);
    check::reach(&subject, &mut log);
    if log.errors() > 0 {
        return Err(log.problems);
    }
    floor.digest = digest(&floor);
    Ok((floor, log.problems))
}
