//! Who waits for more ground: asked for in turn, a bounded number a cycle, so that the cycles after a new plan, when
//! everybody may go on, cost no more than others.

use takt_maps::VehicleId;

use super::tracked::Mixer;

/// A queue in which everybody is once at most.
#[derive(Clone, Debug)]
pub(super) struct Hungry {
    ring: Vec<VehicleId>,
    queued: Vec<bool>,
    /// Numbers of the first in the queue and of the next to come; they count on for ever.
    first: u64,
    next: u64,
    /// Sum of the terms of all that are in it.
    hash: u64,
}

impl Hungry {
    /// Nobody of so many.
    pub fn new(vehicles: usize) -> Self {
        Self {
            ring: vec![VehicleId(0); vehicles],
            queued: vec![false; vehicles],
            first: 0,
            next: 0,
            hash: 0,
        }
    }

    /// Puts a vehicle at the end, if it is not in the queue.
    pub fn push(&mut self, vehicle: VehicleId) {
        if !std::mem::replace(&mut self.queued[vehicle.index()], true) {
            let slot = self.slot(self.next);
            self.ring[slot] = vehicle;
            self.hash = self.hash.wrapping_add(term(self.next, vehicle));
            self.next += 1;
        }
    }

    /// Takes the first out.
    pub fn pop(&mut self) -> Option<VehicleId> {
        if self.first == self.next {
            return None;
        }
        let vehicle = self.ring[self.slot(self.first)];
        self.queued[vehicle.index()] = false;
        self.hash = self.hash.wrapping_sub(term(self.first, vehicle));
        self.first += 1;
        Some(vehicle)
    }

    /// Who is in it, and in which order.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    fn slot(&self, number: u64) -> usize {
        (number % self.ring.len() as u64) as usize
    }
}

fn term(number: u64, vehicle: VehicleId) -> u64 {
    let mut mixer = Mixer::new(number);
    mixer.add(u64::from(vehicle.0));
    mixer.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    proptest! {
        #[test]
        fn everybody_comes_once_in_turn(calls in prop::collection::vec(prop::option::of(0u16..5), 0..60)) {
            let mut queue = Hungry::new(5);
            let mut model = VecDeque::new();
            for call in calls {
                match call.map(VehicleId) {
                    Some(vehicle) => {
                        queue.push(vehicle);
                        if !model.contains(&vehicle) {
                            model.push_back(vehicle);
                        }
                    }
                    None => prop_assert_eq!(queue.pop(), model.pop_front()),
                }
                prop_assert_eq!(queue.hash() == 0, model.is_empty());
            }
        }
    }
}
