//! Insertion by regret: always answers, and quickly.

use super::model::{Answer, Choice, Model};

/// Adds to the choices that are `taken` one after the other: that of the task which is worth the most and would lose the
/// most if its best vehicle went to another (regret-2 insertion; Potvin and Rousseau, 1993).
///
/// Nothing that could still be added is left out. `taken` must keep the rules.
pub(super) fn extend(model: &Model, taken: &[Choice]) -> Answer {
    let mut vehicle_free = vec![true; model.vehicles];
    let mut task_free = vec![true; model.tasks];
    for c in taken {
        vehicle_free[c.vehicle as usize] = false;
        task_free[c.task as usize] = false;
    }
    let mut open: Vec<&[Choice]> = model.choices.chunk_by(|a, b| a.task == b.task).collect();
    open.retain(|row| task_free[row[0].task as usize]);
    let mut chosen = taken.to_vec();
    let mut work = 0;
    loop {
        // Most urgent task: greatest gain and regret together; the first of equals. Rows without a free vehicle go.
        let mut most: Option<(i64, Choice)> = None;
        open.retain(|row| {
            work += row.len() as u64;
            let free = |c: &&Choice| vehicle_free[c.vehicle as usize];
            let Some((best, second)) = best_two(row.iter().filter(free)) else {
                return false;
            };
            let urgency = best.gain + (best.gain - second);
            if most.is_none_or(|(u, _)| urgency > u) {
                most = Some((urgency, best));
            }
            true
        });
        let Some((_, best)) = most else {
            break;
        };
        chosen.push(best);
        vehicle_free[best.vehicle as usize] = false;
        open.retain(|row| row[0].task != best.task);
    }
    let answer = model.answer(chosen, work);
    debug_assert!(answer.is_some(), "each vehicle and each task is taken once");
    answer.unwrap_or_default()
}

/// The choice with the greatest gain, the first of equals, and the next greatest gain, 0 if there is none.
fn best_two<'a>(choices: impl Iterator<Item = &'a Choice>) -> Option<(Choice, i64)> {
    let (mut best, mut second): (Option<Choice>, i64) = (None, 0);
    for &c in choices {
        match best {
            Some(b) if b.gain >= c.gain => second = second.max(c.gain),
            _ => {
                second = best.map_or(0, |b| b.gain);
                best = Some(c);
            }
        }
    }
    best.map(|b| (b, second))
}

#[cfg(test)]
mod tests {
    use super::super::model::testing::{optimum, small};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// No better than the optimum, and nobody who could do something is left idle.
        #[test]
        fn leaves_nothing_undone(model in small()) {
            let answer = extend(&model, &[]);
            prop_assert!(answer.gain <= optimum(&model));
            for c in &model.choices {
                prop_assert!(
                    answer.chosen.iter().any(|d| d.vehicle == c.vehicle || d.task == c.task)
                );
            }
            // What is taken stays taken.
            for c in &answer.chosen {
                let other = extend(&model, &[*c]);
                prop_assert!(other.chosen.contains(c));
                prop_assert_eq!(extend(&model, &answer.chosen).chosen, answer.chosen.clone());
            }
        }
    }
}
