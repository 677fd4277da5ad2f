//! The text form of a mix: `PROFILE` and `NAME[@TARGET]=RATE`, separated by commas.

use super::{FaultKind, Mix, Profile, Rate, Scope};
use std::str::FromStr;

/// The most events an hour that a rate may ask for.
const RATE_MAX: f64 = 3_600.0;

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
        for item in text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
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

fn parse_item(item: &str) -> Result<Vec<Rate>, String> {
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
