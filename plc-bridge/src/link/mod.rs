//! Links: one task for each vehicle and device, which keeps its connection, polls, writes, and says how it is.
//!
//! - `supervisor` decides whether a link is alive, `backoff` when to try again: pure logic with the time as input.
//! - `outbox` holds the latest command and its deadline.
//! - `port` is what differs between vehicles and devices: which registers, what is news, what is due.
//! - [`model`] follows the same rules in virtual time, without a connection.
//! - `task` is the loop; [`stats`] counts what happens in it.

pub(crate) mod backoff;
pub mod model;
pub(crate) mod model_side;
pub(crate) mod outbox;
pub(crate) mod port;
pub mod stats;
pub(crate) mod supervisor;
pub(crate) mod task;
pub(crate) mod timing;

pub use model_side::{DeviceSide, Side, Turn, VehicleSide};
pub use port::Heard;
pub use timing::Timing;
