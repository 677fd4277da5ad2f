//! What each agent can do in the next steps, best first.

use super::NONE;
use super::choice::{Choice, IMPOSSIBLE};
use super::reservations::Path;

/// The choices of all agents.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Choices<const MOMENTS: usize> {
    routes: usize,
    /// For each agent its choices, best first.
    sorted: Vec<Choice>,
    count: Vec<u16>,
    /// For each agent its choices when it is pushed, best first: those count more that lead to where there is room.
    pushed: Vec<Choice>,
    /// Have they been sorted in this step?
    ready: Vec<bool>,
    /// For each agent and route its path, its value, and the operation that is best on it, where it is possible.
    paths: Vec<Path<MOMENTS>>,
    values: Vec<u32>,
    operations: Vec<u16>,
    /// While an agent's choices are looked for: the best of each route.
    best: Vec<Choice>,
}

impl<const MOMENTS: usize> Choices<MOMENTS> {
    /// Room for so many routes of each agent, 256 at most.
    pub fn new(routes: usize, agents: usize) -> Self {
        Self {
            routes,
            sorted: vec![Choice::default(); routes * agents],
            count: vec![0; agents],
            pushed: vec![Choice::default(); routes * agents],
            ready: vec![false; agents],
            paths: vec![[NONE; MOMENTS]; routes * agents],
            values: vec![0; routes * agents],
            operations: vec![0; routes * agents],
            best: vec![IMPOSSIBLE; routes],
        }
    }

    /// An agent's choices, best first.
    #[inline]
    pub fn of(&self, agent: u32) -> &[Choice] {
        let base = agent as usize * self.routes;
        &self.sorted[base..base + usize::from(self.count[agent as usize])]
    }

    /// One of them.
    #[inline]
    pub fn nth(&self, agent: u32, at: usize) -> Choice {
        self.sorted[agent as usize * self.routes + at]
    }

    /// Sorts what an agent can do when it is pushed; `room` is the number of steps from each place to one that is free.
    pub fn prepare(&mut self, agent: u32, room: &[u16], weight: i64) {
        if std::mem::replace(&mut self.ready[agent as usize], true) {
            return;
        }
        let base = agent as usize * self.routes;
        let end = base + usize::from(self.count[agent as usize]);
        for at in base..end {
            let choice = self.sorted[at];
            let path = &self.paths[base + usize::from(choice.route())];
            let steps = i64::from(room[path[MOMENTS - 1] as usize].min(100));
            self.pushed[at] = choice.dearer_by(weight * steps);
        }
        self.pushed[base..end].sort_unstable();
    }

    /// One of an agent's choices when it is pushed.
    #[inline]
    pub fn nth_pushed(&self, agent: u32, at: usize) -> u8 {
        self.pushed[agent as usize * self.routes + at].route()
    }

    #[inline]
    pub fn path(&self, agent: u32, route: u8) -> &Path<MOMENTS> {
        &self.paths[agent as usize * self.routes + usize::from(route)]
    }

    #[inline]
    pub fn value(&self, agent: u32, route: u8) -> i64 {
        i64::from(self.values[agent as usize * self.routes + usize::from(route)])
    }

    /// The operation that is best on a route.
    #[inline]
    pub fn operation(&self, agent: u32, route: u8) -> u16 {
        self.operations[agent as usize * self.routes + usize::from(route)]
    }

    /// Begins to note what an agent can do.
    pub fn begin(&mut self) {
        self.best.fill(IMPOSSIBLE);
    }

    /// Notes an operation; of those of a route the best counts.
    #[inline]
    pub fn note(&mut self, agent: u32, operation: u16, choice: Choice, path: &Path<MOMENTS>) {
        let route = usize::from(choice.route());
        let best = &mut self.best[route];
        if choice < *best {
            *best = choice;
            let at = agent as usize * self.routes + route;
            self.operations[at] = operation;
            self.paths[at] = *path;
        }
    }

    /// Sorts what has been noted since [`Self::begin`]; gives the route with the path `wanted`.
    pub fn end(&mut self, agent: u32, wanted: &Path<MOMENTS>) -> Option<u8> {
        let base = agent as usize * self.routes;
        let (mut count, mut found) = (0, None);
        for &choice in self.best.iter().filter(|&&choice| choice != IMPOSSIBLE) {
            let at = base + usize::from(choice.route());
            self.values[at] = choice.value() as u32;
            if self.paths[at] == *wanted {
                found = Some(choice.route());
            }
            self.sorted[base + count] = choice;
            count += 1;
        }
        self.count[agent as usize] = count as u16;
        self.ready[agent as usize] = false;
        self.sorted[base..base + count].sort_unstable();
        found
    }
}
