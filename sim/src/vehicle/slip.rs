//! Slipping wheels: the true position moves away from the believed one while the vehicle drives, and back at the end.

/// Time over which the position comes to be off, and right again, ms.
const RAMP_MS: f64 = 1_000.0;

/// How far the true position is from the believed one.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Slip {
    /// All of it, mm.
    full: (f64, f64),
    /// The part of it that has come about, `0 ..= 1`.
    share: f64,
}

impl Slip {
    /// Begins to slip, towards this offset, mm.
    pub(super) fn begin(&mut self, full: (f64, f64)) {
        let now = self.offset();
        self.full = full;
        // From another slip that is not over yet: as far in the new direction as it was in the old one.
        let length = |v: (f64, f64)| (v.0 * v.0 + v.1 * v.1).sqrt();
        self.share = if length(full) > 0.0 {
            (length(now) / length(full)).min(1.0)
        } else {
            0.0
        };
    }

    /// Goes on for `dt_ms`; `slips`: the fault lasts, `moves`: the vehicle drives or turns.
    pub(super) fn step(&mut self, slips: bool, moves: bool, dt_ms: u32) {
        let by = f64::from(dt_ms) / RAMP_MS;
        if slips && moves {
            self.share = (self.share + by).min(1.0);
        } else if !slips {
            self.share = (self.share - by).max(0.0);
            if self.share == 0.0 {
                *self = Self::default();
            }
        }
    }

    /// True position less believed position, mm.
    pub(super) fn offset(&self) -> (f64, f64) {
        (self.full.0 * self.share, self.full.1 * self.share)
    }
}
