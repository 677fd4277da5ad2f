//! Orders.
pub mod dispatch;
mod hash;
pub mod materials;
pub mod orders;
