//! A Modbus TCP server that plays a vehicle or a PLC, and misbehaves when told to.

use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_modbus::server::Service;
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

/// Unit that all servers answer to.
pub const UNIT: u8 = 1;
/// Registers of a PLC, in each direction: inputs from 10, outputs from 20.
pub const DEVICE_WORDS: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Vehicle,
    Plc,
}

/// What the server does and has seen.
#[derive(Debug)]
pub struct State {
    kind: Kind,
    pub inputs: Vec<u16>,
    /// All blocks written, in order.
    pub written: Vec<Vec<u16>>,
    /// A vehicle that answers, but whose program stands still.
    pub frozen: bool,
    /// Answer everything with this.
    pub exception: Option<ExceptionCode>,
    /// Answer nothing.
    pub mute: bool,
    /// Answer to this unit only, and nothing to others.
    pub unit: u8,
}

/// A server; it can be stopped and started again at its address.
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: Option<JoinHandle<()>>,
}

impl Server {
    pub async fn start(kind: Kind) -> Self {
        Self::start_at(kind, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn start_at(kind: Kind, address: SocketAddr) -> Self {
        let mut inputs = vec![
            0;
            if kind == Kind::Vehicle {
                24
            } else {
                DEVICE_WORDS
            }
        ];
        if kind == Kind::Vehicle {
            inputs[0] = 1;
        }
        let state = State {
            kind,
            inputs,
            written: Vec::new(),
            frozen: false,
            exception: None,
            mute: false,
            unit: UNIT,
        };
        let mut server = Self {
            address,
            state: Arc::new(Mutex::new(state)),
            task: None,
        };
        server.resume().await;
        server
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Closes the listener and all connections.
    pub async fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // It was cancelled: that is what was asked for.
            let _ = task.await;
        }
    }

    /// Listens again, at the same address as before.
    pub async fn resume(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let state = self.state.clone();
        self.task = Some(tokio::spawn(async move {
            let server = tokio_modbus::server::tcp::Server::new(listener);
            let accept = |stream: tokio::net::TcpStream, _| {
                stream.set_nodelay(true).unwrap();
                let field = Field(state.clone());
                async move { Ok(Some((field, stream))) }
            };
            server.serve(&accept, |_| {}).await.unwrap();
        }));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

struct Field(Arc<Mutex<State>>);

impl Service for Field {
    type Request = SlaveRequest<'static>;
    type Response = Option<Response>;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Option<Response>, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(self.0.lock().unwrap().answer(request))
    }
}

impl State {
    fn answer(&mut self, request: SlaveRequest<'_>) -> Result<Option<Response>, ExceptionCode> {
        if self.mute || request.slave != self.unit {
            return Ok(None);
        }
        if let Some(exception) = self.exception {
            return Err(exception);
        }
        let (read_at, write_at, write_words) = match self.kind {
            Kind::Vehicle => (0, 0, 120),
            Kind::Plc => (10, 20, DEVICE_WORDS),
        };
        match request.request {
            Request::ReadInputRegisters(at, count)
                if at == read_at && usize::from(count) == self.inputs.len() =>
            {
                if self.kind == Kind::Vehicle && !self.frozen {
                    self.inputs[1] = self.inputs[1].wrapping_add(1);
                }
                Ok(Some(Response::ReadInputRegisters(self.inputs.clone())))
            }
            Request::WriteMultipleRegisters(at, words)
                if at == write_at && words.len() == write_words =>
            {
                self.written.push(words.to_vec());
                Ok(Some(Response::WriteMultipleRegisters(
                    at,
                    words.len() as u16,
                )))
            }
            _ => Err(ExceptionCode::IllegalDataAddress),
        }
    }
}
