//! What a vehicle covers in each place, and which of these areas come too near to each other.
//!
//! Coordinates are `f64` millimetres made with `+ - * /` and square roots only, so that every platform computes the
//! same table from the same floor.

pub mod convex;
pub mod grid;
pub mod pairs;
pub mod shapes;

pub use convex::{Shape, Vec2};

#[cfg(test)]
mod tests;
