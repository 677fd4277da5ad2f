//! Stations, chargers, doors, devices, handshakes, buffers and lines.

use super::reader::{Fields, Item, Log, Read, span};
use super::roadmap::address;
use crate::problem::Problem;
use crate::spec::*;
use crate::suggest::did_you_mean;
use toml::de::DeValue;

fn plc(f: &mut Fields) -> PlcSpec {
    PlcSpec {
        device: f.optional("device"),
        handshake: f.optional("handshake"),
    }
}

pub(super) fn station(f: &mut Fields) -> StationSpec {
    StationSpec {
        name: f.required("name"),
        node: f.required("node"),
        plc: plc(f),
    }
}

pub(super) fn charger(f: &mut Fields) -> ChargerSpec {
    ChargerSpec {
        name: f.required("name"),
        node: f.required("node"),
        plc: plc(f),
    }
}

pub(super) fn door(f: &mut Fields) -> DoorSpec {
    let name = f.required("name");
    let ends: Vec<PointSpec> = f.required("ends");
    let item = f.item("ends");
    let ends = match <[PointSpec; 2]>::try_from(ends) {
        Ok(ends) => ends,
        Err(_) => {
            if let Some(item) = item {
                let problem = Problem::error("a door has two ends", Some(span(item.span())));
                f.log.push(problem.hint("ends = [[x1, y1], [x2, y2]]"));
            }
            Default::default()
        }
    };
    DoorSpec {
        name,
        ends,
        plc: plc(f),
    }
}

/// Blocks and points, of a type or of one device.
fn interface(f: &mut Fields) -> DeviceSpec {
    let mut block = |key| {
        f.table(key, "a block of registers", |f| BlockSpec {
            at: f.required("at"),
            words: f.required("words"),
        })
    };
    let (read, write) = (block("read"), block("write"));
    DeviceSpec {
        read: read.unwrap_or_else(no_words),
        write: write.unwrap_or_else(no_words),
        inputs: f.optional::<Points>("inputs").unwrap_or_default().0,
        outputs: f.optional::<Points>("outputs").unwrap_or_default().0,
        ..DeviceSpec::default()
    }
}

/// A block that is not there.
fn no_words() -> BlockSpec {
    let none = || At::from(0);
    BlockSpec {
        at: none(),
        words: none(),
    }
}

pub(super) fn device_type(f: &mut Fields) -> DeviceSpec {
    DeviceSpec {
        name: f.required("name"),
        ..interface(f)
    }
}

pub(super) fn device(f: &mut Fields, types: &[DeviceSpec]) -> DeviceSpec {
    let name = f.required("name");
    let own: Vec<_> = ["read", "write", "inputs", "outputs"]
        .into_iter()
        .filter_map(|key| f.item(key))
        .collect();
    let base = match f.optional::<Name>("type") {
        None => interface(f),
        Some(wanted) => {
            for item in own {
                let at = Some(span(item.span()));
                let problem = Problem::error("a device with a type has its type's points", at);
                f.log
                    .push(problem.hint("leave out \"type\", or what the type gives"));
            }
            let found = types.iter().find(|t| t.name.value == wanted.value);
            if found.is_none() {
                let message = format!("there is no device type \"{}\"", wanted.value);
                let names = types.iter().map(|t| t.name.value.as_str());
                let hint = did_you_mean(&wanted.value, names)
                    .unwrap_or_else(|| "describe it as a [[device_type]]".to_owned());
                f.log.push(Problem::error(message, wanted.span).hint(hint));
            }
            found.cloned().unwrap_or_default()
        }
    };
    DeviceSpec {
        name,
        address: address(f),
        ..base
    }
}

/// A table of points: `name = word` or `name = "word.bit"`.
#[derive(Default)]
struct Points(Vec<DevicePointSpec>);

