//! The dashboard over a recorded run: the same page, about a moment that is chosen with a slider.
//!
//! While the recording is replayed, once, a `recorder` looks on with a follower of its own and keeps a `picture` of the
//! read model twice a second of recorded time: in a `film`, which has stretches of some minutes. Each `stretch` begins
//! with a whole picture and goes on with the `change`s since the one before. To show a moment a `cursor` opens its stretch
//! and goes through at most 240 changes, however long the recording is.
//!
//! Each page has a `player` of its own. What it shows goes to the page in the frames of a running floor (`live`).
//! Nothing can be changed: requests that would are refused.

mod change;
mod cursor;
#[cfg(test)]
mod endpoint_tests;
mod film;
mod live;
mod picture;
mod player;
mod recorder;
mod stretch;
#[cfg(test)]
mod tests;
mod timeline;
mod vehicle_change;

use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use recorder::{Recorder, Recording};

use super::geometry;
use super::refusal::Refusal;
use super::seats::Seats;

/// What the handlers share.
#[derive(Clone)]
struct Stand {
    recording: Arc<Recording>,
    seats: Seats,
}

/// Serves the dashboard over a recording until `shutdown`; open pages are then told so.
///
/// # Errors
/// If the listener is not on a loopback address (nobody has to prove who they are here), or fails.
pub async fn serve(
    recording: Arc<Recording>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    super::serve_router(listener, shutdown, |seats| {
        router(Stand { recording, seats })
    })
    .await
}

fn router(stand: Stand) -> Router {
    let api = Router::new()
        .route("/floor", get(floor))
        .route("/live", get(live::live))
        .route("/orders", post(refused))
        .route("/orders/{id}/cancel", post(refused))
        .route("/vehicles/{name}/pause", post(refused))
        .route("/vehicles/{name}/resume", post(refused))
        .route("/floor/pause", post(refused))
        .route("/floor/resume", post(refused))
        .with_state(stand);
    super::with_page(api)
}

/// `GET /api/floor`: as of a running floor, and that this is a recording.
async fn floor(State(stand): State<Stand>) -> Json<Value> {
    let first = stand.recording.timeline.lives.first();
    let begun_utc_ms = first.map_or(0, |life| life.from_utc_ms);
    let mut floor = geometry::describe(&stand.recording.floor, begun_utc_ms);
    floor["recorded"] = json!(true);
    Json(floor)
}

/// The answer to everything that would change something.
async fn refused() -> Refusal {
    Refusal::read_only("this is a recording: it can be looked at, and nothing in it can be changed")
}
