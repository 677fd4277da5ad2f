//! Names to positions, with a suggestion for a mistyped one.

use super::Log;
use crate::problem::Problem;
use crate::spec::{FloorSpec, Name};
use std::collections::HashMap;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Where each name of one sort of thing is defined.
pub(crate) struct Table<'a> {
    /// "node", "vehicle kind", ...
    what: &'static str,
    names: Vec<&'a str>,
    index: HashMap<&'a str, usize>,
}

impl<'a> Table<'a> {
    /// Files names under their position; reports names that are empty, unprintable or there twice, and more than `max`.
    fn new(
        what: &'static str,
        max: usize,
        names: impl Iterator<Item = &'a Name>,
        log: &mut Log,
    ) -> Self {
        let mut this = Table {
            what,
            names: Vec::new(),
            index: HashMap::new(),
        };
        for (i, name) in names.enumerate() {
            this.names.push(&name.value);
            if i == max {
                log.push(Problem::error(
                    format!("more than {max} of what has the sort \"{what}\""),
                    name.span,
                ));
            }
            if log.unreadable(name.span) {
                continue;
            }
            check_name(what, name, log);
            if this.index.contains_key(name.value.as_str()) {
                log.push(
                    Problem::error(
                        format!("the {what} \"{}\" is defined twice", name.value),
                        name.span,
                    )
                    .hint("give one of them another name"),
                );
            } else {
                this.index.insert(&name.value, i);
            }
        }
        this
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The position of what `name` refers to; reports it if it is not there.
    pub(crate) fn find(&self, name: &Name, log: &mut Log) -> Option<usize> {
        let found = self.index.get(name.value.as_str()).copied();
        if found.is_none() && !log.unreadable(name.span) {
            let message = format!("there is no {} \"{}\"", self.what, name.value);
            let hint = log
                .suggest(&name.value, self.names.iter().copied())
                .unwrap_or_else(|| format!("define it, or name a {} that is defined", self.what));
            log.push(Problem::error(message, name.span).hint(hint));
        }
        found
    }

    /// The same for a name that may be left out.
    pub(crate) fn find_some(&self, name: Option<&Name>, log: &mut Log) -> Option<usize> {
        name.and_then(|name| self.find(name, log))
    }
}

/// Reports a name that is empty, too long or has control characters.
fn check_name(what: &str, name: &Name, log: &mut Log) {
    let trouble = if name.value.is_empty() {
        "is empty"
    } else if name.value.len() > NAME_BYTES_MAX {
        "is longer than 64 bytes"
    } else if name.value.chars().any(char::is_control) {
        "has control characters"
    } else {
        return;
    };
    log.push(Problem::error(
        format!("the name of a {what} {trouble}"),
        name.span,
    ));
}

/// The tables of all sorts of things that are referred to by name.
pub(crate) struct Tables<'a> {
    pub levels: Table<'a>,
    pub nodes: Table<'a>,
    pub kinds: Table<'a>,
    pub stations: Table<'a>,
    pub doors: Table<'a>,
    pub devices: Table<'a>,
    pub handshakes: Table<'a>,
    pub materials: Table<'a>,
    pub buffers: Table<'a>,
}

impl<'a> Tables<'a> {
    /// Files everything that has a name.
    pub(crate) fn new(spec: &'a FloorSpec, log: &mut Log) -> Self {
        const MANY: usize = u16::MAX as usize;
        if !log.unreadable(spec.name.span) {
            check_name("floor", &spec.name, log);
        }
        // Referred to by nobody, but unique all the same.
        Table::new(
            "vehicle",
            20_000,
            spec.vehicles.iter().map(|v| &v.name),
            log,
        );
        Table::new("charger", MANY, spec.chargers.iter().map(|c| &c.name), log);
        Table::new("zone", 1_000, spec.zones.iter().map(|z| &z.name), log);
        Table::new("line", MANY, spec.lines.iter().map(|l| &l.name), log);
        Tables {
            levels: Table::new("level", 255, spec.levels.iter().map(|l| &l.name), log),
            nodes: Table::new("node", 4_000_000, spec.nodes.iter().map(|n| &n.name), log),
            kinds: Table::new("vehicle kind", 16, spec.kinds.iter().map(|k| &k.name), log),
            stations: Table::new("station", MANY, spec.stations.iter().map(|s| &s.name), log),
            doors: Table::new("door", MANY, spec.doors.iter().map(|d| &d.name), log),
            devices: Table::new("device", MANY, spec.devices.iter().map(|d| &d.name), log),
            handshakes: Table::new(
                "handshake",
                MANY,
                spec.handshakes.iter().map(|h| &h.name),
                log,
            ),
            materials: Table::new("material", MANY, spec.materials.iter(), log),
            buffers: Table::new("buffer", MANY, spec.buffers.iter().map(|b| &b.name), log),
        }
    }
}
