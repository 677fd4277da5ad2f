//! The assignment as a mixed-integer linear program, through `good_lp`, solved by microlp.

use super::model::{Answer, Model};
use good_lp::{Expression, SolverModel, Variable, solvers::microlp::microlp, variable, variables};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// Gains are divided by this power of two (exactly), so that the solver sees moderate numbers.
const SCALE: f64 = 1.0 / 1_048_576.0;

/// What the solver may spend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Branch and bound nodes.
    pub nodes: u64,
    /// Wall-clock cut-off; `None`: counted effort only.
    pub cutoff: Option<Duration>,
}

/// Solves the model to optimality.
///
/// One binary for each choice, one row for each vehicle and each task that has more than one. The relaxation of an
/// assignment has integral corners, so branching is rare; what bounds the work is the number of choices.
///
/// `None` if the solver was cut off or failed: an answer that depends on where it was interrupted is not used.
pub(super) fn solve(model: &Model, limits: Limits) -> Option<Answer> {
    // microlp reports numerical trouble as an error, but it also indexes and asserts; a panic there must cost an answer,
    // not the dispatcher. The closure owns all that it changes, so nothing half-done is seen afterwards.
    catch_unwind(AssertUnwindSafe(|| try_solve(model, limits))).ok()?
}

fn try_solve(model: &Model, limits: Limits) -> Option<Answer> {
    let mut vars = variables!();
    let mut objective = Expression::with_capacity(model.choices.len());
    let mut rows: Vec<Vec<Variable>> = vec![Vec::new(); model.vehicles + model.tasks];
    for c in &model.choices {
        let x = vars.add(variable().binary());
        objective.add_mul(c.gain as f64 * SCALE, x);
        rows[c.vehicle as usize].push(x);
        rows[model.vehicles + c.task as usize].push(x);
    }
    let mut problem = vars.maximise(objective).using(microlp);
    for row in rows.iter().filter(|row| row.len() > 1) {
        let mut sum = Expression::with_capacity(row.len());
        for &x in row {
            sum.add_mul(1.0, x);
        }
        problem.add_constraint(sum.leq(1.0));
    }

    // good_lp passes on a time limit only; counted limits and the counts themselves are microlp's own.
    let inner = problem.as_inner();
    let solve = |options| inner.solve_with(options);
    let mut options = options_of(&solve);
    options.node_limit = Some(limits.nodes);
    options.time_limit = limits.cutoff;
    let outcome = solve(options).ok()?;
    let stats = outcome.stats();
    let solution = outcome.into_solution().ok()?;
    // A gap of zero is microlp's word for a finished proof.
    if stats.gap != Some(0.0) {
        return None;
    }
    let chosen = solution
        .iter()
        .filter(|(_, value)| *value > 0.5)
        .filter_map(|(x, _)| model.choices.get(x.idx()).copied())
        .collect();
    model.answer(chosen, stats.lp_iterations + stats.nodes_solved)
}

/// The options that a solving function takes, by default: names a type that `good_lp` uses but does not export.
fn options_of<Options: Default, Outcome>(_: &impl Fn(Options) -> Outcome) -> Options {
    Options::default()
}

#[cfg(test)]
mod tests {
    use super::super::greedy;
    use super::super::model::testing::{optimum, small};
    use super::*;
    use proptest::prelude::*;

    const FREE: Limits = Limits {
        nodes: 10_000,
        cutoff: None,
    };

    proptest! {
        #[test]
        fn finds_the_optimum(model in small()) {
            let answer = solve(&model, FREE).unwrap_or_default();
            prop_assert_eq!(answer.gain, optimum(&model));
            prop_assert!(answer.gain >= greedy::extend(&model, &[]).gain);
            prop_assert_eq!(solve(&model, FREE).unwrap_or_default(), answer);
        }
    }
}
