//! What a program needs from the machine it runs on, as traits in a live and a virtual form.
//!
//! | trait | live | virtual |
//! |---|---|---|
//! | [`Clock`] | [`LiveClock`]: the monotonic clock and an absolute-time sleep | [`VirtualClock`]: time passes when someone sleeps |
//! | [`Disk`] | [`LiveDisk`]: a directory, with every `fsync` that durability needs | [`MemoryDisk`]: loses in a crash what was not synced, torn |
//! | [`Links`] | plc-bridge, behind the queues | the simulated floor |
//!
//! Controller and journal are written against the traits; simulation, replay and fault tests bring the virtual forms.

mod clock;
mod disk;
mod live_disk;
mod memory_disk;

pub use clock::{Clock, LiveClock, VirtualClock};
pub use disk::{Disk, check_file_name};
pub use live_disk::LiveDisk;
pub use memory_disk::MemoryDisk;

/// The way to everything outside: vehicles, devices, the API. Neither direction ever waits.
pub trait Links {
    /// What comes in.
    type In;
    /// What goes out.
    type Out;

    /// Hands everything that has arrived, in order of arrival, to `sink`.
    ///
    /// The live form takes no more than its queue held on entry, so that the call ends under any load.
    fn receive(&mut self, sink: &mut dyn FnMut(Self::In));

    /// Sends; when there is no room, the implementation drops by its own rule and counts, it never waits.
    fn send(&mut self, out: Self::Out);
}
