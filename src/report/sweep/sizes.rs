//! Which fleet sizes to try, as people write them.

use std::str::FromStr;

/// Most runs of one sweep.
const RUNS_MAX: usize = 200;
/// Most vehicles that a floor may have.
const VEHICLES_MAX: usize = 20_000;

/// Which fleets: sizes in ascending order, none twice, at least one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sizes(pub Vec<usize>);

impl FromStr for Sizes {
    type Err = String;

    /// Reads `vehicles=10..40:5` (from, to, step; 1 without it) or `vehicles=10,20,40`; both may be mixed.
    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "write vehicles=10..40:5 or vehicles=10,20,40";
        let values = match text.split_once('=') {
            Some(("vehicles", values)) => values,
            Some((other, _)) => {
                return Err(format!("'{other}' can't be swept, only vehicles: {SHAPE}"));
            }
            None => return Err(format!("'{text}' does not say what to sweep: {SHAPE}")),
        };
        let size = |text: &str| match text.trim().parse::<usize>() {
            Ok(0) => Err("a fleet has 1 vehicle at least".to_owned()),
            Ok(n) if n > VEHICLES_MAX => {
                Err(format!("a fleet has at most {VEHICLES_MAX} vehicles"))
            }
            Ok(n) => Ok(n),
            Err(_) => Err(format!("'{text}' is not a number of vehicles: {SHAPE}")),
        };
        let mut sizes = Vec::new();
        for part in values.split(',') {
            let Some((from, rest)) = part.split_once("..") else {
                sizes.push(size(part)?);
                continue;
            };
            let (to, step) = match rest.split_once(':') {
                Some((to, step)) => (size(to)?, size(step)?),
                None => (size(rest)?, 1),
            };
            let from = size(from)?;
            if from > to {
                return Err(format!("{part} runs backwards: {SHAPE}"));
            }
            sizes.extend((from..=to).step_by(step).take(RUNS_MAX + 1));
        }
        sizes.sort_unstable();
        sizes.dedup();
        match sizes.len() {
            n if n > RUNS_MAX => Err(format!(
                "these are more than {RUNS_MAX} runs: take larger steps"
            )),
            _ => Ok(Self(sizes)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sizes_are_lists_and_ranges() {
        let sizes = |text: &str| text.parse::<Sizes>().map(|s| s.0);
        assert_eq!(sizes("vehicles=10..40:10").unwrap(), [10, 20, 30, 40]);
        assert_eq!(sizes("vehicles=10..13").unwrap(), [10, 11, 12, 13]);
        assert_eq!(sizes("vehicles=40,10,20,10").unwrap(), [10, 20, 40]);
        assert_eq!(sizes("vehicles=2,10..21:5").unwrap(), [2, 10, 15, 20]);
        for (bad, why) in [
            ("", "what to sweep"),
            ("10,20", "what to sweep"),
            ("speed=1..2", "'speed' can't be swept"),
            ("vehicles=", "not a number"),
            ("vehicles=ten", "not a number"),
            ("vehicles=10..", "not a number"),
            ("vehicles=10..20:0", "at least"),
            ("vehicles=0..20", "at least"),
            ("vehicles=20..10", "backwards"),
            ("vehicles=-5", "not a number"),
            ("vehicles=1..1000", "more than 200 runs"),
            ("vehicles=99999999", "at most"),
        ] {
            let error = sizes(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
