//! The front: the one door through which people and programs change a running floor.
//!
//! A request goes to the control cycle as an input and is answered when what it caused is durable. The API and the
//! dashboard hold a [`Front`] each; the host holds the other end.

use std::sync::{Arc, RwLock};

use takt_maps::{OrderId, VehicleId};
use takt_scheduler::orders::OrderSpec;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::follower::Follower;
use crate::follower::model::{OrderView, ReadModel};

/// Who asks, and what they may do. Every change names its person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// As shown in order lists and the journal.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// What a person may do; each role may do what those before it may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Look.
    Viewer,
    /// Submit and cancel orders, pause and resume.
    Operator,
    /// Everything.
    Engineer,
}

/// A change that somebody asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// A new transport order. The same `client_id` again is the same order (and must say the same).
    Submit {
        /// The client's own id; empty: none.
        client_id: String,
        /// What is to be done.
        spec: OrderSpec,
    },
    /// End an order that is not on board yet.
    Cancel {
        /// Which.
        order: OrderId,
    },
    /// Pause or resume one vehicle.
    PauseVehicle {
        /// Which.
        vehicle: VehicleId,
        /// Pause, or resume.
        paused: bool,
    },
    /// Locate a vehicle that is not where it should be where it says that it is.
    LocateVehicle {
        /// Which.
        vehicle: VehicleId,
    },
    /// Pause or resume all vehicles.
    PauseFloor {
        /// Pause, or resume.
        paused: bool,
    },
}

/// The answer to a request that was carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The order, new or already known by its client id.
    Order(OrderId),
    /// Done.
    Done,
}

/// Why a request was not carried out.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Rejection {
    /// A field is wrong; its name as in the `.proto`, and what is wrong with it.
    #[error("{field}: {problem}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it and what would be right.
        problem: String,
    },
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Not in this state; says which state it is in.
    #[error("{0}")]
    FailedPrecondition(String),
    /// The same client id was used for another order.
    #[error("{0}")]
    AlreadyExists(String),
    /// The controller has no room for more open orders.
    #[error("{0}")]
    ResourceExhausted(String),
    /// The person's role does not allow it.
    #[error("{0}")]
    PermissionDenied(String),
    /// The controller is stopping, or did not answer in time.
    #[error("{0}")]
    Unavailable(String),
}

/// A request on its way, with where its answer goes.
#[derive(Debug)]
pub struct Call {
    /// Who asks.
    pub person: Person,
    /// For what.
    pub request: Request,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Reply, Rejection>>,
}

/// The door itself; cheap to clone.
#[derive(Clone, Debug)]
pub struct Front {
    calls: mpsc::Sender<Call>,
    follower: Arc<RwLock<Follower>>,
    changes: broadcast::Sender<OrderView>,
}

/// How many requests may be on their way at once.
pub const CALLS_MAX: usize = 256;

impl Front {
    /// A front on a follower's read model, and the end at which its calls arrive.
    pub fn new(follower: Arc<RwLock<Follower>>) -> (Self, mpsc::Receiver<Call>) {
        let (calls, receiver) = mpsc::channel(CALLS_MAX);
        let (changes, _) = broadcast::channel(4_096);
        (
            Self {
                calls,
                follower,
                changes,
            },
            receiver,
        )
    }

    /// Asks for a change and waits until it is durable or rejected.
    ///
    /// # Errors
    /// See [`Rejection`].
    pub async fn ask(&self, person: Person, request: Request) -> Result<Reply, Rejection> {
        if person.role < Role::Operator {
            return Err(Rejection::PermissionDenied(format!(
                "{} has the role viewer; this needs the role operator",
                person.name
            )));
        }
        let gone = || Rejection::Unavailable("the controller is stopping".to_owned());
        let (answer, answered) = oneshot::channel();
        self.calls
            .send(Call {
                person,
                request,
                answer,
            })
            .await
            .map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Looks at the read model; keep `look` short, writers wait for it.
    pub fn read<T>(&self, look: impl FnOnce(&ReadModel) -> T) -> T {
        let follower = self
            .follower
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        look(&follower.model)
    }

    /// Every change of an order from now on, in the order of its revision.
    pub fn watch_orders(&self) -> broadcast::Receiver<OrderView> {
        self.changes.subscribe()
    }

    /// Where the follower announces changes of orders.
    pub fn changes(&self) -> broadcast::Sender<OrderView> {
        self.changes.clone()
    }
}
