//! The endpoints over real sockets, with a stand-in for the controller behind the front.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use serde_json::{Value, json};
use takt_maps::OrderId;
use takt_maps::formats::builtin;
use takt_scheduler::orders::{OrderState, Reason, Transition};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::serve;
use crate::controller::Delta;
use crate::follower::{Client, Follower};
use crate::host::front::{Call, Front, Rejection, Reply, Request};

/// A dashboard that is being served.
struct Served {
    at: SocketAddr,
    follower: Arc<RwLock<Follower>>,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

async fn served() -> Served {
    let floor = builtin("electronics-line").unwrap().unwrap().floor;
    let follower = Arc::new(RwLock::new(Follower::new(Arc::new(floor), 0)));
    let (front, mut calls) = Front::new(follower.clone());
    let behind = follower.clone();
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            let answer = answer(&mut behind.write().unwrap(), &call);
            let _ = call.answer.send(answer);
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(front, listener, async move {
        let _ = stopped.await;
    }));
    Served {
        at,
        follower,
        stop,
        server,
    }
}

/// What the controller would do, as far as the dashboard can tell.
fn answer(follower: &mut Follower, call: &Call) -> Result<Reply, Rejection> {
    let at_ms = follower.model.now_ms;
    match &call.request {
        Request::Submit { client_id, spec } => {
            let id = OrderId(follower.model.orders.len() as u64 + 1);
            let client = Client {
                client_id: client_id.clone(),
                person: call.person.name.clone(),
            };
            let spec = *spec;
            let delta = Delta::Submitted {
                id,
                spec,
                token: None,
                at_ms,
            };
            follower.apply(&delta, Some(client));
            Ok(Reply::Order(id))
        }
        Request::Cancel { order } => {
            let known = follower.model.orders.get(order);
            let known =
                known.ok_or_else(|| Rejection::NotFound("there is no such order".to_owned()))?;
            if known.state.is_final() {
                let problem = "the order has ended".to_owned();
                return Err(Rejection::FailedPrecondition(problem));
            }
            let end = Transition {
                order: *order,
                spec: known.spec,
                from: Some(known.state),
                to: OrderState::Cancelled,
                reason: Some(Reason::ByPerson),
                at_ms,
            };
            follower.apply(&Delta::Moved(end), None);
            Ok(Reply::Done)
        }
        &Request::PauseVehicle { vehicle, paused } => {
            follower.apply(&Delta::VehiclePaused { vehicle, paused }, None);
            Ok(Reply::Done)
        }
        &Request::LocateVehicle { .. } => Err(Rejection::FailedPrecondition(
            "it is where it should be".to_owned(),
        )),
        &Request::PauseFloor { paused } => {
            follower.apply(&Delta::FloorPaused { paused }, None);
            Ok(Reply::Done)
        }
    }
}

/// Sends a request as a browser would; gives back status, headers and body.
pub(super) async fn send(at: SocketAddr, head: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let length = body.len();
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

pub(super) async fn get(at: SocketAddr, path: &str) -> (u16, String, String) {
    send(at, &format!("GET {path} HTTP/1.1\r\nHost: {at}"), "").await
}

pub(super) async fn post(at: SocketAddr, path: &str, body: &Value) -> (u16, Value) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {at}\r\nOrigin: http://{at}\r\nContent-Type: application/json"
    );
    let (status, _, body) = send(at, &head, &body.to_string()).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// The server's side of a WebSocket: text frames, until it is closed.
pub(super) struct Frames(TcpStream);

impl Frames {
    pub(super) async fn open(at: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let request = format!(
            "GET /api/live HTTP/1.1\r\nHost: {at}\r\nOrigin: http://{at}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"));
        Self(stream)
    }

    /// Says something to the server, as a browser does: masked, here with zeros.
    pub(super) async fn say(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).await.unwrap();
    }

    /// The next frame; `None` once it is a close frame.
    pub(super) async fn next(&mut self) -> Option<Value> {
        let opcode = self.0.read_u8().await.unwrap() & 0x0f;
        let length = match self.0.read_u8().await.unwrap() {
            126 => u64::from(self.0.read_u16().await.unwrap()),
            127 => self.0.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut body = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        match opcode {
            1 => Some(serde_json::from_slice(&body).unwrap()),
            8 => None,
            other => panic!("opcode {other}"),
        }
    }
}

