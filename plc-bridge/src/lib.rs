//! The bridge between the control cycle and the field: PLCs and vehicles over Modbus TCP.
//!
//! It knows bytes and deadlines, not plans. Two halves share this room:
//!
//! - **Inside the control cycle**, pure and without allocation: the process [`Image`] of a device and the
//!   [`handshake`] interpreter that carries on dialogues with stations, doors and chargers.
//! - **On tokio**, live I/O: a [`Bridge`] with one link for each vehicle and device. Links poll
//!   ([`modbus`]), translate ([`vehicle_profile`]), drop commands past their deadline at the last write, reconnect by
//!   themselves, and say whether they are alive ([`link`]).
//!
//! Between them pass [`FromField`] and [`ToField`], plain fixed-size values for lock-free queues.
//!
//! ```no_run
//! use takt_maps::Floor;
//! use takt_plc_bridge::{Addresses, Bridge, FromField};
//!
//! # async fn example(floor: Floor) -> Result<(), Box<dyn std::error::Error>> {
//! let addresses = Addresses::from_floor(&floor)?;
//! let start = std::time::Instant::now();
//! let clock = move || start.elapsed().as_millis() as u64;
//! let runtime = tokio::runtime::Handle::current();
//! let bridge = Bridge::start(&floor, &addresses, &runtime, clock, |said| {
//!     if let FromField::Link { endpoint, state } = said {
//!         println!("{endpoint:?} is {state:?}");
//!     }
//! });
//! bridge.stop().await;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod addresses;
pub mod bridge;
pub mod handshake;
pub mod image;
pub mod link;
pub mod messages;
pub mod modbus;
pub mod vehicle_profile;

pub use addresses::Addresses;
pub use bridge::Bridge;
pub use image::Image;
pub use link::stats::LinkStats;
pub use messages::{Endpoint, FromField, LinkState, ToField};
