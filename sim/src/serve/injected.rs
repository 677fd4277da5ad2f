//! Faults that somebody injects into a served floor: asked for by the control channel, begun and ended by the thread of
//! the simulation.

use super::endpoint::Plug;
use crate::faults::{Fault, FaultKind, Target, unknown};
use crate::floor::{Endpoint, SimFloor};
use serde::Serialize;
use std::time::Duration;
use takt_maps::Floor;

/// Longest time that a fault may be asked for, s.
const LASTS_MAX_S: f64 = 86_400.0;

/// How long a fault lasts when nobody says, s.
const LASTS_S: f64 = 10.0;

/// What was asked for.
#[derive(Debug, Default)]
pub struct Injected {
    /// Not begun yet.
    waiting: Vec<Fault>,
    /// Begun and not ended.
    active: Vec<Fault>,
}

impl Injected {
    /// Begins and ends what is due.
    pub fn step(&mut self, sim: &mut SimFloor) {
        if self.waiting.is_empty() && self.active.is_empty() {
            return;
        }
        let now_ms = sim.now_ms();
        for mut fault in self.waiting.drain(..) {
            fault.at_ms = now_ms;
            sim.begin_fault(&fault);
            self.active.extend((fault.for_ms > 0).then_some(fault));
        }
        self.active.retain(|fault| {
            let over = fault.until_ms() <= now_ms;
            if over {
                sim.end_fault(fault);
            }
            !over
        });
    }

    /// Takes a fault on; its begin is now.
    ///
    /// # Errors
    /// If this kind of fault is there already, or this target has one that a second one would not combine with.
    pub fn add(&mut self, floor: &Floor, fault: Fault) -> Result<(), String> {
        let mut all = self.waiting.iter().chain(&self.active);
        if all.any(|f| f.kind == fault.kind && f.target == fault.target) {
            let (kind, target) = (fault.kind.name(), fault.target.name(floor));
            return Err(format!(
                "{kind} of {target} is active already; wait until it is over"
            ));
        }
        self.waiting.push(fault);
        Ok(())
    }

    /// Faults that are active now.
    pub fn active(&self, floor: &Floor, now_ms: u64) -> Vec<ActiveFault> {
        let told = |fault: &Fault| ActiveFault {
            kind: fault.kind.name(),
            target: fault.target.name(floor),
            amount: fault.amount,
            left_s: fault.until_ms().saturating_sub(now_ms) as f64 / 1000.0,
        };
        self.active.iter().map(told).collect()
    }
}

/// A fault that is active.
#[derive(Debug, Serialize)]
pub struct ActiveFault {
    kind: &'static str,
    target: String,
    amount: u32,
    left_s: f64,
}

/// A kind of fault, for people.
#[derive(Debug, Serialize)]
pub struct KnownFault {
    kind: &'static str,
    what: &'static str,
    target: &'static str,
    unit: Option<&'static str>,
    amount_min: Option<u32>,
    amount_max: Option<u32>,
    /// It has an end.
    lasts: bool,
    /// A served floor can do it; the others happen in virtual time only.
    live: bool,
}

/// All kinds.
pub fn known() -> Vec<KnownFault> {
    let told = |kind: FaultKind| KnownFault {
        kind: kind.name(),
        what: kind.what(),
        target: kind.class().word(),
        unit: kind.amount().map(|a| a.unit),
        amount_min: kind.amount().map(|a| a.min),
        amount_max: kind.amount().map(|a| a.max),
        lasts: kind.lasts(),
        live: kind.is_live(),
    };
    FaultKind::ALL.iter().map(|&kind| told(kind)).collect()
}

/// The fault that is meant by these words.
///
/// # Errors
/// With what is wrong, and what there is.
pub fn meant(
    floor: &Floor,
    kind: &str,
    target: &str,
    for_s: Option<f64>,
    amount: Option<u32>,
) -> Result<Fault, String> {
    let kind = FaultKind::named(kind).ok_or_else(|| unknown(kind))?;
    let name = kind.name();
    if !kind.is_live() {
        return Err(format!(
            "{name} happens in virtual time only, not on a served floor"
        ));
    }
    let target = Target::checked(floor, kind, target)?;
    let seconds = for_s.unwrap_or(if kind.lasts() { LASTS_S } else { 0.0 });
    if !(0.0..=LASTS_MAX_S).contains(&seconds) {
        return Err(format!(
            "a time is more than 0 and at most {LASTS_MAX_S} s, not {seconds}"
        ));
    }
    // What is shorter than a millisecond is one, not nothing.
    let for_ms = (seconds * 1_000.0).ceil() as u64;
    let for_ms = kind.checked_time(for_ms, LASTS_MAX_S as u64 * 1_000)?;
    let middle = (kind.amount()).map_or(0, |range| range.min + (range.max - range.min) / 2);
    let amount = kind.checked_amount(amount.unwrap_or(middle))?;
    Ok(Fault {
        kind,
        target,
        at_ms: 0,
        for_ms,
        amount,
    })
}

/// Does its part at the sockets; false if that plug is pulled too often.
pub fn pull(fault: &Fault, plugs: &[Plug]) -> bool {
    let time = match fault.kind {
        FaultKind::LinkReset => Duration::ZERO,
        FaultKind::LinkOutage | FaultKind::VehicleReboots => Duration::from_millis(fault.for_ms),
        _ => return true,
    };
    let endpoint = match fault.target {
        Target::Vehicle(id) => Endpoint::Vehicle(id),
        Target::Device(id) => Endpoint::Device(id),
        _ => return true,
    };
    let plug = plugs.iter().find(|p| p.endpoint == endpoint);
    plug.is_none_or(|plug| plug.pull(time))
}

impl FaultKind {
    /// Can a served floor do it?
    pub fn is_live(self) -> bool {
        self.is_of_floor() || matches!(self, FaultKind::LinkOutage | FaultKind::LinkReset)
    }
}
