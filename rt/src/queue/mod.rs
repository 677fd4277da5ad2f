//! Queues between the control cycle and everything else: lock-free, of fixed size, without allocation after construction.
//!
//! | queue | operations | on a full queue | for |
//! |---|---|---|---|
//! | [`spsc`] | a bounded number of steps | the value comes back to the caller | inputs, outputs, deltas: each one counts |
//! | [`latest`] | a bounded number of steps | the older value is replaced | state to look at: only the newest counts |
//!
//! Each has one thread at either end; the types see to it. Both are model-checked with loom (all interleavings and all
//! values that a relaxed load may see, of the small models in `spsc_loom.rs` and `latest_loom.rs`), and those tests also
//! weaken each memory ordering in turn and demand that the check then fails.

pub mod latest;
pub mod spsc;

#[cfg(all(test, loom))]
mod latest_loom;
#[cfg(all(test, loom))]
mod spsc_loom;
