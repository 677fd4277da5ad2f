//! The live view: a WebSocket for each page. It only sends; what a page says is read and dropped.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::{IntoResponse, Response};
use tokio::time::MissedTickBehavior;

use super::Desk;
use super::frame::{Sent, frame};

/// Time between frames; the page draws between two of them.
pub(super) const FRAME: Duration = Duration::from_millis(125);
/// A page that takes no frame for so long is gone.
pub(super) const STALLED: Duration = Duration::from_secs(10);
/// Largest message that a page may send, in bytes; it has little to say.
pub(super) const MESSAGE_BYTES_MAX: usize = 1_024;

/// `GET /api/live`.
pub(super) async fn live(State(desk): State<Desk>, upgrade: WebSocketUpgrade) -> Response {
    let seat = match desk.seats.take() {
        Ok(seat) => seat,
        Err(refusal) => return refusal.into_response(),
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
    let mut seats = desk.seats.clone();
    let mut ticks = tokio::time::interval(FRAME);
    // A page that could not follow gets the newest frame, not those that it missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = Sent::default();
    loop {
        tokio::select! {
            biased;
            () = seats.stopped() => return say_goodbye(socket).await,
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

/// Tells the page that nothing more comes.
pub(super) async fn say_goodbye(mut socket: WebSocket) {
    let bye = CloseFrame {
        code: close_code::AWAY,
        reason: "the controller is stopping".into(),
    };
    let _ = tokio::time::timeout(STALLED, socket.send(Message::Close(Some(bye)))).await;
}
