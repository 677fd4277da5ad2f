//! Materials, buffers and lines.

use crate::compile::Log;
use crate::compile::names::Tables;
use crate::compile::numbers::Sort;
use crate::floor::{Buffer, BufferRole, Floor, Line, Material, PointAddress, Produce};
use crate::ids::{BufferId, MaterialId, StationId};
use crate::problem::Problem;
use crate::spec::{At, BufferSpec, FloorSpec, LineSpec, Name};
use crate::suggest::did_you_mean;

const ROLES: [&str; 4] = ["source", "consume", "produce", "sink"];

/// Fills in materials, buffers and lines.
pub(crate) fn production(spec: &FloorSpec, tables: &Tables, floor: &mut Floor, log: &mut Log) {
    let material = |name: &Name| Material {
        name: name.value.clone(),
    };
    floor.materials = spec.materials.iter().map(material).collect();
    floor.buffers = spec
        .buffers
        .iter()
        .map(|b| {
            check_level(b, tables, floor, log);
            buffer(b, spec, tables, log)
        })
        .collect();
    floor.lines = spec
        .lines
        .iter()
        .map(|l| line(l, spec, tables, log))
        .collect();
}

fn buffer(spec: &BufferSpec, all: &FloorSpec, tables: &Tables, log: &mut Log) -> Buffer {
    let pieces = |what, min| Sort::plain(what, " pieces", min, 100_000_000);
    let capacity = pieces("capacity", 1).whole(&spec.capacity, log);
    let lot = pieces("lot", 1).whole(&spec.lot, log);
    let name = &spec.name.value;
    let readable = !log.unreadable(spec.capacity.span) && !log.unreadable(spec.lot.span);
    if readable && lot > capacity {
        log.push(
            Problem::error(
                format!("a lot of {lot} pieces does not fit the buffer \"{name}\" of {capacity}"),
                spec.lot.span,
            )
            .hint("make the capacity at least one lot"),
        );
    }
    let full = matches!(spec.role.value.as_str(), "source" | "consume");
    let default = if full { capacity } else { 0 };
    let initial = pieces("initial", 0).whole_or(spec.initial.as_ref(), default, log);
    if readable && initial > capacity {
        let message = format!("{initial} pieces do not fit the buffer \"{name}\" of {capacity}");
        let at = spec.initial.as_ref().and_then(|i| i.span);
        log.push(Problem::error(message, at));
    }
    Buffer {
        name: name.clone(),
        station: StationId::from_index(tables.stations.find(&spec.station, log).unwrap_or(0)),
        material: MaterialId::from_index(tables.materials.find(&spec.material, log).unwrap_or(0)),
        capacity: capacity as u32,
        initial: initial as u32,
        lot: lot as u32,
        level: spec.level.as_ref().map(|n| n.value.clone()),
        role: role(spec, all, tables, log),
    }
}

fn role(spec: &BufferSpec, all: &FloorSpec, tables: &Tables, log: &mut Log) -> BufferRole {
    let role = spec.role.value.as_str();
    check_keys(spec, log);
    let threshold = |what, at: &Option<At<i64>>, log: &mut Log| {
        Sort::plain(what, " pieces", 0, 100_000_000).whole_or(at.as_ref(), 0, log)
    };
    match role {
        "source" => BufferRole::Source {
            finite: spec.finite,
        },
        "consume" => {
            let reorder_at = threshold("reorder_at", &spec.reorder_at, log);
            if reorder_at + spec.lot.value > spec.capacity.value && !log.skip_unplaced {
                let message = format!(
                    "a lot called off at {reorder_at} pieces may not fit the buffer \"{}\" when it comes",
                    spec.name.value
                );
                let at = spec.reorder_at.as_ref().and_then(|r| r.span);
                log.push(
                    Problem::warning(message, at)
                        .hint("make the capacity reorder_at + lot pieces or more"),
                );
            }
            BufferRole::Consume {
                reorder_at: reorder_at as u32,
                from: other(
                    spec,
                    spec.from.as_ref(),
                    &["source", "produce"],
                    all,
                    tables,
                    log,
                ),
            }
        }
        "produce" => {
            let collect_at = threshold("collect_at", &spec.collect_at, log);
            let fits = (spec.lot.value..=spec.capacity.value).contains(&collect_at);
            if !fits && !log.skip_unplaced {
                let at = spec.collect_at.as_ref().and_then(|c| c.span);
                log.push(
                    Problem::error("collect_at must be from one lot to the capacity", at)
                        .hint("a lot is taken away when so many pieces are there"),
                );
            }
            BufferRole::Produce {
                collect_at: collect_at as u32,
                to: other(
                    spec,
                    spec.to.as_ref(),
                    &["sink", "consume"],
                    all,
                    tables,
                    log,
                ),
            }
        }
        "sink" => BufferRole::Sink,
        _ => {
            if !log.unreadable(spec.role.span) {
                let hint = did_you_mean(role, ROLES).unwrap_or_else(|| {
                    "the roles are source, consume, produce and sink".to_owned()
                });
                let message = format!("there is no role \"{role}\"");
                log.push(Problem::error(message, spec.role.span).hint(hint));
            }
            BufferRole::Sink
        }
    }
}

