//! Handshakes, and whether the devices that they are spoken with have the points that they name.

use crate::compile::Log;
use crate::compile::names::Tables;
use crate::compile::numbers::Sort;
use crate::floor::{
    Device, DevicePoint, Handshake, HandshakeKind, HandshakeStep, PointAddress, Value,
};
use crate::problem::Problem;
use crate::spec::{At, FloorSpec, HandshakeSpec, Name, StepSpec, ValueSpec};
use crate::suggest::did_you_mean;

const KINDS: [(&str, HandshakeKind); 3] = [
    ("transfer", HandshakeKind::Transfer),
    ("door", HandshakeKind::Door),
    ("charge", HandshakeKind::Charge),
];

const VALUES: [(&str, Value); 3] = [
    ("direction", Value::Direction),
    ("load", Value::Load),
    ("buffer", Value::Buffer),
];

/// The word for a kind in floor files.
pub(super) fn word(kind: HandshakeKind) -> &'static str {
    match kind {
        HandshakeKind::Transfer => "transfer",
        HandshakeKind::Door => "door",
        HandshakeKind::Charge => "charge",
    }
}

pub(super) fn handshake(spec: &HandshakeSpec, log: &mut Log) -> Handshake {
    let known = KINDS.iter().find(|k| k.0 == spec.kind.value);
    if known.is_none() && !log.unreadable(spec.kind.span) {
        let message = format!("there is no kind of handshake \"{}\"", spec.kind.value);
        log.push(
            Problem::error(message, spec.kind.span).hint(
                did_you_mean(&spec.kind.value, KINDS.map(|k| k.0))
                    .unwrap_or_else(|| "the kinds are transfer, door and charge".to_owned()),
            ),
        );
    }
    let kind = known.map_or(HandshakeKind::Transfer, |k| k.1);
    if known.is_some() && !log.unreadable(spec.name.span) {
        check_shape(spec, kind, log);
    }
    let mut steps = |steps: &[StepSpec]| -> Vec<HandshakeStep> {
        steps.iter().map(|s| step(s, kind, log)).collect()
    };
    Handshake {
        name: spec.name.value.clone(),
        kind,
        begin: steps(&spec.begin),
        end: steps(&spec.end),
        fault: spec.fault.as_ref().map(|n| n.value.clone()),
        acknowledge: spec.acknowledge.as_ref().map(|n| n.value.clone()),
    }
}

/// Has it the steps that its kind needs?
fn check_shape(spec: &HandshakeSpec, kind: HandshakeKind, log: &mut Log) {
    let name = &spec.name.value;
    let mut error = |message: String, hint: &str| {
        log.push(Problem::error(message, spec.name.span).hint(hint));
    };
    let acts = spec.begin.iter().filter(|s| s.vehicle_acts).count();
    let acts_at_end = spec.end.iter().any(|s| s.vehicle_acts);
    if spec.begin.is_empty() {
        error(
            format!("the handshake \"{name}\" has no steps"),
            "describe them in \"begin\"",
        );
    } else if kind == HandshakeKind::Transfer && acts != 1 {
        error(
            format!("in {acts} steps of the transfer \"{name}\" the vehicle acts"),
            "give exactly one step vehicle_acts = true: in it the load changes hands",
        );
    }
    if kind == HandshakeKind::Transfer && !spec.end.is_empty() {
        error(
            format!("the transfer \"{name}\" has steps in \"end\""),
            "a transfer is over after \"begin\": put all steps there",
        );
    }
    if kind == HandshakeKind::Door && acts > 0 || kind != HandshakeKind::Transfer && acts_at_end {
        error(
            format!("the vehicle can't act in \"{name}\""),
            "vehicle_acts is for loading and unloading",
        );
    }
}

fn step(spec: &StepSpec, kind: HandshakeKind, log: &mut Log) -> HandshakeStep {
    let timeout = Sort::seconds("timeout", 1, 86_400_000);
    let mut values = |list: &[(Name, At<ValueSpec>)]| -> Vec<(String, Value)> {
        let pair = |(name, at): &(Name, At<ValueSpec>)| (name.value.clone(), value(at, kind, log));
        list.iter().map(pair).collect()
    };
    HandshakeStep {
        name: spec.name.value.clone(),
        set: values(&spec.set),
        wait: values(&spec.wait),
        vehicle_acts: spec.vehicle_acts,
        timeout_ms: timeout.read_or(spec.timeout.as_ref(), 0, log) as u32,
    }
}

