//! The native floor file: TOML, key by key as in `docs/floor-file.md`.

mod plant;
mod reader;
mod roadmap;

use crate::problem::Problem;
use crate::spec::*;
use reader::{Fields, Log, span};
use toml::de::DeTable;

/// Most syntax errors reported at once; after one, others often only follow from it.
const SYNTAX_ERRORS_MAX: usize = 5;

/// Texts up to this size are searched for more than the first syntax error.
const RECOVER_BYTES_MAX: usize = 256 << 10;

/// Reads a floor file. The problems found on the way come with the description; what could not be read is missing
/// from it, or has no span.
///
/// # Errors
/// If the text is no TOML at all, or larger than [`TOML_BYTES_MAX`](super::TOML_BYTES_MAX).
pub fn parse(text: &str) -> Result<(FloorSpec, Vec<Problem>), Vec<Problem>> {
    if text.len() > super::TOML_BYTES_MAX {
        return Err(vec![Problem::error(
            format!(
                "the file is larger than {} MiB",
                super::TOML_BYTES_MAX >> 20
            ),
            None,
        )]);
    }
    match DeTable::parse(text) {
        Ok(table) => {
            let log = Log::default();
            let fields = Fields::new(table.get_ref(), span(table.span()), "a floor file", &log);
            let spec = floor(fields);
            Ok((spec, log.into_problems()))
        }
        Err(_) if text.len() <= RECOVER_BYTES_MAX => Err(DeTable::parse_recoverable(text)
            .1
            .iter()
            .take(SYNTAX_ERRORS_MAX)
            .map(syntax_error)
            .collect()),
        Err(error) => Err(vec![syntax_error(&error)]),
    }
}

fn syntax_error(error: &toml::de::Error) -> Problem {
    let problem = Problem::error(error.message().trim_end(), error.span().map(span));
    if error.message().contains("duplicate") {
        return problem.hint("every name and key may be written once in its table");
    }
    problem.hint("this is not valid TOML: see toml.io, and docs/floor-file.md for examples")
}

fn floor(mut f: Fields) -> FloorSpec {
    let types = f.tables("device_type", "[[device_type]]", plant::device_type);
    let spec = FloorSpec {
        name: f.required("name"),
        levels: f.tables("level", "[[level]]", roadmap::level),
        nodes: roadmap::nodes(&mut f),
        paths: f.tables("path", "[[path]]", roadmap::path),
        walls: f.tables("wall", "[[wall]]", roadmap::wall),
        zones: f.tables("zone", "[[zone]]", roadmap::zone),
        kinds: f.tables("kind", "[[kind]]", roadmap::kind),
        vehicles: f.tables("vehicle", "[[vehicle]]", roadmap::vehicle),
        stations: f.tables("station", "[[station]]", plant::station),
        chargers: f.tables("charger", "[[charger]]", plant::charger),
        parking: f.optional("parking").unwrap_or_default(),
        doors: f.tables("door", "[[door]]", plant::door),
        devices: f.tables("device", "[[device]]", |f| plant::device(f, &types)),
        handshakes: f.tables("handshake", "[[handshake]]", plant::handshake),
        materials: f.optional("materials").unwrap_or_default(),
        buffers: f.tables("buffer", "[[buffer]]", plant::buffer),
        lines: f.tables("line", "[[line]]", plant::line),
        control: f.table("control", "[control]", control).unwrap_or_default(),
        workload: f
            .table("workload", "[workload]", workload)
            .unwrap_or_default(),
    };
    f.finish();
    spec
}

fn control(f: &mut Fields) -> ControlSpec {
    ControlSpec {
        cycle_ms: f.optional("cycle_ms"),
        budget: f.optional("budget"),
        overruns_max: f.optional("overruns_max"),
        planner_ms: f.optional("planner_ms"),
        dispatcher_ms: f.optional("dispatcher_ms"),
        transfer_ms: f.optional("transfer_ms"),
        link_timeout_ms: f.optional("link_timeout_ms"),
        orders_max: f.optional("orders_max"),
        clearance: f.optional("clearance"),
        position_tolerance: f.optional("position_tolerance"),
    }
}

fn workload(f: &mut Fields) -> WorkloadSpec {
    WorkloadSpec {
        random_open: f.optional("random_open"),
        rush_every_s: f.optional("rush_every_s"),
        deadline_s: f.optional("deadline_s"),
    }
}

#[cfg(test)]
mod tests;
