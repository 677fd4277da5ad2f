//! Judges of orders, ground and service: they look at what a controller puts out and at what is true on the simulated
//! floor, and say what must not be. Footprints and physics are judged in `takt_sim`.
//!
//! | module | says |
//! |---|---|
//! | [`ground`] | nobody is told to go, or is, where another is or may go; nothing is granted to whom cannot be heard |
//! | [`orders`] | no order is lost, doubled, or called done without having been delivered; what was acknowledged stays known |
//! | [`service`] | once nothing goes wrong any more, every order ends and every vehicle serves again |
//! | [`stock`] | loads come where they belong, and the controller counts what is there |
//! | [`standing`] | counts of lost orders and of vehicles that stand for others, also for live floors |

pub mod ground;
pub mod orders;
pub mod service;
pub mod standing;
pub mod stock;
mod trust;

use serde::Serialize;

/// Something that must not be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Violation {
    /// Which judge says so.
    pub judge: &'static str,
    /// Simulated milliseconds since the start of the run; seconds for programs, as all their times.
    #[serde(rename = "at_s", serialize_with = "as_seconds")]
    pub at_ms: u64,
    /// What was seen.
    pub what: String,
}

fn as_seconds<S: serde::Serializer>(ms: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*ms as f64 / 1_000.0)
}

/// What judges have found, the first of each judge's kind; all are counted.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// In the order in which they were found.
    pub violations: Vec<Violation>,
    /// All of them.
    pub count: u64,
}

/// Violations that are kept with their words.
const KEPT_MAX: usize = 100;

impl Findings {
    /// Notes one more.
    pub fn note(&mut self, judge: &'static str, at_ms: u64, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.violations.len() < KEPT_MAX {
            let what = what();
            self.violations.push(Violation { judge, at_ms, what });
        }
    }
}
