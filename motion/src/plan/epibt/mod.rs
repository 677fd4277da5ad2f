//! Priority inheritance over operations: agents choose what they do in the next few steps, others being pushed as it takes.
//!
//! The part that is the same for robots on a grid ([`super::lifelong`]) and for vehicles on a floor: who is where at which
//! moment (`reservations`), what each could do, best first (`choices`), and who gets what (`inheritance`). What there is to be
//! taken up, and what is in conflict, a [`Ground`] says.
//!
//! After Yukhnevich, Andreychuk: "Enhancing PIBT via Multi-Action Operations" (arXiv 2511.09193).

mod choice;
mod choices;
mod ground;
mod inheritance;
mod reservations;

pub use choice::STEP;
pub(super) use choice::{Choice, VALUE_UNIT};
pub(super) use choices::Choices;
pub use ground::{ANYBODY, Classes, Ground, Piece, Place};
pub(super) use inheritance::{Attempt, Effort, Log, Rings, Visits};
pub(super) use reservations::{NoWay, Path, Reservations};

/// No agent, no place.
pub const NONE: u32 = u32::MAX;