impl Read for Points {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let entries = entries(item, "a table of points", log)?;
        let point = |(name, item): (Name, &Item)| {
            let address = point_address(item);
            if address.is_none() {
                let problem = Problem::error(
                    format!("\"{}\" has no address in the block", name.value),
                    Some(span(item.span())),
                );
                log.push(
                    problem.hint("write a word, such as 1, or a word and a bit, such as \"0.3\""),
                );
            }
            Some(DevicePointSpec {
                name,
                address: At::new(address?, span(item.span())),
            })
        };
        Some(Points(entries.into_iter().filter_map(point).collect()))
    }
}

fn point_address(item: &Item) -> Option<(i64, Option<i64>)> {
    match item.get_ref() {
        DeValue::Integer(i) => Some((i64::from_str_radix(i.as_str(), i.radix()).ok()?, None)),
        DeValue::String(text) => match text.split_once('.') {
            Some((word, bit)) => Some((word.parse().ok()?, Some(bit.parse().ok()?))),
            None => Some((text.parse().ok()?, None)),
        },
        _ => None,
    }
}

/// Keys and values of a table whose keys are names, in the order of the text.
fn entries<'d>(
    item: &'d Item<'d>,
    what: &'static str,
    log: &'d Log,
) -> Option<Vec<(Name, &'d Item<'d>)>> {
    let Some(table) = item.get_ref().as_table() else {
        log.expected(item, what);
        return None;
    };
    Some(Fields::new(table, span(item.span()), what, log).entries())
}

/// A table of points and values.
#[derive(Default)]
struct Values(Vec<(Name, At<ValueSpec>)>);

impl Read for Values {
    fn read(item: &Item, log: &Log) -> Option<Self> {
        let entries = entries(item, "a table of points and values", log)?;
        let value = |(name, item): (Name, &Item)| {
            let value = match item.get_ref() {
                DeValue::Boolean(value) => ValueSpec::Constant(i64::from(*value)),
                DeValue::String(word) => ValueSpec::Word(word.clone().into_owned()),
                _ => ValueSpec::Constant(At::<i64>::read(item, log)?.value),
            };
            Some((name, At::new(value, span(item.span()))))
        };
        Some(Values(entries.into_iter().filter_map(value).collect()))
    }
}

fn step(f: &mut Fields) -> StepSpec {
    StepSpec {
        name: f.required("name"),
        set: f.optional::<Values>("set").unwrap_or_default().0,
        wait: f.optional::<Values>("wait").unwrap_or_default().0,
        vehicle_acts: f.optional("vehicle_acts").unwrap_or_default(),
        timeout: f.optional("timeout"),
    }
}

pub(super) fn handshake(f: &mut Fields) -> HandshakeSpec {
    HandshakeSpec {
        name: f.required("name"),
        kind: f.required("kind"),
        begin: f.tables("begin", "a step", step),
        end: f.tables("end", "a step", step),
        fault: f.optional("fault"),
        acknowledge: f.optional("acknowledge"),
    }
}

pub(super) fn buffer(f: &mut Fields) -> BufferSpec {
    BufferSpec {
        name: f.required("name"),
        station: f.required("station"),
        material: f.required("material"),
        role: f.required("role"),
        finite: f.optional("finite").unwrap_or_default(),
        capacity: f.required("capacity"),
        initial: f.optional("initial"),
        lot: f.required("lot"),
        level: f.optional("level"),
        reorder_at: f.optional("reorder_at"),
        from: f.optional("from"),
        collect_at: f.optional("collect_at"),
        to: f.optional("to"),
    }
}

pub(super) fn line(f: &mut Fields) -> LineSpec {
    LineSpec {
        name: f.required("name"),
        takt: f.required("takt"),
        consumes: f.tables("consumes", "what a line takes", |f| {
            (f.required("buffer"), f.required("pieces"))
        }),
        produces: f.tables("produces", "what a line leaves", |f| ProduceSpec {
            buffer: f.required("buffer"),
            pieces: f.required("pieces"),
            every: f.optional("every"),
        }),
    }
}
