//! Materials: the stock of every buffer, and the transports that it asks for.
//!
//! A buffer's *account* holds the pieces in it and the pieces on the way in and out. Orders move pieces between
//! accounts: [`Stock::follow`] reads every [`Transition`](crate::orders::Transition), so there is one place where
//! pieces are counted. Levels that a PLC reports replace what was counted.

mod rule;
mod stock;

pub use stock::{Account, SETTLE_MS, Stock};