fn value(at: &At<ValueSpec>, kind: HandshakeKind, log: &mut Log) -> Value {
    let span = at.span;
    match &at.value {
        ValueSpec::Constant(value) => {
            let sort = Sort::plain("a value", "", 0, 65_535);
            Value::Constant(sort.whole(
                &At {
                    value: *value,
                    span,
                },
                log,
            ) as u16)
        }
        ValueSpec::Word(word) => {
            let known = VALUES.iter().find(|v| v.0 == word);
            if known.is_none() {
                log.push(
                    Problem::error(format!("there is no value \"{word}\""), span)
                        .hint("write a number, true, false, \"direction\", \"load\" or \"buffer\""),
                );
            } else if kind != HandshakeKind::Transfer {
                log.push(
                    Problem::error(format!("\"{word}\" has a meaning in transfers only"), span)
                        .hint("write a number"),
                );
            }
            known.map_or(Value::Constant(0), |v| v.1)
        }
    }
}

/// Reports points that a handshake names and devices that speak it have not.
pub(super) fn check_points(spec: &FloorSpec, tables: &Tables, devices: &[Device], log: &mut Log) {
    let plcs = spec.stations.iter().map(|s| &s.plc);
    let plcs = plcs.chain(spec.chargers.iter().map(|c| &c.plc));
    let plcs = plcs.chain(spec.doors.iter().map(|d| &d.plc));
    let mut speakers: Vec<Vec<usize>> = vec![Vec::new(); spec.handshakes.len()];
    for plc in plcs {
        // Unknown names are reported where the things are compiled.
        let mut silent = Log::silent();
        let device = tables.devices.find_some(plc.device.as_ref(), &mut silent);
        let handshake = tables
            .handshakes
            .find_some(plc.handshake.as_ref(), &mut silent);
        if let (Some(device), Some(handshake)) = (device, handshake) {
            speakers[handshake].push(device);
        }
    }
    for (handshake, speakers) in spec.handshakes.iter().zip(&speakers) {
        let mut check = Check {
            handshake: &handshake.name.value,
            devices,
            speakers,
            log: &mut *log,
        };
        for step in handshake.begin.iter().chain(&handshake.end) {
            for (name, value) in &step.set {
                check.point(name, Some(value), "output", |d| &d.outputs);
            }
            for (name, value) in &step.wait {
                check.point(name, Some(value), "input", |d| &d.inputs);
            }
        }
        if let Some(name) = &handshake.fault {
            check.point(name, None, "input", |d| &d.inputs);
        }
        if let Some(name) = &handshake.acknowledge {
            check.point(name, None, "output", |d| &d.outputs);
        }
    }
}

/// A handshake against all devices that speak it.
struct Check<'a> {
    handshake: &'a str,
    devices: &'a [Device],
    speakers: &'a [usize],
    log: &'a mut Log,
}

impl Check<'_> {
    /// Is the point there, and does the value fit it?
    fn point(
        &mut self,
        name: &Name,
        value: Option<&At<ValueSpec>>,
        what: &str,
        points: impl Fn(&Device) -> &[DevicePoint],
    ) {
        let find = |d: usize| {
            points(&self.devices[d])
                .iter()
                .find(|p| p.name == name.value)
        };
        let mut lacking = self.speakers.iter().filter(|&&d| find(d).is_none());
        if let Some(&first) = lacking.next() {
            let others = match lacking.count() {
                0 => String::new(),
                n => format!(" (nor have {n} others)"),
            };
            let (handshake, device) = (self.handshake, &self.devices[first]);
            let message = format!(
                "the handshake \"{handshake}\" needs the {what} \"{}\", which the device \"{}\" has not{others}",
                name.value, device.name
            );
            let known = points(device).iter().map(|p| p.name.as_str());
            let hint = did_you_mean(&name.value, known)
                .unwrap_or_else(|| format!("add it to the device's {what}s"));
            self.log.push(Problem::error(message, name.span).hint(hint));
        }
        let Some(value) = value else { return };
        let fits_bit = matches!(value.value, ValueSpec::Constant(0 | 1));
        let bit = self
            .speakers
            .iter()
            .find(|&&d| matches!(find(d).map(|p| p.address), Some(PointAddress::Bit(..))));
        if let (Some(&device), false) = (bit, fits_bit) {
            let device = &self.devices[device].name;
            let message = format!(
                "the {what} \"{}\" of \"{device}\" is a single bit and holds 0 or 1",
                name.value
            );
            let problem = Problem::error(message, value.span);
            self.log.push(problem.hint("make the point a whole word"));
        }
    }
}