/// An order of parts that can be carried out.
fn parts() -> Value {
    json!({
        "person": "Li", "client_id": "a", "pickup_station": "store-1", "pickup_buffer": "store-boards",
        "drop_station": "smt1-1", "drop_buffer": "smt1-1-parts", "quantity": 15, "priority": 9, "deadline_ms": 600_000,
    })
}

#[tokio::test]
async fn the_page_comes_with_a_strict_policy_and_only_where_it_changed() {
    let served = served().await;
    let (status, head, body) = get(served.at, "/").await;
    assert_eq!(status, 200);
    assert!(body.starts_with("<!doctype html>"));
    assert!(head.contains("content-type: text/html; charset=utf-8"));
    assert!(head.contains("content-security-policy: default-src 'none';"));
    let tag = head.split("etag: ").nth(1).unwrap().lines().next().unwrap();
    let again = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nIf-None-Match: {tag}",
        served.at
    );
    let (status, _, body) = send(served.at, &again, "").await;
    assert_eq!((status, body.as_str()), (304, ""));
    let (status, head, _) = get(served.at, "/app.js").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/javascript"));
    for nothing in ["/nothing.js", "/../Cargo.toml", "/api/nothing"] {
        assert_eq!(get(served.at, nothing).await.0, 404, "{nothing}");
    }
}

#[tokio::test]
async fn the_floor_is_described() {
    let served = served().await;
    let (status, _, body) = get(served.at, "/api/floor").await;
    assert_eq!(status, 200);
    let floor: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(floor["name"], "electronics-line");
    assert_eq!(floor["vehicles"].as_array().unwrap().len(), 20);
    assert_eq!(floor["doors"].as_array().unwrap().len(), 2);
    let station = &floor["stations"][0];
    let node = station["node"].as_u64().unwrap() as usize;
    assert_eq!(floor["nodes"][node].as_array().unwrap().len(), 3);
    let buffer = &floor["buffers"].as_array().unwrap()[13];
    assert_eq!(
        (&buffer["role"], &buffer["threshold"]),
        (&json!("consume"), &json!(24))
    );
}

