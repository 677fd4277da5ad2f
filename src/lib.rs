//! **Takt**: a deterministic real-time controller and fleet scheduler for factory floors.
//!
//! - [`controller`]: the pure step that alone owns the floor's state
//! - [`follower`]: read models, built from the controller's deltas
//! - [`journal`]: what survives a crash
//! - [`replay`]: a controller's life lived again from its journal, and compared
//! - [`host`]: threads, sockets and disk around the controller, or virtual time
//! - [`report`]: what a simulated run comes to, on a page
//! - [`api`], [`dashboard`]: for programs and for people
//! - [`cli`]: one file per subcommand

pub mod api;
pub mod cli;
pub mod controller;
pub mod dashboard;
pub mod follower;
pub mod host;
pub mod journal;
pub mod replay;
pub mod report;
pub mod scenario;
mod shell;

/// So that tests can count what the control cycle must not do.
#[cfg(test)]
#[global_allocator]
static ALLOCATOR: takt_rt::alloc::Watched = takt_rt::alloc::Watched;
