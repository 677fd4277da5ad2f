//! The API from outside: a real server and real clients on loopback, with a small controller behind the front.
//!
//! What could fool these tests: a controller that says yes to everything. This one keeps ids, room and states.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cli;
mod hall;
mod orders;
mod people;
mod watch;
