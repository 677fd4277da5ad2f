//! A progress bar for what takes longer than a second, on a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Nothing is shown before.
const AFTER: Duration = Duration::from_secs(1);

/// A bar that appears when it is needed; on stderr, and only on a terminal.
pub(super) struct Progress {
    begun: Instant,
    what: &'static str,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Progress of something that is `what` ("read", "replayed") in the end.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            begun: Instant::now(),
            what,
            bar: None,
        }
    }

    /// How far it is, from 0 to 1.
    pub(super) fn set(&mut self, share: f64) {
        if self.bar.is_none() && self.begun.elapsed() < AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(1_000);
            let template = "{bar:40} {percent}% {msg}, {eta} left";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_message(self.what);
            bar
        });
        bar.set_position((share * 1_000.0) as u64);
    }

    /// Takes the bar away; gives the seconds that it took.
    pub(super) fn end(self) -> f64 {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.begun.elapsed().as_secs_f64()
    }
}
