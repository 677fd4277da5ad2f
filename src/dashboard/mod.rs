//! The dashboard: one page for the people at the line, and what that page asks for.
//!
//! - `assets`: the page itself, inside the binary
//! - `guard`: only this page, opened on this machine, may ask
//! - `geometry`: what never changes, sent once
//! - `live`: a WebSocket that sends a `frame` several times a second
//! - `changes`: orders, pause and resume, through the [`Front`] like everything else
//!
//! It keeps no state of the floor: what it shows is the follower's read model, what it changes goes to the controller.

mod assets;
mod changes;
mod frame;
mod geometry;
mod guard;
mod live;
mod order_form;
mod refusal;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::host::front::Front;

/// Most pages that are served live at once; further ones are asked to come again.
const VIEWERS_MAX: usize = 64;
/// Largest request body, in bytes; an order has a few hundred.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Time that open pages have for saying goodbye when the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// What the handlers share.
#[derive(Clone, Debug)]
struct Desk {
    front: Front,
    /// One permit for each page that is served live.
    viewers: Arc<Semaphore>,
    /// True once the server stops.
    stopping: watch::Receiver<bool>,
}

/// Serves the dashboard until `shutdown`; open pages are then told so and have a second to go.
///
/// # Errors
/// If the listener is not on a loopback address (nobody has to prove who they are here), or fails. Errors are logged as
/// well, since nobody waits for a spawned server.
pub async fn serve(
    front: Front,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let served = serve_on(front, listener, shutdown).await;
    if let Err(error) = &served {
        tracing::error!("dashboard: {error}");
    }
    served
}

async fn serve_on(
    front: Front,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let at = listener.local_addr()?;
    if !at.ip().to_canonical().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("cannot listen on {at}: only this machine's own addresses are allowed"),
        ));
    }
    let (stop, stopping) = watch::channel(false);
    let viewers = Arc::new(Semaphore::new(VIEWERS_MAX));
    let desk = Desk {
        front,
        viewers: viewers.clone(),
        stopping,
    };
    let server = axum::serve(listener, router(desk));
    tokio::select! {
        biased;
        () = shutdown => {
            // The receivers are in the desk, which lives as long as the server.
            let _ = stop.send(true);
        }
        served = server => return served,
    }
    // Connections have tasks of their own, so the pages can still be told after the server itself is gone.
    let all = u32::try_from(VIEWERS_MAX).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(GRACE, viewers.acquire_many(all)).await;
    Ok(())
}

fn router(desk: Desk) -> Router {
    let api = Router::new()
        .route("/floor", get(geometry::floor))
        .route("/live", get(live::live))
        .route("/orders", post(changes::submit))
        .route("/orders/{id}/cancel", post(changes::cancel))
        .route("/vehicles/{name}/pause", post(changes::pause_vehicle))
        .route("/vehicles/{name}/resume", post(changes::resume_vehicle))
        .route("/floor/pause", post(changes::pause_floor))
        .route("/floor/resume", post(changes::resume_floor))
        .fallback(refusal::no_such_endpoint)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .nest("/api", api)
        .fallback(assets::asset)
        .layer(middleware::from_fn(guard::same_origin))
        .with_state(desk)
}
