//! A bounded lock-free ring from one producer to one consumer.
//!
//! Lamport's ring with cached indices (each side keeps the other side's last known index and looks again only when that
//! says full or empty) and one index store a batch. Indices count values since construction and wrap with `usize`;
//! the capacity is a power of two, so that the slot of an index is a mask away and wrapping is harmless.
//!
//! ```
//! let (mut producer, mut consumer) = takt_rt::queue::spsc::ring::<u32>(4);
//! assert!(producer.push(1).is_ok());
//! assert_eq!(producer.push_batch(&mut (2..10)), 3); // room for three more; 5 .. 10 stay in the iterator
//! assert_eq!(consumer.pop(), Some(1));
//! ```

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Arc, CachePadded, Site, UnsafeCell, at};
use std::fmt;
use std::mem::MaybeUninit;

/// What both ends share.
///
/// Invariant: `tail - head` (wrapping) is in `0 ..= slots.len()`; exactly the slots of the indices `head .. tail` hold
/// a value. The producer alone writes the others, the consumer alone reads these.
struct Shared<T> {
    /// Index of the next value to pop; only the consumer stores it.
    head: CachePadded<AtomicUsize>,
    /// Index of the next value to push; only the producer stores it.
    tail: CachePadded<AtomicUsize>,
    /// A power of two of them.
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
}

// SAFETY: a slot is accessed by one side at a time (see the invariant), and values move from one thread to the other,
// which `T: Send` permits; no `&T` is ever seen by two threads.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The slot of an index.
    #[inline]
    fn slot(&self, index: usize) -> &UnsafeCell<MaybeUninit<T>> {
        // The length is a power of two, so the mask keeps every index inside.
        &self.slots[index & (self.slots.len() - 1)]
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        if !std::mem::needs_drop::<T>() {
            return;
        }
        // Both ends are gone (the last `Arc` drop synchronises with the others), so relaxed loads see the last stores.
        let tail = self.tail.0.load(Ordering::Relaxed);
        let mut head = self.head.0.load(Ordering::Relaxed);
        while head != tail {
            // SAFETY: the slots of `head .. tail` hold values, and nobody else is left to access them.
            self.slot(head)
                .with_mut(|slot| unsafe { (*slot).assume_init_drop() });
            head = head.wrapping_add(1);
        }
    }
}

/// The end that pushes.
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    /// The same as `shared.tail`.
    tail: usize,
    /// `shared.head` when last looked at; the true one is the same or further, up to `tail`.
    head_seen: usize,
}

/// The end that pops.
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    /// The same as `shared.head`.
    head: usize,
    /// `shared.tail` when last looked at; the true one is the same or further, up to `head` plus the capacity.
    tail_seen: usize,
}

/// The ring was full; the value that did not fit is handed back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full<T>(pub T);

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is full")
    }
}

impl<T: fmt::Debug> std::error::Error for Full<T> {}

/// A ring for at least `capacity` values (rounded up to a power of two, at least 1). All memory is allocated here.
///
/// # Panics
/// When the rounded capacity does not fit half of `usize`.
pub fn ring<T: Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity <= usize::MAX / 4, "ring capacity out of range");
    let capacity = capacity.max(1).next_power_of_two();
    let shared = Arc::new(Shared {
        head: CachePadded(AtomicUsize::new(0)),
        tail: CachePadded(AtomicUsize::new(0)),
        slots: (0..capacity)
            .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
            .collect(),
    });
    let producer = Producer {
        shared: Arc::clone(&shared),
        tail: 0,
        head_seen: 0,
    };
    let consumer = Consumer {
        shared,
        head: 0,
        tail_seen: 0,
    };
    (producer, consumer)
}

