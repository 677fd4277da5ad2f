//! A small hall with an API, and a controller that does as it is told.

use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

use takt::api::client::{Caller, Client};
use takt::api::v1::{Order, SubmitOrderRequest};
use takt::api::{self, ServeError};
use takt::controller::Delta;
use takt::follower::{self, Follower};
use takt::host::front::{Call, Front, Rejection, Reply, Request};
use takt_maps::{LoadOptions, OrderId, VehicleId, load_text};
use takt_scheduler::orders::{OrderState, Reason, Transition};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tonic::Status;
use tonic_types::StatusExt;

const FLOOR: &str = r#"
name = "hall"
materials = ["screws", "nuts"]
station = [{ name = "store", node = "west" }, { name = "line-1", node = "mid" }, { name = "line-2", node = "east" }]
vehicle = [{ name = "S01", kind = "shuttle", start = "west" }, { name = "S02", kind = "shuttle", start = "east" }]
buffer = [
  { name = "store-screws", station = "store", material = "screws", role = "source", capacity = 1000, lot = 50 },
  { name = "store-nuts", station = "store", material = "nuts", role = "source", capacity = 1000, lot = 50 },
  { name = "line-1-screws", station = "line-1", material = "screws", role = "consume", capacity = 120, initial = 100, lot = 50, reorder_at = 60, from = "store-screws" },
]
[nodes]
west = [0, 0]
mid = [6, 0]
east = [12, 0]
[[path]]
through = ["west", "mid", "east"]
two_way = true
[[kind]]
name = "shuttle"
footprint = { length = 0.8, width = 0.6 }
speed = 1.5
reverse = true
"#;

/// Open orders that the controller has room for.
pub const ROOM: usize = 5;
/// Controller time at which the hall is found, and stays.
pub const NOW_MS: u64 = 60_000;

/// The hall.
pub struct Hall {
    pub front: Front,
    pub address: String,
    world: Arc<World>,
    controller: JoinHandle<()>,
    server: JoinHandle<Result<(), ServeError>>,
    stop: Option<oneshot::Sender<()>>,
}

struct World {
    follower: Arc<RwLock<Follower>>,
    front: Front,
}

impl Hall {
    /// Opens it: the API listens on a free port.
    pub async fn open() -> Self {
        let floor = load_text("hall.toml", FLOOR, &LoadOptions::default())
            .map_err(|p| p.plain())
            .unwrap()
            .floor;
        let zero = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_millis() as u64
            - NOW_MS;
        let follower = Arc::new(RwLock::new(Follower::new(Arc::new(floor), zero)));
        let (front, calls) = Front::new(follower.clone());
        let world = Arc::new(World {
            follower,
            front: front.clone(),
        });
        world.apply(
            Delta::Tick {
                cycle: 6_000,
                now_ms: NOW_MS,
                state_hash: Default::default(),
            },
            None,
        );
        let controller = tokio::spawn(control(world.clone(), calls));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let server = tokio::spawn(api::serve(front.clone(), listener, shutdown));
        Self {
            front,
            address,
            world,
            controller,
            server,
            stop: Some(stop),
        }
    }

    /// A client with a name and a role.
    pub async fn client(&self, person: Option<&str>, role: &str) -> Client {
        Client::connect(&self.address, Caller::new(person, role).unwrap())
            .await
            .unwrap()
    }

    /// Mrs Li, who may do what these tests are about.
    pub async fn operator(&self) -> Client {
        self.client(Some("li"), "operator").await
    }

    /// Moves an order on.
    pub fn advance(&self, id: u64, to: OrderState, reason: Option<Reason>) {
        self.world.moved(OrderId(id), to, reason);
    }

    /// Controller time goes on.
    pub fn tick(&self, now_ms: u64) {
        self.world.apply(
            Delta::Tick {
                cycle: now_ms / 10,
                now_ms,
                state_hash: Default::default(),
            },
            None,
        );
    }

    /// UTC of a controller time.
    pub fn utc(&self, at_ms: u64) -> i64 {
        (self.front.read(|m| m.started_utc_ms) + at_ms) as i64
    }

    /// The controller dies; the API stays.
    pub async fn lose_controller(&mut self) {
        self.controller.abort();
        let _ = (&mut self.controller).await;
    }

    /// Stops the server, and waits until it has.
    pub async fn close(&mut self) {
        drop(self.stop.take());
        (&mut self.server).await.unwrap().unwrap();
    }
}

