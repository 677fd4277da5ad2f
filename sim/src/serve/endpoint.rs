//! One Modbus TCP server: of a vehicle or of a device, with a plug that can be pulled.

use super::Shared;
use super::registers::{self, Block, COMMAND_SEQUENCE_AT, REPORT_REGISTERS};
use crate::floor::Endpoint;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use takt_maps::{Device, DeviceId, VehicleId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_modbus::server::Service;
use tokio_modbus::server::tcp::Server;
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

/// The unit id of everything served; 0 and 255 mean "whoever is here" in Modbus TCP.
const UNITS: [u8; 3] = [1, 0, 255];

/// Most registers in one read, by the Modbus specification.
const READ_MAX: u16 = 125;

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

/// A vehicle's registers.
#[derive(Clone, Debug)]
pub struct VehicleServer {
    /// The simulation.
    pub shared: Arc<Shared>,
    /// Whose registers they are.
    pub id: VehicleId,
    /// Its holding registers, which all connections share.
    pub holding: Arc<Mutex<Block>>,
}

/// A device's registers.
#[derive(Clone, Debug)]
pub struct DeviceServer {
    shared: Arc<Shared>,
    id: DeviceId,
    read_at: u16,
    read_words: usize,
    holding: Arc<Mutex<Block>>,
}

impl DeviceServer {
    /// The registers of a device.
    pub fn new(shared: Arc<Shared>, id: DeviceId, device: &Device) -> Self {
        Self {
            shared,
            id,
            read_at: device.read_at,
            read_words: device.read_words.into(),
            holding: Arc::new(Mutex::new(Block::new(
                device.write_at,
                device.write_words.into(),
            ))),
        }
    }
}

/// What differs between vehicles and devices.
trait Registers {
    /// The input registers as they are now.
    fn input(&self) -> Block;
    /// The holding registers.
    fn holding(&self) -> &Mutex<Block>;
    /// Takes over what was written to `address` and on; `holding` is the block with it.
    fn written(&self, address: u16, count: usize, holding: &Block) -> Result<(), ExceptionCode>;
}

impl Registers for VehicleServer {
    fn input(&self) -> Block {
        let report = self.shared.sim().vehicle_report(self.id);
        let mut block = Block::new(0, REPORT_REGISTERS);
        let whole = block.write(0, &registers::report(&report));
        debug_assert!(whole, "a report fills its block");
        block
    }

    fn holding(&self) -> &Mutex<Block> {
        &self.holding
    }

    fn written(&self, address: u16, count: usize, holding: &Block) -> Result<(), ExceptionCode> {
        // The command is whole when its last register is written, however the others came.
        if usize::from(address) + count <= COMMAND_SEQUENCE_AT {
            return Ok(());
        }
        let command = registers::command(holding.words()).ok_or(ExceptionCode::IllegalDataValue)?;
        self.shared.sim().vehicle_command(self.id, &command);
        Ok(())
    }
}

impl Registers for DeviceServer {
    fn input(&self) -> Block {
        let image = self.shared.sim().device_inputs(self.id);
        let words = self.read_words.min(image.len());
        let mut block = Block::new(self.read_at, words);
        let whole = block.write(self.read_at, &image[..words]);
        debug_assert!(whole, "an image fills its block");
        block
    }

    fn holding(&self) -> &Mutex<Block> {
        &self.holding
    }

    fn written(&self, _: u16, _: usize, holding: &Block) -> Result<(), ExceptionCode> {
        self.shared.sim().device_outputs(self.id, holding.image());
        Ok(())
    }
}

/// Answers one request.
fn answer(on: &impl Registers, request: SlaveRequest<'_>) -> Result<Response, ExceptionCode> {
    if !UNITS.contains(&request.slave) {
        return Err(ExceptionCode::GatewayTargetDevice);
    }
    let quantity = |count: u16| {
        (1..=READ_MAX)
            .contains(&count)
            .then_some(count)
            .ok_or(ExceptionCode::IllegalDataValue)
    };
    let found = |words: Option<&[u16]>| {
        words
            .map(<[u16]>::to_vec)
            .ok_or(ExceptionCode::IllegalDataAddress)
    };
    match request.request {
        Request::ReadInputRegisters(address, count) => {
            let words = found(on.input().read(address, quantity(count)?))?;
            Ok(Response::ReadInputRegisters(words))
        }
        Request::ReadHoldingRegisters(address, count) => {
            let block = on.holding().lock().unwrap_or_else(PoisonError::into_inner);
            let words = found(block.read(address, quantity(count)?))?;
            Ok(Response::ReadHoldingRegisters(words))
        }
        Request::WriteSingleRegister(address, word) => {
            write(on, address, &[word])?;
            Ok(Response::WriteSingleRegister(address, word))
        }
        Request::WriteMultipleRegisters(address, words) => {
            write(on, address, &words)?;
            let count = words.len() as u16;
            Ok(Response::WriteMultipleRegisters(address, count))
        }
        _ => Err(ExceptionCode::IllegalFunction),
    }
}

/// Writes all or, when something is wrong with it, nothing.
fn write(on: &impl Registers, address: u16, words: &[u16]) -> Result<(), ExceptionCode> {
    if words.is_empty() {
        return Err(ExceptionCode::IllegalDataValue);
    }
    let mut block = on.holding().lock().unwrap_or_else(PoisonError::into_inner);
    let mut written = block.clone();
    if !written.write(address, words) {
        return Err(ExceptionCode::IllegalDataAddress);
    }
    on.written(address, words.len(), &written)?;
    *block = written;
    Ok(())
}

/// Makes a type with registers a Modbus service.
macro_rules! service {
    ($name:ty) => {
        impl Service for $name {
            type Request = SlaveRequest<'static>;
            type Response = Response;
            type Exception = ExceptionCode;
            type Future = Ready<Result<Response, ExceptionCode>>;

            fn call(&self, request: Self::Request) -> Self::Future {
                ready(answer(self, request))
            }
        }
    };
}

service!(VehicleServer);
service!(DeviceServer);
