//! Showing a recording in the dashboard.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use takt_maps::Floor;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::Failure;
use super::serve::{StopSignals, listen, tokio_runtime, write_ports};
use crate::api;
use crate::dashboard::recorded::{self, Recorder};
use crate::replay::Report;

/// Where a recording will be shown. It is taken before the replay, so that nobody waits for one that cannot be shown.
pub(super) struct Stage {
    runtime: Runtime,
    listener: TcpListener,
}

impl Stage {
    /// Listens, and gives who has to watch the replay.
    pub(super) fn set_up(at: SocketAddr, floor: &Arc<Floor>) -> Result<(Self, Recorder), Failure> {
        api::check_listener(at).map_err(Failure::BadInput)?;
        let runtime = tokio_runtime()?;
        let listener = runtime.block_on(listen("dashboard", "--dashboard", at))?;
        Ok((Self { runtime, listener }, Recorder::new(floor)))
    }

    /// Shows what was watched until Ctrl-C.
    pub(super) fn show(
        self,
        floor: &Floor,
        recorder: Recorder,
        report: &Report,
        ports_file: Option<PathBuf>,
    ) -> Result<(), Failure> {
        let recording = recorder.finish(report).map_err(Failure::failed)?;
        let at = self.listener.local_addr().map_err(Failure::failed)?;
        let (pictures, bytes) = recording.size();
        eprintln!(
            "takt: {}, {:.0} s recorded, on http://{at} (dashboard); a picture every {} ms, {pictures} in {:.1} MiB; Ctrl-C ends it",
            floor.name,
            recording.length_ms() as f64 / 1_000.0,
            recording.step_ms(),
            bytes as f64 / f64::from(1 << 20),
        );
        self.runtime.block_on(async move {
            let mut stop = StopSignals::new();
            let shown = recorded::serve(Arc::new(recording), self.listener, async move {
                stop.asked().await;
            });
            // Whoever waits for the file finds the page answering: the listener has been there all the time.
            if let Some(path) = &ports_file {
                write_ports(path, &json!({ "dashboard": at.to_string() }))
                    .map_err(|e| Failure::Failed(format!("ports file {}: {e}", path.display())))?;
            }
            shown.await.map_err(Failure::failed)
        })
    }
}
