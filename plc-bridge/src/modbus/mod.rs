//! A Modbus TCP connection on which every request is answered, refused, or over within its time.
//!
//! A thin layer over tokio-modbus' client. It calls the client with raw requests and checks the answer's length
//! itself: the client's own `read_input_registers` asserts it, and a device must not be able to make Takt panic.

mod dial;

pub use dial::{Dial, Tcp};

use crate::addresses::Server;
use std::borrow::Cow;
use std::io;
use std::time::Duration;
use thiserror::Error;
use tokio::time::timeout;
use tokio_modbus::client::{Client, Context, tcp::attach_slave};
use tokio_modbus::{ExceptionCode, Request, Response, Slave};

/// How a request or connection failed.
#[derive(Debug, Error)]
pub enum ModbusError {
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The device answered with an exception; the connection is in order.
    #[error("the device refused: {0}")]
    Exception(ExceptionCode),
    /// The answer does not belong to the request, or is not Modbus.
    #[error("not an answer to the request: {0}")]
    BadFrame(String),
    /// The connection could not be made, or was closed.
    #[error("no connection: {0}")]
    Lost(io::Error),
}

impl ModbusError {
    /// Can the connection be used after this? After a time-out it cannot: the late answer would be taken for the
    /// answer to the next request.
    pub fn connection_is_good(&self) -> bool {
        matches!(self, Self::Exception(_))
    }
}

/// One connection to one unit.
pub struct Connection {
    context: Context,
    timeout: Duration,
}

impl Connection {
    /// Connects, by way of `dialer`.
    ///
    /// # Errors
    /// [`ModbusError::Timeout`] after `connect_timeout`, [`ModbusError::Lost`] when there is nobody.
    pub async fn open<D: Dial>(
        dialer: &D,
        (address, unit): Server,
        connect_timeout: Duration,
        request_timeout: Duration,
    ) -> Result<Self, ModbusError> {
        let stream = timeout(connect_timeout, dialer.dial(address))
            .await
            .map_err(|_| ModbusError::Timeout)?
            .map_err(ModbusError::Lost)?;
        Ok(Self {
            context: attach_slave(stream, Slave(unit)),
            timeout: request_timeout,
        })
    }

    /// Reads `count` input registers (function code 4).
    ///
    /// # Errors
    /// See [`ModbusError`]; an answer with another number of registers is a [`ModbusError::BadFrame`].
    pub async fn read_inputs(&mut self, at: u16, count: u16) -> Result<Vec<u16>, ModbusError> {
        match self.call(Request::ReadInputRegisters(at, count)).await? {
            Response::ReadInputRegisters(words) if words.len() == usize::from(count) => Ok(words),
            other => Err(ModbusError::BadFrame(format!(
                "asked for {count} input registers, got {other:?}"
            ))),
        }
    }

    /// Writes holding registers (function code 16).
    ///
    /// # Errors
    /// See [`ModbusError`]; an answer that names other registers is a [`ModbusError::BadFrame`].
    pub async fn write_holding(&mut self, at: u16, words: &[u16]) -> Result<(), ModbusError> {
        let request = Request::WriteMultipleRegisters(at, Cow::Borrowed(words));
        match self.call(request).await? {
            Response::WriteMultipleRegisters(from, count)
                if from == at && usize::from(count) == words.len() =>
            {
                Ok(())
            }
            other => Err(ModbusError::BadFrame(format!(
                "wrote {} registers at {at}, got {other:?}",
                words.len()
            ))),
        }
    }

    async fn call(&mut self, request: Request<'_>) -> Result<Response, ModbusError> {
        match timeout(self.timeout, self.context.call(request)).await {
            Err(_) => Err(ModbusError::Timeout),
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(exception))) => Err(ModbusError::Exception(exception)),
            Ok(Err(tokio_modbus::Error::Protocol(error))) => {
                Err(ModbusError::BadFrame(error.to_string()))
            }
            Ok(Err(tokio_modbus::Error::Transport(error))) => Err(of_transport(error)),
        }
    }
}

/// Sorts tokio-modbus' I/O errors: frames that it cannot decode are `InvalidData` or `UnexpectedEof`, and for a
/// connection closed by the device it reports whatever the thread's last system call happened to leave behind.
fn of_transport(error: io::Error) -> ModbusError {
    use io::ErrorKind::*;
    match error.kind() {
        InvalidData | InvalidInput | UnexpectedEof => ModbusError::BadFrame(error.to_string()),
        ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected | TimedOut
        | HostUnreachable | NetworkUnreachable | NetworkDown => ModbusError::Lost(error),
        _ => ModbusError::Lost(io::Error::new(ConnectionAborted, "closed by the device")),
    }
}
