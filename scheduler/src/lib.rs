//! Transport orders, materials, and their dispatch to vehicles. It knows orders and travel times, not paths.
//!
//! - [`orders`]: what is asked for, how far it is, and the [`OrderBook`] that holds what is open. Runs in the control
//!   cycle.
//! - [`materials`]: the [`Stock`] of every buffer, and the call-offs and collections that it asks for. Runs in the
//!   control cycle.
//! - [`dispatch`]: the [`Dispatcher`] proposes which vehicle does what. Runs on a worker.
//!
//! The three meet in plain values: the book tells every [`Transition`] to a sink, the stock
//! [follows](Stock::follow) it, and a [`DispatchSnapshot`] is made of the book's orders.
//!
//! ```
//! use takt_maps::{Edge, Floor, Node, NodeId, OrderId, PlaceId, Roadmap, Station, StationId, VehicleId, VehicleKind};
//! use takt_scheduler::{
//!     DispatchOptions, DispatchSnapshot, Dispatcher, OpenOrder, OrderBook, OrderSpec, Stock, Stop, Task, VehicleState,
//! };
//!
//! // A floor of two stations, 5 m apart, and one vehicle. Floors come from files otherwise.
//! # let node = |x_mm| Node { name: String::new(), level: Default::default(), x_mm, y_mm: 0 };
//! # let edge = |from, to| Edge {
//! #     from: NodeId(from), to: NodeId(to), place: PlaceId(2), length_mm: 5_000, speed_mm_s: 1_000, kinds: 1,
//! #     twin: None, door: None,
//! # };
//! # let station = |node| Station { name: String::new(), node: NodeId(node), device: None };
//! # let kind = VehicleKind {
//! #     name: String::new(), footprint: vec![], footprint_loaded: vec![], classes: Default::default(),
//! #     speed_mm_s: [1_000; 2], acceleration_mm_s2: 500, deceleration_mm_s2: 500, turn_mrad_s: 500, reverse: false,
//! #     transfer_ms: 5_000, battery: Default::default(),
//! # };
//! let floor = Floor {
//!     roadmap: Roadmap::new(vec![node(0), node(5_000)], vec![edge(0, 1), edge(1, 0)]),
//!     stations: vec![station(0), station(1)],
//!     kinds: vec![kind],
//!     ..Floor::default()
//! };
//!
//! // An order comes in; the stock follows whatever happens to it.
//! let mut book = OrderBook::new(floor.control.orders_max);
//! let mut stock = Stock::new(&floor);
//! let stop = |station| Stop { station: StationId(station), buffer: None };
//! let spec = OrderSpec { pickup: stop(0), drop: stop(1), ..OrderSpec::default() };
//! book.submit(OrderId(1), spec, 0, &mut |step| stock.follow(&step))?;
//!
//! // The dispatcher proposes who carries it, and the book takes that over.
//! let snapshot = DispatchSnapshot {
//!     orders: book.iter().filter_map(|order| OpenOrder::of(&floor, order)).collect(),
//!     vehicles: vec![VehicleState { present: true, available: true, ..VehicleState::default() }],
//!     ..DispatchSnapshot::default()
//! };
//! let mut dispatcher = Dispatcher::new(&floor, DispatchOptions::default());
//! let proposal = dispatcher.solve(&floor, &snapshot);
//! assert_eq!(proposal.assignments, [(VehicleId(0), Task::Order(OrderId(1)))]);
//! book.assign(OrderId(1), VehicleId(0), 10, &mut |step| stock.follow(&step))?;
//! # Ok::<(), takt_scheduler::Refusal>(())
//! ```

pub mod dispatch;
mod hash;
pub mod materials;
pub mod orders;

pub use dispatch::{
    DispatchOptions, DispatchProposal, DispatchSnapshot, Dispatcher, Method, OpenOrder, Task,
    VehicleState,
};
pub use materials::{Account, Stock};
pub use orders::{
    Dependency, Ended, Order, OrderBook, OrderSpec, OrderState, Origin, Reason, Refusal, Stop,
    Totals, Transition,
};
