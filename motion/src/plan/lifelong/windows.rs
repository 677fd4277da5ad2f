//! Windowed planning where there is room: the next few steps of each agent by a search of its own, groups of those in each
//! other's way planned anew together until the budget ends.
//!
//! Operations look a few steps ahead, and agents that meet later than that don't see each other; so they need costs that
//! keep flows apart, and go further than they must. A search that looks further needs that less. But it plans one agent after
//! the other: where it is crowded the next one often finds no way at all, and nobody is pushed along a chain.
//!
//! Sources: Li, Tinka, Kiesel, Durham, Kumar, Koenig: "Lifelong Multi-Agent Path Finding in Large-Scale Warehouses" (AAAI
//! 2021, windows); Li, Chen, Harabor, Stuckey, Koenig: "Anytime Multi-Agent Path Finding via Large Neighborhood Search"
//! (IJCAI 2021, groups).

use super::WORK_UNASKED;
use super::budget::{Budget, Phase};
use super::space::Space;
use super::window_search::{DELAY_MAX, MOMENTS, View, Way, WindowSearch, delay, places};
use crate::plan::chance::Chance;
use crate::plan::epibt::Reservations;

/// Agents in the way of one that are planned anew together with it, at most.
const GROUP: usize = 5;

/// One group in so many is planned in any order; the others begin with the agent that they are for.
const SHUFFLED: usize = 4;

/// The next steps of all agents: ways that are free of collisions, and at whose ends everyone may wait.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    ways: Vec<Way>,
    /// Of each way.
    delay: Vec<i32>,
    reservations: Reservations<MOMENTS>,
    search: WindowSearch,
    /// Those who are planned anew together, and what they had.
    group: Vec<usize>,
    before: Vec<(Way, i32)>,
    /// Did they plan the last step, too?
    is_ready: bool,
}

impl Windows {
    /// Windows of so many agents.
    ///
    /// # Panics
    /// If the space has areas or rings may not turn: [`Reservations::is_free`] knows neither.
    pub fn new<S: Space>(space: &S, agents: usize) -> Self {
        assert!(S::TURNS && space.capacities().is_empty(), "a plain space");
        Self {
            ways: vec![[0; MOMENTS]; agents],
            delay: vec![0; agents],
            reservations: Reservations::new(space, agents),
            search: WindowSearch::new(space),
            group: Vec::with_capacity(GROUP + 1),
            before: Vec::with_capacity(GROUP + 1),
            is_ready: false,
        }
    }

    /// Way of an agent.
    pub fn way(&self, agent: usize) -> &Way {
        &self.ways[agent]
    }

    /// States looked at in this step.
    pub fn work(&self) -> u64 {
        self.search.work
    }

    /// The next step is planned by others.
    pub fn forget(&mut self) {
        self.is_ready = false;
    }

    /// Carries on with the ways of the last step. If an agent isn't where it should be, everyone stays where it is.
    pub fn carry_on<S: Space>(&mut self, view: &View<'_, S>) {
        self.search.work = view.agents.len() as u64;
        let agents = view.agents;
        let is_whole =
            self.is_ready && (0..agents.len()).all(|i| self.ways[i][1] == agents[i].state);
        self.is_ready = true;
        self.reservations.clear();
        for (index, agent) in agents.iter().enumerate() {
            let way = &mut self.ways[index];
            if is_whole {
                way.copy_within(1.., 0);
            } else {
                way.fill(agent.state);
            }
            let here = view.space.place(agent.state);
            self.reservations.stand(view.space, index as u32, 0, here);
            self.delay[index] = delay(view, index, &self.ways[index]);
            self.add(view, index);
        }
    }

    /// Each agent in turn gets the best way around all others. `false`: there wasn't time for all.
    pub fn take_turns<S: Space>(
        &mut self,
        view: &View<'_, S>,
        order: impl Iterator<Item = usize>,
        budget: &mut impl Budget,
        work: u64,
    ) -> bool {
        let mut asked = self.search.work;
        for agent in order {
            if self.search.work - asked >= WORK_UNASKED {
                asked = self.search.work;
                if budget.spent(Phase::Turns, work + self.search.work) {
                    return false;
                }
            }
            self.search.work += 1;
            if self.delay[agent] > 0 {
                self.remove(view, agent);
                self.settle(view, agent, self.delay[agent]);
                self.add(view, agent);
            }
        }
        true
    }

