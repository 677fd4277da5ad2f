//! The floor: roadmap, geometry, conflict sets, travel times, stations and devices, the formats that describe it, and
//! the words that all rooms share.

pub mod conflict;
pub mod floor;
pub mod ids;
pub mod problem;
pub mod roadmap;
pub mod spec;
pub mod words;

pub use conflict::{ClassMask, Conflict, ConflictSets};
pub use floor::*;
pub use ids::*;
pub use problem::{Problem, Problems, Severity};
pub use roadmap::{Edge, Node, Roadmap};