impl<T> Producer<T> {
    /// Number of values that fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.shared.slots.len()
    }

    /// Most values that can be in the ring just now, in `0 ..= capacity`; the consumer may have taken some since.
    pub fn len_max(&self) -> usize {
        // Nothing is written to a slot on the strength of this load, so it may be relaxed.
        let head = self.shared.head.0.load(Ordering::Relaxed);
        self.tail.wrapping_sub(head)
    }

    /// Appends a value, or hands it back when the ring is full.
    ///
    /// # Errors
    /// [`Full`] with the value.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), Full<T>> {
        if self.room(1) == 0 {
            return Err(Full(value));
        }
        let slot = self.shared.slot(self.tail);
        // SAFETY: `room` says that the slot at `tail` is outside `head .. tail`, so it holds no value that would leak,
        // and its acquire load of `head` happened after the consumer's last access to it; the consumer will not look
        // at it before `tail` passes it.
        slot.with_mut(|slot| unsafe {
            (*slot).write(value);
        });
        self.tail = self.tail.wrapping_add(1);
        self.publish();
        Ok(())
    }

    /// Appends values while there is room and the iterator has some, and returns how many; they become visible together.
    ///
    /// Values that do not fit stay in the iterator. If the iterator panics, what it had given is in the ring.
    pub fn push_batch(&mut self, values: &mut impl Iterator<Item = T>) -> usize {
        /// Publishes what was written, also when the iterator panics.
        struct Published<'a, T>(&'a mut Producer<T>);
        impl<T> Drop for Published<'_, T> {
            fn drop(&mut self) {
                self.0.publish();
            }
        }

        let room = self.room(self.capacity());
        let batch = Published(self);
        let mut pushed = 0;
        while pushed < room
            && let Some(value) = values.next()
        {
            let producer = &mut *batch.0;
            // SAFETY: as in `push`; `room` counts the slots from `tail` on for which that holds.
            producer.shared.slot(producer.tail).with_mut(|slot| unsafe {
                (*slot).write(value);
            });
            producer.tail = producer.tail.wrapping_add(1);
            pushed += 1;
        }
        pushed
    }

    /// Number of free slots; looks at the consumer's index only when fewer than `wanted` are known to be free.
    #[inline]
    fn room(&mut self, wanted: usize) -> usize {
        let capacity = self.capacity();
        let used = self.tail.wrapping_sub(self.head_seen);
        debug_assert!(
            used <= capacity,
            "the consumer popped what was never pushed"
        );
        if capacity - used < wanted {
            self.head_seen = self
                .shared
                .head
                .0
                .load(at(Site::ProducerLoadsHead, Ordering::Acquire));
        }
        capacity - self.tail.wrapping_sub(self.head_seen)
    }

    /// Hands everything before `tail` to the consumer.
    #[inline]
    fn publish(&mut self) {
        self.shared
            .tail
            .0
            .store(self.tail, at(Site::ProducerStoresTail, Ordering::Release));
    }
}

impl<T> Consumer<T> {
    /// Number of values that fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.shared.slots.len()
    }

    /// Fewest values that are in the ring just now, in `0 ..= capacity`; the producer may have pushed more since.
    pub fn len_min(&self) -> usize {
        // Nothing is read from a slot on the strength of this load, so it may be relaxed.
        let tail = self.shared.tail.0.load(Ordering::Relaxed);
        tail.wrapping_sub(self.head)
    }

    /// Takes the oldest value.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.filled(1) == 0 {
            return None;
        }
        let value = self.take();
        self.give_back();
        Some(value)
    }

    /// Takes up to `count_max` of the values that are there now, oldest first, and returns how many.
    ///
    /// The slots are given back together at the end. It does not chase a producer that pushes meanwhile: never more
    /// than the capacity are taken in one call. If `sink` panics, the values that it was given are gone and the others
    /// stay.
    pub fn pop_batch(&mut self, count_max: usize, mut sink: impl FnMut(T)) -> usize {
        /// Gives back what was taken, also when the sink panics.
        struct GivenBack<'a, T>(&'a mut Consumer<T>);
        impl<T> Drop for GivenBack<'_, T> {
            fn drop(&mut self) {
                self.0.give_back();
            }
        }

        let count = self.filled(count_max.min(self.capacity())).min(count_max);
        let batch = GivenBack(self);
        for _ in 0..count {
            sink(batch.0.take());
        }
        count
    }

    /// Number of filled slots; looks at the producer's index only when fewer than `wanted` are known to be filled.
    #[inline]
    fn filled(&mut self, wanted: usize) -> usize {
        if self.tail_seen.wrapping_sub(self.head) < wanted {
            self.tail_seen = self
                .shared
                .tail
                .0
                .load(at(Site::ConsumerLoadsTail, Ordering::Acquire));
        }
        let filled = self.tail_seen.wrapping_sub(self.head);
        debug_assert!(filled <= self.capacity(), "the producer overran the ring");
        filled
    }

    /// Moves the value at `head` out; the caller knows that `filled` is not 0.
    #[inline]
    fn take(&mut self) -> T {
        debug_assert_ne!(self.head, self.tail_seen, "taking from an empty ring");
        // SAFETY: `filled` saw, with an acquire load, a `tail` past this slot, so the producer's write to it happened
        // before and it writes no more until `head` passes; `head` moves on here, so the value is moved out once only.
        let value = self
            .shared
            .slot(self.head)
            .with(|slot| unsafe { (*slot).assume_init_read() });
        self.head = self.head.wrapping_add(1);
        value
    }

    /// Hands everything before `head` back to the producer.
    #[inline]
    fn give_back(&mut self) {
        self.shared
            .head
            .0
            .store(self.head, at(Site::ConsumerStoresHead, Ordering::Release));
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.capacity())
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("capacity", &self.capacity())
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