    /// Agents at random that are delayed, and those in their way, are planned anew, until the budget is spent.
    pub fn improve<S: Space>(
        &mut self,
        view: &View<'_, S>,
        random: &mut Chance,
        budget: &mut impl Budget,
        work: u64,
    ) {
        let agents = view.agents.len();
        while agents > 0 && !budget.spent(Phase::Improve, work + self.search.work) {
            let asked = self.search.work;
            while self.search.work - asked < WORK_UNASKED {
                self.search.work += 1;
                let agent = random.below(agents);
                if self.delay[agent] > 0 {
                    self.improve_one(view, agent, random);
                }
            }
        }
    }

    fn improve_one<S: Space>(&mut self, view: &View<'_, S>, agent: usize, random: &mut Chance) {
        let Some((best, _)) = self.search.run(view, agent, None, self.delay[agent]) else {
            return; // others aren't what delays it
        };
        self.gather(view, agent, &best, random);
        self.before.clear();
        for at in 0..self.group.len() {
            let agent = self.group[at];
            self.before.push((self.ways[agent], self.delay[agent]));
            self.remove(view, agent);
        }
        let weight = |agent: usize| i64::from(view.weight[agent].max(1));
        let own = |(&agent, &(_, delay)): (&usize, &(Way, i32))| weight(agent) * i64::from(delay);
        let mut left: i64 = self.group.iter().zip(&self.before).map(own).sum();
        let mut settled = 0;
        while settled < self.group.len() {
            let agent = self.group[settled];
            let below = (left / weight(agent) + 1).clamp(0, DELAY_MAX.into()) as i32;
            if !self.settle(view, agent, below) {
                break;
            }
            left -= weight(agent) * i64::from(self.delay[agent]);
            self.add(view, agent);
            settled += 1;
        }
        if settled < self.group.len() {
            for at in 0..settled {
                self.remove(view, self.group[at]);
            }
            for at in 0..self.group.len() {
                let agent = self.group[at];
                (self.ways[agent], self.delay[agent]) = self.before[at];
                self.add(view, agent);
            }
        }
    }

    /// Makes a group of an agent and some of those in its way, in the order in which they are to be planned.
    fn gather<S: Space>(
        &mut self,
        view: &View<'_, S>,
        agent: usize,
        way: &Way,
        random: &mut Chance,
    ) {
        self.group.clear();
        let path = places(view.space, way);
        for moment in 1..MOMENTS {
            let step = (path[moment - 1], path[moment]);
            let group = &mut self.group;
            self.reservations
                .meet(view.space, agent as u32, moment, step, |other| {
                    if other as usize != agent && !group.contains(&(other as usize)) {
                        group.push(other as usize);
                    }
                });
        }
        random.shuffle(&mut self.group);
        self.group.truncate(1 + random.below(GROUP));
        self.group.push(agent);
        let last = self.group.len() - 1;
        self.group.swap(0, last);
        if random.below(SHUFFLED) == 0 {
            random.shuffle(&mut self.group);
        }
    }

    /// Gives an agent whose reservations are removed the best way that the others leave, if it is delayed by less than
    /// `below`.
    fn settle<S: Space>(&mut self, view: &View<'_, S>, agent: usize, below: i32) -> bool {
        let found = self
            .search
            .run(view, agent, Some(&self.reservations), below);
        if let Some(found) = found {
            (self.ways[agent], self.delay[agent]) = found;
        }
        found.is_some()
    }

    fn add<S: Space>(&mut self, view: &View<'_, S>, agent: usize) {
        let path = places(view.space, &self.ways[agent]);
        self.reservations.add(view.space, agent as u32, &path);
    }

    fn remove<S: Space>(&mut self, view: &View<'_, S>, agent: usize) {
        let path = places(view.space, &self.ways[agent]);
        self.reservations.remove(view.space, agent as u32, &path);
    }
}
