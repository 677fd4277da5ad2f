//! Where connections come from: sockets, or what stands in for them in virtual time.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Makes connections to Modbus TCP servers.
pub trait Dial: Send + Sync + 'static {
    /// A connection: bytes in both directions, in order.
    type Stream: AsyncRead + AsyncWrite + Debug + Unpin + Send + 'static;

    /// Connects to `address`. It may take for ever: who calls gives up after a time of its own, and drops the future.
    fn dial(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// The live form: TCP with Nagle's algorithm off.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Dial for Tcp {
    type Stream = TcpStream;

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
