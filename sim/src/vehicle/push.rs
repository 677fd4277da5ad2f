//! A person pushes a vehicle aside, and back again.

/// Longest and shortest time for the way aside, and for the way back, ms.
const WAY_MS: (u64, u64) = (500, 4_000);

/// The vehicle stands where it was for so long before it is switched to automatic, ms.
const BACK_BEFORE_MS: i64 = 500;

/// A vehicle in a person's hands. It moves along with what it reports: it is not lost.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Push {
    direction: (f64, f64),
    /// How far it is pushed, mm.
    far_mm: f64,
    /// How far it is, mm.
    at_mm: f64,
    /// mm a millisecond.
    speed: f64,
    /// Time to the end of it, ms.
    left_ms: i64,
    ended: bool,
}

impl Push {
    /// Begins to push it so far in a direction (a unit vector), and to bring it back within `for_ms`.
    pub(super) fn new(direction: (f64, f64), far_mm: f64, for_ms: u64) -> Self {
        let way_ms = (for_ms / 4).clamp(WAY_MS.0, WAY_MS.1);
        Self {
            direction,
            far_mm,
            at_mm: 0.0,
            speed: far_mm / way_ms as f64,
            left_ms: i64::try_from(for_ms).unwrap_or(i64::MAX),
            ended: false,
        }
    }

    /// It is to be brought back now.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Goes on for `dt_ms`; true when it is back and may drive by itself.
    pub(super) fn step(&mut self, dt_ms: u32) -> bool {
        self.left_ms = self.left_ms.saturating_sub(i64::from(dt_ms));
        let by = self.speed * f64::from(dt_ms);
        let back_ms = if self.speed > 0.0 {
            (self.far_mm / self.speed) as i64 + BACK_BEFORE_MS
        } else {
            0
        };
        if self.ended || self.left_ms <= back_ms {
            self.at_mm = (self.at_mm - by).max(0.0);
        } else {
            self.at_mm = (self.at_mm + by).min(self.far_mm);
        }
        self.ended && self.at_mm == 0.0
    }

    /// Where it is, from where it stood, mm.
    pub(super) fn offset(&self) -> (f64, f64) {
        (self.direction.0 * self.at_mm, self.direction.1 * self.at_mm)
    }

    /// Is it away from where it stood?
    pub(super) fn is_away(&self) -> bool {
        self.at_mm > 0.0
    }
}
