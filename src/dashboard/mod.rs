//! The dashboard: one page for the people at the line, and what that page asks for.
//!
//! - `assets`: the page itself, inside the binary
//! - `guard`: only this page, opened on this machine, may ask
//! - `geometry`: what never changes, sent once
//! - `live`: a WebSocket that sends a `frame` several times a second
//! - `seats`: how many pages may look on
//! - `changes`: orders, pause and resume, through the [`Front`] like everything else
//! - [`recorded`]: the same page over a recording, with a slider for its time
//!
//! It keeps no state of the floor: what it shows is the follower's read model, what it changes goes to the controller.

mod assets;
mod changes;
mod frame;
mod geometry;
mod guard;
mod live;
mod order_form;
pub mod recorded;
mod refusal;
mod seats;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::host::front::Front;
use seats::Seats;

/// Largest request body, in bytes; an order has a few hundred.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Time that open pages have for saying goodbye when the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// What the handlers share.
#[derive(Clone, Debug)]
struct Desk {
    front: Front,
    seats: Seats,
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
    let served = serve_router(listener, shutdown, |seats| router(Desk { front, seats })).await;
    if let Err(error) = &served {
        tracing::error!("dashboard: {error}");
    }
    served
}

/// Serves what `router` makes, with the seats of its pages, until `shutdown`.
async fn serve_router(
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    router: impl FnOnce(Seats) -> Router,
) -> io::Result<()> {
    let at = listener.local_addr()?;
    if !at.ip().to_canonical().is_loopback() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("cannot listen on {at}: only this machine's own addresses are allowed"),
        ));
    }
    let (stop, stopping) = watch::channel(false);
    let seats = Seats::new(stopping);
    let server = axum::serve(listener, router(seats.clone()));
    tokio::select! {
        biased;
        () = shutdown => {
            // The receivers are in the seats, which live as long as the server.
            let _ = stop.send(true);
        }
        served = server => return served,
    }
    // Connections have tasks of their own, so the pages can still be told after the server itself is gone.
    let _ = tokio::time::timeout(GRACE, seats.all_free()).await;
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
        .with_state(desk);
    with_page(api)
}

/// The endpoints under `/api` and the page that asks them; only that page, opened on this machine, may.
fn with_page(api: Router) -> Router {
    let api = api
        .fallback(refusal::no_such_endpoint)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .nest("/api", api)
        .fallback(assets::asset)
        .layer(middleware::from_fn(guard::same_origin))
}
