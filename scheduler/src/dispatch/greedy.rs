//! Insertion by regret: always answers, and quickly.

use super::model::{Answer, Model};

/// Takes one choice after the other: that of the task which is worth the most and would lose the most if its best
/// vehicle went to another (regret-2 insertion; Potvin and Rousseau, 1993).
pub(super) fn solve(model: &Model) -> Answer {
    let mut vehicle_free = vec![true; model.vehicles];
    let mut open: Vec<&[_]> = model.choices.chunk_by(|a, b| a.task == b.task).collect();
    let mut first: Vec<usize> = Vec::with_capacity(open.len());
    let mut at = 0;
    for row in &open {
        first.push(at);
        at += row.len();
    }
    let mut chosen = Vec::new();
    let mut work = 0;
    loop {
        // Most urgent task: greatest gain and regret together; the first of equals.
        let mut most: Option<(i64, usize, usize)> = None;
        for (row, choices) in open.iter().enumerate() {
            let (mut best, mut second) = (None, 0);
            for (i, c) in choices.iter().enumerate() {
                work += 1;
                if !vehicle_free[c.vehicle as usize] {
                    continue;
                }
                match best {
                    Some((gain, _)) if gain >= c.gain => second = second.max(c.gain),
                    _ => {
                        second = best.map_or(0, |(gain, _)| gain);
                        best = Some((c.gain, i));
                    }
                }
            }
            if let Some((gain, i)) = best {
                let urgency = gain + (gain - second);
                if most.is_none_or(|(u, ..)| urgency > u) {
                    most = Some((urgency, row, i));
                }
            }
        }
        let Some((_, row, i)) = most else {
            break;
        };
        chosen.push(first[row] + i);
        vehicle_free[open[row][i].vehicle as usize] = false;
        open.remove(row);
        first.remove(row);
    }
    let answer = model.answer(chosen, work);
    debug_assert!(answer.is_some(), "each vehicle and each task is taken once");
    answer.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::model::testing::{brute_force, small};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Half of the optimum is what any greedy matching by gain reaches; regret must not spoil that by much, and
        /// nobody who could do something is left idle.
        #[test]
        fn leaves_nothing_undone(model in small()) {
            let answer = solve(&model);
            prop_assert!(answer.gain <= brute_force(&model));
            let taken = |f: &dyn Fn(usize) -> bool| answer.chosen.iter().any(|&i| f(i));
            for c in &model.choices {
                prop_assert!(
                    taken(&|i| model.choices[i].vehicle == c.vehicle) || taken(&|i| model.choices[i].task == c.task)
                );
            }
        }
    }
}
