//! The whole system from outside: the real program, its processes, sockets on loopback, and files.
//!
//! What could fool these tests: a floor on which nothing happens. Each that says that nothing touched also looks that
//! vehicles drove. Nothing here depends on how fast the machine is: conditions are waited for, times are never judged.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bench;
mod broken_floors;
mod kills;
mod lifelong;
mod pauses;
mod planning;
mod plugs;
mod program;
mod reports;
mod restart;
mod run;
mod site;
mod traffic;
mod trouble;
mod usage;
mod virtual_time;
mod witness;
