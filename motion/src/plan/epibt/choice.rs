//! A choice as one number, so that sorting choices is sorting numbers.

/// A step, in the units in which costs are given.
pub const STEP: u16 = 8;

/// What costs are before: values of operations are relative to those of waiting.
const BIAS: i32 = 1 << 14;

/// The most that an operation is worth, before the tie-break.
const COST_MAX: u32 = (1 << 18) - 1;

/// The most that a choice is worth, with the tie-break.
const VALUE_MAX: u32 = (1 << 22) - 1;

/// A choice: value, then a tie-break, then the route, packed so that numbers sort as choices do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Choice(u32);

impl Choice {
    pub fn new(value: i32, lateness: u8, route: u8) -> Self {
        let value = (value + BIAS).clamp(0, COST_MAX as i32) as u32;
        Self(value << 12 | u32::from(lateness.min(15)) << 8 | u32::from(route))
    }

    /// The same, at a higher cost.
    #[inline]
    pub fn dearer_by(self, more: i64) -> Self {
        let value = (self.value() + more).clamp(0, i64::from(VALUE_MAX)) as u32;
        Self(value << 8 | u32::from(self.route()))
    }

    /// What it costs, relative to other choices of the same agent.
    #[inline]
    pub fn value(self) -> i64 {
        i64::from(self.0 >> 8)
    }

    #[inline]
    pub fn route(self) -> u8 {
        self.0 as u8
    }
}

/// No choice: worse than any.
pub const IMPOSSIBLE: Choice = Choice(u32::MAX);

/// A step, in units of [`Choice::value`]: the tie-break takes the lowest four bits.
pub const VALUE_UNIT: i64 = 16 * STEP as i64;
