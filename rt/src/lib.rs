//! Takt's real-time ground: what the control cycle stands on.
//!
//! | module | what for |
//! |---|---|
//! | [`queue`] | lock-free queues between threads: a ring where each value counts, a cell where only the newest does |
//! | [`cycle`] | the cyclic executive: a body called at absolute times, with every missed beat accounted for |
//! | [`timing`] | durations in histograms of fixed size |
//! | [`thread`] | real-time scheduling, pinning and locked memory, as far as the machine permits |
//! | [`alloc`] | an allocator that counts, and traps where none may be |
//! | [`host`] | clock, disk and links as traits, live and virtual |
//!
//! Nothing here allocates, locks or blocks after construction, but for [`host::Disk`] and the clock's sleep.
//!
//! A cycle that takes numbers from one thread and shows another the latest sum:
//!
//! ```
//! use std::ops::ControlFlow;
//! use takt_rt::cycle::Executive;
//! use takt_rt::host::LiveClock;
//! use takt_rt::queue::{latest, spsc};
//! use takt_rt::thread::RealTime;
//!
//! let (mut inputs, mut taken) = spsc::ring::<u64>(64);
//! let (mut shown, mut view) = latest::cell(0u64);
//! let cycle = std::thread::spawn(move || {
//!     let granted = RealTime { priority: Some(50), cpu: None, ..RealTime::default() }.apply();
//!     for refusal in &granted.refused {
//!         eprintln!("{refusal}"); // the cycle runs all the same
//!     }
//!     let mut sum = 0;
//!     Executive::new(1_000_000, LiveClock).run(|_start| {
//!         taken.pop_batch(16, |number| sum += number); // bounded work a cycle
//!         shown.write(sum);
//!         if sum < 10 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
//!     });
//! });
//! assert_eq!(inputs.push_batch(&mut [1, 2, 3, 4].into_iter()), 4);
//! cycle.join().unwrap();
//! assert_eq!(view.get(), 10);
//! ```

// The queues alone are built for the model check: loom's primitives work inside its models only.
#[cfg(not(loom))]
pub mod alloc;
#[cfg(not(loom))]
pub mod cycle;
#[cfg(not(loom))]
pub mod host;
#[cfg_attr(loom, allow(dead_code))]
pub mod mutant;
pub mod queue;
mod sync;
#[cfg(not(loom))]
pub mod thread;
#[cfg(not(loom))]
pub mod timing;
