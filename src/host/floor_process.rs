//! The simulated floor as a process of its own: asking it how it is.

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Answers take no longer than this.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What the floor's judge says.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct FloorStatus {
    /// Footprints that touched.
    pub contacts: u64,
    /// Time that lines stood for want of parts, summed.
    pub starvation_s: f64,
    /// Way driven by all vehicles.
    pub distance_m: f64,
}

/// Where the floor's control channel is.
#[derive(Clone, Copy, Debug)]
pub struct FloorClient {
    address: SocketAddr,
}

impl FloorClient {
    /// At an address.
    pub fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the file that `takt floor serve` writes.
    ///
    /// # Errors
    /// If it is not such a file.
    pub fn from_ports_file(json: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct File {
            control: SocketAddr,
        }
        let file: File =
            serde_json::from_str(json).map_err(|e| format!("no control channel: {e}"))?;
        Ok(Self {
            address: file.control,
        })
    }

    /// Asks the judge.
    ///
    /// # Errors
    /// If the floor's process does not answer.
    pub async fn status(&self) -> Result<FloorStatus, String> {
        let answer = tokio::time::timeout(TIMEOUT, self.ask("{\"cmd\":\"status\"}\n")).await;
        let line = answer.map_err(|_| "the floor's process does not answer".to_owned())??;
        serde_json::from_str(&line).map_err(|e| format!("the floor's process answers oddly: {e}"))
    }

    /// Asks for something in the words of the control channel.
    ///
    /// # Errors
    /// If the floor's process does not answer.
    pub async fn request(&self, request: &serde_json::Value) -> Result<serde_json::Value, String> {
        let line = format!("{request}\n");
        let answer = tokio::time::timeout(TIMEOUT, self.ask(&line)).await;
        let line = answer.map_err(|_| "the floor's process does not answer".to_owned())??;
        serde_json::from_str(&line).map_err(|e| format!("the floor's process answers oddly: {e}"))
    }

    /// Ends the floor's process in order.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn stop(&self) -> Result<(), String> {
        let answer = tokio::time::timeout(TIMEOUT, self.ask("{\"cmd\":\"stop\"}\n")).await;
        answer
            .map_err(|_| "the floor's process does not answer".to_owned())?
            .map(drop)
    }

    async fn ask(&self, line: &str) -> Result<String, String> {
        let failed = |e: std::io::Error| format!("the floor's process at {}: {e}", self.address);
        let mut stream = TcpStream::connect(self.address).await.map_err(failed)?;
        stream.write_all(line.as_bytes()).await.map_err(failed)?;
        let mut answer = String::new();
        BufReader::new(stream)
            .read_line(&mut answer)
            .await
            .map_err(failed)?;
        Ok(answer)
    }
}
