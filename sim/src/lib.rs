//! The simulated floor: vehicles, PLCs and lines with their physics, and the judge that watches them.
//!
//! One set of models serves two purposes: stepped in virtual time, image to image, far faster than a clock
//! ([`SimFloor`]), and served in real time over real sockets, a Modbus TCP server for each vehicle and device
//! ([`serve()`]). The same floor, seed and commands give the same run, bit for bit, on any machine.
//!
//! The room knows physics, not intentions, and it is the judge of the rest of Takt: it shares neither wire codecs nor
//! footprint geometry with what it judges.
//!
//! | module | holds |
//! |---|---|
//! | [`floor`] | [`SimFloor`]: all models, stepped together |
//! | [`faults`] | what can go wrong: kinds, mixes of rates, and scripts drawn from them |
//! | [`vehicle`] | a vehicle's on-board controller, its drive and its battery |
//! | [`plc`] | PLCs of stations, doors and chargers, on process images |
//! | [`line`](mod@line) | production lines that use up and leave pieces on the beat |
//! | [`stock`] | pieces in buffers and on vehicles, and the books that show that none is lost |
//! | [`judge`] | true footprints against each other, walls and doors |
//! | [`statistics`] | what a run has come to |
//! | [`workload`] | random transports and rush orders, from a seed |
//! | [`serve`](mod@serve) | the floor over sockets, with a control channel that pulls plugs |
//!
//! ```
//! use std::sync::Arc;
//! use takt_maps::{Floor, KindId, Level, Node, NodeId, Roadmap, Vehicle, VehicleId, VehicleKind};
//! use takt_maps::words::{VehicleCommand, Waypoint};
//! use takt_sim::SimFloor;
//!
//! let node = |name: &str, x_mm| Node { name: name.into(), level: Default::default(), x_mm, y_mm: 0 };
//! let square = vec![(-500, -500), (500, -500), (500, 500), (-500, 500)];
//! let floor = Arc::new(Floor {
//!     levels: vec![Level { name: "ground".into(), min: (0, 0), max: (5_000, 0) }],
//!     roadmap: Roadmap::new(vec![node("a", 0), node("b", 5_000)], vec![]),
//!     kinds: vec![VehicleKind {
//!         name: "cart".into(),
//!         footprint: square.clone(),
//!         footprint_loaded: square,
//!         classes: Default::default(),
//!         speed_mm_s: [1_000, 800],
//!         acceleration_mm_s2: 500,
//!         deceleration_mm_s2: 500,
//!         turn_mrad_s: 1_000,
//!         reverse: false,
//!         transfer_ms: 5_000,
//!         battery: Default::default(),
//!     }],
//!     vehicles: vec![Vehicle { name: "agv-01".into(), kind: KindId(0), start: NodeId(0), address: None }],
//!     ..Floor::default()
//! });
//!
//! let agv = VehicleId(0);
//! let mut sim = SimFloor::new(floor, 7);
//! let mut command = VehicleCommand { epoch: 1, sequence: 1, validity_ms: 500, ..Default::default() };
//! command.base[0] = Waypoint { seq: 1, node: NodeId(1), x_mm: 5_000, speed_mm_s: 2_000, ..Default::default() };
//! command.base_len = 1;
//! sim.vehicle_command(agv, &command);
//! sim.step(8_000);
//!
//! let report = sim.vehicle_report(agv);
//! assert_eq!((report.reached_seq, report.speed_mm_s), (1, 0));
//! assert_eq!(sim.statistics().distance_mm(), 5_000);
//! assert_eq!(sim.statistics().contacts, 0);
//! ```

pub mod faults;
pub mod floor;
mod handover;
pub mod judge;
pub mod line;
pub mod plc;
pub mod serve;
pub mod statistics;
pub mod stock;
#[cfg(test)]
mod testing;
pub mod vehicle;
pub mod workload;

pub use floor::{Endpoint, STEP_MS, SimFloor};
pub use handover::Handover;
pub use judge::{Contact, Touch};
pub use serve::{Ports, Report, ServeError, ServeOptions, serve};
pub use statistics::Statistics;
pub use workload::{Request, Workload};
