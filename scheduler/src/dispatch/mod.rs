//! Dispatch: which vehicle carries out which order, charges where, or waits where.
//!
//! A [`Dispatcher`] runs on a worker: it is given a [`DispatchSnapshot`] and answers with a [`DispatchProposal`], which
//! the control cycle admits or refuses. Orders and charging are decided together, as one MILP beside a
//! greedy insertion that always answers; the better one counts. Parking comes after.
//!
//! Vehicles that are busy take part with the time and place at which they will be free: an order may be held back for
//! one of them if that is better. Only vehicles that are available are told anything.

mod greedy;
mod milp;
mod model;
mod parking;
mod snapshot;
mod travel;
mod worth;

pub use snapshot::{DispatchProposal, DispatchSnapshot, Method, OpenOrder, Task, VehicleState};

use serde::{Deserialize, Serialize};
use std::time::Duration;
use takt_maps::{Floor, VehicleId};
use travel::Travel;

/// How the dispatcher works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DispatchOptions {
    /// Decides between answers that are equally good.
    pub seed: u64,
    /// Choices kept for each order and each vehicle in the MILP, `1 ..`.
    pub candidates: u16,
    /// Above so many choices, fewer are kept.
    pub choices_max: u32,
    /// Branch and bound nodes that the MILP may take.
    pub nodes_max: u32,
    /// How much later an order is thought to be completed if it is not given to a vehicle now.
    pub horizon_ms: u32,
    /// How much sooner another vehicle must be, for an order to be taken from the one that is on its way.
    pub keep_ms: u32,
    /// Wall-clock cut-off of the solver, after which the greedy answer counts; `None`: counted effort only, so that the
    /// answer depends on the snapshot alone.
    pub cutoff_ms: Option<u32>,
}

impl Default for DispatchOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            candidates: 8,
            choices_max: 900,
            nodes_max: 1_000,
            horizon_ms: 120_000,
            keep_ms: 5_000,
            cutoff_ms: None,
        }
    }
}

/// Assigns tasks to vehicles.
#[derive(Debug)]
pub struct Dispatcher {
    options: DispatchOptions,
    travel: Travel,
}

impl Dispatcher {
    /// A dispatcher for a floor. It computes travel times when it first needs them, and keeps them.
    pub fn new(floor: &Floor, options: DispatchOptions) -> Self {
        Self {
            options,
            travel: Travel::new(floor),
        }
    }

    /// The options that it was made with.
    pub fn options(&self) -> &DispatchOptions {
        &self.options
    }

    /// Decides what every available vehicle should do.
    ///
    /// Always answers; the same floor, options and snapshot give the same answer (unless the wall clock cut the solver
    /// off). `floor` must be the same in every call.
    pub fn solve(&mut self, floor: &Floor, snapshot: &DispatchSnapshot) -> DispatchProposal {
        self.travel.begin();
        let draft = worth::draft(floor, snapshot, &self.options, &mut self.travel);
        let full = draft.model;
        let mut answer = greedy::extend(&full, &[]);
        let mut work = draft.work + answer.work;
        let mut method = Method::Greedy;

        // The MILP sees the best choices of everyone and those of the greedy answer: it can only be better.
        let mut each = usize::from(self.options.candidates.max(1));
        let mut model = full.clone();
        model.prune(each, &answer);
        while model.choices.len() > self.options.choices_max as usize && each > 1 {
            each -= 1;
            model.prune(each, &answer);
        }
        let limits = milp::Limits {
            nodes: u64::from(self.options.nodes_max),
            cutoff: self
                .options
                .cutoff_ms
                .map(|ms| Duration::from_millis(u64::from(ms))),
        };
        if !model.choices.is_empty()
            && let Some(exact) = milp::solve(&model, limits)
        {
            work += exact.work;
            if exact.gain >= answer.gain {
                answer = exact;
                method = Method::Milp;
            }
        }
        // Choices that were left out for speed may still fit.
        answer = greedy::extend(&full, &answer.chosen);
        work += answer.work;

        // Who is available is told; what is meant for who is not stays open.
        let mut assignments = draft.settled;
        for choice in &answer.chosen {
            if snapshot.vehicles[choice.vehicle as usize].available {
                let vehicle = VehicleId::from_index(choice.vehicle as usize);
                assignments.push((vehicle, draft.tasks[choice.task as usize]));
            }
        }
        let mut told = vec![false; snapshot.vehicles.len()];
        for (vehicle, _) in &assignments {
            told[vehicle.index()] = true;
        }
        let idle: Vec<VehicleId> = (0..snapshot.vehicles.len())
            .map(VehicleId::from_index)
            .filter(|v| snapshot.vehicles[v.index()].present)
            .filter(|v| snapshot.vehicles[v.index()].available)
            .filter(|v| !told[v.index()])
            .collect();
        assignments.extend(parking::assign(floor, snapshot, &mut self.travel, &idle));
        assignments.sort_unstable_by_key(|&(v, _)| v);

        DispatchProposal {
            stamp: snapshot.stamp,
            assignments,
            unreachable: draft.unreachable,
            objective: answer.gain / worth::TIE,
            method,
            work,
        }
    }
}

#[cfg(test)]
mod tests;
