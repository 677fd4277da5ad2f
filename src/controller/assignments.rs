//! The dispatcher's answers: it proposes, the cycle disposes. An answer is gone through over some cycles, and each part of it
//! is taken over if it still fits.

use takt_maps::{OrderId, VehicleId};
use takt_rt::mutant::{Mutant, is_on};
use takt_scheduler::dispatch::{DispatchProposal, Task};
use takt_scheduler::orders::{OrderState, Reason};

use super::docks::charger_taken;
use super::fleet::Mission;
use super::looks::share;
use super::{Controller, Outputs, moves};

/// Chargers given to vehicles in one cycle at most: each takes a look at the whole fleet.
const CHARGES_PER_CYCLE: usize = 2;

/// An answer that is being taken over.
#[derive(Debug)]
pub(super) struct Answering {
    proposal: Box<DispatchProposal>,
    /// Who is told something else has let go of its order; vehicles before this one.
    pub released: usize,
    /// First assignment of a vehicle that is not before `released`; then the first that is not taken over.
    pub next: usize,
}

impl Controller {
    /// The dispatcher's answer: from now on it is taken over, as far as it still fits.
    pub(super) fn take_dispatch<O: Outputs>(
        &mut self,
        proposal: Box<DispatchProposal>,
        out: &mut O,
    ) {
        self.dispatcher.unanswered = false;
        if self.dispatcher.asked == Some(proposal.stamp) {
            self.dispatcher.asked = None;
        }
        let all = &proposal.assignments;
        let in_order = all.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let known = all.last().is_none_or(|(v, _)| v.index() < self.fleet.len());
        if !in_order || !known || self.dispatcher.answering.is_some() {
            self.counts.assignments_refused += all.len() as u64;
            out.recycle_dispatch(proposal);
            return;
        }
        self.dispatcher.answering = Some(Answering {
            proposal,
            released: 0,
            next: 0,
        });
    }

    /// Goes on with the dispatcher's answer.
    pub(super) fn take_assignments<O: Outputs>(&mut self, out: &mut O) {
        let Some(mut answer) = self.dispatcher.answering.take() else {
            return;
        };
        let fleet = self.fleet.len();
        let budget = share(fleet, self.floor.control.cycle_us);
        // First whoever is told something else lets go of its order, so that another may have it.
        if answer.released < fleet {
            for _ in 0..budget.min(fleet - answer.released) {
                let vehicle = VehicleId::from_index(answer.released);
                let told = answer.proposal.assignments.get(answer.next);
                let told = told.filter(|(v, _)| *v == vehicle).map(|&(_, task)| task);
                answer.next += usize::from(told.is_some());
                answer.released += 1;
                self.let_go(vehicle, told, out);
            }
            if answer.released < fleet {
                self.dispatcher.answering = Some(answer);
                return;
            }
            answer.next = 0;
        }
        let mut charges = 0;
        for _ in 0..budget {
            let Some(&(vehicle, task)) = answer.proposal.assignments.get(answer.next) else {
                break;
            };
            charges += usize::from(matches!(task, Task::Charge(_)));
            if charges > CHARGES_PER_CYCLE {
                break;
            }
            answer.next += 1;
            self.take_assignment(vehicle, task, out);
        }
        if answer.next < answer.proposal.assignments.len() {
            self.dispatcher.answering = Some(answer);
        } else {
            out.recycle_dispatch(answer.proposal);
        }
    }

    /// A vehicle that was offered, and is told something else than what it does, or nothing, stops doing it.
    fn let_go<O: Outputs>(&mut self, vehicle: VehicleId, told: Option<Task>, out: &mut O) {
        if !self.dispatcher.offered[vehicle.index()] {
            return;
        }
        let state = self.vehicle_state(vehicle);
        if !state.available || told == state.task {
            return;
        }
        if let Some(Task::Order(id)) = state.task {
            let mut emit = moves(&mut self.stock, out);
            if self
                .orders
                .unassign(id, Reason::Reassigned, self.now_ms, &mut emit)
                .is_err()
            {
                return;
            }
        }
        let v = &mut self.fleet[vehicle.index()];
        v.mission = Mission::Idle;
        v.mission_cycle = self.cycle;
    }

    /// Gives a vehicle its task, if it is free and the task is to be had.
    fn take_assignment<O: Outputs>(&mut self, vehicle: VehicleId, task: Task, out: &mut O) {
        let state = self.vehicle_state(vehicle);
        if state.task == Some(task) {
            return;
        }
        let mission = match task {
            _ if (!state.available || state.task.is_some()) && !is_on(Mutant::IgnoreStaleStamp) => {
                None
            }
            Task::Order(id) => {
                self.take_from_absent(id, out);
                let mut emit = moves(&mut self.stock, out);
                let assigned = self.orders.assign(id, vehicle, self.now_ms, &mut emit);
                assigned
                    .is_ok()
                    .then_some(Mission::Order { id, loaded: false })
            }
            Task::Charge(charger) => {
                let known = charger.index() < self.floor.chargers.len();
                (known && !charger_taken(self, charger, Some(vehicle)))
                    .then_some(Mission::Charge(charger))
            }
            Task::Park(node) => {
                let parking = &self.dispatcher.parking;
                let at = parking.partition_point(|&(n, _)| n < node);
                let is_one = parking.get(at).is_some_and(|&(n, _)| n == node);
                is_one.then_some(Mission::Park(node))
            }
        };
        let Some(mission) = mission else {
            self.counts.assignments_refused += 1;
            return;
        };
        self.counts.assignments += 1;
        let v = &mut self.fleet[vehicle.index()];
        v.mission = mission;
        v.mission_cycle = self.cycle;
    }

    /// An order whose vehicle is out of touch, faulty or lost, and has not begun to load, may go to another.
    fn take_from_absent<O: Outputs>(&mut self, id: OrderId, out: &mut O) {
        let Some(OrderState::Assigned { vehicle }) = self.orders.get(id).map(|o| o.state) else {
            return;
        };
        if self.vehicle_state(vehicle).present || self.fleet[vehicle.index()].paused {
            return;
        }
        let mut emit = moves(&mut self.stock, out);
        if self
            .orders
            .unassign(id, Reason::VehicleUnavailable, self.now_ms, &mut emit)
            .is_ok()
        {
            let v = &mut self.fleet[vehicle.index()];
            v.mission = Mission::Idle;
            v.mission_cycle = self.cycle;
        }
    }
}
