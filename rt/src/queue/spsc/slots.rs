//! What both ends of a ring share: the slots, and how far each end has come.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{CachePadded, UnsafeCell};
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// Slots that lie together, on cache lines that nothing else is on.
///
/// Without this, the first slot is wherever the allocator puts it, and a value of the size of a line lies on two: then the
/// two sides, each at its own value, pull the same line back and forth.
#[repr(align(128))]
struct Block<T>([UnsafeCell<MaybeUninit<T>>; BLOCK]);

/// Slots in a block, a power of two. Loom looks after every slot, whether used or not.
const BLOCK: usize = if cfg!(loom) { 1 } else { 32 };

/// What both ends share.
///
/// Invariant: `tail - head` (wrapping) is in `0 ..= capacity`; exactly the slots of the indices `head .. tail` hold
/// a value. The producer alone writes the others, the consumer alone reads these.
pub(super) struct Shared<T> {
    /// Index of the next value to pop; only the consumer stores it.
    pub(super) head: CachePadded<AtomicUsize>,
    /// Index of the next value to push; only the producer stores it.
    pub(super) tail: CachePadded<AtomicUsize>,
    /// Blocks for at least `capacity` slots.
    blocks: Box<[Block<T>]>,
    /// Number of slots in use, a power of two.
    pub(super) capacity: usize,
}

// SAFETY: a slot is accessed by one side at a time (see the invariant), and values move from one thread to the other,
// which `T: Send` permits; no `&T` is ever seen by two threads.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

/// Where the slots are: what an end would otherwise look up, through two pointers, at every value.
pub(super) struct Slots<T> {
    /// The first of `Shared::blocks`.
    first: NonNull<Block<T>>,
    /// The capacity less 1.
    mask: usize,
}

impl<T> Slots<T> {
    pub(super) fn of(shared: &Shared<T>) -> Self {
        Self {
            first: NonNull::from(&*shared.blocks).cast(),
            mask: shared.capacity - 1,
        }
    }

    /// The slot of an index.
    ///
    /// # Safety
    /// The [`Shared`] that it was made of must live as long as the reference.
    #[inline]
    pub(super) unsafe fn at<'a>(&self, index: usize) -> &'a UnsafeCell<MaybeUninit<T>> {
        let slot = index & self.mask;
        // SAFETY: the capacity is a power of two, so `slot` is below it, and there are blocks for so many slots; they
        // are part of `Shared`, which the caller keeps, and a reference to an `UnsafeCell` claims nothing of its content.
        unsafe { &self.first.add(slot / BLOCK).as_ref().0[slot % BLOCK] }
    }
}

impl<T> Shared<T> {
    /// An empty ring of so many slots, a power of two. All memory is allocated here.
    pub(super) fn new(capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        Self {
            head: CachePadded(AtomicUsize::new(0)),
            tail: CachePadded(AtomicUsize::new(0)),
            blocks: (0..capacity.div_ceil(BLOCK))
                .map(|_| {
                    Block(std::array::from_fn(|_| {
                        UnsafeCell::new(MaybeUninit::uninit())
                    }))
                })
                .collect(),
            capacity,
        }
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
        let slots = Slots::of(self);
        while head != tail {
            // SAFETY: the slots of `head .. tail` hold values, and nobody else is left to access them; `self` is there.
            unsafe { slots.at(head).with_mut(|slot| (*slot).assume_init_drop()) };
            head = head.wrapping_add(1);
        }
    }
}
