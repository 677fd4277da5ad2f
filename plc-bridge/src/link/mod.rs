//! Links: one task for each vehicle and device, which keeps its connection, polls, writes, and says how it is.
//!
//! - `supervisor` decides whether a link is alive, `backoff` when to try again: pure logic with the time as input.
//! - `outbox` holds the latest command and its deadline.
//! - `port` is what differs between vehicles and devices: which registers, what is news, what is due.
//! - `task` is the loop; [`stats`] counts what happens in it.

pub(crate) mod backoff;
pub(crate) mod outbox;
pub(crate) mod port;
pub mod stats;
pub(crate) mod supervisor;
pub(crate) mod task;
