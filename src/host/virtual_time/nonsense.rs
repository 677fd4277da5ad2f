//! Answers of workers, mutilated: what a broken planner or dispatcher might propose.

use rand_core::Rng;
use rand_pcg::Pcg32;
use takt_maps::{ChargerId, EdgeId, Floor, NodeId, OrderId, VehicleId};
use takt_motion::{MotionProposal, Move};
use takt_scheduler::dispatch::{DispatchProposal, Task};

fn below(random: &mut Pcg32, n: usize) -> usize {
    ((u64::from(random.next_u32()) * n.max(1) as u64) >> 32) as usize
}

/// Mutilates a plan in one or two ways.
pub(super) fn motion(floor: &Floor, plan: &mut MotionProposal, random: &mut Pcg32) {
    for _ in 0..=below(random, 2) {
        let len = plan.moves.len();
        let at = below(random, len);
        // Ids a little beyond what there is, too.
        let vehicle = VehicleId::from_index(below(random, floor.vehicles.len() + 2));
        let edge = EdgeId::from_index(below(random, floor.roadmap.edges().len() + 2));
        match below(random, 9) {
            0 if len > 0 => drop(plan.moves.remove(at)),
            1 if len > 1 => plan.moves.swap(at, below(random, len)),
            2 if len > 0 => plan.moves.insert(at, plan.moves[at]),
            3 if len > 0 => plan.moves[at].edge = edge,
            4 if len > 0 => plan.moves[at].vehicle = vehicle,
            5 => plan.moves.insert(at, Move { vehicle, edge }),
            6 => plan.moves.reverse(),
            7 => plan.stamp = plan.stamp.wrapping_add(below(random, 500) as u64),
            _ => {
                let seqs = plan.base_end.len();
                if let Some(seq) = plan.base_end.get_mut(below(random, seqs)) {
                    *seq = seq.wrapping_add(1 + below(random, 3) as u32);
                }
            }
        }
    }
}

/// Mutilates an assignment in one or two ways.
pub(super) fn dispatch(floor: &Floor, answer: &mut DispatchProposal, random: &mut Pcg32) {
    for _ in 0..=below(random, 2) {
        let len = answer.assignments.len();
        let at = below(random, len);
        let vehicle = VehicleId::from_index(below(random, floor.vehicles.len() + 2));
        let task = match below(random, 3) {
            0 => Task::Order(OrderId(below(random, 5_000) as u64)),
            1 => Task::Charge(ChargerId::from_index(below(
                random,
                floor.chargers.len() + 2,
            ))),
            _ => Task::Park(NodeId::from_index(below(
                random,
                floor.roadmap.nodes().len() + 2,
            ))),
        };
        match below(random, 6) {
            0 if len > 0 => drop(answer.assignments.remove(at)),
            1 if len > 1 => answer.assignments.swap(at, below(random, len)),
            2 if len > 0 => answer.assignments[at].1 = task,
            3 if len > 0 => answer.assignments[at].0 = vehicle,
            4 => {
                answer.assignments.push((vehicle, task));
                answer.assignments.sort_by_key(|(v, _)| *v);
            }
            _ => answer.stamp = answer.stamp.wrapping_add(below(random, 500) as u64),
        }
    }
}
