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

mod slots;

use crate::sync::atomic::Ordering;
use crate::sync::{Arc, Site, at};
use slots::{Shared, Slots};
use std::fmt;

/// The end that pushes.
// On cache lines of its own: it is written at every push, and the other end at every pop, wherever a caller keeps them.
#[repr(align(128))]
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    slots: Slots<T>,
    /// The same as `shared.tail`.
    tail: usize,
    /// `shared.head` when last looked at; the true one is the same or further, up to `tail`.
    head_seen: usize,
}

/// The end that pops.
// See `Producer`.
#[repr(align(128))]
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    slots: Slots<T>,
    /// The same as `shared.head`.
    head: usize,
    /// `shared.tail` when last looked at; the true one is the same or further, up to `head` plus the capacity.
    tail_seen: usize,
}

// SAFETY: `slots` points into what `shared` keeps alive, and is no more than a way to it; so it may go where that may.
unsafe impl<T: Send> Send for Producer<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Consumer<T> {}
// SAFETY: what can be done with a shared reference reads the atomic indices only.
unsafe impl<T: Send> Sync for Producer<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Consumer<T> {}

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
    let shared = Arc::new(Shared::new(capacity));
    let producer = Producer {
        slots: Slots::of(&shared),
        shared: Arc::clone(&shared),
        tail: 0,
        head_seen: 0,
    };
    let consumer = Consumer {
        slots: Slots::of(&shared),
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
        self.shared.capacity
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
        // SAFETY: `room` has found a slot.
        unsafe { self.fill(self.tail, value) };
        self.publish(self.tail.wrapping_add(1));
        Ok(())
    }

    /// Appends values while there is room and the iterator has some, and returns how many; they become visible together.
    ///
    /// Values that do not fit stay in the iterator. If the iterator panics, what it had given is in the ring.
    pub fn push_batch(&mut self, values: &mut impl Iterator<Item = T>) -> usize {
        /// Publishes what was written up to `tail`, also when the iterator panics.
        struct Published<'a, T> {
            producer: &'a mut Producer<T>,
            tail: usize,
        }
        impl<T> Drop for Published<'_, T> {
            fn drop(&mut self) {
                self.producer.publish(self.tail);
            }
        }

        // The consumer's index is looked at only if what it had read before does not do.
        let wanted = values.size_hint().1.unwrap_or(usize::MAX);
        let room = self.room(wanted.min(self.capacity()));
        let mut batch = Published {
            tail: self.tail,
            producer: self,
        };
        let mut pushed = 0;
        while pushed < room
            && let Some(value) = values.next()
        {
            // SAFETY: `room` counts the slots from the producer's tail on, of which `pushed` are filled.
            unsafe { batch.producer.fill(batch.tail, value) };
            batch.tail = batch.tail.wrapping_add(1);
            pushed += 1;
        }
        pushed
    }

    /// Writes a value into the slot of `index`.
    ///
    /// # Safety
    /// `index` must be among those, from `self.tail` on, that [`Producer::room`] has counted, and not filled yet.
    #[inline]
    unsafe fn fill(&self, index: usize, value: T) {
        // SAFETY: `shared` is there as long as `self`. The slot is outside `head .. tail`, so it holds no value that would
        // leak, and the acquire load of `head` in `room` happened after the consumer's last access to it; the consumer
        // will not look at it before `tail` passes it.
        unsafe {
            self.slots.at(index).with_mut(|slot| {
                (*slot).write(value);
            });
        }
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
    fn publish(&mut self, tail: usize) {
        self.tail = tail;
        self.shared
            .tail
            .0
            .store(tail, at(Site::ProducerStoresTail, Ordering::Release));
    }
}

impl<T> Consumer<T> {
    /// Number of values that fit.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.shared.capacity
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
        // SAFETY: `filled` has found a value.
        let value = unsafe { self.move_out(self.head) };
        self.give_back(self.head.wrapping_add(1));
        Some(value)
    }

    /// Takes up to `count_max` of the values that are there now, oldest first, and returns how many.
    ///
    /// The slots are given back together at the end. It does not chase a producer that pushes meanwhile: never more
    /// than the capacity are taken in one call. If `sink` panics, the values that it was given are gone and the others
    /// stay.
    pub fn pop_batch(&mut self, count_max: usize, mut sink: impl FnMut(T)) -> usize {
        /// Gives back what was taken up to `head`, also when the sink panics.
        struct GivenBack<'a, T> {
            consumer: &'a mut Consumer<T>,
            head: usize,
        }
        impl<T> Drop for GivenBack<'_, T> {
            fn drop(&mut self) {
                self.consumer.give_back(self.head);
            }
        }

        let count = self.filled(count_max.min(self.capacity())).min(count_max);
        let mut batch = GivenBack {
            head: self.head,
            consumer: self,
        };
        for _ in 0..count {
            // SAFETY: `filled` has counted the values from the consumer's head on; each is moved out once, since `head`
            // moves on before anything can panic.
            let value = unsafe { batch.consumer.move_out(batch.head) };
            batch.head = batch.head.wrapping_add(1);
            sink(value);
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

    /// Moves the value of `index` out.
    ///
    /// # Safety
    /// `index` must be among those, from `self.head` on, that [`Consumer::filled`] has counted, and the value must not
    /// have been moved out before.
    #[inline]
    unsafe fn move_out(&self, index: usize) -> T {
        // SAFETY: `shared` is there as long as `self`. `filled` saw, with an acquire load, a `tail` past this slot, so the
        // producer's write to it happened before, and it writes no more until `head` passes.
        unsafe { self.slots.at(index).with(|slot| (*slot).assume_init_read()) }
    }

    /// Hands everything before `head` back to the producer.
    #[inline]
    fn give_back(&mut self, head: usize) {
        self.head = head;
        self.shared
            .head
            .0
            .store(head, at(Site::ConsumerStoresHead, Ordering::Release));
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
