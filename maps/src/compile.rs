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
use crate::geometry::pairs;
use crate::geometry::shapes::{self, Shapes};
use crate::ids::PlaceId;
use crate::problem::{Problem, Severity};
use crate::spec::{FloorSpec, Span};
use crate::suggest::did_you_mean;
use names::Tables;

/// What problems are gathered in while a floor is compiled.
pub(crate) struct Log {
    problems: Vec<Problem>,
    /// Values without a place in the text could not be read, which has been reported: don't judge what stands in for them.
    skip_unplaced: bool,
    /// How many mistyped names are still compared with all that are known.
    suggestions_left: usize,
}

/// Beyond so many mistyped names, looking for what each was meant to be would take longer than the check.
const SUGGESTIONS_MAX: usize = 500;

impl Log {
    /// A log that begins with the problems found while the description was read.
    fn new(read: Vec<Problem>) -> Self {
        Self {
            skip_unplaced: read.iter().any(|p| p.severity == Severity::Error),
            problems: read,
            suggestions_left: SUGGESTIONS_MAX,
        }
    }

    /// A log that nobody reads, for what is reported elsewhere.
    fn silent() -> Self {
        Self {
            suggestions_left: 0,
            ..Self::new(Vec::new())
        }
    }

    /// The known name that a mistyped one was meant to be, as a hint.
    fn suggest<'a>(
        &mut self,
        word: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Option<String> {
        self.suggestions_left = self.suggestions_left.checked_sub(1)?;
        did_you_mean(word, names)
    }

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

/// A floor on its way, with what the checks need beside it.
struct Resolved {
    floor: Floor,
    shapes: Shapes,
    /// For each directed edge the index of its path.
    paths: Vec<u32>,
    /// Could everything be resolved that says what is where?
    whole: bool,
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
    let mut log = Log::new(read);
    let Some(resolved) = resolve(spec, &mut log) else {
        return Err(log.problems);
    };
    let subject = check::Subject {
        spec,
        floor: &resolved.floor,
        shapes: &resolved.shapes,
        paths: &resolved.paths,
        whole: resolved.whole,
    };
    check::space(&subject, &mut log);
    check::doors(&subject, &mut log);
    check::reach(&subject, &mut log);
    if log.errors() > 0 {
        return Err(log.problems);
    }
    let mut floor = resolved.floor;
    floor.digest = digest(&floor);
    Ok((floor, log.problems))
}

/// Resolves names and units and computes the conflict table; `None` if that would grow beyond measure.
fn resolve(spec: &FloorSpec, log: &mut Log) -> Option<Resolved> {
    let tables = Tables::new(spec, log);
    let mut floor = Floor {
        name: spec.name.value.clone(),
        control: numbers::control(&spec.control, log),
        workload: numbers::workload(&spec.workload, log),
        ..Floor::default()
    };

    // Where vehicles are and go.
    let before = log.errors();
    fleet::kinds(spec, &mut floor, log);
    let paths = roadmap::roadmap(spec, &tables, &mut floor, log);

    // What stands around it.
    plant::devices(spec, &tables, &mut floor, log);
    plant::places(spec, &tables, &mut floor, log);
    plant::production(spec, &tables, &mut floor, log);
    fleet::vehicles(spec, &tables, &mut floor, log);
    let whole = log.errors() == before && !log.skip_unplaced;
    let exclusive = zones::zones(spec, &tables, &mut floor, log);

    // Which places are too near to each other.
    let classes = shapes::classes(&floor.kinds, floor.classes);
    let stations: Vec<_> = floor.stations.iter().map(|s| s.node).collect();
    let shapes = Shapes::new(&floor.roadmap, &classes, &stations);
    let places = floor.roadmap.places();
    let clearance = f64::from(floor.control.clearance_mm);
    let mut entries = match pairs::conflicts(&shapes, floor.classes, places, clearance) {
        Ok(entries) => entries,
        Err(place) => {
            log.push(too_dense(&floor, place));
            return None;
        }
    };
    zones::exclude(&exclusive, &classes, &floor, &mut entries);
    floor.conflicts = ConflictSets::from_entries(places, floor.classes, entries);
    Some(Resolved {
        floor,
        shapes,
        paths,
        whole,
    })
}

/// A floor as it is before anybody judges it.
#[cfg(test)]
pub(crate) fn without_checks(spec: &FloorSpec) -> Floor {
    let resolved = resolve(spec, &mut Log::silent());
    resolved.map(|r| r.floor).unwrap_or_default()
}

/// Nodes lie on top of each other, as they do when metres are taken for millimetres.
fn too_dense(floor: &Floor, place: PlaceId) -> Problem {
    let edges = floor.roadmap.edges();
    let node = match floor.roadmap.node_of(place) {
        Some(node) => Some(node),
        None => edges.iter().find(|e| e.place == place).map(|e| e.from),
    };
    let name = node.map_or("", |n| &floor.roadmap.node(n).name);
    let message = format!("nodes and paths lie too densely around \"{name}\"");
    Problem::error(message, None).hint("coordinates and footprints are in metres: check them")
}

#[cfg(test)]
mod tests;