impl World {
    fn apply(&self, delta: Delta, client: Option<follower::Client>) {
        let mut follower = self.follower.write().unwrap();
        if let Some(id) = follower.apply(&delta, client) {
            // Nobody may be watching.
            let _ = self
                .front
                .changes()
                .send(follower.model.orders[&id].clone());
        }
    }

    fn moved(&self, order: OrderId, to: OrderState, reason: Option<Reason>) {
        let (spec, from) = self
            .front
            .read(|m| (m.orders[&order].spec, m.orders[&order].state));
        let at_ms = self.front.read(|m| m.now_ms);
        self.apply(
            Delta::Moved(Transition {
                order,
                spec,
                from: Some(from),
                to,
                reason,
                at_ms,
            }),
            None,
        );
    }

    fn carry_out(&self, call: &Call) -> Result<Reply, Rejection> {
        match &call.request {
            Request::Submit { client_id, spec } => {
                let known = self.follower.read().unwrap().order_of(client_id);
                if let Some(id) = known {
                    let same = self.front.read(|m| m.orders[&id].spec.drop == spec.drop);
                    let other = || {
                        Rejection::AlreadyExists("client_id: was used for another order".to_owned())
                    };
                    return same.then_some(Reply::Order(id)).ok_or_else(other);
                }
                let (last, open) = self.front.read(|m| {
                    let open = m.orders.values().filter(|o| !o.state.is_final()).count();
                    (m.orders.keys().last().map_or(0, |id| id.0), open)
                });
                if open == ROOM {
                    return Err(Rejection::ResourceExhausted(format!(
                        "the order book is full: {ROOM} orders are open"
                    )));
                }
                let id = OrderId(last + 1);
                let client = follower::Client {
                    client_id: client_id.clone(),
                    person: call.person.name.clone(),
                };
                self.apply(
                    Delta::Submitted {
                        id,
                        spec: *spec,
                        token: Some(1),
                        at_ms: NOW_MS,
                    },
                    Some(client),
                );
                Ok(Reply::Order(id))
            }
            Request::Cancel { order } => {
                let state = self.front.read(|m| m.orders.get(order).map(|o| o.state));
                match state.filter(|state| !state.is_final()) {
                    None => Err(Rejection::NotFound(format!(
                        "order {} is not open",
                        order.0
                    ))),
                    Some(state) if state.on_board() => Err(Rejection::FailedPrecondition(
                        "the load is on board".to_owned(),
                    )),
                    Some(_) => {
                        self.moved(*order, OrderState::Cancelled, Some(Reason::ByPerson));
                        Ok(Reply::Done)
                    }
                }
            }
            &Request::PauseVehicle { vehicle, paused } => {
                self.apply(Delta::VehiclePaused { vehicle, paused }, None);
                Ok(Reply::Done)
            }
            &Request::LocateVehicle { .. } => Err(Rejection::FailedPrecondition(
                "it is where it should be".to_owned(),
            )),
            &Request::PauseFloor { paused } => {
                self.apply(Delta::FloorPaused { paused }, None);
                Ok(Reply::Done)
            }
        }
    }
}

async fn control(world: Arc<World>, mut calls: mpsc::Receiver<Call>) {
    while let Some(call) = calls.recv().await {
        let result = world.carry_out(&call);
        let _ = call.answer.send(result);
    }
}

/// An order that is right.
pub fn order() -> SubmitOrderRequest {
    SubmitOrderRequest {
        pickup_station: "store".to_owned(),
        drop_station: "line-1".to_owned(),
        ..Default::default()
    }
}

/// Submits one that is right.
pub async fn submit(client: &Client) -> Order {
    client
        .orders()
        .submit_order(order())
        .await
        .unwrap()
        .into_inner()
}

/// A vehicle on its way with an order.
pub fn carrying() -> OrderState {
    OrderState::Carrying {
        vehicle: VehicleId(1),
    }
}

/// The fields that a status names, and what it says of them.
pub fn fields(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map_or(&[][..], |bad| &bad.field_violations);
    violations
        .iter()
        .map(|v| (v.field.clone(), v.description.clone()))
        .collect()
}

/// The reason that a status gives to programs.
pub fn reason(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map_or_else(String::new, |info| info.reason.clone())
}

/// A limit for what must come soon, so that a test that hangs fails.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what)
        .await
        .expect("comes within a minute")
}
