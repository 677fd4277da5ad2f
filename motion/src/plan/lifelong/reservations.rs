//! Who is where in the next steps.

use super::operations::LENGTH;
use super::space::{NONE, Place, Space};

/// Moments that are known: now, and after each action of an operation.
const MOMENTS: usize = LENGTH + 1;

/// Places of an agent at these moments.
pub(super) type Path = [Place; MOMENTS];

/// Who stands in the way of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum InTheWay {
    Nobody,
    /// This one, from this moment on.
    One(u32, usize),
    Several,
}

/// For each place and moment the agent that is there.
#[derive(Clone, Debug)]
pub(super) struct Reservations {
    agents: Vec<u32>,
}

impl Reservations {
    pub fn new(places: usize) -> Self {
        Self {
            agents: vec![NONE; places * MOMENTS],
        }
    }

    pub fn clear(&mut self) {
        self.agents.fill(NONE);
    }

    #[inline]
    pub fn at(&self, place: Place, moment: usize) -> u32 {
        self.agents[place as usize * MOMENTS + moment]
    }

    /// Notes where an agent is now.
    pub fn stand(&mut self, agent: u32, place: Place) {
        self.agents[place as usize * MOMENTS] = agent;
    }

    #[inline]
    pub fn add(&mut self, agent: u32, path: &Path) {
        for (moment, &place) in path.iter().enumerate().skip(1) {
            let entry = &mut self.agents[place as usize * MOMENTS + moment];
            debug_assert_eq!(*entry, NONE, "nobody else is there");
            *entry = agent;
        }
    }

    #[inline]
    pub fn remove(&mut self, agent: u32, path: &Path) {
        for (moment, &place) in path.iter().enumerate().skip(1) {
            let entry = &mut self.agents[place as usize * MOMENTS + moment];
            debug_assert_eq!(*entry, agent, "it is there");
            *entry = NONE;
        }
    }

    /// Who would be in conflict with an agent on this path? Its own reservations are removed already.
    ///
    /// In conflict is who is in a conflicting place at the same moment, and who changes places with it.
    #[inline]
    pub fn in_the_way<S: Space>(&self, space: &S, agent: u32, path: &Path) -> InTheWay {
        let (mut found, mut since) = (NONE, 0);
        for moment in 1..MOMENTS {
            let (from, to) = (path[moment - 1], path[moment]);
            for place in space.conflicts(to) {
                let other = self.at(place, moment);
                if other != NONE && other != found {
                    if found != NONE {
                        return InTheWay::Several;
                    }
                    (found, since) = (other, moment);
                }
                if from == to {
                    continue;
                }
                let before = self.at(place, moment - 1);
                if before == NONE || before == agent || before == found {
                    continue;
                }
                let mut swaps = space.conflicts(from);
                if swaps.any(|place| self.at(place, moment) == before) {
                    if found != NONE {
                        return InTheWay::Several;
                    }
                    (found, since) = (before, moment);
                }
            }
        }
        if found == NONE {
            InTheWay::Nobody
        } else {
            InTheWay::One(found, since)
        }
    }
}
