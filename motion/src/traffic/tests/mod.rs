//! Tests of traffic as a whole: random floors against an oracle, tiny floors exhaustively, and with checks left out.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod behaviour;
mod driver;
mod exhaustive;
pub(super) mod floors;
mod oracle;
mod random;
