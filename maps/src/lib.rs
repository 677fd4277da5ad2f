//! The floor: roadmap, geometry, conflict sets, travel times, stations and devices, the formats that describe it, and
//! the words that all rooms share.
//!
//! A floor file is read into a [`FloorSpec`](spec::FloorSpec) (names, metres, seconds), which is compiled into a
//! [`Floor`] (ids, millimetres, milliseconds); whatever is wrong comes back as [`Problems`], all at once. From then on
//! nobody asks geometry again: where vehicles may go is the [`Roadmap`], who must wait for whom the [`ConflictSets`].
//!
//! ```
//! use takt_maps::{KindId, LoadOptions, TravelTimes, load_text};
//!
//! let text = r#"
//!     name = "corridor"
//!     [nodes]
//!     west = [0, 0]
//!     east = [6, 0]
//!     [[path]]
//!     through = ["west", "east"]
//!     two_way = true
//!     [[kind]]
//!     name = "shuttle"
//!     footprint = { length = 0.8, width = 0.6 }
//!     speed = 1.5
//!     reverse = true
//!     [[vehicle]]
//!     name = "S01"
//!     kind = "shuttle"
//!     start = "west"
//! "#;
//! let loaded = load_text("corridor.toml", text, &LoadOptions::default()).map_err(|p| p.plain())?;
//! let floor = loaded.floor;
//! let mut times = TravelTimes::default();
//! let (west, east) = (floor.vehicles[0].start, floor.node_named("east").ok_or("no node")?);
//! assert_eq!(times.between(&floor, KindId(0), west, east), 4_000);
//!
//! let broken = text.replace("\"east\"]", "\"eats\"]");
//! let problems = load_text("corridor.toml", &broken, &LoadOptions::default()).unwrap_err();
//! assert!(problems.plain().contains("did you mean \"east\"?"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
pub mod compile;
pub mod conflict;
pub mod digest;
pub mod draw;
pub mod fleet;
pub mod floor;
pub mod formats;
pub mod geometry;
pub mod ids;
pub mod problem;
pub mod roadmap;
pub mod spec;
pub mod suggest;
pub mod travel;
pub mod words;

pub use compile::compile;
pub use conflict::{ClassMask, Conflict, ConflictSets};
pub use floor::*;
pub use formats::{BUILTIN, LoadOptions, Loaded, builtin, load, load_text};
pub use ids::*;
pub use problem::{Problem, Problems, Severity};
pub use roadmap::{Edge, Node, Roadmap};
pub use travel::TravelTimes;
