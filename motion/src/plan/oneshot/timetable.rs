//! Who is where when: the paths of all agents, as a table that a single agent plans around.

use super::network::{NONE, Network};

/// Nobody, in the table of agents.
const NOBODY: u16 = u16::MAX;

/// Vertices by time steps `0 .. horizon`; an agent rests at its goal until the horizon.
#[derive(Clone, Debug)]
pub(super) struct Timetable {
    horizon: u32,
    words: usize,
    /// A bit a step for each vertex: is somebody there?
    busy: Vec<u64>,
    /// Who, by vertex and step.
    who: Vec<u16>,
}

impl Timetable {
    /// Nobody is anywhere; the horizon is at least `steps`.
    pub fn new(network: &Network, steps: u32) -> Self {
        let horizon = steps.next_multiple_of(64);
        Self {
            horizon,
            words: horizon as usize / 64,
            busy: vec![0; network.len() * horizon as usize / 64],
            who: vec![NOBODY; network.len() * horizon as usize],
        }
    }

    /// Steps that it has.
    pub fn horizon(&self) -> u32 {
        self.horizon
    }

    /// Enters a path, one vertex a step; it rests at its last.
    pub fn enter(&mut self, agent: u32, path: &[u32]) {
        self.write(path, agent as u16);
    }

    /// Takes a path out again.
    pub fn remove(&mut self, path: &[u32]) {
        self.write(path, NOBODY);
    }

    fn write(&mut self, path: &[u32], agent: u16) {
        let Some((&goal, way)) = path.split_last() else {
            return;
        };
        for (step, &vertex) in way.iter().enumerate() {
            self.who[vertex as usize * self.horizon as usize + step] = agent;
            let word = &mut self.busy[vertex as usize * self.words + step / 64];
            let bit = 1 << (step % 64);
            debug_assert_eq!(*word & bit != 0, agent == NOBODY, "one at a time");
            *word ^= bit;
        }
        let row = goal as usize * self.horizon as usize;
        self.who[row + way.len()..row + self.horizon as usize].fill(agent);
        for word in way.len() / 64..self.words {
            let mut bits = u64::MAX;
            if word == way.len() / 64 {
                bits <<= way.len() % 64;
            }
            let there = &mut self.busy[goal as usize * self.words + word];
            if agent == NOBODY {
                *there &= !bits;
            } else {
                debug_assert_eq!(*there & bits, 0, "one at a time");
                *there |= bits;
            }
        }
    }

    /// Who is at a vertex at a step, or [`NONE`].
    #[inline]
    pub fn who(&self, vertex: u32, step: u32) -> u32 {
        match self.who[vertex as usize * self.horizon as usize + step as usize] {
            NOBODY => NONE,
            agent => u32::from(agent),
        }
    }

    /// The first step from `step` on at which nobody is at a vertex; the horizon if there is none.
    #[inline]
    pub fn free_from(&self, vertex: u32, step: u32) -> u32 {
        self.find(vertex, step, u64::MAX)
    }

    /// The first step from `step` on at which somebody is at a vertex; the horizon if there is none.
    #[inline]
    pub fn busy_from(&self, vertex: u32, step: u32) -> u32 {
        self.find(vertex, step, 0)
    }

    #[inline]
    fn find(&self, vertex: u32, step: u32, flip: u64) -> u32 {
        if step >= self.horizon {
            return self.horizon;
        }
        let row = &self.busy[vertex as usize * self.words..(vertex as usize + 1) * self.words];
        let mut word = step as usize / 64;
        let mut bits = (row[word] ^ flip) & u64::MAX << (step % 64);
        while bits == 0 {
            word += 1;
            if word == self.words {
                return self.horizon;
            }
            bits = row[word] ^ flip;
        }
        (word * 64) as u32 + bits.trailing_zeros()
    }

    /// Who goes the other way when one goes from `from` and is at `to` at `step`, or [`NONE`].
    #[inline]
    pub fn meets(&self, from: u32, to: u32, step: u32) -> u32 {
        let other = self.who(to, step - 1);
        if other == self.who(from, step) {
            other
        } else {
            NONE
        }
    }
}
