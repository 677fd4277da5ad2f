//! One-shot planning: everybody from a start to a goal, once, and rests there.
//!
//! First a solution, fast: LaCAM\* (`lacam`), whose configurations are made by PIBT (`pibt`, `swap`). Then better
//! ones until the budget ends: everybody planned anew around those with shorter ways (`prioritized`), or in a crowd with
//! PIBT again and ways that are spread over the floor (`rollouts`, `guide`); then large neighbourhood search (`refine`).
//! Single agents are planned by safe interval path planning (`sipp`). Distances are found when they are asked for
//! (`fields`).

mod aside;
mod constraints;
mod fields;
mod guide;
mod lacam;
mod neighbourhood;
mod network;
mod order;
mod pibt;
mod prioritized;
mod refine;
mod rollouts;
mod sipp;
mod solution;
mod swap;
#[cfg(test)]
mod tests;
mod timetable;
mod tree;

use lacam::{Search, Stop};
pub use network::Network;
use pibt::Problem;
use refine::Refiner;
pub use solution::Solution;

/// Where agents are and where they go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Vertex of each agent at first; none in conflict with another one.
    pub starts: Vec<u32>,
    /// Vertex of each agent at last; none in conflict with another one.
    pub goals: Vec<u32>,
}

impl Instance {
    /// The same without those who would be in conflict at the start or at the goal with one before them.
    pub fn with_room(&self, network: &Network) -> Self {
        let mut taken = [vec![false; network.len()], vec![false; network.len()]];
        let mut with_room = Self {
            starts: Vec::new(),
            goals: Vec::new(),
        };
        for (&start, &goal) in self.starts.iter().zip(&self.goals) {
            let free = |taken: &[bool], vertex| {
                network
                    .conflicts(vertex)
                    .iter()
                    .all(|&other| !taken[other as usize])
            };
            if free(&taken[0], start) && free(&taken[1], goal) {
                taken[0][start as usize] = true;
                taken[1][goal as usize] = true;
                with_room.starts.push(start);
                with_room.goals.push(goal);
            }
        }
        with_room
    }
}

/// How to plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// May closed rings of agents turn? In most benchmarks they may, on floors they may not.
    pub rotation: bool,
    /// Of all that is left to chance.
    pub seed: u64,
    /// Threads that search for distances, the calling one included; the plan does not depend on it.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rotation: false,
            seed: 0,
            threads: 1,
        }
    }
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A solution.
    Solved {
        /// The best one.
        best: Solution,
        /// The first one.
        first: Solution,
        /// Has it been proven that none has less loss?
        optimal: bool,
    },
    /// It has been proven that there is none.
    Unsolvable,
    /// None was found in the budget, or somebody has [`DISTANCE_MAX`] steps to go, or more.
    NotFound,
}

/// After the first solution LaCAM\* goes on for so much effort: small instances it solves to the end.
const STAR_WORK: u64 = 200_000;

/// Whoever has so many steps to its goal is not planned for.
pub const DISTANCE_MAX: u32 = fields::UNREACHABLE;

/// Agents that an instance may have.
pub const AGENTS_MAX: usize = 65_000;

/// Plans; gives back the outcome and the effort, in choices and vertices looked at.
///
/// ```
/// use takt_motion::plan::oneshot::{Instance, Network, Options, Outcome, plan};
///
/// // Two in a row of three cells and one below the middle: they have to swap.
/// let (network, vertex) = Network::grid(&[true, true, true, false, true, false], 3, 2);
/// let instance = Instance { starts: vec![vertex[0], vertex[2]], goals: vec![vertex[2], vertex[0]] };
/// let options = Options { rotation: true, ..Options::default() };
/// let (outcome, _work) = plan(&network, &instance, &options, &mut |_| true, &mut |_| ());
/// let Outcome::Solved { best, optimal, .. } = outcome else { panic!("it can be solved") };
/// assert!(optimal);
/// assert_eq!(best.sum_of_loss(), 7);
/// ```
///
/// `go_on` is told the effort so far every few hundred steps and says whether there is more to spend; `first` is called
/// once with the first solution. The same instance, options and answers of `go_on` give the same outcome on any machine.
/// It ends before `go_on` says no only if the best solution is proven to be one.
///
/// # Panics
/// If starts and goals are not as many as each other, in conflict, not vertices of the network, or more than
/// [`AGENTS_MAX`].
pub fn plan(
    network: &Network,
    instance: &Instance,
    options: &Options,
    go_on: &mut dyn FnMut(u64) -> bool,
    first: &mut dyn FnMut(&Solution),
) -> (Outcome, u64) {
    check(network, instance);
    let problem = Problem {
        network,
        goals: &instance.goals,
        rotation: options.rotation,
    };
    let mut search = Search::new(problem, &instance.starts, options);

    // A first solution.
    match search.run(go_on) {
        Stop::Found => {}
        Stop::Exhausted => {
            // Who has farther to go than can be told was not searched for.
            let far = |(&start, &goal): (&u32, &u32)| {
                let steps = network.distance(start, goal);
                steps.is_some_and(|steps| steps >= DISTANCE_MAX)
            };
            let outcome = match instance.starts.iter().zip(&instance.goals).any(far) {
                true => Outcome::NotFound,
                false => Outcome::Unsolvable,
            };
            return (outcome, search.work());
        }
        Stop::Budget => return (Outcome::NotFound, search.work()),
    }
    let first_one = Solution::from_steps(&search.solution());
    first(&first_one);
    let solved = |best: Solution, optimal: bool, work: u64| {
        (
            Outcome::Solved {
                best,
                first: first_one.clone(),
                optimal,
            },
            work,
        )
    };

    // Small instances are solved to the end.
    let enough = search.work() + STAR_WORK;
    let mut ended = false;
    let stop = search.run(&mut |work| {
        ended = !go_on(work);
        !ended && work < enough
    });
    let best = Solution::from_steps(&search.solution());
    if stop == Stop::Exhausted || ended {
        return solved(best, stop == Stop::Exhausted, search.work());
    }

    // Others are planned anew, one agent after the other; where it is too crowded for that, all together with guidance.
    let others = search.work() - search.fields.work;
    let mut refiner = Refiner::new(problem, &mut search.fields, best, options.seed);
    let planned = refiner.plan_all_anew(&mut |work| go_on(others + work));
    let mut planning = others + refiner.work();
    let mut best = refiner.into_solution();
    if !planned {
        let before = search.work();
        let mut go_on = |work: u64| go_on(planning + work - before);
        let better = rollouts::improve(&mut search, options.seed, &mut go_on);
        planning += search.work() - before;
        if let Some(rows) = better {
            best = Solution::from_steps(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }

    // And then made better bit by bit.
    let before = search.fields.work;
    let mut refiner = Refiner::new(problem, &mut search.fields, best, options.seed);
    let proven = refiner.refine(&mut |work| go_on(planning + work - before));
    let work = planning + refiner.work() - before;
    solved(refiner.into_solution(), proven, work)
}

fn check(network: &Network, instance: &Instance) {
    let agents = instance.starts.len();
    assert_eq!(agents, instance.goals.len(), "as many goals as starts");
    assert!(agents <= AGENTS_MAX, "at most {AGENTS_MAX} agents");
    for all in [&instance.starts, &instance.goals] {
        let mut taken = vec![false; network.len()];
        for &vertex in all {
            let conflicts = network.conflicts(vertex);
            assert!(
                conflicts.iter().all(|&other| !taken[other as usize]),
                "none in conflict with another one"
            );
            taken[vertex as usize] = true;
        }
    }
}
