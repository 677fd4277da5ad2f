//! Somewhere to wait for vehicles that have nothing to do.

use super::snapshot::{DispatchSnapshot, Task};
use super::travel::Travel;
use takt_maps::{Floor, NodeId, VehicleId};

/// Gives parking places to `idle` vehicles: who has one keeps it, then the nearest pairs first.
pub(super) fn assign(
    floor: &Floor,
    snapshot: &DispatchSnapshot,
    travel: &mut Travel,
    idle: &[VehicleId],
) -> Vec<(VehicleId, Task)> {
    let blocked = |p: usize| snapshot.parking_blocked.get(p).copied().unwrap_or(false);
    let mut pairs = Vec::new();
    for &v in idle {
        let vehicle = &snapshot.vehicles[v.index()];
        for (p, &node) in floor.parking.iter().enumerate() {
            let way = (vehicle.free_node, node);
            if blocked(p) {
                continue;
            }
            if let Some(time) = travel.between(floor, vehicle.kind, false, way) {
                let moves = vehicle.task != Some(Task::Park(node));
                pairs.push((moves, time, v, p));
            }
        }
    }
    pairs.sort_unstable();
    let mut taken = vec![false; floor.parking.len()];
    let mut has_place = vec![false; snapshot.vehicles.len()];
    let mut parked: Vec<(VehicleId, NodeId)> = Vec::new();
    for (_, _, v, p) in pairs {
        if !taken[p] && !has_place[v.index()] {
            taken[p] = true;
            has_place[v.index()] = true;
            parked.push((v, floor.parking[p]));
        }
    }
    parked
        .into_iter()
        .map(|(v, node)| (v, Task::Park(node)))
        .collect()
}
