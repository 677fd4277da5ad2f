//! How many pages are served at once, and when they have to go.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::refusal::Refusal;

/// Most pages that are served live at once; further ones are asked to come again.
const SEATS: usize = 64;

/// A seat for each page that is served live.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    /// True once the server stops.
    stopping: watch::Receiver<bool>,
}

impl Seats {
    /// All free; `stopping` becomes true once the server stops.
    pub(super) fn new(stopping: watch::Receiver<bool>) -> Self {
        Self {
            free: Arc::new(Semaphore::new(SEATS)),
            stopping,
        }
    }

    /// Takes a seat, which is free again when it is dropped.
    pub(super) fn take(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let problem = "too many dashboards are open; close one";
        let seat = self.free.clone().try_acquire_owned();
        seat.map_err(|_| Refusal::unavailable(problem))
    }

    /// Waits until the server stops.
    pub(super) async fn stopped(&mut self) {
        // An error means that the server is gone already.
        let _ = self.stopping.wait_for(|&stopping| stopping).await;
    }

    /// Waits until every page has gone.
    pub(super) async fn all_free(&self) {
        let all = u32::try_from(SEATS).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }
}
