//! The bridge between the control cycle and the field.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod handshake;
pub mod image;
pub mod vehicle_profile;

pub use image::Image;
