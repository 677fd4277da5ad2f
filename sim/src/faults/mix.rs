//! Which faults, how often, and to whom.

use super::given::no_target;
use super::{FaultKind, Target};
use takt_maps::Floor;

/// A named mix of rates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// A good day: links jitter, vehicles wait for people, operators work.
    Calm,
    /// A bad day: everything fails now and then.
    Rough,
    /// No such day: everything fails all the time.
    Hostile,
}

impl Profile {
    /// All, from the mildest.
    pub const ALL: [Profile; 3] = [Profile::Calm, Profile::Rough, Profile::Hostile];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Calm => "calm",
            Profile::Rough => "rough",
            Profile::Hostile => "hostile",
        }
    }
}

/// To whom a rate applies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// To every target of the kind.
    All,
    /// To targets of this name; each `*` stands for anything.
    Named(String),
}

impl Scope {
    /// Does it cover this target?
    pub fn covers(&self, floor: &Floor, target: Target) -> bool {
        match self {
            Scope::All => true,
            Scope::Named(pattern) => matches(pattern, &target.name(floor)),
        }
    }
}

/// How often one kind of fault happens.
#[derive(Clone, PartialEq, Debug)]
pub struct Rate {
    /// What.
    pub kind: FaultKind,
    /// To whom.
    pub scope: Scope,
    /// Events an hour for each target, or a probability for each message ([`FaultKind::is_per_message`]).
    pub rate: f64,
}

/// Rates of faults; where several apply to a target, the last one counts.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Mix {
    /// In the order in which they were given.
    pub rates: Vec<Rate>,
}

impl Mix {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// The rates of a profile.
    pub fn of(profile: Profile) -> Self {
        let rate = |kind: FaultKind| Rate {
            kind,
            scope: Scope::All,
            rate: kind.rates()[profile as usize],
        };
        let rates = FaultKind::ALL.iter().map(|&kind| rate(kind));
        Self {
            rates: rates.filter(|r| r.rate > 0.0).collect(),
        }
    }

    /// Rates whose target none of these floors has, in words; a mix applies to a floor if there is nothing to be said.
    pub fn unknown_targets(&self, floors: &[&Floor]) -> Vec<String> {
        let unknown = |rate: &&Rate| {
            let class = rate.kind.class();
            !(floors.iter()).any(|floor| class.targets(floor).any(|t| rate.scope.covers(floor, t)))
        };
        let say = |rate: &Rate| match &rate.scope {
            Scope::All => None,
            Scope::Named(name) => Some(no_target(floors, rate.kind, name)),
        };
        self.rates.iter().filter(unknown).filter_map(say).collect()
    }

    /// The rate of a kind of fault for a target.
    pub(super) fn rate(&self, floor: &Floor, kind: FaultKind, target: Target) -> f64 {
        let mut all = self.rates.iter().rev().filter(|r| r.kind == kind);
        all.find(|r| r.scope.covers(floor, target))
            .map_or(0.0, |r| r.rate)
    }
}

/// Does a name match a pattern in which each `*` stands for anything?
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(head) else {
        return false;
    };
    // What comes last is at the end, and what is between comes as early as it can.
    let (between, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*') {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_may_have_any_number_of_stars() {
        for (pattern, name) in [
            ("plc-*", "plc-store-1"),
            ("*", ""),
            ("*-1", "plc-1-1"),
            ("p*c-*-*1", "plc-smt1-1"),
            ("**", "x"),
            ("4*2->*", "4,2->5,2"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("plc", "plc-1"),
            ("a*a", "a"),
            ("a*b*c", "acb"),
            ("*b*", "a"),
            ("ab*ba", "aba"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
