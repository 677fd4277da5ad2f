//! What somebody gives of a fault by hand, on a command line or in a file: the same is allowed everywhere.

use super::{FaultKind, Target, TargetClass};
use takt_maps::{Floor, suggest::did_you_mean};

/// Names of targets that a message lists at most.
const NAMES_MAX: usize = 5;

impl FaultKind {
    /// Does it begin and end, rather than happen at once?
    pub fn lasts(self) -> bool {
        self.is_per_message() || self.lasts_ms() != (0, 0)
    }

    /// How long it is to last, ms; 0 for what happens at once.
    ///
    /// # Errors
    /// With what is allowed.
    pub fn checked_time(self, for_ms: u64, most_ms: u64) -> Result<u64, String> {
        let name = self.name();
        match (self.lasts(), for_ms) {
            (false, 0) => Ok(0),
            (false, _) => Err(format!("{name} happens at once: it lasts no time")),
            (true, ms) if (1..=most_ms).contains(&ms) => Ok(ms),
            (true, ms) => Err(format!(
                "{name} lasts more than 0 and at most {} s, not {} s",
                most_ms / 1_000,
                ms as f64 / 1_000.0
            )),
        }
    }

    /// How large it is to be; 0 for a kind without an amount.
    ///
    /// # Errors
    /// With what is allowed.
    pub fn checked_amount(self, amount: u32) -> Result<u32, String> {
        let name = self.name();
        match self.amount() {
            None if amount == 0 => Ok(0),
            None => Err(format!("{name} has no amount")),
            Some(range) if (range.min..=range.max).contains(&amount) => Ok(amount),
            Some(range) => Err(format!(
                "the amount of {name} is {} to {} {}, not {amount}",
                range.min, range.max, range.unit
            )),
        }
    }
}

impl Target {
    /// The target that a kind of fault is to be about.
    ///
    /// # Errors
    /// With what the kind can be about on this floor, and what may be meant.
    pub fn checked(floor: &Floor, kind: FaultKind, name: &str) -> Result<Self, String> {
        Self::named(floor, kind.class(), name).ok_or_else(|| no_target(&[floor], kind, name))
    }
}

/// Says that none of these floors has such a target, and what there is.
pub(super) fn no_target(floors: &[&Floor], kind: FaultKind, name: &str) -> String {
    let (fault, class) = (kind.name(), kind.class());
    let word = class.word();
    if class == TargetClass::Whole {
        return format!("{fault} is about {word}: it has no target such as \"{name}\"");
    }
    let names =
        |floor: &&Floor| -> Vec<String> { class.targets(floor).map(|t| t.name(floor)).collect() };
    let names: Vec<String> = floors.iter().flat_map(names).collect();
    let none = match floors.len() {
        1 => "this floor",
        _ => "these floors",
    };
    if names.is_empty() {
        return format!("{fault} is about {word}, and {none} has none");
    }
    let hint = did_you_mean(name, names.iter().map(String::as_str));
    let hint = hint.map_or(String::new(), |hint| format!("; {hint}"));
    let few = names.get(..NAMES_MAX).unwrap_or(&names).join(", ");
    let more = if names.len() > NAMES_MAX { ", ..." } else { "" };
    format!(
        "{fault} is about {word}, and \"{name}\" is none of {none}{hint}; there are {few}{more}"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing;

    #[test]
    fn times_and_amounts_are_what_their_kind_allows() {
        let (stops, reset) = (FaultKind::VehicleStops, FaultKind::LinkReset);
        assert_eq!(stops.checked_time(5_000, 60_000), Ok(5_000));
        assert_eq!(reset.checked_time(0, 60_000), Ok(0));
        assert!(FaultKind::MessageLoss.checked_time(9, 60_000).is_ok());
        for (kind, ms, said) in [
            (stops, 0, "more than 0 and at most 60 s"),
            (stops, u64::MAX, "at most 60 s"),
            (reset, 1, "happens at once"),
        ] {
            let why = kind.checked_time(ms, 60_000).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
        assert_eq!(stops.checked_amount(0), Ok(0));
        assert!(stops.checked_amount(3).unwrap_err().contains("no amount"));
        let why = FaultKind::VehicleSlips.checked_amount(1).unwrap_err();
        assert!(why.contains("2 to 20 mm, not 1"), "{why}");
    }

    #[test]
    fn a_target_that_is_not_there_is_answered_with_those_that_are() {
        let floor = testing::floor();
        let why = |kind, name: &str| Target::checked(&floor, kind, name).unwrap_err();
        let name = floor.vehicles[0].name.clone();
        let near = why(FaultKind::VehicleStops, &format!("{name}x"));
        assert!(
            near.contains(&format!("did you mean \"{name}\"?")),
            "{near}"
        );
        let whole = why(FaultKind::ControllerCrash, "T01");
        assert!(whole.contains("the floor as a whole"), "{whole}");
        assert!(why(FaultKind::Pallet, "a->b").contains("an edge, as from->to"));
    }
}
