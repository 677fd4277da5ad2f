//! Paths for everybody, and what they cost.

use super::network::{NONE, Network};
use super::{Instance, Options};

/// One path an agent, a vertex a step; each ends when its agent arrives for good, and rests there from then on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Solution {
    /// By agent.
    pub paths: Vec<Vec<u32>>,
}

impl Solution {
    /// From configurations, one a step.
    pub(super) fn from_steps(steps: &[&[u32]]) -> Self {
        let agents = steps.first().map_or(0, |step| step.len());
        let path = |agent: usize| {
            let mut path: Vec<u32> = steps.iter().map(|step| step[agent]).collect();
            while path.len() > 1 && path[path.len() - 2] == path[path.len() - 1] {
                path.pop();
            }
            path
        };
        Self {
            paths: (0..agents).map(path).collect(),
        }
    }

    /// Where an agent is at a step.
    pub fn at(&self, agent: usize, step: usize) -> u32 {
        let path = &self.paths[agent];
        path[step.min(path.len() - 1)]
    }

    /// Steps until everybody has arrived.
    pub fn makespan(&self) -> usize {
        self.paths
            .iter()
            .map(|path| path.len() - 1)
            .max()
            .unwrap_or(0)
    }

    /// For all agents together, the step of the last arrival.
    pub fn sum_of_costs(&self) -> u64 {
        self.paths.iter().map(|path| path.len() as u64 - 1).sum()
    }

    /// For all agents together, the steps at which they do not rest at their goals.
    pub fn sum_of_loss(&self) -> u64 {
        self.paths
            .iter()
            .map(|path| u64::from(path_loss(path)))
            .sum()
    }

    /// Checks everything: starts and goals, that each step is along an arc, that nobody is where another one is or sweeps,
    /// that no two swap, and that closed rings turn only where they may. It shares nothing with the planner.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn check(
        &self,
        network: &Network,
        instance: &Instance,
        options: &Options,
    ) -> Result<(), String> {
        let agents = instance.starts.len();
        if self.paths.len() != agents || self.paths.iter().any(Vec::is_empty) {
            return Err(format!("{} paths for {agents} agents", self.paths.len()));
        }
        for agent in 0..agents {
            let (start, goal) = (self.at(agent, 0), self.at(agent, usize::MAX));
            if start != instance.starts[agent] || goal != instance.goals[agent] {
                return Err(format!("agent {agent} goes from {start} to {goal}"));
            }
        }
        let mut here = vec![NONE; network.len()];
        let mut there = vec![NONE; network.len()];
        for step in 0..=self.makespan() {
            let ends =
                |agent: usize| (self.at(agent, step.saturating_sub(1)), self.at(agent, step));
            for agent in 0..agents {
                let (from, to) = ends(agent);
                if from != to && !network.successors(from).contains(&to) {
                    return Err(format!(
                        "step {step}: agent {agent} jumps from {from} to {to}"
                    ));
                }
                if there[to as usize] != NONE {
                    return Err(format!(
                        "step {step}: agents {} and {agent} are both at {to}",
                        there[to as usize]
                    ));
                }
                there[to as usize] = agent as u32;
            }
            for agent in 0..agents {
                let (from, to) = ends(agent);
                for &vertex in network.swept(from, to) {
                    let other = there[vertex as usize];
                    if other != NONE && other as usize != agent {
                        return Err(format!(
                            "step {step}: agent {other} is in the way of {agent}"
                        ));
                    }
                }
            }
            // Those who stood where somebody sweeps go before it: is there an order?
            let before = |agent: usize| {
                let (from, to) = ends(agent);
                let others = network
                    .swept(from, to)
                    .iter()
                    .map(|&vertex| here[vertex as usize]);
                others.filter(move |&other| from != to && other != NONE && other as usize != agent)
            };
            for agent in 0..agents {
                if before(agent)
                    .any(|other| before(other as usize).any(|one| one as usize == agent))
                {
                    return Err(format!("step {step}: agent {agent} swaps with another one"));
                }
            }
            if !options.rotation {
                let mut waits: Vec<usize> =
                    (0..agents).map(|agent| before(agent).count()).collect();
                let mut after = vec![Vec::new(); agents];
                for agent in 0..agents {
                    before(agent).for_each(|other| after[other as usize].push(agent));
                }
                let mut go: Vec<usize> = (0..agents).filter(|&agent| waits[agent] == 0).collect();
                let mut gone = 0;
                while let Some(agent) = go.pop() {
                    gone += 1;
                    for &other in &after[agent] {
                        waits[other] -= 1;
                        if waits[other] == 0 {
                            go.push(other);
                        }
                    }
                }
                if gone < agents {
                    return Err(format!("step {step}: a ring of agents turns"));
                }
            }
            here.fill(NONE);
            std::mem::swap(&mut here, &mut there);
        }
        Ok(())
    }
}

/// Steps at which an agent does not rest at its goal, the end of the path.
pub(super) fn path_loss(path: &[u32]) -> u32 {
    let goal = path.last();
    path.windows(2)
        .filter(|step| Some(&step[0]) != goal || Some(&step[1]) != goal)
        .count() as u32
}
