//! Device handshakes: dialogues with stations, doors and chargers as small state machines.
//!
//! The floor file describes them by name ([`takt_maps::Handshake`]). [`Programs`] resolves the names against each
//! device's process image once, at load, into flat arrays; an [`Instance`] is one dialogue being carried out. It is
//! a small `Copy` value that the control cycle holds and steps: it allocates nothing, and each call takes one
//! transition at most.
//!
//! ```
//! use takt_maps::*;
//! use takt_plc_bridge::handshake::*;
//! use takt_plc_bridge::Image;
//!
//! let point = |name: &str, bit| DevicePoint { name: name.into(), address: PointAddress::Bit(0, bit) };
//! let step = HandshakeStep {
//!     name: "open".into(),
//!     set: vec![("open".into(), Value::Constant(1))],
//!     wait: vec![("is_open".into(), Value::Constant(1))],
//!     timeout_ms: 8_000,
//!     ..HandshakeStep::default()
//! };
//! let floor = Floor {
//!     devices: vec![Device {
//!         name: "D1".into(), address: None,
//!         read_at: 0, read_words: 1, write_at: 0, write_words: 1,
//!         inputs: vec![point("is_open", 0)], outputs: vec![point("open", 0)],
//!     }],
//!     handshakes: vec![Handshake {
//!         name: "door".into(), kind: HandshakeKind::Door,
//!         begin: vec![step], end: vec![], fault: None, acknowledge: None,
//!     }],
//!     doors: vec![Door {
//!         name: "D1".into(), ends: [(0, 0), (0, 2_000)], device: Some((DeviceId(0), HandshakeId(0))),
//!     }],
//!     ..Floor::default()
//! };
//! let programs = Programs::new(&floor)?;
//! let program = programs.door(DoorId(0)).ok_or("the door has a program")?;
//!
//! let mut opening = Instance::start(program, Phase::Begin, Context::default());
//! let (mut inputs, mut outputs) = (Image::ZERO, Image::ZERO);
//! opening.step(&programs, &inputs, &mut outputs, 0, false);
//! assert_eq!(outputs.words()[0], 1, "the door is asked to open");
//! inputs.set(PointAddress::Bit(0, 0), 1);
//! assert_eq!(opening.step(&programs, &inputs, &mut outputs, 10, false), Status::Done);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod instance;
mod program;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use instance::{Cause, Context, Direction, Instance, Phase, Status};
pub use program::{HandshakeError, Problem, ProgramId, Programs};
