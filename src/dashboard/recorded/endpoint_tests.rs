//! The endpoints of a recording, over real sockets.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::recorder::Recording;
use super::tests::{floor, recorded, recording};
use super::{Recorder, serve};
use crate::dashboard::tests::{Frames, get, post};
use crate::replay::Report;

type Server = tokio::task::JoinHandle<std::io::Result<()>>;

async fn served(recording: Recording) -> (SocketAddr, oneshot::Sender<()>, Server) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(Arc::new(recording), listener, async move {
        let _ = stopped.await;
    }));
    (at, stop, server)
}

/// The next message that is a frame about this picture.
async fn frame_at(frames: &mut Frames, at_ms: u64) -> Value {
    loop {
        let frame = frames.next().await.unwrap();
        if frame["recorded"]["at_ms"] == json!(at_ms) {
            return frame;
        }
    }
}

#[tokio::test]
async fn a_page_goes_where_it_wants_and_another_stays() {
    let floor = floor();
    let disk = recorded(&floor, &[20_000]);
    let (at, stop, server) = served(recording(&floor, &disk, usize::MAX)).await;
    let (status, _, body) = get(at, "/api/floor").await;
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &told["recorded"]), (200, &json!(true)));
    assert_eq!(get(at, "/timeline.js").await.0, 200);
    let mut one = Frames::open(at).await;
    let mut other = Frames::open(at).await;
    for page in [&mut one, &mut other] {
        let first = page.next().await.unwrap();
        assert_eq!(first["timeline"]["end_ms"], json!(20_000));
        assert_eq!(frame_at(page, 0).await["reset"], json!(true));
    }
    one.say(r#"{"do":"seek","to_ms":15250}"#).await;
    let there = frame_at(&mut one, 15_000).await;
    assert_eq!(there["recorded"]["position_ms"], json!(15_250));
    assert_ne!(there["vehicles"], frame_at(&mut other, 0).await["vehicles"]);
    one.say(r#"{"do":"speed","times":7}"#).await;
    // Signs of life may come before the answer.
    let problem = loop {
        if let Value::String(problem) = &one.next().await.unwrap()["problem"] {
            break problem.clone();
        }
    };
    assert!(problem.contains("no speed 7"), "{problem}");
    one.say(r#"{"do":"speed","times":64}"#).await;
    one.say(r#"{"do":"play"}"#).await;
    let end = frame_at(&mut one, 20_000).await;
    assert_eq!(
        end["recorded"]["playing"],
        json!(false),
        "it stops at the end"
    );
    stop.send(()).unwrap();
    while one.next().await.is_some() {}
    drop(other);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let recorder = Recorder::new(&floor());
    let (at, _stop, _server) = served(recorder.finish(&Report::default()).unwrap()).await;
    for path in [
        "/api/orders",
        "/api/orders/1/cancel",
        "/api/vehicles/T01/pause",
        "/api/vehicles/T01/resume",
        "/api/floor/pause",
        "/api/floor/resume",
    ] {
        let (status, answer) = post(at, path, &json!({ "person": "Li" })).await;
        assert_eq!(
            (status, &answer["code"]),
            (409, &json!("read_only")),
            "{path}"
        );
        let problem = answer["problem"].as_str().unwrap();
        assert!(problem.contains("recording"), "{path}: {problem}");
    }
    let (status, _, _) = get(at, "/api/nothing").await;
    assert_eq!(status, 404);
    let stranger = format!("GET /api/floor HTTP/1.1\r\nHost: {at}\r\nOrigin: http://elsewhere");
    let (status, _, _) = crate::dashboard::tests::send(at, &stranger, "").await;
    assert_eq!(status, 403);
}
