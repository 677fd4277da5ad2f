//! A grid whose agents stand in one of four orientations and turn by a quarter in a step: the motion model of the League
//! of Robot Runners.

use super::space::{NONE, Place, Space, State};
use crate::plan::epibt::{ANYBODY, Classes, Ground, Piece};
use std::collections::BTreeSet;

/// Waits.
pub const WAIT: u8 = 0;
/// Goes one cell ahead.
pub const FORWARD: u8 = 1;
/// Turns clockwise.
pub const CLOCKWISE: u8 = 2;
/// Turns counter-clockwise.
pub const COUNTER: u8 = 3;

/// The grid. Its places are the free cells, in rows from the top; orientations are 0 east, 1 south, 2 west, 3 north.
#[derive(Clone, Debug)]
pub struct TurningGrid {
    width: u32,
    /// Cell (`row * width + column`) of each place.
    cells: Vec<u32>,
    /// Place of each cell, [`NONE`] where it is blocked.
    places: Vec<u32>,
    /// Place ahead of each state, [`NONE`] where it is blocked.
    ahead: Vec<u32>,
}

impl TurningGrid {
    /// A grid from rows of cells, `true` where free.
    ///
    /// # Panics
    /// If the cells don't make whole rows, or are more than 2^29.
    pub fn new(width: usize, free: &[bool]) -> Self {
        assert!(width > 0 && free.len().is_multiple_of(width), "whole rows");
        assert!(free.len() <= 1 << 29, "states have 32-bit ids");
        let mut places = vec![NONE; free.len()];
        let mut cells = Vec::new();
        for (cell, _) in free.iter().enumerate().filter(|&(_, &free)| free) {
            places[cell] = cells.len() as u32;
            cells.push(cell as u32);
        }
        let neighbour = |cell: usize, orientation: usize| {
            let (x, y) = (cell % width, cell / width);
            let inside = match orientation {
                0 => x + 1 < width,
                1 => cell + width < free.len(),
                2 => x > 0,
                _ => y > 0,
            };
            let step = [1, width as isize, -1, -(width as isize)][orientation];
            if inside {
                places[cell.wrapping_add_signed(step)]
            } else {
                NONE
            }
        };
        let ahead = cells
            .iter()
            .flat_map(|&cell| (0..4).map(move |orientation| (cell as usize, orientation)))
            .map(|(cell, orientation)| neighbour(cell, orientation))
            .collect();
        Self {
            width: width as u32,
            cells,
            places,
            ahead,
        }
    }

    /// The place of a cell; `None` where it is blocked or outside.
    pub fn place_at(&self, cell: u32) -> Option<Place> {
        let place = self.places.get(cell as usize).copied();
        place.filter(|&place| place != NONE)
    }

    /// The cell of a place.
    pub fn cell(&self, place: Place) -> u32 {
        self.cells[place as usize]
    }
}

impl Ground for TurningGrid {
    const PUSHED_MAX: usize = 1;
    const TURNS: bool = true;

    fn pieces(&self) -> usize {
        self.cells.len()
    }

    #[inline]
    fn pieces_of(&self, place: Place) -> impl Iterator<Item = Piece> + '_ {
        std::iter::once(place)
    }

    #[inline]
    fn conflicts(&self, _: u8, place: Place) -> impl Iterator<Item = (Piece, Classes)> + '_ {
        std::iter::once((place, ANYBODY))
    }

    #[inline]
    fn conflicts_behind(&self, _: u8, _: Place) -> impl Iterator<Item = (Piece, Classes)> + '_ {
        std::iter::empty()
    }

    #[inline]
    fn begins(&self, from: Place, to: Place) -> bool {
        from != to
    }

    #[inline]
    fn areas(&self, _: Place) -> &[u16] {
        &[]
    }

    fn capacities(&self) -> &[u16] {
        &[]
    }
}

impl Space for TurningGrid {
    const STATES_PER_PLACE: usize = 4;
    const ACTIONS: usize = 4;

    fn places(&self) -> usize {
        self.cells.len()
    }

    #[inline]
    fn next(&self, state: State, action: usize) -> State {
        let turned = |by| (state & !3) | ((state + by) & 3);
        match action as u8 {
            WAIT => state,
            FORWARD => match self.ahead[state as usize] {
                NONE => NONE,
                place => place * 4 + (state & 3),
            },
            CLOCKWISE => turned(1),
            _ => turned(3),
        }
    }

    fn estimate(&self, state: State, place: Place) -> u32 {
        let (from, to) = (self.cells[state as usize / 4], self.cells[place as usize]);
        (from / self.width).abs_diff(to / self.width)
            + (from % self.width).abs_diff(to % self.width)
    }

    /// Of all sequences through the same cells at the same times to the same orientation the one that turns least, and of
    /// these the one that acts earliest.
    fn operations(&self, length: usize) -> Vec<Vec<u8>> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        // In the order of digits: forward, turns, and waiting last, so that acting early comes first.
        const ORDER: [u8; 4] = [FORWARD, CLOCKWISE, COUNTER, WAIT];
        let mut all: Vec<Vec<u8>> = (0..4usize.pow(length as u32))
            .map(|number| {
                let digit = |at: usize| ORDER[number >> (2 * (length - 1 - at)) & 3];
                (0..length).map(digit).collect()
            })
            .collect();
        let turns = |sequence: &Vec<u8>| {
            let turns = sequence.iter().filter(|&&a| a == CLOCKWISE || a == COUNTER);
            turns.count()
        };
        all.sort_by_key(turns);
        for sequence in all {
            let (path, orientation) = relative(&sequence);
            if seen.insert((path, orientation)) {
                kept.push(sequence);
            }
        }
        kept
    }

    fn same_route(&self, one: &[u8], other: &[u8]) -> bool {
        relative(one).0 == relative(other).0
    }
}

/// The cells that a sequence of actions comes by, as columns and rows from where it begins facing east, and how it ends.
fn relative(sequence: &[u8]) -> (Vec<(i32, i32)>, usize) {
    let (mut x, mut y, mut orientation) = (0, 0, 0);
    let path = sequence
        .iter()
        .map(|&action| {
            match action {
                FORWARD => {
                    x += [1, 0, -1, 0][orientation];
                    y += [0, 1, 0, -1][orientation];
                }
                CLOCKWISE => orientation = (orientation + 1) % 4,
                COUNTER => orientation = (orientation + 3) % 4,
                _ => {}
            }
            (x, y)
        })
        .collect();
    (path, orientation)
}
