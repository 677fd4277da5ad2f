//! Which faults, how often, and to whom.

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
    /// To targets of this name; one `*` stands for anything.
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

    /// The rate of a kind of fault for a target.
    pub(super) fn rate(&self, floor: &Floor, kind: FaultKind, target: Target) -> f64 {
        let mut all = self.rates.iter().rev().filter(|r| r.kind == kind);
        all.find(|r| r.scope.covers(floor, target))
            .map_or(0.0, |r| r.rate)
    }
}

/// Does a name match a pattern with at most one `*`?
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
        }
    }
}
