//! What stands on the floor: devices, handshakes, stations, chargers, parking, doors, materials, buffers and lines.

mod handshakes;
mod production;

pub(crate) use production::production;

use super::Log;
use super::fleet::Addresses;
use super::names::Tables;
use super::numbers::{Sort, point};
use crate::floor::{Charger, Device, DevicePoint, Door, Floor, PointAddress, Station};
use crate::floor::{HandshakeKind, IMAGE_WORDS};
use crate::ids::*;
use crate::problem::Problem;
use crate::spec::{BlockSpec, DevicePointSpec, DeviceSpec, FloorSpec, Name, PlcSpec};
use std::collections::HashSet;

/// Fills in devices and handshakes.
pub(crate) fn devices(spec: &FloorSpec, tables: &Tables, floor: &mut Floor, log: &mut Log) {
    let mut addresses = Addresses::default();
    for device in &spec.devices {
        floor
            .devices
            .push(self::device(device, &mut addresses, log));
    }
    for handshake in &spec.handshakes {
        floor.handshakes.push(handshakes::handshake(handshake, log));
    }
    handshakes::check_points(spec, tables, &floor.devices, log);
}

fn device(spec: &DeviceSpec, addresses: &mut Addresses, log: &mut Log) -> Device {
    let (read_at, read_words) = block(&spec.read, log);
    let (write_at, write_words) = block(&spec.write, log);
    Device {
        name: spec.name.value.clone(),
        address: addresses.read(&spec.address, &spec.name.value, log),
        read_at,
        read_words,
        write_at,
        write_words,
        inputs: points(&spec.inputs, &spec.read, log),
        outputs: points(&spec.outputs, &spec.write, log),
    }
}

fn block(spec: &BlockSpec, log: &mut Log) -> (u16, u8) {
    let at = Sort::plain("at", "", 0, 65_535).whole(&spec.at, log);
    let words = Sort::plain("words", "", 0, IMAGE_WORDS as i64).whole(&spec.words, log);
    if at + words > 65_536 {
        log.push(
            Problem::error("the block reaches beyond the last register", spec.at.span)
                .hint("registers are numbered from 0 to 65535"),
        );
    }
    (at as u16, words as u8)
}

fn points(specs: &[DevicePointSpec], block: &BlockSpec, log: &mut Log) -> Vec<DevicePoint> {
    let mut names = HashSet::new();
    let mut points = Vec::new();
    for spec in specs {
        let name = &spec.name.value;
        if !names.insert(name) {
            let message = format!("the point \"{name}\" is defined twice");
            log.push(Problem::error(message, spec.name.span));
        }
        let (word, bit) = spec.address.value;
        let in_block =
            (0..block.words.value).contains(&word) && bit.is_none_or(|bit| (0..16).contains(&bit));
        if !in_block && !log.unreadable(spec.address.span) {
            let words = block.words.value;
            log.push(
                Problem::error(
                    format!("the point \"{name}\" is outside the block of {words} words"),
                    spec.address.span,
                )
                .hint("words are counted from 0 at the start of the block, bits from 0 to 15"),
            );
            continue;
        }
        points.push(DevicePoint {
            name: name.clone(),
            address: match bit {
                Some(bit) => PointAddress::Bit(word as u8, bit as u8),
                None => PointAddress::Word(word as u8),
            },
        });
    }
    points
}

/// Fills in stations, chargers, parking and doors.
pub(crate) fn places(spec: &FloorSpec, tables: &Tables, floor: &mut Floor, log: &mut Log) {
    let mut plcs = Plcs {
        tables,
        kinds: floor.handshakes.iter().map(|h| h.kind).collect(),
        used: HashSet::new(),
    };
    let node = |name: &Name, log: &mut Log| tables.nodes.find(name, log).map(NodeId::from_index);
    for station in &spec.stations {
        let device = plcs.read(&station.plc, HandshakeKind::Transfer, log);
        // Ids must stay those of the file, so one with an unknown node stays in; the floor is refused anyway.
        floor.stations.push(Station {
            name: station.name.value.clone(),
            node: node(&station.node, log).unwrap_or_default(),
            device,
        });
    }
    for charger in &spec.chargers {
        let device = plcs.read(&charger.plc, HandshakeKind::Charge, log);
        floor.chargers.push(Charger {
            name: charger.name.value.clone(),
            node: node(&charger.node, log).unwrap_or_default(),
            device,
        });
    }
    let mut parked = HashSet::new();
    for parking in &spec.parking {
        let Some(id) = node(parking, log) else {
            continue;
        };
        if !parked.insert(id) {
            let message = format!("\"{}\" is listed twice", parking.value);
            log.push(
                Problem::error(message, parking.span).hint("parking places are nodes, each once"),
            );
        }
        floor.parking.push(id);
    }
    let passed: HashSet<_> = floor
        .roadmap
        .edges()
        .iter()
        .filter_map(|e| e.door)
        .collect();
    for (i, door) in spec.doors.iter().enumerate() {
        let device = plcs.read(&door.plc, HandshakeKind::Door, log);
        floor.doors.push(Door {
            name: door.name.value.clone(),
            ends: [point(&door.ends[0], log), point(&door.ends[1], log)],
            device,
        });
        if !passed.contains(&DoorId::from_index(i)) {
            let message = format!("no path passes the door \"{}\"", door.name.value);
            let problem = Problem::warning(message, door.name.span);
            log.push(problem.hint("name it as the \"door\" of the path through it"));
        }
    }
    if floor.roadmap.nodes().is_empty() {
        // Without a node nothing can stand anywhere; the stand-in ids above must not be looked at.
        floor.stations.clear();
        floor.chargers.clear();
    }
}

/// Resolves the device behind a thing.
struct Plcs<'a> {
    tables: &'a Tables<'a>,
    /// Kinds of the handshakes.
    kinds: Vec<HandshakeKind>,
    /// Devices that are taken.
    used: HashSet<usize>,
}

impl Plcs<'_> {
    fn read(
        &mut self,
        spec: &PlcSpec,
        kind: HandshakeKind,
        log: &mut Log,
    ) -> Option<(DeviceId, HandshakeId)> {
        let (device, handshake) = match (&spec.device, &spec.handshake) {
            (None, None) => return None,
            (Some(device), Some(handshake)) => (device, handshake),
            (Some(one), None) | (None, Some(one)) => {
                log.push(
                    Problem::error(
                        "a device needs a handshake, and the other way round",
                        one.span,
                    )
                    .hint("give both \"device\" and \"handshake\", or neither"),
                );
                return None;
            }
        };
        let device_id = self.tables.devices.find(device, log);
        let handshake_id = self.tables.handshakes.find(handshake, log)?;
        let device_id = device_id?;
        let spoken = self.kinds[handshake_id];
        if spoken != kind {
            let (spoken, kind) = (handshakes::word(spoken), handshakes::word(kind));
            log.push(
                Problem::error(
                    format!(
                        "\"{}\" is a handshake of kind {spoken}, not {kind}",
                        handshake.value
                    ),
                    handshake.span,
                )
                .hint(format!("name a handshake with kind = \"{kind}\"")),
            );
        }
        if !self.used.insert(device_id) {
            log.push(
                Problem::error(
                    format!("the device \"{}\" is used twice", device.value),
                    device.span,
                )
                .hint("two dialogues over the same points would disturb each other: describe a device for each"),
            );
        }
        Some((
            DeviceId::from_index(device_id),
            HandshakeId::from_index(handshake_id),
        ))
    }
}
