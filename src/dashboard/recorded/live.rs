//! The page's WebSocket: the same frames as of a running floor, about the moment that its player has come to.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior};

use super::Stand;
use super::cursor::Cursor;
use super::player::{Command, Player, SPEEDS};
use super::recorder::Recording;
use crate::dashboard::frame::{Sent, frame};
use crate::dashboard::live::{FRAME, MESSAGE_BYTES_MAX, STALLED, say_goodbye};

/// A frame comes at least so often, so that a page can tell a pause from a lost connection.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// `GET /api/live` of a recording.
pub(super) async fn live(State(stand): State<Stand>, upgrade: WebSocketUpgrade) -> Response {
    let seat = match stand.seats.take() {
        Ok(seat) => seat,
        Err(refusal) => return refusal.into_response(),
    };
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .on_upgrade(async move |socket| {
            show(stand, socket).await;
            drop(seat);
        })
}

/// Shows the recording until the page goes, stalls, or the server stops.
async fn show(stand: Stand, mut socket: WebSocket) {
    let mut seats = stand.seats.clone();
    let mut ticks = tokio::time::interval(FRAME);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut screen = Screen::new(stand.recording);
    let mut last = Instant::now();
    if !send(&mut socket, screen.timeline()).await {
        return;
    }
    loop {
        let answer = tokio::select! {
            biased;
            () = seats.stopped() => return say_goodbye(socket).await,
            said = socket.recv() => match said {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(Message::Text(text))) => screen.told(&text),
                Some(Ok(_)) => None,
            },
            _ = ticks.tick() => {
                let elapsed = last.elapsed();
                last += elapsed;
                screen.player.advance(elapsed);
                None
            }
        };
        for message in answer.into_iter().chain(screen.frame()) {
            if !send(&mut socket, message).await {
                return;
            }
        }
    }
}

async fn send(socket: &mut WebSocket, message: Value) -> bool {
    let sending = socket.send(Message::Text(Utf8Bytes::from(message.to_string())));
    matches!(tokio::time::timeout(STALLED, sending).await, Ok(Ok(())))
}

/// What one page is shown.
pub(super) struct Screen {
    recording: Arc<Recording>,
    cursor: Cursor,
    player: Player,
    sent: Sent,
    /// The player, the life and the picture of the last frame, and when it was sent.
    last: Option<(Player, u32, u64, Instant)>,
}

impl Screen {
    /// At the beginning.
    pub(super) fn new(recording: Arc<Recording>) -> Self {
        Self {
            player: Player::new(recording.timeline.end_ms),
            cursor: Cursor::default(),
            sent: Sent::default(),
            last: None,
            recording,
        }
    }

    /// The first message: what there is to be shown.
    pub(super) fn timeline(&self) -> Value {
        let mut timeline = json!(self.recording.timeline);
        timeline["speeds"] = json!(SPEEDS);
        json!({ "timeline": timeline })
    }

    /// Does what the page says; an answer comes only if that cannot be done.
    pub(super) fn told(&mut self, text: &str) -> Option<Value> {
        let understood = serde_json::from_str::<Command>(text).map_err(|e| e.to_string());
        let done = understood.and_then(|command| self.player.obey(command));
        done.err().map(|problem| json!({ "problem": problem }))
    }

    /// The next frame, if the page should get one now. After a jump it says that the page is to forget what it knows.
    pub(super) fn frame(&mut self) -> Option<Value> {
        let position_ms = self.player.position_ms();
        let looked = self.cursor.look(&self.recording.film, position_ms);
        let shown = match looked {
            Ok(shown) => shown?,
            Err(error) => return Some(json!({ "problem": error.to_string() })),
        };
        let mut reset = true;
        if let Some((player, life, at_ms, sent)) = self.last {
            reset = player.jumps() != self.player.jumps() || life != shown.life;
            let same = (player.playing(), player.speed())
                == (self.player.playing(), self.player.speed())
                && at_ms == shown.at_ms;
            if same && !reset && sent.elapsed() < SIGN_OF_LIFE {
                return None;
            }
        }
        if reset {
            self.sent = Sent::default();
        }
        let picture = shown.picture;
        let mut frame = frame(&picture.model, &mut self.sent);
        frame["reset"] = json!(reset);
        frame["waiting_since"] = json!(picture.waiting_since);
        frame["recorded"] = json!({
            "at_ms": shown.at_ms,
            "position_ms": position_ms,
            "life": shown.life,
            "started_utc_ms": picture.model.started_utc_ms,
            "playing": self.player.playing(),
            "speed": self.player.speed(),
        });
        self.last = Some((self.player, shown.life, shown.at_ms, Instant::now()));
        Some(frame)
    }
}
