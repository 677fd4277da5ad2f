//! A better plan for a crowd: configurations made anew to the end, again and again, and the best kept.
//!
//! First from the start on, led by costs that spread ways over the floor (`guide`); then from random configurations of
//! the best plan on, after Okumura, "Engineering LaCAM\*" (AAMAS 2024), whose refiners search anew between two
//! configurations of a plan.

use super::fields::Fields;
use super::guide::guide;
use super::lacam::Search;
use super::order::Order;
use super::tree::step_loss;
use crate::plan::chance::Chance;

/// How often everything is made anew.
const FROM_START: u32 = 6;
/// How often the rest of the best plan is.
const FROM_WITHIN: u32 = 60;
/// A plan may have so many times the steps of the first one.
const STEPS_SHARE: usize = 2;

/// A plan as configurations, a row a step.
#[derive(Clone, Debug)]
struct Plan {
    rows: Vec<Vec<u32>>,
    /// Who decides first in the last one.
    order: Order,
    /// The loss up to the last one.
    loss: u32,
}

/// Tries to make a better plan than the one that was found; `None`: there was none, or no budget. `go_on` is told the
/// effort of all that the search has done.
pub(super) fn improve(
    search: &mut Search,
    seed: u64,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Option<Vec<Vec<u32>>> {
    let problem = search.problem;
    let found = search.solution();
    let (starts, steps) = (found.first()?.to_vec(), found.len());
    let mut below = search.loss()?;
    if !go_on(search.work()) {
        return None;
    }
    let mut chance = Chance::new(seed.wrapping_add(1));
    let before = search.work();
    let mut within = |work: u64| go_on(before + work);
    let mut guidance = guide(
        problem.network,
        &starts,
        problem.goals,
        &mut chance,
        &mut within,
    )?;
    search.fields.work += guidance.work;
    let mut best: Option<Vec<Vec<u32>>> = None;
    for round in 0..FROM_START + FROM_WITHIN {
        if !go_on(search.work()) {
            break;
        }
        let from = match &best {
            Some(best) if round >= FROM_START => chance.below(best.len() - 1),
            _ => 0,
        };
        let rows = best
            .as_ref()
            .map_or(std::slice::from_ref(&starts), |best| &best[..=from]);
        let mut plan = plan_of(search, rows);
        if roll_out(search, &mut guidance, &mut plan, steps, below, go_on) {
            below = plan.loss;
            best = Some(plan.rows);
        }
    }
    best
}

/// The first rows of a plan.
fn plan_of(search: &Search, rows: &[Vec<u32>]) -> Plan {
    let goals = search.problem.goals;
    let mut order = search.first_order(&rows[0]);
    let mut loss = 0;
    for two in rows.windows(2) {
        order = order.after(&two[1], goals, &search.ranks);
        loss += step_loss(&two[0], &two[1], goals);
    }
    Plan {
        rows: rows.to_vec(),
        order,
        loss,
    }
}

/// Goes on with a plan until everybody is at the goal; `false`: that took too long, or cost as much as `below`, or the
/// budget has ended. When the
/// first plan, of so many `steps`, would have ended it goes by distances: guidance leads all but a few home.
fn roll_out(
    search: &mut Search,
    guidance: &mut Fields,
    plan: &mut Plan,
    steps: usize,
    below: u32,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> bool {
    let goals = search.problem.goals;
    search.pibt.forget();
    while plan.order.away > 0 && plan.loss < below && plan.rows.len() < STEPS_SHARE * steps {
        if !go_on(search.work()) {
            break;
        }
        let from = &plan.rows[plan.rows.len() - 1];
        if plan.rows.len() == steps {
            search.pibt.forget();
        }
        let fields = if plan.rows.len() < steps {
            &mut *guidance
        } else {
            &mut search.fields
        };
        let order = &plan.order.agents;
        let Some(to) = search.pibt.next(search.problem, fields, from, order, &[]) else {
            break;
        };
        let to = to.to_vec();
        plan.loss += step_loss(from, &to, goals);
        plan.order = plan.order.after(&to, goals, &search.ranks);
        plan.rows.push(to);
    }
    search.pibt.forget();
    plan.order.away == 0 && plan.loss < below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::oneshot::lacam::Stop;
    use crate::plan::oneshot::network::Network;
    use crate::plan::oneshot::pibt::Problem;
    use crate::plan::oneshot::{Instance, Options, Solution};

    /// Half of all cells taken: what is rolled out is a plan, less is lost on it, and it is the same each time.
    #[test]
    fn a_crowd_does_better_with_guidance() {
        let (network, vertex) = Network::grid(&[true; 144], 12, 12);
        let mut chance = Chance::new(1);
        let mut shuffled = || {
            let mut all = vertex.clone();
            chance.shuffle(&mut all);
            all[..72].to_vec()
        };
        let instance = Instance {
            starts: shuffled(),
            goals: shuffled(),
        };
        let options = Options {
            rotation: true,
            ..Options::default()
        };
        let problem = Problem {
            network: &network,
            goals: &instance.goals,
            rotation: true,
        };
        let planned = || {
            let mut search = Search::new(problem, &instance.starts, &options);
            assert_eq!(search.run(&mut |_| true), Stop::Found);
            let rows = improve(&mut search, 0, &mut |_| true).unwrap_or_default();
            let steps: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
            (Solution::from_steps(&steps), search.loss())
        };
        let (better, first) = planned();
        assert_eq!(better.check(&network, &instance, &options), Ok(()));
        assert!(Some(better.sum_of_loss() as u32) < first);
        assert_eq!(planned().0, better);

        // It ends soon after the budget has, wherever that is.
        let mut search = Search::new(problem, &instance.starts, &options);
        assert_eq!(search.run(&mut |_| true), Stop::Found);
        for budget in (0..40_000).step_by(1_000) {
            let enough = search.work() + budget;
            improve(&mut search, 0, &mut |work| work < enough);
            let beyond = search.work().saturating_sub(enough);
            assert!(beyond < 1_000, "{beyond} beyond {budget}");
        }
    }
}
