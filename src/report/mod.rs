//! The report of a simulated run: what is remembered, what is counted from it, and how it is shown.
//!
//! - [`recorder`]: looks at a rehearsal from outside, once a simulated second, and changes nothing
//! - [`chronicle`]: what it remembers
//! - [`figures`]: what is counted from that; `report.json`
//! - [`page`]: the page that shows it; `report.html`
//! - [`compare`]: two runs side by side
//! - [`sweep`]: the same floor with fleets of several sizes, and [`knee`]: which of them is large enough
//! - [`charts`]: curves, Gantt and heat as inline SVG
//!
//! The figures are the same for the same floor, seed and duration on every machine; only what is below the key `host`
//! of `report.json` is not.

pub mod charts;
pub mod chronicle;
pub mod compare;
pub mod disciplines;
pub mod figures;
mod html;
pub mod knee;
mod over_time;
pub mod page;
pub mod read;
pub mod recorder;
pub mod sweep;
mod tables;
pub mod traffic;

#[cfg(test)]
mod testing;

pub use chronicle::{Chronicle, FaultLine, ViolationLine};
pub use figures::Figures;
pub use recorder::Recorder;
