//! Overruns: what is left out when cycles compute for longer than their budget.
//!
//! A ladder. First what nobody needs at once is left out; then nothing new is granted, so that vehicles come to rest at
//! the ends of their bases; at the limit that the floor sets it is a controlled stop. Cycles within the budget lead down
//! again, but not back from the stop.

use super::reports::alarm;
use super::tracked::{Digest, Mixer};
use super::{Controller, Outputs, Phase};
use crate::follower::model::{AlarmKind, AlarmPriority};

/// So many cycles within the budget forgive one overrun.
const FORGIVEN_BY: u32 = 20;
/// From so many overruns that are not forgiven all grants are held where they are,
const HOLD_FROM: u32 = 3 * FORGIVEN_BY;
/// until no more than so many are left.
const HOLD_UNTIL: u32 = FORGIVEN_BY;

/// How far overruns have led.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
enum Rung {
    /// Everything is done.
    #[default]
    Normal,
    /// Questions to the workers and status are left out.
    Shedding,
    /// Nothing is granted either.
    Holding,
    /// Controlled stop.
    Stopped,
}

/// The ladder's state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overruns {
    rung: Rung,
    /// Overruns not forgiven, times [`FORGIVEN_BY`]; at most the limit.
    strain: u32,
    /// Cycle that was told of the last overrun.
    last: Option<u64>,
}

impl Overruns {
    /// Is what may be left out to be left out now?
    pub(super) fn shed(&self) -> bool {
        self.strain > 0
    }

    /// Is nobody to be granted anything now?
    pub(super) fn hold(&self) -> bool {
        self.rung >= Rung::Holding
    }

    /// The rung that this strain leads to from the one now.
    fn next_rung(&self, limit: u32) -> Rung {
        match self.strain {
            _ if self.rung == Rung::Stopped || self.strain >= limit => Rung::Stopped,
            HOLD_FROM.. => Rung::Holding,
            strain if strain > HOLD_UNTIL && self.rung == Rung::Holding => Rung::Holding,
            1.. => Rung::Shedding,
            0 => Rung::Normal,
        }
    }
}

impl Digest for Overruns {
    fn digest(&self, mixer: &mut Mixer) {
        mixer.add(u64::from(self.strain) << 8 | self.rung as u64);
        // Its only use is to tell this cycle from others.
        mixer.add_option(self.last);
    }
}

impl Controller {
    /// The last cycle exceeded its budget.
    pub(super) fn take_overrun<O: Outputs>(&mut self, phase: Phase, out: &mut O) {
        self.counts.overruns += 1;
        self.counts.overruns_by_phase[phase as usize] += 1;
        self.overruns.last = Some(self.cycle);
        let limit = self.strain_max();
        self.overruns.strain = limit.min(self.overruns.strain.saturating_add(FORGIVEN_BY));
        self.climb(out);
    }

    /// At the end of a cycle: if it was told of no overrun, it forgives a part of the earlier ones.
    pub(super) fn forgive_overruns<O: Outputs>(&mut self, out: &mut O) {
        self.counts.cycles_shed += u64::from(self.overruns.shed());
        self.counts.cycles_held += u64::from(self.overruns.hold());
        if self.overruns.strain > 0 && self.overruns.last != Some(self.cycle) {
            self.overruns.strain -= 1;
            self.climb(out);
        }
    }

    /// Goes up or down to where the strain leads, with the alarms that belong to it.
    fn climb<O: Outputs>(&mut self, out: &mut O) {
        let (before, now) = (
            self.overruns.rung,
            self.overruns.next_rung(self.strain_max()),
        );
        self.overruns.rung = now;
        for (rung, kind, priority) in [
            (Rung::Shedding, AlarmKind::Overrun, AlarmPriority::Medium),
            (Rung::Holding, AlarmKind::GrantsHeld, AlarmPriority::High),
            (Rung::Stopped, AlarmKind::OverrunStop, AlarmPriority::High),
        ] {
            if (before >= rung) != (now >= rung) {
                out.delta(alarm(now >= rung, kind, priority, self.now_ms));
            }
        }
        if now == Rung::Stopped && before != Rung::Stopped {
            self.stop();
        }
    }

    /// The strain at which the floor is stopped.
    fn strain_max(&self) -> u32 {
        self.floor.control.overruns_max.saturating_mul(FORGIVEN_BY)
    }
}

#[cfg(test)]
#[path = "overrun_tests.rs"]
mod tests;
