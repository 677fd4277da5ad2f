//! The live view: a WebSocket for each page. It only sends; what a page says is read and dropped.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::Desk;
use super::frame::{Sent, frame};
use super::refusal::Refusal;

/// Time between frames; the page draws between two of them.
const FRAME: Duration = Duration::from_millis(125);
/// A page that takes no frame for so long is gone.
const STALLED: Duration = Duration::from_secs(10);
/// Largest message that a page may send, in bytes; it has nothing to say.
const MESSAGE_BYTES_MAX: usize = 1_024;

/// `GET /api/live`.
pub(super) async fn live(State(desk): State<Desk>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(seat) = desk.viewers.clone().try_acquire_owned() else {
        let problem = "too many dashboards are open; close one";
        return Refusal::unavailable(problem).into_response();
    };
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            show(desk, socket).await;
            drop(seat);
        })
}

/// Sends frames until the page goes, stalls, or the server stops.
async fn show(desk: Desk, mut socket: WebSocket) {
    let mut stopping = desk.stopping.clone();
    let mut ticks = tokio::time::interval(FRAME);
    // A page that could not follow gets the newest frame, not those that it missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = Sent::default();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stopping) => {
                let bye = CloseFrame { code: close_code::AWAY, reason: "the controller is stopping".into() };
                let _ = tokio::time::timeout(STALLED, socket.send(Message::Close(Some(bye)))).await;
                return;
            }
            said = socket.recv() => match said {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(_)) => {}
            },
            _ = ticks.tick() => {
                let frame = desk.front.read(|model| frame(model, &mut sent));
                let text = axum::extract::ws::Utf8Bytes::from(frame.to_string());
                let sending = socket.send(Message::Text(text));
                if !matches!(tokio::time::timeout(STALLED, sending).await, Ok(Ok(()))) {
                    return;
                }
            }
        }
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server is gone already.
    let _ = stopping.wait_for(|&stopping| stopping).await;
}
