//! Servers that do not speak Modbus: they answer each request with bytes of their own, or not at all.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a rogue does with a request: bytes to answer with, or `None` to close the connection.
pub type Answer = fn(&[u8]) -> Option<Vec<u8>>;

/// A rogue server; it ends when dropped.
pub struct Rogue {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Rogue {
    pub async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(converse(stream, answer));
            }
        });
        Self { address, task }
    }

    /// Closes the listener and all connections.
    pub async fn stop(mut self) {
        self.task.abort();
        // It was cancelled: that is what was asked for.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse(mut stream: TcpStream, answer: Answer) {
    let mut request = [0; 300];
    while let Ok(length @ 1..) = stream.read(&mut request).await {
        let Some(bytes) = answer(&request[..length]) else {
            return;
        };
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// The good answer to a read of a vehicle's report, whose heartbeat is the request's transaction number.
pub fn good_report(request: &[u8]) -> Vec<u8> {
    let mut answer = vec![request[0], request[1], 0, 0, 0, 51, request[6], 4, 48];
    answer.extend([0, 1, request[0], request[1]]);
    answer.resize(9 + 48, 0);
    answer
}