#[tokio::test]
async fn an_order_is_submitted_seen_and_cancelled() {
    let served = served().await;
    let mut frames = Frames::open(served.at).await;
    let first = frames.next().await.unwrap();
    assert_eq!(first["vehicles"].as_array().unwrap().len(), 20);
    assert_eq!(first["orders"], json!([]));
    let (status, answer) = post(served.at, "/api/orders", &parts()).await;
    assert_eq!((status, &answer), (200, &json!({ "order": 1 })));
    let order = loop {
        let frame = frames.next().await.unwrap();
        if let Some(orders) = frame.get("orders") {
            break orders[0].clone();
        }
    };
    assert_eq!(
        (&order["person"], &order["state"]),
        (&json!("Li"), &json!("waiting"))
    );
    assert_eq!(order["deadline_ms"], 600_000);
    assert!(
        frames.next().await.unwrap().get("orders").is_none(),
        "nothing changed since"
    );
    let (status, _) = post(served.at, "/api/orders/1/cancel", &json!({})).await;
    assert_eq!(status, 200);
    let reason = served.follower.read().unwrap().model.orders[&OrderId(1)].reason;
    assert_eq!(reason, Some(Reason::ByPerson));
    let (status, answer) = post(served.at, "/api/orders/1/cancel", &json!({})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("wrong_state")));
    for nothing in [
        "/api/orders/2/cancel",
        "/api/orders/0/cancel",
        "/api/orders/x/cancel",
    ] {
        assert_eq!(
            post(served.at, nothing, &json!({})).await.0,
            404,
            "{nothing}"
        );
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_an_order_is_said_at_once() {
    let served = served().await;
    let problems = async |changes: Value| {
        let mut order = parts();
        for (key, value) in changes.as_object().unwrap() {
            order[key] = value.clone();
        }
        let (status, answer) = post(served.at, "/api/orders", &order).await;
        assert_eq!(status, 400, "{changes}");
        let fields = answer["fields"].as_array().unwrap().clone();
        let name = |f: &Value| {
            format!(
                "{} {}",
                f["field"].as_str().unwrap(),
                f["code"].as_str().unwrap()
            )
        };
        fields.iter().map(name).collect::<Vec<_>>()
    };
    let nothing = json!({ "pickup_station": "", "pickup_buffer": "", "drop_station": "x", "drop_buffer": "", "priority": 10 });
    let expected = [
        "pickup_station missing",
        "drop_station unknown",
        "priority out_of_range",
    ];
    assert_eq!(problems(nothing).await, expected);
    let same = json!({ "drop_station": "store-1", "drop_buffer": "" });
    assert_eq!(problems(same).await, ["drop_station same_station"]);
    let mixed = json!({ "drop_station": "asm-1", "drop_buffer": "asm-1-parts", "quantity": 49 });
    assert_eq!(
        problems(mixed).await,
        ["drop_buffer other_material", "quantity too_many"]
    );
    let elsewhere = json!({ "pickup_buffer": "smt2-1-bins" });
    assert_eq!(
        problems(elsewhere).await,
        ["pickup_buffer elsewhere", "drop_buffer other_material"]
    );
    let far = json!({ "deadline_ms": 1_000_000_000_000u64, "person": "floor" });
    assert_eq!(
        problems(far).await,
        ["person reserved", "deadline_ms too_far"]
    );
    assert!(served.follower.read().unwrap().model.orders.is_empty());
    let mistyped = json!({ "pickup": "store-1" });
    assert_eq!(post(served.at, "/api/orders", &mistyped).await.0, 422);
}

#[tokio::test]
async fn vehicles_and_floor_are_paused_and_resumed() {
    let served = served().await;
    let paused = || {
        let follower = served.follower.read().unwrap();
        (follower.model.paused, follower.model.vehicles[0].paused)
    };
    for (path, then) in [
        ("/api/vehicles/T01/pause", (false, true)),
        ("/api/floor/pause", (true, true)),
        ("/api/vehicles/T01/resume", (true, false)),
        ("/api/floor/resume", (false, false)),
    ] {
        assert_eq!(
            post(served.at, path, &json!({ "person": "Li" })).await.0,
            200,
            "{path}"
        );
        assert_eq!(paused(), then, "{path}");
    }
    assert_eq!(
        post(served.at, "/api/vehicles/T99/pause", &json!({}))
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn pages_from_elsewhere_change_nothing() {
    let served = served().await;
    let at = served.at;
    let json = "Content-Type: application/json";
    for (head, expected) in [
        (
            format!("Host: {at}\r\nOrigin: http://plant.example\r\n{json}"),
            403,
        ),
        (
            format!("Host: plant.example\r\nOrigin: http://plant.example\r\n{json}"),
            403,
        ),
        // What forms of other pages can send without asking first.
        (format!("Host: {at}\r\nContent-Type: text/plain"), 415),
        (format!("Host: {at}\r\n{json}"), 200),
    ] {
        let head = format!("POST /api/floor/pause HTTP/1.1\r\n{head}");
        assert_eq!(send(at, &head, "{}").await.0, expected, "{head}");
        assert_eq!(
            served.follower.read().unwrap().model.paused,
            expected == 200,
            "{head}"
        );
    }
}

#[tokio::test]
async fn open_pages_are_told_when_the_server_stops() {
    let served = served().await;
    let mut frames = Frames::open(served.at).await;
    assert!(frames.next().await.is_some());
    served.stop.send(()).unwrap();
    while frames.next().await.is_some() {}
    drop(frames);
    served.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let floor = builtin("electronics-line").unwrap().unwrap().floor;
    let (front, _calls) = Front::new(Arc::new(RwLock::new(Follower::new(Arc::new(floor), 0))));
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refused = serve(front, listener, std::future::pending()).await;
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::InvalidInput
    );
}
