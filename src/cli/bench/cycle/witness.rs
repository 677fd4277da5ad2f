//! The witness: nothing but a sleep to an absolute time, again and again; what the machine makes of that, no program
//! can be blamed for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use takt_rt::host::{Clock, LiveClock};
use takt_rt::thread::RealTime;
use takt_rt::timing::{Durations, Quantiles};

/// A bare loop on a thread of its own.
pub(super) struct Witness {
    /// Begin when this is dropped.
    gate: Option<Sender<()>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Quantiles>,
}

impl Witness {
    /// Starts the thread, which waits for [`Witness::go`] before it takes its priority.
    pub(super) fn new(period: Duration, cpu: usize, priority: u8) -> std::io::Result<Self> {
        let (gate, opened) = channel::<()>();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let body = move || {
            let asked = RealTime {
                priority: Some(priority),
                cpu: Some(cpu),
                // The cycle's thread does that for the process.
                lock_memory: false,
                ..RealTime::default()
            };
            let gate = || {
                // It opens by being dropped.
                let _ = opened.recv();
            };
            // What is missing the cycle's thread says for both.
            drop(asked.apply_after(gate));
            watch(period.as_nanos() as u64, &stopped)
        };
        let thread = std::thread::Builder::new()
            .name("takt-witness".to_owned())
            .spawn(body)?;
        Ok(Self {
            gate: Some(gate),
            stop,
            thread,
        })
    }

    /// Lets it begin.
    pub(super) fn go(&mut self) {
        self.gate = None;
    }

    /// Ends it; what it saw.
    pub(super) fn end(self) -> Quantiles {
        self.stop.store(true, Ordering::Release);
        drop(self.gate);
        self.thread.join().unwrap_or_default()
    }
}

fn watch(period_ns: u64, stop: &AtomicBool) -> Quantiles {
    let mut clock = LiveClock;
    let mut latency = Durations::new();
    let start_ns = clock.now_ns();
    let mut beat = 1;
    while !stop.load(Ordering::Acquire) {
        let due_ns = start_ns + beat * period_ns;
        let woken_ns = clock.sleep_until(due_ns);
        latency.record_ns(woken_ns - due_ns);
        // As the cycle does: beats that have passed are not caught up with.
        beat = (woken_ns - start_ns) / period_ns + 1;
    }
    latency.quantiles()
}