/// Reports keys that the role needs and that are missing, and those of other roles.
fn check_keys(spec: &BufferSpec, log: &mut Log) {
    let role = spec.role.value.as_str();
    if log.unreadable(spec.role.span) || !ROLES.contains(&role) {
        return;
    }
    let place = |name: &Option<Name>| name.as_ref().map(|n| n.span);
    let number = |at: &Option<At<i64>>| at.as_ref().map(|n| n.span);
    let keys = [
        ("reorder_at", "consume", number(&spec.reorder_at)),
        ("from", "consume", place(&spec.from)),
        ("collect_at", "produce", number(&spec.collect_at)),
        ("to", "produce", place(&spec.to)),
    ];
    for (key, owner, given) in keys {
        match given {
            // In a file with unreadable values the key may be there.
            None if role == owner && !log.skip_unplaced => {
                let message = format!("the buffer \"{}\" has no {key}", spec.name.value);
                let problem = Problem::error(message, spec.name.span);
                log.push(problem.hint(format!("a buffer with role = \"{role}\" needs it")));
            }
            Some(span) if role != owner => {
                let message = format!("{key} means nothing for a buffer with role \"{role}\"");
                let problem = Problem::error(message, span);
                log.push(problem.hint(format!("it belongs to role = \"{owner}\"")));
            }
            _ => {}
        }
    }
    if spec.finite && role != "source" {
        let message = format!("finite means nothing for a buffer with role \"{role}\"");
        log.push(Problem::error(message, spec.name.span).hint("it belongs to role = \"source\""));
    }
}

/// The buffer at the other end, which must have one of the roles and hold the same material.
fn other(
    spec: &BufferSpec,
    name: Option<&Name>,
    roles: &[&str],
    all: &FloorSpec,
    tables: &Tables,
    log: &mut Log,
) -> BufferId {
    let Some((name, id)) = name.and_then(|n| Some((n, tables.buffers.find(n, log)?))) else {
        return BufferId(0);
    };
    let other = &all.buffers[id];
    let readable = !log.unreadable(other.role.span) && !log.unreadable(other.material.span);
    if readable && !roles.contains(&other.role.value.as_str()) {
        log.push(
            Problem::error(
                format!(
                    "the buffer \"{}\" has role \"{}\"",
                    name.value, other.role.value
                ),
                name.span,
            )
            .hint(format!("name one with role \"{}\"", roles.join("\" or \""))),
        );
    }
    if readable && other.material.value != spec.material.value {
        let message = format!(
            "the buffer \"{}\" holds \"{}\", not \"{}\"",
            name.value, other.material.value, spec.material.value
        );
        log.push(Problem::error(message, name.span).hint("both ends must hold the same material"));
    }
    BufferId::from_index(id)
}

/// Reports a level input that is no word of the station's device.
fn check_level(spec: &BufferSpec, tables: &Tables, floor: &Floor, log: &mut Log) {
    let Some(level) = &spec.level else { return };
    let station = tables.stations.find(&spec.station, log);
    let Some(station) = station.and_then(|s| floor.stations.get(s)) else {
        return;
    };
    let Some((device, _)) = station.device else {
        let message = format!(
            "the station \"{}\" has no device to read a level from",
            station.name
        );
        log.push(
            Problem::error(message, level.span).hint("leave \"level\" out: Takt counts by itself"),
        );
        return;
    };
    let device = &floor.devices[device.index()];
    if !matches!(device.input(&level.value), Some(PointAddress::Word(_))) {
        let words = device
            .inputs
            .iter()
            .filter(|p| matches!(p.address, PointAddress::Word(_)));
        let message = format!(
            "the device \"{}\" has no input word \"{}\"",
            device.name, level.value
        );
        let hint = did_you_mean(&level.value, words.map(|p| p.name.as_str()))
            .unwrap_or_else(|| "add it to the device's inputs, as a whole word".to_owned());
        log.push(Problem::error(message, level.span).hint(hint));
    }
}

fn line(spec: &LineSpec, all: &FloorSpec, tables: &Tables, log: &mut Log) -> Line {
    let pieces = Sort::plain("pieces", "", 1, 1_000_000);
    let takt = Sort::seconds("takt", 100, 86_400_000);
    let buffer = |name: &Name, role: &str, log: &mut Log| {
        let id = tables.buffers.find(name, log)?;
        let at = &all.buffers[id].role;
        if at.value != role && !log.unreadable(at.span) {
            let message = format!("the buffer \"{}\" has role \"{}\"", name.value, at.value);
            let problem = Problem::error(message, name.span);
            log.push(problem.hint(format!("name one with role \"{role}\"")));
        }
        Some(BufferId::from_index(id))
    };
    let mut consumes = Vec::new();
    for (name, amount) in &spec.consumes {
        let amount = pieces.whole(amount, log) as u32;
        consumes.extend(buffer(name, "consume", log).map(|b| (b, amount)));
    }
    let mut produces = Vec::new();
    for produce in &spec.produces {
        let amount = pieces.whole(&produce.pieces, log) as u32;
        let every = Sort::plain("every", " takts", 1, 1_000_000);
        let every = every.whole_or(produce.every.as_ref(), 1, log) as u32;
        produces.extend(
            buffer(&produce.buffer, "produce", log).map(|buffer| Produce {
                buffer,
                pieces: amount,
                every,
            }),
        );
    }
    Line {
        name: spec.name.value.clone(),
        takt_ms: takt.read(&spec.takt, log) as u32,
        consumes,
        produces,
    }
}
