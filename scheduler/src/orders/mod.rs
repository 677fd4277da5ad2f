//! Transport orders: what is asked for, how far it is, and the [book](OrderBook) that holds the open ones.

mod book;
mod ends;
mod index;
mod restore;
mod slab;

pub use book::{OrderBook, TICK_BUDGET};

use crate::hash::{digest, option};
use serde::{Deserialize, Serialize};
use takt_maps::{BufferId, OrderId, StationId, VehicleId};

/// The greatest priority; 0 is normal.
pub const PRIORITY_MAX: u8 = 9;

/// One end of a transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stop {
    /// Where the load is handed over.
    pub station: StationId,
    /// The stock that it comes from or goes to, if stock is kept there.
    pub buffer: Option<BufferId>,
}

/// Where an order comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Origin {
    /// A client of the API: a person or a system of the plant.
    #[default]
    Client,
    /// This buffer runs low.
    CallOff(BufferId),
    /// This buffer fills up.
    Collection(BufferId),
    /// The floor's own [workload](takt_maps::Workload) for demonstrations.
    Workload,
}

/// What is asked for. Only its priority may change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OrderSpec {
    /// Where the load is taken.
    pub pickup: Stop,
    /// Where it is handed over.
    pub drop: Stop,
    /// Pieces; 0: one load, as the buffers count it.
    pub quantity: u32,
    /// 0 (normal) to [`PRIORITY_MAX`] (rush).
    pub priority: u8,
    /// Not to be begun before; milliseconds of controller time.
    pub release_ms: u64,
    /// To be completed by; milliseconds of controller time.
    pub deadline_ms: Option<u64>,
    /// Not to be begun before this order is completed; cancelled if that one fails.
    pub depends_on: Option<OrderId>,
    /// Where it comes from.
    pub origin: Origin,
}

impl OrderSpec {
    /// Digest of all fields.
    fn digest(&self) -> u64 {
        let stop =
            |s: &Stop| u64::from(s.station.0) << 32 | option(s.buffer.map(|b| u64::from(b.0)));
        let origin = match self.origin {
            Origin::Client => 0,
            Origin::Workload => 1,
            Origin::CallOff(b) => 2 << 32 | u64::from(b.0),
            Origin::Collection(b) => 3 << 32 | u64::from(b.0),
        };
        digest(&[
            stop(&self.pickup),
            stop(&self.drop),
            u64::from(self.quantity) << 8 | u64::from(self.priority),
            self.release_ms,
            option(self.deadline_ms),
            option(self.depends_on.map(|o| o.0)),
            origin,
        ])
    }
}

/// How far an order is.
///
/// The way is `Waiting`, `Open`, `Assigned`, `Loading`, `Carrying`, `Unloading`, `Completed`; it may go back from
/// `Assigned` and `Loading` to `Open`, and from anywhere to `Failed`; to `Cancelled` only before `Loading`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum OrderState {
    /// For its release time, or for the order that it depends on.
    #[default]
    Waiting,
    /// May be given to a vehicle.
    Open,
    /// A vehicle is on its way to the pickup.
    Assigned {
        /// Which one.
        vehicle: VehicleId,
    },
    /// The load is being taken.
    Loading {
        /// By whom.
        vehicle: VehicleId,
    },
    /// The load is on board, on its way to the drop.
    Carrying {
        /// On board of which vehicle.
        vehicle: VehicleId,
    },
    /// The load is being handed over.
    Unloading {
        /// By whom.
        vehicle: VehicleId,
    },
    /// Done.
    Completed,
    /// Given up before the load was touched.
    Cancelled,
    /// Given up for something that went wrong.
    Failed,
}

impl OrderState {
    /// The vehicle that has the order.
    pub const fn vehicle(self) -> Option<VehicleId> {
        match self {
            Self::Assigned { vehicle }
            | Self::Loading { vehicle }
            | Self::Carrying { vehicle }
            | Self::Unloading { vehicle } => Some(vehicle),
            _ => None,
        }
    }

    /// Is it over?
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Failed)
    }

    /// Is the load on board, or has its handing over begun?
    pub const fn on_board(self) -> bool {
        matches!(self, Self::Carrying { .. } | Self::Unloading { .. })
    }

    /// Number for the digest: which state, and whose.
    fn code(self) -> u64 {
        let which = match self {
            Self::Waiting => 0,
            Self::Open => 1,
            Self::Assigned { .. } => 2,
            Self::Loading { .. } => 3,
            Self::Carrying { .. } => 4,
            Self::Unloading { .. } => 5,
            Self::Completed => 6,
            Self::Cancelled => 7,
            Self::Failed => 8,
        };
        which << 32 | option(self.vehicle().map(|v| u64::from(v.0)))
    }
}

