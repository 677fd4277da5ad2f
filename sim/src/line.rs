//! Production lines: every takt they use up pieces from their buffers, and leave products and empties.

use crate::stock::Stock;
use takt_maps::{Floor, LineId};

/// What a line is waiting for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// For the pieces of its next takt.
    Taking,
    /// For the end of its takt, in so many milliseconds.
    Working(u32),
    /// For room for what it has made.
    Leaving,
}

/// A production line.
#[derive(Clone, Debug)]
pub struct Line {
    id: LineId,
    state: State,
    takts: u64,
    starvation_ms: u64,
    blocked_ms: u64,
    consumed: u64,
    produced: u64,
}

impl Line {
    /// The line at the start of its first takt.
    pub fn new(id: LineId) -> Self {
        Self {
            id,
            state: State::Taking,
            takts: 0,
            starvation_ms: 0,
            blocked_ms: 0,
            consumed: 0,
            produced: 0,
        }
    }

    /// Advances by `dt_ms`.
    pub fn step(&mut self, floor: &Floor, stock: &mut Stock, dt_ms: u32) {
        let mut left_ms = dt_ms;
        // A takt lasts a millisecond at least, so the loop ends with the time.
        while left_ms > 0 {
            match self.state {
                State::Taking => {
                    if !self.take(floor, stock) {
                        self.starvation_ms += u64::from(left_ms);
                        return;
                    }
                }
                State::Working(rest_ms) if rest_ms > left_ms => {
                    self.state = State::Working(rest_ms - left_ms);
                    return;
                }
                State::Working(rest_ms) => {
                    left_ms -= rest_ms;
                    self.state = State::Leaving;
                }
                State::Leaving => {
                    if !self.leave(floor, stock) {
                        self.blocked_ms += u64::from(left_ms);
                        return;
                    }
                }
            }
        }
    }

    /// Takes what a takt needs, all or nothing.
    fn take(&mut self, floor: &Floor, stock: &mut Stock) -> bool {
        let line = &floor.lines[self.id.index()];
        if !line.consumes.iter().all(|&(b, n)| stock.has(b, n)) {
            return false;
        }
        for &(buffer, pieces) in &line.consumes {
            stock.consume(buffer, pieces);
            self.consumed += u64::from(pieces);
        }
        self.state = State::Working(line.takt_ms.max(1));
        true
    }

    /// Leaves what a takt has made, all or nothing.
    fn leave(&mut self, floor: &Floor, stock: &mut Stock) -> bool {
        let line = &floor.lines[self.id.index()];
        let takt = self.takts + 1;
        let mut due = line
            .produces
            .iter()
            .filter(|p| takt.is_multiple_of(u64::from(p.every.max(1))));
        if !due
            .clone()
            .all(|p| stock.has_room(floor, p.buffer, p.pieces))
        {
            return false;
        }
        due.try_for_each(|p| {
            stock.produce(p.buffer, p.pieces);
            self.produced += u64::from(p.pieces);
            Some(())
        });
        self.takts = takt;
        self.state = State::Taking;
        true
    }

    /// Takts finished.
    pub fn takts(&self) -> u64 {
        self.takts
    }

    /// Time waited for pieces, ms.
    pub fn starvation_ms(&self) -> u64 {
        self.starvation_ms
    }

    /// Time waited for room, ms.
    pub fn blocked_ms(&self) -> u64 {
        self.blocked_ms
    }

    /// Pieces used up.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Pieces made.
    pub fn produced(&self) -> u64 {
        self.produced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use takt_maps::BufferId;

    #[test]
    fn a_line_takes_and_leaves_on_the_beat_and_counts_its_waiting() {
        // given: 5 parts a lot, 8 at the start; one part a takt of 10 s, an empty bin every 4 takts
        let floor = testing::floor();
        let mut stock = Stock::new(&floor);
        let mut line = Line::new(LineId(0));
        let (parts, bins) = (BufferId(1), BufferId(2));
        // when: 70 s go by, and a step
        for _ in 0..7_001 {
            line.step(&floor, &mut stock, 10);
        }
        // then: 7 takts are over, and the 8th has its part
        assert_eq!((line.takts(), line.starvation_ms()), (7, 0));
        assert_eq!(stock.level(bins), 1);
        // when: it is 100 s, with parts for 80 s
        for _ in 0..2_999 {
            line.step(&floor, &mut stock, 10);
        }
        // then: it stands since second 80
        assert_eq!(line.takts(), 8);
        assert_eq!(line.starvation_ms(), 20_000);
        assert_eq!(stock.level(parts), 0);
        assert!(stock.conserved(std::iter::empty()));
        // when: a lot comes
        let cargo = stock.pick(&floor, BufferId(0));
        stock.deliver(&floor, parts, cargo.unwrap_or_default());
        line.step(&floor, &mut stock, 10);
        // then: it goes on
        assert_eq!(line.starvation_ms(), 20_000);
        assert_eq!(stock.level(parts), 4);
        assert!(stock.conserved(std::iter::empty()));
    }

    #[test]
    fn a_full_buffer_blocks_the_line_without_starving_it() {
        let mut floor = testing::floor();
        floor.buffers[1].initial = 100;
        floor.buffers[2].capacity = 1;
        let mut stock = Stock::new(&floor);
        let mut line = Line::new(LineId(0));
        for _ in 0..10_000 {
            line.step(&floor, &mut stock, 10);
        }
        // Blocked at the end of the 8th takt, when the second bin has no room.
        assert_eq!((line.starvation_ms(), line.blocked_ms()), (0, 20_000));
        assert!(stock.conserved(std::iter::empty()));
    }
}
