//! A wait-free cell that always holds the latest value: one writer, one reader, neither ever waits for the other.
//!
//! A triple buffer: the writer owns one slot, the reader another, and the third lies between them. Writing fills the
//! writer's slot and swaps it with the one between; reading swaps if the one between is newer. Every call is a bounded
//! number of steps. Values that the reader was too slow for are replaced; what it sees never goes back in time.
//!
//! ```
//! let (mut writer, mut reader) = takt_rt::queue::latest::cell(0u64);
//! writer.write(1);
//! writer.write(2);
//! assert!(reader.refresh());
//! assert_eq!(reader.get(), 2);
//! assert!(!reader.refresh()); // nothing newer
//! ```

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Arc, CachePadded, Site, UnsafeCell, at};
use std::fmt;

/// Number of the slot in the low bits of [`Shared::between`].
const SLOT: u8 = 0b011;
/// Set in [`Shared::between`] while the reader has not seen that slot's value.
const FRESH: u8 = 0b100;

/// What both ends share.
///
/// Invariant: the writer's slot, the reader's slot and the slot named by `between` are three different ones.
struct Shared<T> {
    slots: [CachePadded<UnsafeCell<T>>; 3],
    /// A slot number (`0 .. 3`), with [`FRESH`] or without.
    between: CachePadded<AtomicU8>,
}

// SAFETY: a slot is accessed by one side at a time (see the invariant), so values are only ever handed over,
// which `T: Send` permits.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

/// The end that writes.
pub struct Writer<T> {
    shared: Arc<Shared<T>>,
    /// The slot that it owns, in `0 .. 3`.
    slot: u8,
}

/// The end that reads.
pub struct Reader<T> {
    shared: Arc<Shared<T>>,
    /// The slot that it owns, in `0 .. 3`.
    slot: u8,
}

/// A cell that holds `initial`. All memory is allocated here.
pub fn cell<T: Send + Clone>(initial: T) -> (Writer<T>, Reader<T>) {
    let shared = Arc::new(Shared {
        slots: [
            CachePadded(UnsafeCell::new(initial.clone())),
            CachePadded(UnsafeCell::new(initial.clone())),
            CachePadded(UnsafeCell::new(initial)),
        ],
        between: CachePadded(AtomicU8::new(1)),
    });
    let writer = Writer {
        shared: Arc::clone(&shared),
        slot: 2,
    };
    (writer, Reader { shared, slot: 0 })
}

impl<T> Writer<T> {
    /// Replaces the value. An older value is dropped here, in the writer's thread.
    #[inline]
    pub fn write(&mut self, value: T) {
        self.write_with(|slot| *slot = value);
    }

    /// Lets `fill` overwrite a value in place, for types whose parts are worth keeping (say, a `Vec`'s memory).
    ///
    /// What it finds is some earlier value, not necessarily the last one.
    #[inline]
    pub fn write_with(&mut self, fill: impl FnOnce(&mut T)) {
        let slot = &self.shared.slots[usize::from(self.slot)].0;
        // SAFETY: the slot is the writer's own. When it came from the swap below, that swap acquired what the reader
        // released when it gave the slot up, so the reader's accesses are over.
        slot.with_mut(|slot| fill(unsafe { &mut *slot }));
        let before = self
            .shared
            .between
            .0
            .swap(self.slot | FRESH, at(Site::WriterSwaps, Ordering::AcqRel));
        self.slot = before & SLOT;
        debug_assert!(self.slot < 3, "there are three slots");
    }
}

impl<T> Reader<T> {
    /// Takes over the newest value, if there is one that was not taken over before; says whether there was.
    #[inline]
    pub fn refresh(&mut self) -> bool {
        // Only a hint whether a swap is worth it, so it may be relaxed: the swap below is what makes the value visible.
        if self.shared.between.0.load(Ordering::Relaxed) & FRESH == 0 {
            return false;
        }
        // Only the reader takes the mark away, so the slot is still fresh, though perhaps by now another one.
        let before = self
            .shared
            .between
            .0
            .swap(self.slot, at(Site::ReaderSwaps, Ordering::AcqRel));
        debug_assert_ne!(before & FRESH, 0, "only the reader clears the mark");
        self.slot = before & SLOT;
        debug_assert!(self.slot < 3, "there are three slots");
        true
    }

    /// Looks at the value last taken over; [`Reader::refresh`] first, to see the newest.
    #[inline]
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let slot = &self.shared.slots[usize::from(self.slot)].0;
        // SAFETY: the slot is the reader's own; the swap that brought it acquired what the writer released after
        // filling it. `&self` keeps `refresh` from giving it away meanwhile, and the result cannot borrow from it.
        slot.with(|slot| look(unsafe { &*slot }))
    }

    /// The newest value.
    #[inline]
    pub fn get(&mut self) -> T
    where
        T: Copy,
    {
        self.refresh();
        self.with(|value| *value)
    }
}

impl<T> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_reader_sees_the_initial_value_then_only_the_newest() {
        let (mut writer, mut reader) = cell(7);
        assert!(!reader.refresh());
        assert_eq!(reader.get(), 7);
        for value in 8..20 {
            writer.write(value);
        }
        reader.with(|value| assert_eq!(*value, 7, "not before a refresh"));
        assert!(reader.refresh());
        reader.with(|value| assert_eq!(*value, 19));
        assert!(!reader.refresh());
        assert_eq!(reader.get(), 19);
    }

    #[test]
    fn values_are_dropped_once() {
        let counted = std::sync::Arc::new(());
        let (mut writer, mut reader) = cell(None);
        for round in 0..10 {
            writer.write(Some(std::sync::Arc::clone(&counted)));
            if round % 3 == 0 {
                assert!(reader.refresh());
            }
        }
        assert!(std::sync::Arc::strong_count(&counted) <= 4, "three slots");
        drop(writer);
        drop(reader);
        assert_eq!(std::sync::Arc::strong_count(&counted), 1);
    }

    #[test]
    fn filling_in_place_keeps_memory() {
        let (mut writer, mut reader) = cell(Vec::with_capacity(16));
        // `clone` does not keep the capacity, so each slot grows once.
        for round in 0..9u8 {
            writer.write_with(|slot: &mut Vec<u8>| {
                slot.clear();
                slot.extend([round; 4]);
            });
            assert!(reader.refresh());
            reader.with(|value| assert_eq!(value, &[round; 4]));
        }
    }
}
