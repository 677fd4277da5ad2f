//! Assignment as a set of choices: each vehicle takes at most one, each task is taken at most once, and the gains of
//! the choices taken add up.

/// Vehicle `vehicle` does task `task`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Choice {
    /// Row of the vehicle, `0 .. vehicles`.
    pub vehicle: u32,
    /// Row of the task, `0 .. tasks`.
    pub task: u32,
    /// What it is worth; greater than 0.
    pub gain: i64,
}

/// All choices.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    /// Number of vehicle rows.
    pub vehicles: usize,
    /// Number of task rows.
    pub tasks: usize,
    /// At most one for each pair, sorted by task and vehicle.
    pub choices: Vec<Choice>,
}

/// A set of choices that keep the rules.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Answer {
    /// The choices taken, by task.
    pub chosen: Vec<Choice>,
    /// Sum of their gains.
    pub gain: i64,
    /// Effort spent.
    pub work: u64,
}

impl Model {
    /// The answer made of these choices, if they keep the rules: the judge of every solver.
    pub fn answer(&self, mut chosen: Vec<Choice>, work: u64) -> Option<Answer> {
        let mut vehicle_taken = vec![false; self.vehicles];
        let mut task_taken = vec![false; self.tasks];
        for c in &chosen {
            let twice = std::mem::replace(vehicle_taken.get_mut(c.vehicle as usize)?, true)
                | std::mem::replace(task_taken.get_mut(c.task as usize)?, true);
            if twice {
                return None;
            }
        }
        chosen.sort_unstable_by_key(|c| c.task);
        let gain = chosen.iter().map(|c| c.gain).sum();
        Some(Answer { chosen, gain, work })
    }

    /// Keeps the `each` best choices of every task and of every vehicle, and those of an answer, so that this stays
    /// possible; drops the others.
    pub fn prune(&mut self, each: usize, answer: &Answer) {
        let mut by_gain: Vec<usize> = (0..self.choices.len()).collect();
        by_gain.sort_unstable_by_key(|&i| (std::cmp::Reverse(self.choices[i].gain), i));
        let mut of_vehicle = vec![0usize; self.vehicles];
        let mut of_task = vec![0usize; self.tasks];
        let mut keep = vec![false; self.choices.len()];
        // An answer has at most one choice for each task, sorted by task.
        let in_answer = |c: &Choice| {
            let at = answer.chosen.binary_search_by_key(&c.task, |d| d.task);
            at.is_ok_and(|at| answer.chosen[at] == *c)
        };
        for i in by_gain {
            let c = self.choices[i];
            let (v, t) = (
                &mut of_vehicle[c.vehicle as usize],
                &mut of_task[c.task as usize],
            );
            keep[i] = *v < each || *t < each || in_answer(&c);
            *v += 1;
            *t += 1;
        }
        let mut keep = keep.into_iter();
        self.choices.retain(|_| keep.next().unwrap_or(false));
    }
}

/// Helpers that several tests share.
#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use pathfinding::kuhn_munkres::kuhn_munkres;
    use pathfinding::matrix::Matrix;
    use proptest::prelude::*;

    /// Small random models with many ties.
    pub fn small() -> impl Strategy<Value = Model> {
        (1usize..8, 1usize..10).prop_flat_map(|(vehicles, tasks)| {
            prop::collection::vec(prop::option::of(1i64..12), vehicles * tasks).prop_map(
                move |gains| {
                    let choices = gains
                        .iter()
                        .enumerate()
                        .filter_map(|(i, gain)| {
                            Some(Choice {
                                vehicle: (i % vehicles) as u32,
                                task: (i / vehicles) as u32,
                                gain: (*gain)? * 1_000_003,
                            })
                        })
                        .collect();
                    Model {
                        vehicles,
                        tasks,
                        choices,
                    }
                },
            )
        })
    }

    /// The greatest gain there is, by the Hungarian method: another algorithm than those under test, and exact.
    pub fn optimum(model: &Model) -> i64 {
        // A column for each vehicle and, so that every task finds one, for nobody; what is no choice gains nothing.
        let columns = model.vehicles.max(model.tasks);
        let mut gains = Matrix::new(model.tasks, columns, 0i64);
        for c in &model.choices {
            gains[(c.task as usize, c.vehicle as usize)] = c.gain;
        }
        kuhn_munkres(&gains).0
    }

    proptest! {
        #[test]
        fn pruning_keeps_the_best_of_everyone(model in small(), each in 1usize..4) {
            let mut pruned = model.clone();
            pruned.prune(each, &Answer::default());
            for c in &model.choices {
                let count = |same: &dyn Fn(&Choice) -> bool| {
                    model.choices.iter().filter(|d| same(d)).count()
                };
                let (v, t) = (c.vehicle, c.task);
                let no_worse = |d: &Choice| d != c && d.gain >= c.gain;
                let kept = pruned.choices.contains(c);
                if count(&|d| d.vehicle == v && no_worse(d)) < each
                    || count(&|d| d.task == t && no_worse(d)) < each
                {
                    prop_assert!(kept);
                }
                prop_assert!(
                    !kept
                        || count(&|d| d.vehicle == v && d.gain > c.gain) < each
                        || count(&|d| d.task == t && d.gain > c.gain) < each
                );
            }
            if each >= model.tasks.max(model.vehicles) {
                prop_assert_eq!(pruned.choices, model.choices);
            }
        }
    }
}
