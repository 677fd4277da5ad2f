//! How long the steps of a rehearsal take on this machine.

use std::time::Duration;

use serde_json::json;

/// Execution times of steps: controller, workers and floor together.
pub(super) struct Execution(hdrhistogram::Histogram<u32>);

impl Execution {
    /// Nothing measured yet.
    pub(super) fn new() -> Self {
        // The bounds are constants that the library accepts; a histogram that failed would record nothing.
        Self(
            hdrhistogram::Histogram::new_with_bounds(1, 10_000_000_000, 2)
                .unwrap_or_else(|_| unreachable!("bounds are valid")),
        )
    }

    /// Of one step.
    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(time.as_nanos() as u64);
    }

    /// Microseconds, for programs.
    pub(super) fn summary(&self) -> serde_json::Value {
        let us = |ns: u64| ns as f64 / 1_000.0;
        json!({
            "p50": us(self.0.value_at_quantile(0.5)), "p99": us(self.0.value_at_quantile(0.99)),
            "p999": us(self.0.value_at_quantile(0.999)), "max": us(self.0.max()),
        })
    }
}
