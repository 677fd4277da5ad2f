//! One name for the primitives that the queues are built on: those of `std`, or loom's when the crate is built with
//! `--cfg loom`, so that the code that is model-checked is the code that runs.

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, atomic};
#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, atomic};

use atomic::Ordering;

#[cfg(loom)]
pub(crate) use loom::cell::UnsafeCell;

/// `std::cell::UnsafeCell` with the access methods of loom's.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Calls `f` with a pointer to the content; whoever dereferences it argues why nobody writes meanwhile.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Calls `f` with a pointer to the content; whoever dereferences it argues why nobody else reads or writes meanwhile.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Keeps its content on cache lines of its own (two of 64 bytes, since CPUs prefetch them in pairs), so that two
/// threads that write neighbouring values do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);

/// The atomic operations whose ordering carries an argument in an unsafe block.
///
/// They have names so that the loom tests can weaken one at a time and see that the model check notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Site {
    /// SPSC: the producer learns which slots are free again.
    ProducerLoadsHead,
    /// SPSC: the producer publishes the slots that it filled.
    ProducerStoresTail,
    /// SPSC: the consumer learns which slots are filled.
    ConsumerLoadsTail,
    /// SPSC: the consumer gives back the slots that it emptied.
    ConsumerStoresHead,
    /// Latest-value cell: the writer publishes its slot and takes the spare one.
    WriterSwaps,
    /// Latest-value cell: the reader takes the published slot and gives its old one back.
    ReaderSwaps,
}

/// The ordering used at a site: always the one written there, except in a loom test that weakens this site.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn at(_site: Site, ordering: Ordering) -> Ordering {
    ordering
}

#[cfg(loom)]
pub(crate) use weaken::at;

#[cfg(loom)]
pub(crate) mod weaken {
    //! Replaces one ordering in the code under test.

    use super::{Ordering, Site};
    use std::cell::Cell;

    std::thread_local! {
        // Loom runs all threads of a model on the OS thread that called it, so this reaches each of them,
        // and tests that run side by side do not see each other's.
        static WEAKENED: Cell<Option<(Site, Ordering)>> = const { Cell::new(None) };
    }

    /// From now on, in this test's thread, `site` uses `ordering`.
    #[cfg(test)]
    pub(crate) fn weaken(site: Site, ordering: Ordering) {
        WEAKENED.set(Some((site, ordering)));
    }

    /// See the version without loom.
    pub(crate) fn at(site: Site, ordering: Ordering) -> Ordering {
        match WEAKENED.get() {
            Some((weakened, instead)) if weakened == site => instead,
            _ => ordering,
        }
    }
}
