//! Windows where there is room, operations where there is none or agents are stuck or in a hurry.
//!
//! Windowed search doesn't push anybody along a chain: where the ways are narrow some get stuck, sooner or later. Then operations plan for
//! some time, the longer the more often that happens.

/// Windows are for floors with so many places for each agent, at least.
const PLACES_EACH: usize = 4;

/// And with no more places: windowed search has a table of all states at each moment, 136 bytes a state.
const PLACES_MAX: usize = 1 << 18;

/// Who hasn't got nearer to its goal for so many steps may be stuck.
pub const STUCK: u32 = 32;

/// Who hasn't for so many steps is stuck.
pub const STUCK_FOR_SURE: u32 = 8 * STUCK;

/// More than one agent in so many that may be stuck, and more than one, are a jam.
const JAM_PART: usize = 50;

/// Steps for which operations plan after the first jam; twice as many after each that follows soon.
const BREAK: u32 = 64;

/// The most steps for which they do.
const BREAK_MAX: u32 = 16 * BREAK;

/// Steps without a jam that count as much as a jam that follows soon does.
const LONG: u32 = 512;

/// Who plans a step.
#[derive(Clone, Debug)]
pub(super) struct Jams {
    is_roomy: bool,
    /// Steps for which operations still plan.
    left: u32,
    /// Steps for which they do after the next jam.
    next: u32,
    /// Steps that windows have planned since the last jam.
    calm: u32,
}

impl Jams {
    pub fn new(places: usize, agents: usize) -> Self {
        Self {
            is_roomy: agents * PLACES_EACH <= places && places <= PLACES_MAX,
            left: 0,
            next: BREAK,
            calm: 0,
        }
    }

    /// May windows plan on this floor?
    pub fn is_roomy(&self) -> bool {
        self.is_roomy
    }

    /// Do windows plan this step? `stuck` of the agents may be stuck, and one of them is for sure or not.
    pub fn windows(&mut self, agents: usize, stuck: usize, for_sure: bool) -> bool {
        if !self.is_roomy {
            return false;
        }
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        if for_sure || stuck > (agents / JAM_PART).max(1) {
            self.begin_break();
            return false;
        }
        self.calm += 1;
        if self.calm.is_multiple_of(LONG) {
            self.next = (self.next / 2).max(BREAK);
        }
        true
    }

    /// From the next step on operations plan for some time.
    pub fn begin_break(&mut self) {
        self.left = self.next;
        self.next = (self.next * 2).min(BREAK_MAX);
        self.calm = 0;
    }

    /// Was this the last step for which operations plan?
    pub fn break_ends(&self) -> bool {
        self.is_roomy && self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_grow_with_jams_that_follow_soon_and_shrink_after_calm() {
        let mut jams = Jams::new(400, 100);
        let pause = |jams: &mut Jams| {
            assert!(!jams.windows(100, 3, false), "a jam");
            (1..).find(|_| jams.windows(100, 0, false)).unwrap_or(0) - 1
        };
        assert!(jams.windows(100, 2, false), "so few are none");
        assert_eq!(pause(&mut jams), BREAK);
        assert_eq!(pause(&mut jams), 2 * BREAK);
        for _ in 0..3 * LONG {
            assert!(jams.windows(100, 0, false));
        }
        assert_eq!(pause(&mut jams), BREAK);
        assert!(!jams.windows(100, 1, true), "one that is stuck for sure is");
    }

    #[test]
    fn windows_need_room() {
        assert!(!Jams::new(399, 100).windows(100, 0, false));
    }
}
