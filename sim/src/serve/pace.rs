//! The thread that steps the simulation in real time.

use super::Shared;
use crate::floor::STEP_MS;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Most steps made up for at a time; what is further behind is left out.
const CATCH_UP_STEPS: u64 = 100;

/// The running thread.
pub struct Pacer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

impl Pacer {
    /// Starts stepping.
    pub fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (alive, ended) = oneshot::channel();
        let told = stop.clone();
        let thread = std::thread::Builder::new()
            .name("simulation".into())
            .spawn(move || {
                // Dropped at the end of the thread, in a panic too.
                let _alive: oneshot::Sender<()> = alive;
                run(&shared, &told);
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
            ended,
        })
    }

    /// Completes when the thread has ended by itself.
    pub async fn ended(&mut self) {
        // Nothing is ever sent: an error says that the sender is gone.
        let _ = (&mut self.ended).await;
    }

    /// Ends the thread after its current step; false if it panicked.
    pub fn stop(mut self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().is_some_and(|t| t.join().is_ok())
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn run(shared: &Shared, stop: &AtomicBool) {
    let step = Duration::from_millis(STEP_MS.into());
    let start = Instant::now();
    // Steps made or left out.
    let mut past: u64 = 0;
    while !stop.load(Ordering::Relaxed) {
        let due = start.elapsed().as_millis() as u64 / u64::from(STEP_MS);
        let behind = due.saturating_sub(past);
        let dropped = behind.saturating_sub(CATCH_UP_STEPS);
        if behind > 1 {
            let mut lag = shared.lag();
            lag.lag_ms_max = lag.lag_ms_max.max((behind - 1) * u64::from(STEP_MS));
            lag.dropped_ms += dropped * u64::from(STEP_MS);
        }
        for _ in dropped..behind {
            // Locked for each step anew, so that the servers get their turn.
            let mut sim = shared.sim();
            shared.injected().step(&mut sim);
            sim.step(STEP_MS);
        }
        past += behind;
        let next = step * (past + 1).min(u64::from(u32::MAX)) as u32;
        std::thread::sleep(next.saturating_sub(start.elapsed()));
    }
}