/// Why an order was cancelled, failed, or taken from its vehicle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Reason {
    /// Someone cancelled it.
    ByPerson,
    /// The order that it depends on was cancelled or failed.
    DependencyFailed,
    /// The load is not, or no longer, where it should be.
    LoadLost,
    /// The station or the vehicle gave up taking or handing over the load.
    TransferFailed,
    /// The vehicle was taken off the floor with the load on board.
    VehicleRemoved,
    /// The vehicle cannot go on: fault, dead link, person at the wheel.
    VehicleUnavailable,
    /// The dispatcher found a better vehicle.
    Reassigned,
    /// No vehicle can get from the pickup to the drop.
    Unreachable,
}

/// What an order still waits for from the order that it depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Dependency {
    /// Nothing: it depends on none.
    #[default]
    None,
    /// The other order is still in the book.
    Pending,
    /// The other order was completed.
    Met,
    /// The other order was cancelled or failed; this one is cancelled when `tick` comes to it.
    Broken,
}

/// An order in the book.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    /// Who it is.
    pub id: OrderId,
    /// What is asked for.
    pub spec: OrderSpec,
    /// How far it is.
    pub state: OrderState,
    /// What it waits for.
    pub dependency: Dependency,
    /// When it was accepted.
    pub accepted_ms: u64,
    /// When it came into its state.
    pub since_ms: u64,
}

impl Order {
    /// What the order contributes to the book's state hash.
    fn digest(&self) -> u64 {
        digest(&[
            self.id.0,
            self.spec.digest(),
            self.state.code(),
            self.dependency as u64,
            self.accepted_ms,
            self.since_ms,
        ])
    }
}

/// One change of an order's state: what is journalled and told to followers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Transition {
    /// Which order.
    pub order: OrderId,
    /// What it asks for.
    pub spec: OrderSpec,
    /// The state that it leaves; `None`: it has just been accepted.
    pub from: Option<OrderState>,
    /// The state that it enters.
    pub to: OrderState,
    /// Why, where that is not the normal way.
    pub reason: Option<Reason>,
    /// When.
    pub at_ms: u64,
}

/// An order that has left the book.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// The order in its final state.
    pub order: Order,
    /// The vehicle that had it.
    pub vehicle: Option<VehicleId>,
    /// Was the load on board when it ended? Then it still is, unless the order was completed.
    pub on_board: bool,
    /// Was it completed after its deadline?
    pub late: bool,
}

/// How many orders ended in which way since the store began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Orders accepted.
    pub accepted: u64,
    /// Orders completed, late ones too.
    pub completed: u64,
    /// Orders completed after their deadline.
    pub late: u64,
    /// Orders cancelled.
    pub cancelled: u64,
    /// Orders failed.
    pub failed: u64,
}

/// Why the book refuses what it is asked; nothing has changed then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// As many orders are open as the floor allows.
    #[error("the order book is full: {capacity} orders are open; try again when some are done")]
    Full {
        /// `control.orders_max` of the floor.
        capacity: u32,
    },
    /// Order ids must increase.
    #[error("order id {} is not greater than the last one, {}", id.0, last.0)]
    IdNotIncreasing {
        /// The id offered.
        id: OrderId,
        /// The greatest id so far.
        last: OrderId,
    },
    /// It depends on an order that was never accepted.
    #[error("depends_on names order {}, which does not exist", .0.0)]
    UnknownDependency(OrderId),
    /// It depends on an order that was cancelled or failed.
    #[error("depends_on names order {}, which was cancelled or failed", .0.0)]
    DependencyFailed(OrderId),
    /// Pickup and drop are the same station.
    #[error("pickup and drop are the same station")]
    SameStation,
    /// The priority is out of range.
    #[error("priority {0} is not in 0 to {PRIORITY_MAX}")]
    Priority(u8),
    /// It would be late before it may begin.
    #[error("the deadline is before the release time")]
    DeadlineBeforeRelease,
    /// No such order is open.
    #[error("order {} is not open: it has ended or was never accepted", .0.0)]
    NotInBook(OrderId),
    /// Not possible in the state that the order is in.
    #[error("not possible while the order is {0:?}")]
    WrongState(OrderState),
    /// The load is being taken or is on board: it must be delivered.
    #[error("the load is on board of vehicle {} and will be delivered; it is too late to cancel", .0.0)]
    LoadOnBoard(VehicleId),
}
