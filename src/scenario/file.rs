//! Scenario files: a scenario as TOML, to be kept as a regression test or changed by hand.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use takt_maps::Floor;
use takt_maps::suggest::did_you_mean;
use takt_sim::faults::{Fault, FaultKind, Target};
use toml::Spanned;

use super::floors::FloorChoice;
use super::{FOR_MS_MAX, Scenario};
use crate::host::virtual_time::links::Depth;

/// The version that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// Everything that is wrong with a scenario file, one line each.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ScenarioError(pub Vec<String>);

#[derive(Serialize, Deserialize)]
struct Version {
    takt_scenario: Option<Spanned<i64>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScenarioText {
    takt_scenario: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
    floor: Spanned<String>,
    seed: u64,
    for_ms: Spanned<u64>,
    #[serde(default = "image")]
    depth: Spanned<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicles: Option<Spanned<u64>>,
    #[serde(default = "yes")]
    lines: bool,
    #[serde(default = "yes")]
    workload: bool,
    #[serde(default = "yes")]
    clients: bool,
    #[serde(default)]
    fault: Vec<FaultText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultText {
    kind: Spanned<String>,
    #[serde(default, skip_serializing_if = "is_blank")]
    target: Option<Spanned<String>>,
    at_ms: Spanned<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    for_ms: Option<Spanned<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Spanned<u32>>,
}

fn is_blank(target: &Option<Spanned<String>>) -> bool {
    target.as_ref().is_none_or(|t| t.get_ref().is_empty())
}

fn yes() -> bool {
    true
}

fn image() -> Spanned<String> {
    Spanned::new(0..0, "image".to_owned())
}

impl Scenario {
    /// A scenario on a floor in which nothing goes wrong.
    pub fn on(floor: FloorChoice) -> Self {
        Self {
            floor,
            seed: 0,
            for_ms: 0,
            depth: Depth::Image,
            vehicles: None,
            lines: true,
            workload: true,
            clients: true,
            faults: Vec::new(),
        }
    }

    /// The scenario as text, with a note for whoever reads it.
    ///
    /// # Errors
    /// If its floor cannot be loaded any more.
    pub fn to_text(&self, note: &str) -> Result<String, String> {
        let floor = self.floor()?;
        let spanned = |text: &str| Spanned::new(0..0, text.to_owned());
        let fault = |f: &Fault| FaultText {
            kind: spanned(f.kind.name()),
            target: Some(spanned(&f.target.name(&floor))),
            at_ms: Spanned::new(0..0, f.at_ms),
            for_ms: f.kind.lasts().then(|| Spanned::new(0..0, f.for_ms)),
            amount: f.kind.amount().map(|_| Spanned::new(0..0, f.amount)),
        };
        let text = ScenarioText {
            takt_scenario: VERSION,
            note: note.to_owned(),
            floor: spanned(&self.floor.to_string()),
            seed: self.seed,
            for_ms: Spanned::new(0..0, self.for_ms),
            depth: spanned(self.depth.name()),
            vehicles: self.vehicles.map(|n| Spanned::new(0..0, n as u64)),
            lines: self.lines,
            workload: self.workload,
            clients: self.clients,
            fault: self.faults.iter().map(fault).collect(),
        };
        toml::to_string_pretty(&text).map_err(|e| e.to_string())
    }

    /// Reads a scenario from text; `name` is that of its file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and column.
    pub fn from_text(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let at = |span: Range<usize>| place(name, text, span.start);
        let one = |problem: String| ScenarioError(vec![problem]);
        let of_toml = |error: toml::de::Error| {
            let at = error.span().map_or(name.to_owned(), at);
            one(format!("{at}: {}", error.message()))
        };
        let version: Version = toml::from_str(text).map_err(of_toml)?;
        match version.takt_scenario {
            Some(v) if *v.get_ref() == i64::from(VERSION) => {}
            Some(v) => {
                return Err(one(format!(
                    "{}: this is version {} of scenario files, and this program reads version {VERSION}; write it anew with this program (takt sim --swarm 1 --seed N --shrink FILE)",
                    at(v.span()),
                    v.get_ref()
                )));
            }
            None => {
                return Err(one(format!(
                    "{name}: takt_scenario = {VERSION} is missing: is it a scenario file?"
                )));
            }
        }
        let read: ScenarioText = toml::from_str(text).map_err(of_toml)?;
        let mut problems = Vec::new();
        let mut scenario = Scenario {
            for_ms: *read.for_ms.get_ref(),
            vehicles: read.vehicles.as_ref().map(|n| *n.get_ref() as usize),
            lines: read.lines,
            workload: read.workload,
            clients: read.clients,
            seed: read.seed,
            ..Scenario::on(FloorChoice::BuiltIn(String::new()))
        };
        match Depth::named(read.depth.get_ref()) {
            Some(depth) => scenario.depth = depth,
            None => problems.push(format!(
                "{}: depth is image or protocol",
                at(read.depth.span())
            )),
        }
        if !(1..=FOR_MS_MAX).contains(&scenario.for_ms) {
            problems.push(format!(
                "{}: for_ms is more than 0 and at most {FOR_MS_MAX} (366 days)",
                at(read.for_ms.span())
            ));
        }
        if let Some(vehicles) = read.vehicles.as_ref().filter(|n| *n.get_ref() == 0) {
            problems.push(format!("{}: vehicles is 1 or more", at(vehicles.span())));
        }
        let floor = match read.floor.get_ref().parse() {
            Ok(choice) => {
                scenario.floor = choice;
                scenario.floor()
            }
            Err(why) => Err(why),
        };
        // What else is wrong with faults is said also where nobody knows whom they could be about.
        if let Err(why) = &floor {
            problems.push(format!("{}: {why}", at(read.floor.span())));
        }
        let floor = floor.ok();
        for fault in &read.fault {
            match fault_of(floor.as_deref(), scenario.for_ms, fault) {
                Ok(fault) => scenario.faults.extend(fault),
                Err(wrong) => {
                    let say = |(span, why)| format!("{}: {why}", at(span));
                    problems.extend(wrong.into_iter().map(say));
                }
            }
        }
        if problems.is_empty() {
            Ok(scenario)
        } else {
            Err(ScenarioError(problems))
        }
    }
}

/// Something wrong, and where it stands.
type Wrong = (Range<usize>, String);

/// The fault that is meant in a scenario that lasts so long; `None` without a floor.
fn fault_of(
    floor: Option<&Floor>,
    scenario_ms: u64,
    text: &FaultText,
) -> Result<Option<Fault>, Vec<Wrong>> {
    let (name, here) = (text.kind.get_ref(), text.kind.span());
    let Some(kind) = FaultKind::named(name) else {
        let names = FaultKind::ALL.iter().map(|k| k.name());
        let hint =
            did_you_mean(name, names).unwrap_or_else(|| "takt fault list names all".to_owned());
        return Err(vec![(
            here,
            format!("there is no fault \"{name}\"; {hint}"),
        )]);
    };
    let mut wrong = Vec::new();
    let (target, span) = match &text.target {
        Some(target) => (target.get_ref().as_str(), target.span()),
        None => ("", here.clone()),
    };
    let target = floor.map(|floor| Target::checked(floor, kind, target));
    let target = (target.transpose()).unwrap_or_else(|why| {
        wrong.push((span, why));
        None
    });
    let at_ms = *text.at_ms.get_ref();
    if at_ms >= scenario_ms {
        let why = format!("a fault begins before for_ms of the scenario, {scenario_ms}");
        wrong.push((text.at_ms.span(), why));
    }
    let for_ms = match &text.for_ms {
        Some(ms) => (kind.checked_time(*ms.get_ref(), FOR_MS_MAX)).map_err(|why| (ms.span(), why)),
        None if kind.lasts() => Err((here.clone(), duration_is_missing(kind))),
        None => Ok(0),
    };
    let amount = match (&text.amount, kind.amount()) {
        (None, None) => Ok(0),
        (Some(amount), None) => Err((amount.span(), format!("{name} has no amount"))),
        (Some(amount), Some(_)) => {
            (kind.checked_amount(*amount.get_ref())).map_err(|why| (amount.span(), why))
        }
        (None, Some(range)) => Err((
            here,
            format!(
                "{name} needs an amount: {} to {} {}",
                range.min, range.max, range.unit
            ),
        )),
    };
    let mut take = |checked: Result<u64, Wrong>| checked.map_err(|w| wrong.push(w)).unwrap_or(0);
    let (for_ms, amount) = (take(for_ms), take(amount.map(u64::from)));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(target.map(|target| Fault {
        kind,
        target,
        at_ms,
        for_ms,
        amount: amount as u32,
    }))
}

/// What is to be said of a fault that would begin and never end.
fn duration_is_missing(kind: FaultKind) -> String {
    let name = kind.name();
    match kind.lasts_ms() {
        (0, 0) => format!("{name} lasts some time: for_ms is missing"),
        (least, most) => format!(
            "{name} lasts some time: for_ms is missing (made up at random, it is {least} to {most})"
        ),
    }
}

/// Has the floor such a target?
pub(super) fn is_there(floor: &Floor, target: Target) -> bool {
    match target {
        Target::Whole => true,
        Target::Vehicle(id) => id.index() < floor.vehicles.len(),
        Target::Device(id) => id.index() < floor.devices.len(),
        Target::Edge(id) => id.index() < floor.roadmap.edges().len(),
        Target::Area(id) => id.index() < floor.roadmap.nodes().len(),
    }
}

/// `name:line:column` of an offset.
fn place(name: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    format!("{name}:{line}:{column}")
}
