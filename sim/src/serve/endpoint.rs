//! One Modbus TCP server: of a vehicle or of a device, with a plug that can be pulled.

use super::Shared;
use super::unit::Unit;
use crate::floor::Endpoint;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::Server;
use tokio_modbus::{ExceptionCode, Response, SlaveRequest};

/// Pause before a port is tried again that could not be had.
const RETRY: Duration = Duration::from_millis(100);

/// Pulls the plug of an endpoint.
#[derive(Clone, Debug)]
pub struct Plug {
    /// Whose plug it is.
    pub endpoint: Endpoint,
    pull: mpsc::Sender<Duration>,
}

impl Plug {
    /// A plug, and what hears that it is pulled.
    pub fn new(endpoint: Endpoint) -> (Self, mpsc::Receiver<Duration>) {
        let (pull, pulled) = mpsc::channel(4);
        (Self { endpoint, pull }, pulled)
    }

    /// Pulls it for a time; false if it is being pulled too often.
    pub fn pull(&self, time: Duration) -> bool {
        self.pull.try_send(time).is_ok()
    }
}

/// Serves on a port; when the plug is pulled, closes the port and all connections for the time that it says.
pub async fn run<S>(
    listener: TcpListener,
    address: SocketAddr,
    service: S,
    mut pulled: mpsc::Receiver<Duration>,
) where
    S: Service<Request = SlaveRequest<'static>, Response = Response, Exception = ExceptionCode>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let connect = |stream: TcpStream, _: SocketAddr| {
        let service = service.clone();
        async move {
            stream.set_nodelay(true)?;
            Ok(Some((service, stream)))
        }
    };
    let mut server = Some(Server::new(listener));
    loop {
        let pause = match &server {
            None => RETRY,
            Some(server) => tokio::select! {
                biased;
                time = pulled.recv() => match time {
                    Some(time) => time,
                    None => return,
                },
                ended = server.serve(&connect, |error| tracing::debug!(%error, "connection ended")) => {
                    tracing::warn!(%address, ?ended, "server stopped; it is started again");
                    RETRY
                }
            },
        };
        drop(server.take());
        tokio::time::sleep(pause).await;
        server = match TcpListener::bind(address).await {
            Ok(listener) => Some(Server::new(listener)),
            Err(error) => {
                tracing::warn!(%address, %error, "the port is not free yet");
                None
            }
        };
    }
}

/// A unit behind a socket.
#[derive(Clone, Debug)]
pub struct UnitServer {
    /// The simulation.
    pub shared: Arc<Shared>,
    /// The registers, which all connections share.
    pub unit: Arc<Mutex<Unit>>,
}

impl Service for UnitServer {
    type Request = SlaveRequest<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let mut unit = self.unit.lock().unwrap_or_else(PoisonError::into_inner);
        ready(unit.answer(&mut self.shared.sim(), request))
    }
}
