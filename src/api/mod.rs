//! The gRPC API: `takt.v1`, for programs; with reflection and health.
//!
//! - [`v1`]: messages, services and clients, generated from `proto/takt/v1`
//! - [`serve`]: the server on a [`Front`]
//! - [`client`]: how this program's own commands call it
//!
//! The services know nothing that the [`Front`] does not: they check and translate (names to ids, UTC to controller
//! time), ask, and translate back. How to call them is in `docs/api.md`.

pub mod client;
mod floor;
mod orders;
mod person;
mod status;
mod submit;
mod vehicles;
mod view;
mod watch;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::host::front::Front;
use v1::floor_service_server::FloorServiceServer;
use v1::orders_server::OrdersServer;
use v1::vehicles_server::VehiclesServer;

/// Messages, services and clients, as generated from `proto/takt/v1`, where each is documented.
#[allow(missing_docs, clippy::all)]
pub mod v1 {
    tonic::include_proto!("takt.v1");

    /// The compiled `.proto` files, as reflection hands them out.
    pub const FILE_DESCRIPTOR_SET: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/takt_descriptor.bin"));
}

/// Services whose health is reported; the empty name stands for the server as a whole.
const HEALTH: [&str; 4] = [
    "",
    "takt.v1.Orders",
    "takt.v1.Vehicles",
    "takt.v1.FloorService",
];
/// Greatest request; the largest that makes sense has a few hundred bytes.
const REQUEST_BYTES_MAX: usize = 64 << 10;
/// Most calls at once on one connection; watches count for as long as they last.
const CALLS_PER_CONNECTION_MAX: u32 = 128;
/// Time after which a connection is asked for a sign of life, so that watches of dead clients end.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// Time that calls have to end in when the server stops.
const GRACE: Duration = Duration::from_secs(1);

/// May the API, or the dashboard, listen there? On this machine's loopback addresses only, for now.
///
/// # Errors
/// A message for people, for any other address.
pub fn check_listener(addr: SocketAddr) -> Result<(), String> {
    if addr.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    let port = addr.port();
    Err(format!(
        "cannot listen on {addr}: without TLS and authentication, which are not there yet, only this machine's own \
         addresses are allowed (127.0.0.1:{port} or [::1]:{port}); from elsewhere, use a tunnel: \
         ssh -L {port}:127.0.0.1:{port} THIS-MACHINE"
    ))
}

/// Why the server could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener is on an address that is not allowed; see [`check_listener`].
    #[error("{0}")]
    Listener(String),
    /// The compiled `.proto` files could not be read.
    #[error("the API's reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The socket failed.
    #[error("the API's socket: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves the API until `shutdown`; then watches end with UNAVAILABLE, and other calls have a second to end in.
///
/// # Errors
/// If the listener is not on loopback, or fails. Errors are logged as well, since nobody waits for a spawned server.
pub async fn serve(
    front: Front,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let served = serve_on(front, listener, shutdown).await;
    if let Err(error) = &served {
        tracing::error!("{error}");
    }
    served
}

async fn serve_on(
    front: Front,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let at = listener
        .local_addr()
        .map_err(|e| ServeError::Listener(format!("the API's listener: {e}")))?;
    check_listener(at).map_err(ServeError::Listener)?;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let (health, health_server) = tonic_health::server::health_reporter();
    report(&health, ServingStatus::Serving).await;
    let (stop, stopping) = watch::stop();
    let orders = OrdersServer::new(orders::OrdersApi::new(front.clone(), stopping.clone()));
    let vehicles = VehiclesServer::new(vehicles::VehiclesApi::new(front.clone(), stopping.clone()));
    let floor = FloorServiceServer::new(floor::FloorApi::new(front));
    let server = Server::builder()
        .max_concurrent_streams(CALLS_PER_CONNECTION_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .add_service(orders.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(vehicles.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(floor.max_decoding_message_size(REQUEST_BYTES_MAX))
        .add_service(health_server)
        .add_service(reflection)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            stopping.clone().wait(),
        );
    let stopped = async {
        shutdown.await;
        report(&health, ServingStatus::NotServing).await;
        stop.stop();
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        biased;
        served = server => Ok(served?),
        () = stopped => Ok(()),
    }
}

async fn report(health: &HealthReporter, status: ServingStatus) {
    for service in HEALTH {
        health.set_service_status(service, status).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for good in [
            "127.0.0.1:7420",
            "127.8.0.1:0",
            "[::1]:7420",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert_eq!(check_listener(good.parse().unwrap()), Ok(()), "{good}");
        }
        for bad in [
            "0.0.0.0:7420",
            "192.168.1.2:7420",
            "[::]:7420",
            "[2001:db8::1]:7420",
            "[::ffff:10.0.0.1]:1",
        ] {
            let problem = check_listener(bad.parse().unwrap()).unwrap_err();
            assert!(
                problem.contains("TLS and authentication") && problem.contains(bad),
                "{problem}"
            );
        }
    }
}
