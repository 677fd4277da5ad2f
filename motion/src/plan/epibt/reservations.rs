//! Who is where in the next steps.

use super::NONE;
use super::ground::{ANYBODY, Classes, Ground, Piece, Place};

/// Places of an agent at each moment: now, and after each step.
pub(in crate::plan) type Path<const MOMENTS: usize> = [Place; MOMENTS];

/// Most agents that are told of as in the way.
const TOLD_MAX: usize = 4;

/// Who stands in the way of a path, and from which moment on.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::plan) struct InTheWay {
    others: [(u32, u8); TOLD_MAX],
    count: usize,
}

impl InTheWay {
    /// Those in the way; nobody, if it is free.
    #[inline]
    pub fn others(&self) -> &[(u32, u8)] {
        &self.others[..self.count]
    }
}

/// Why there are none, or too many, to push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::plan) enum NoWay {
    /// More agents are in the way than can be pushed; this is the first.
    Several(u32),
    /// This area is full.
    Area(u16),
}

/// For each piece of ground and moment the agent that is there.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Reservations<const MOMENTS: usize> {
    agents: Vec<u32>,
    /// For each area and moment how many agents are in it.
    in_area: Vec<u16>,
    /// The class of each agent.
    class: Vec<u8>,
}

impl<const MOMENTS: usize> Reservations<MOMENTS> {
    pub fn new<G: Ground>(ground: &G, agents: usize) -> Self {
        Self {
            agents: vec![NONE; ground.pieces() * MOMENTS],
            in_area: vec![0; ground.capacities().len() * MOMENTS],
            class: vec![0; agents],
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.agents.fill(NONE);
        self.in_area.fill(0);
    }

    #[inline]
    pub fn at(&self, piece: Piece, moment: usize) -> u32 {
        self.agents[piece as usize * MOMENTS + moment]
    }

    /// Notes where an agent is now, and of what class it is.
    pub fn stand<G: Ground>(&mut self, ground: &G, agent: u32, class: u8, place: Place) {
        self.class[agent as usize] = class;
        for piece in ground.pieces_of(place) {
            self.agents[piece as usize * MOMENTS] = agent;
        }
    }

    #[inline]
    pub fn add<G: Ground>(&mut self, ground: &G, agent: u32, path: &Path<MOMENTS>) {
        for (moment, &place) in path.iter().enumerate().skip(1) {
            for piece in ground.pieces_of(place) {
                let entry = &mut self.agents[piece as usize * MOMENTS + moment];
                debug_assert_eq!(*entry, NONE, "nobody else is there");
                *entry = agent;
            }
            for &area in ground.areas(place) {
                self.in_area[usize::from(area) * MOMENTS + moment] += 1;
            }
        }
    }

    #[inline]
    pub fn remove<G: Ground>(&mut self, ground: &G, agent: u32, path: &Path<MOMENTS>) {
        for (moment, &place) in path.iter().enumerate().skip(1) {
            for piece in ground.pieces_of(place) {
                let entry = &mut self.agents[piece as usize * MOMENTS + moment];
                debug_assert_eq!(*entry, agent, "it is there");
                *entry = NONE;
            }
            for &area in ground.areas(place) {
                self.in_area[usize::from(area) * MOMENTS + moment] -= 1;
            }
        }
    }

    /// Who would be in conflict with an agent on this path? Its own reservations are removed already.
    ///
    /// In conflict is who takes up a conflicting piece at the same moment, and who changes places with it.
    #[inline]
    pub fn in_the_way<G: Ground>(
        &self,
        ground: &G,
        agent: u32,
        path: &Path<MOMENTS>,
    ) -> Result<InTheWay, NoWay> {
        let mut found = InTheWay::default();
        let class = self.class[agent as usize];
        for moment in 1..MOMENTS {
            let (from, to) = (path[moment - 1], path[moment]);
            for (piece, classes) in ground.conflicts(class, to) {
                let other = self.at(piece, moment);
                if other != NONE && self.is_of(other, classes) {
                    // Two may be in conflict from the beginning, when one has taken up a load: both may stay.
                    // Not on grids, where each place is one agent's.
                    let both_stood =
                        G::PUSHED_MAX > 1 && to == path[0] && self.at(piece, 0) == other;
                    if !both_stood {
                        Self::note::<G>(&mut found, other, moment)?;
                    }
                }
                if !G::TURNS || from == to {
                    continue;
                }
                let before = self.at(piece, moment - 1);
                if before == NONE || before == agent {
                    continue;
                }
                let mut swaps = ground.conflicts(class, from);
                if swaps.any(|(piece, _)| self.at(piece, moment) == before) {
                    Self::note::<G>(&mut found, before, moment)?;
                }
            }
            for (piece, classes) in ground.conflicts_behind(class, to) {
                let other = self.at(piece, moment);
                if other != NONE && self.at(piece, 0) != other && self.is_of(other, classes) {
                    Self::note::<G>(&mut found, other, moment)?;
                }
            }
        }
        match self.full_area(ground, path) {
            Some(area) => Err(NoWay::Area(area)),
            None => Ok(found),
        }
    }

    /// Calls `each` with those whom an agent would be in conflict with that goes from one place to another in the step before
    /// a moment, or stays; with itself, too, unless its own reservations are removed.
    #[inline]
    pub fn meet<G: Ground>(
        &self,
        ground: &G,
        agent: u32,
        moment: usize,
        (from, to): (Place, Place),
        mut each: impl FnMut(u32),
    ) {
        let class = self.class[agent as usize];
        for (piece, classes) in ground.conflicts(class, to) {
            let other = self.at(piece, moment);
            if other != NONE && self.is_of(other, classes) {
                each(other);
            }
            let before = self.at(piece, moment - 1);
            if from != to && before != NONE && before != agent {
                let mut swaps = ground.conflicts(class, from);
                if swaps.any(|(piece, _)| self.at(piece, moment) == before) {
                    each(before);
                }
            }
        }
    }

    /// May an agent do that step, where there are neither areas nor any who may stay because they stood in conflict?
    #[inline]
    pub fn is_free<G: Ground>(
        &self,
        ground: &G,
        agent: u32,
        moment: usize,
        step: (Place, Place),
    ) -> bool {
        let mut is_free = true;
        self.meet(ground, agent, moment, step, |_| is_free = false);
        is_free
    }

    /// The class of an agent.
    #[inline]
    pub fn class(&self, agent: u32) -> u8 {
        self.class[agent as usize]
    }

    /// Is an agent of one of these classes?
    #[inline]
    pub fn is_of(&self, agent: u32, classes: Classes) -> bool {
        classes == ANYBODY || classes >> self.class[agent as usize] & 1 == 1
    }

    #[inline]
    fn note<G: Ground>(found: &mut InTheWay, other: u32, moment: usize) -> Result<(), NoWay> {
        // With one to push at most there is nothing to search, and nothing that needs an index: on grids that is what counts.
        if G::PUSHED_MAX == 1 {
            let (first, free) = (found.others[0].0, found.count == 0);
            if free {
                (found.others[0], found.count) = ((other, moment as u8), 1);
            }
            return if free || first == other {
                Ok(())
            } else {
                Err(NoWay::Several(first))
            };
        }
        if found.others().iter().any(|&(known, _)| known == other) {
            return Ok(());
        }
        if found.count == G::PUSHED_MAX.min(TOLD_MAX) {
            return Err(NoWay::Several(found.others[0].0));
        }
        found.others[found.count] = (other, moment as u8);
        found.count += 1;
        Ok(())
    }

    /// An area that an agent on this path would enter, or be in after it has, when it is full.
    #[inline]
    fn full_area<G: Ground>(&self, ground: &G, path: &Path<MOMENTS>) -> Option<u16> {
        let capacities = ground.capacities();
        if capacities.is_empty() {
            return None;
        }
        let since_the_beginning = ground.areas(path[0]);
        for (moment, &place) in path.iter().enumerate().skip(1) {
            for &area in ground.areas(place) {
                let inside = self.in_area[usize::from(area) * MOMENTS + moment];
                if inside >= capacities[usize::from(area)] && !since_the_beginning.contains(&area) {
                    return Some(area);
                }
            }
        }
        None
    }
}
