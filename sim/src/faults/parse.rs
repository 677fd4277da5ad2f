//! The text form of a mix: `PROFILE` and `NAME[@TARGET]=RATE`, separated by commas.

use super::{FaultKind, Mix, Profile, Rate, Scope};
use std::str::FromStr;

/// The most events an hour that a rate may ask for.
const RATE_MAX: f64 = 3_600.0;

/// The least probability of a message's fate but 0: scripts count them in thousandths.
const PROBABILITY_MIN: f64 = 0.001;

/// Everything that is wrong with a mix in text form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct SpecError(pub Vec<String>);

impl FromStr for Mix {
    type Err = SpecError;

    /// `hostile`, `rough,vehicle-stops=0.1/h`, `plc-restart@plc-smt1-1=2/h,message-loss=0.01`, `none`. What comes later
    /// counts more.
    fn from_str(text: &str) -> Result<Self, SpecError> {
        let (mut mix, mut problems) = (Mix::none(), Vec::new());
        let items = items(text);
        if items.is_empty() {
            problems.push(
                "nothing is said; write none, calm, rough, hostile, or NAME=RATE for a fault"
                    .to_owned(),
            );
        }
        for item in &items {
            match parse_item(item) {
                Ok(rates) => mix.rates.extend(rates),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() {
            Ok(mix)
        } else {
            Err(SpecError(problems))
        }
    }
}

/// The parts of a mix. A comma that is part of a target's name, as in `pallet@4,2->5,2=1/h`, parts nothing: a target is
/// followed by its rate.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for part in text.split(',') {
        match items.last_mut() {
            Some(last) if last.contains('@') && !last.contains('=') => {
                last.push(',');
                last.push_str(part);
            }
            _ => items.push(part.to_owned()),
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

fn parse_item(item: &str) -> Result<Vec<Rate>, String> {
    let item = item.trim();
    let Some((what, rate)) = item.split_once('=') else {
        if item == "none" {
            return Ok(Vec::new());
        }
        let profile = Profile::ALL.into_iter().find(|p| p.name() == item);
        return profile.map(|p| Mix::of(p).rates).ok_or_else(|| {
            if FaultKind::named(item).is_some() {
                format!("{item}: how often? As {item}=0.5/h")
            } else {
                format!("{item}: no such profile; known are none, calm, rough, hostile, and NAME=RATE for a fault")
            }
        });
    };
    let (name, target) = match what.split_once('@') {
        Some((name, target)) => (name.trim(), Some(target.trim())),
        None => (what.trim(), None),
    };
    let kind = FaultKind::named(name).ok_or_else(|| unknown(name))?;
    let rate = parse_rate(kind, rate.trim()).map_err(|why| format!("{item}: {why}"))?;
    let scope = target.map_or(Scope::All, |name| Scope::Named(name.to_owned()));
    Ok(vec![Rate { kind, scope, rate }])
}

fn parse_rate(kind: FaultKind, text: &str) -> Result<f64, String> {
    let number = |text: &str| -> Result<f64, String> {
        let value = text
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite() && *v >= 0.0);
        value
            .ok_or_else(|| format!("\"{text}\" is no rate; write 0.5/h, or 0.01 for a probability"))
    };
    match (text.strip_suffix("/h"), kind.is_per_message()) {
        (Some(events), false) => {
            let rate = number(events)?;
            if rate > RATE_MAX {
                return Err(format!("at most {RATE_MAX}/h for each target is allowed"));
            }
            Ok(rate)
        }
        (Some(_), true) => {
            Err("it happens to messages, so its rate is a probability from 0 to 1, as 0.01".into())
        }
        (None, true) => {
            let rate = number(text)?;
            if rate > 1.0 {
                return Err("a probability is 0 to 1".into());
            }
            if rate > 0.0 && rate < PROBABILITY_MIN {
                return Err(format!(
                    "the smallest probability but 0 is {PROBABILITY_MIN}"
                ));
            }
            Ok(rate)
        }
        (None, false) => {
            let rate = number(text)?;
            Err(format!(
                "a rate an hour is needed, as {rate}/h for each target"
            ))
        }
    }
}

/// Says what there is, what comes nearest first.
pub(crate) fn unknown(name: &str) -> String {
    let names: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    let hint = takt_maps::suggest::did_you_mean(name, names.iter().copied());
    let hint = hint.map_or(String::new(), |hint| format!(" ({hint})"));
    format!(
        "{name}: no such fault{hint}; known are {}",
        names.join(", ")
    )
}
