//! Recordings and restarts in virtual time: kills and power cuts at any moment of a busy floor, and replays of what was
//! recorded.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod busy;
mod exports;
mod journal_commands;
mod large_store;
mod power_cuts;
mod recorded_faults;
mod replays;
