//! What faults do to a drive: coming to rest too late, forgetting the base, looking ahead for what lies on the way.

use super::Drive;

/// The way that a vehicle can't help covering, and a little more.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ahead {
    /// Unit vector of its motion.
    pub direction: (f64, f64),
    /// To where it comes to rest if it brakes now, mm; not beyond a waypoint at which it stops anyway.
    pub braking_mm: f64,
    /// The same with the distance that it keeps from what lies on the way, mm.
    pub keeping_mm: f64,
    /// Cosine and sine of a heading a little further on, while it turns on the spot.
    pub turned: Option<(f64, f64)>,
}

/// Distance that a vehicle keeps from what lies on its way, mm.
const KEPT_MM: f64 = 100.0;

/// More distance that must be free before a vehicle goes on that has stopped for something, mm.
const AGAIN_MM: f64 = 200.0;

/// How far a turning vehicle looks ahead, rad.
const TURN_AHEAD_RAD: f64 = 0.1;

impl Drive {
    /// From now on it comes to rest so far beyond the end of its base, mm; 0 where it should. [`Drive::plan`] makes it
    /// count for the base that there is.
    pub(in crate::vehicle) fn set_overshoot(&mut self, mm: f64) {
        self.overshoot = mm;
    }

    /// Stands where it is, with nothing ahead.
    pub(in crate::vehicle) fn forget(&mut self) {
        self.astray |= self.len > 0 && self.progress > 0.0;
        self.len = 0;
        self.progress = 0.0;
        self.speed = 0.0;
        self.turning = false;
    }

    /// Does it stand away from its last node, with its base forgotten?
    pub(in crate::vehicle) fn is_astray(&self) -> bool {
        self.astray
    }

    /// The way just ahead on its leg; `waits`: it has stopped for something. `None` at the end of its base.
    pub(crate) fn ahead(&self, waits: bool) -> Option<Ahead> {
        if self.len == 0 {
            return None;
        }
        let leg = self.leg(0);
        let turned = (self.speed == 0.0 && leg.length > 0.0 && !self.aligned(leg)).then(|| {
            let rest = super::wrap(leg.heading - self.heading);
            let by = rest.clamp(-TURN_AHEAD_RAD, TURN_AHEAD_RAD);
            let (sin, cos) = libm::sincos(self.heading + by);
            (cos, sin)
        });
        // Steps of 10 ms, during the first of which it does not brake yet.
        let braking =
            self.speed * self.speed / (2.0 * self.ability.deceleration) * 1.02 + self.speed * 0.02;
        let keeping = braking + KEPT_MM + if waits { AGAIN_MM } else { 0.0 };
        let rest = (leg.length + leg.beyond - self.progress).max(0.0);
        let within = |mm: f64| if leg.pass == 0.0 { mm.min(rest) } else { mm };
        let turns = turned.is_some();
        Some(Ahead {
            direction: leg.direction,
            braking_mm: if turns { 0.0 } else { within(braking) },
            keeping_mm: if turns { 0.0 } else { within(keeping) },
            turned,
        })
    }

    /// How far beyond leg `i` it comes to rest, or passes, mm.
    pub(super) fn beyond(&self, i: usize) -> f64 {
        if self.overshoot > 0.0 && i + 1 == self.len && self.leg(i).length > 0.0 {
            self.overshoot
        } else {
            self.unavoidable(i)
        }
    }

    /// Where leg `i` ends for the one that follows it, mm.
    pub(super) fn resting_point(&self, i: usize) -> (f64, f64) {
        let leg = self.leg(i);
        match self.unavoidable(i) {
            beyond if beyond > 0.0 => (
                leg.end.0 + leg.direction.0 * beyond,
                leg.end.1 + leg.direction.1 * beyond,
            ),
            _ => leg.end,
        }
    }

    /// What it overshoots leg `i` by because it is too late to brake for less, mm.
    fn unavoidable(&self, i: usize) -> f64 {
        let leg = self.leg(i);
        if i > 0 || leg.beyond == 0.0 {
            return 0.0;
        }
        let braking = self.speed * self.speed / (2.0 * self.ability.deceleration);
        if self.progress + braking > leg.length {
            leg.beyond
        } else {
            0.0
        }
    }
}
