//! The costs of the four states of a place in 16 bits, where fields of whole costs would take too much memory.
//!
//! The lowest cost of the place takes 13 bits, halved. The others follow from it, since a turn costs a step: 3 bits say which
//! state, or which two next to each other, have the lowest cost, and any other has a step more for each turn to them. For
//! costs of search on a grid that is nearly always right, and wrong by a step at most where it isn't.

use super::fields::UNREACHABLE;
use crate::plan::epibt::STEP;

/// The largest number of the 13 bits: not reachable.
const FAR: u16 = (1 << 13) - 1;

/// Turns from each state to one of the lowest cost; first those with one such state, then those with two.
const TURNS: [[u16; 4]; 8] = [
    [0, 1, 2, 1],
    [1, 0, 1, 2],
    [2, 1, 0, 1],
    [1, 2, 1, 0],
    [0, 0, 1, 1],
    [1, 0, 0, 1],
    [1, 1, 0, 0],
    [0, 1, 1, 0],
];

/// Packs the costs of a place.
#[inline]
pub(super) fn pack(costs: [u16; 4]) -> u16 {
    let lowest = costs[0].min(costs[1]).min(costs[2]).min(costs[3]);
    if lowest == UNREACHABLE || lowest / 2 >= FAR {
        return FAR << 3;
    }
    // Who has less than half a turn more counts as lowest, too.
    let low = |at: usize| costs[at & 3] - lowest < STEP / 2;
    let pattern = (0..4)
        .find(|&at| low(at) && low(at + 1))
        .map(|at| at + 4)
        .or_else(|| (0..4).find(|&at| costs[at] == lowest))
        .unwrap_or(0);
    (lowest / 2) << 3 | pattern as u16
}

/// The cost of a state.
#[inline]
pub(super) fn unpack(packed: u16, at: usize) -> u16 {
    let half = packed >> 3;
    if half == FAR {
        return UNREACHABLE;
    }
    half * 2 + STEP * TURNS[usize::from(packed & 7)][at]
}
