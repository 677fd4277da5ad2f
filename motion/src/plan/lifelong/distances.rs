//! What ways cost: by distance fields where these know it, by landmarks elsewhere.

use super::fields::{Fields, UNREACHABLE};
use super::landmarks::Landmarks;
use super::space::{NONE, Place, Space, State};
use crate::plan::epibt::STEP;

/// The most that an estimate comes to.
const COST_MAX: u32 = 1 << 16;

/// All that is known of distances in a step.
#[derive(Debug)]
pub(super) struct Distances<'a, S> {
    pub space: &'a S,
    pub fields: &'a Fields,
    pub landmarks: &'a Landmarks,
}

impl<S: Space> Distances<'_, S> {
    /// The cost from a state to a place.
    #[inline]
    pub fn cost(&self, state: State, place: Place) -> u32 {
        self.cost_by(self.fields.known(place), state, place)
    }

    /// The same by the field of that place, [`NONE`] if there is none.
    #[inline]
    pub fn cost_by(&self, slot: u32, state: State, place: Place) -> u32 {
        let known = match slot {
            NONE => UNREACHABLE,
            slot => self.fields.cost(slot, state),
        };
        match known {
            UNREACHABLE => {
                let steps = self.landmarks.estimate(self.space.place(state), place);
                (steps * u32::from(STEP)).min(COST_MAX)
            }
            cost => u32::from(cost),
        }
    }
}
