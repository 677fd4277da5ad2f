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
    /// A bit a step for each vertex: does somebody sweep it beside the conflict set of where it arrives at this step?
    /// Empty if no arc does that.
    swept: Vec<u64>,
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
            swept: if network.sweeps_beside() {
                vec![0; network.len() * horizon as usize / 64]
            } else {
                Vec::new()
            },
        }
    }

    /// Steps that it has.
    pub fn horizon(&self) -> u32 {
        self.horizon
    }

    /// Enters a path, one vertex a step; it rests at its last.
    pub fn enter(&mut self, network: &Network, agent: u32, path: &[u32]) {
        self.write(path, agent as u16);
        self.sweep(network, path);
    }

    /// Takes a path out again.
    pub fn remove(&mut self, network: &Network, path: &[u32]) {
        self.write(path, NOBODY);
        self.sweep(network, path);
    }

    /// Notes again where it is swept along a path.
    fn sweep(&mut self, network: &Network, path: &[u32]) {
        if self.swept.is_empty() {
            return;
        }
        for (step, ends) in (1..).zip(path.windows(2)) {
            for &vertex in network.swept_beside(ends[0], ends[1]) {
                let sweeps = |&(_, from, to): &(u32, u32, u32)| self.goes(from, to, step) != NONE;
                let bit = 1 << (step % 64);
                let swept = network.sweepers(vertex).iter().any(sweeps);
                let word = &mut self.swept[vertex as usize * self.words + step as usize / 64];
                *word = if swept { *word | bit } else { *word & !bit };
            }
        }
    }

    /// Who goes from one vertex to another and is there at `step`, or [`NONE`].
    #[inline]
    fn goes(&self, from: u32, to: u32, step: u32) -> u32 {
        let who = self.who(from, step - 1);
        if who == self.who(to, step) { who } else { NONE }
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

    /// The first step from `step` on at which one could be at a vertex; the horizon if there is none.
    #[inline]
    pub fn free_from(&self, network: &Network, vertex: u32, step: u32) -> u32 {
        self.find(network, vertex, step, u64::MAX)
    }

    /// The first step from `step` on at which somebody keeps others from a vertex; the horizon if there is none.
    #[inline]
    pub fn busy_from(&self, network: &Network, vertex: u32, step: u32) -> u32 {
        self.find(network, vertex, step, 0)
    }

    #[inline]
    fn find(&self, network: &Network, vertex: u32, step: u32, flip: u64) -> u32 {
        if step >= self.horizon {
            return self.horizon;
        }
        let mut word = step as usize / 64;
        let mut bits = (self.word(network, vertex, word) ^ flip) & u64::MAX << (step % 64);
        while bits == 0 {
            word += 1;
            if word == self.words {
                return self.horizon;
            }
            bits = self.word(network, vertex, word) ^ flip;
        }
        (word * 64) as u32 + bits.trailing_zeros()
    }

    /// 64 steps of a vertex: is somebody where one can't be there?
    #[inline]
    fn word(&self, network: &Network, vertex: u32, word: usize) -> u64 {
        if network.is_plain() {
            return self.busy[vertex as usize * self.words + word];
        }
        let swept = self.swept.get(vertex as usize * self.words + word);
        let busy = network.conflicts(vertex).iter();
        busy.fold(swept.copied().unwrap_or(0), |bits, &other| {
            bits | self.busy[other as usize * self.words + word]
        })
    }

    /// Is nobody in the way of one that goes from `from` to `to`, is there at `step`, and could be there?
    #[inline]
    pub fn lets_by(&self, network: &Network, from: u32, to: u32, step: u32) -> bool {
        if network.is_plain() {
            return self.goes(to, from, step) == NONE;
        }
        let beside = network.swept_beside(from, to);
        beside.iter().all(|&vertex| self.who(vertex, step) == NONE)
            && network
                .swept(from, to)
                .iter()
                .all(|&vertex| self.swaps(network, vertex, from, step) == NONE)
    }

    /// Who leaves a vertex and sweeps `from`, to arrive at `step`, or [`NONE`]: who would swap with one that leaves `from`.
    fn swaps(&self, network: &Network, vertex: u32, from: u32, step: u32) -> u32 {
        let who = self.who(vertex, step - 1);
        if who == NONE {
            return NONE;
        }
        let to = network
            .successors(vertex)
            .iter()
            .find(|&&to| self.who(to, step) == who);
        match to {
            Some(&to) if network.swept(vertex, to).contains(&from) => who,
            _ => NONE,
        }
    }

    /// Gives all who would be in conflict with one that goes from `from` to `to`, or stays there, and is there at `step`.
    pub fn others(
        &self,
        network: &Network,
        from: u32,
        to: u32,
        step: u32,
        give: &mut impl FnMut(u32),
    ) {
        let mut one = |who: u32| {
            if who != NONE {
                give(who);
            }
        };
        for &vertex in network.conflicts(to) {
            one(self.who(vertex, step));
        }
        for &(_, start, end) in network.sweepers(to) {
            if step > 0 {
                one(self.goes(start, end, step));
            }
        }
        if from == to || step == 0 {
            return;
        }
        if network.is_plain() {
            one(self.goes(to, from, step));
            return;
        }
        for &vertex in network.swept_beside(from, to) {
            one(self.who(vertex, step));
        }
        for &vertex in network.swept(from, to) {
            one(self.swaps(network, vertex, from, step));
        }
    }
}
