//! What the dispatcher is asked and what it answers.

use crate::orders::{Order, OrderState};
use serde::{Deserialize, Serialize};
use takt_maps::{ChargerId, Floor, KindId, NodeId, OrderId, VehicleId};

/// What a vehicle is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Carry out this order.
    Order(OrderId),
    /// Go to this charger and charge.
    Charge(ChargerId),
    /// Go to this parking place and wait.
    Park(NodeId),
}

/// An order whose load is not yet being taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Which one.
    pub id: OrderId,
    /// Where the vehicle takes the load.
    pub pickup: NodeId,
    /// Where it hands it over.
    pub drop: NodeId,
    /// 0 to 9.
    pub priority: u8,
    /// Since when it could have been carried out; milliseconds of controller time.
    pub open_since_ms: u64,
    /// To be completed by.
    pub deadline_ms: Option<u64>,
    /// The vehicle that is on its way to the pickup.
    pub assigned: Option<VehicleId>,
}

impl OpenOrder {
    /// The order as the dispatcher sees it; `None` unless it is `Open` or `Assigned`, with stations of this floor.
    pub fn of(floor: &Floor, order: &Order) -> Option<Self> {
        let assigned = match order.state {
            OrderState::Open => None,
            OrderState::Assigned { vehicle } => Some(vehicle),
            _ => return None,
        };
        let spec = &order.spec;
        Some(Self {
            id: order.id,
            pickup: floor.stations.get(spec.pickup.station.index())?.node,
            drop: floor.stations.get(spec.drop.station.index())?.node,
            priority: spec.priority,
            open_since_ms: order.accepted_ms.max(spec.release_ms),
            deadline_ms: spec.deadline_ms,
            assigned,
        })
    }
}

/// A vehicle as the dispatcher sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VehicleState {
    /// Does it take part? `false`: off the floor, paused, faulted, or out of touch.
    pub present: bool,
    /// Can it be given another task at once? `false`: it has a load to take or to deliver first.
    pub available: bool,
    /// Its kind.
    pub kind: KindId,
    /// Where it can begin another task: the end of its base, or the drop of the order that it carries.
    pub free_node: NodeId,
    /// When, as estimated; a time past means now.
    pub free_at_ms: u64,
    /// State of charge, `0 ..= 1000`.
    pub battery_permille: u16,
    /// The charger that it is connected to.
    pub charging: Option<ChargerId>,
    /// What it does.
    pub task: Option<Task>,
}

/// The state that assignments start from.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DispatchSnapshot {
    /// The cycle in which it was taken.
    pub stamp: u64,
    /// Controller time.
    pub now_ms: u64,
    /// Orders that are `Open` or `Assigned`, by id.
    pub orders: Vec<OpenOrder>,
    /// One entry for each vehicle of the floor, indexed by [`VehicleId`].
    pub vehicles: Vec<VehicleState>,
    /// Does the charger work, and is it not kept from use by something that is no vehicle of the fleet? By
    /// [`ChargerId`]; the dispatcher sees by itself which ones are taken.
    pub chargers: Vec<bool>,
    /// Is the place kept from use by something else than a vehicle that is `available`? As in `floor.parking`.
    pub parking_blocked: Vec<bool>,
}

/// How an answer was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Method {
    /// As the optimum of the MILP.
    Milp,
    /// By insertion: there was nothing to gain, too much to solve, or the solver gave up.
    #[default]
    Greedy,
}

/// A task for every vehicle that is available.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DispatchProposal {
    /// The snapshot that it answers.
    pub stamp: u64,
    /// What each available vehicle should do from now on, by vehicle; also where that is what it does already. An
    /// available vehicle that is not in it has nothing to do and nowhere to go: whatever it did is over.
    pub assignments: Vec<(VehicleId, Task)>,
    /// Orders that no vehicle of the fleet can carry out: there is no way for any that is present.
    pub unreachable: Vec<OrderId>,
    /// The gain of the answer, in weighted milliseconds; greater is better.
    pub objective: i64,
    /// How it was found.
    pub method: Method,
    /// Effort spent: choices looked at, simplex pivots, branch and bound nodes.
    pub work: u64,
}
