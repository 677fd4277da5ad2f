//! Model check of the ring: every interleaving of two threads, every value that a load may see.
//!
//! Bounds: rings of one, two and four slots, four values, four attempts on either side; no bound on preemptions.

use super::spsc::{Consumer, Producer, ring};
use crate::sync::Site;
use crate::sync::atomic::Ordering;
use crate::sync::weaken::weaken;
use loom::thread;

/// Values pushed, and attempts on either side.
const VALUES: u32 = 4;

/// A value made of a number: boxes to see a slot read twice or too early (a double free) or never (a leak), plain
/// numbers where a race is expected, since boxes would be dropped in the middle of the panic.
trait Value: From<u32> + PartialEq + std::fmt::Debug + Send + 'static {}
impl<T: From<u32> + PartialEq + std::fmt::Debug + Send + 'static> Value for T {}

/// Pushes 1, 2, 3 and so on (each tried once; what did not fit is left out) in one thread and pops in the other;
/// then checks that exactly what was pushed came out, in order.
fn transfer<T: Value>(capacity: usize) {
    check::<T>(
        capacity,
        |producer| {
            (1..=VALUES)
                .filter(|value| producer.push(T::from(*value)).is_ok())
                .collect()
        },
        |consumer| (0..VALUES).filter_map(|_| consumer.pop()).collect(),
    );
}

/// The same with batches on both sides.
fn transfer_batches<T: Value>(capacity: usize) {
    check::<T>(
        capacity,
        |producer| {
            let mut values = (1..=VALUES).map(T::from);
            let mut pushed = producer.push_batch(&mut values);
            pushed += producer.push_batch(&mut values);
            (1..=pushed as u32).collect()
        },
        |consumer| {
            let mut popped = Vec::new();
            for _ in 0..2 {
                consumer.pop_batch(2, |value| popped.push(value));
            }
            popped
        },
    );
}

/// Runs both sides under loom, which checks that no access to a slot races with another.
fn check<T: Value>(
    capacity: usize,
    push: fn(&mut Producer<T>) -> Vec<u32>,
    pop: fn(&mut Consumer<T>) -> Vec<T>,
) {
    loom::model(move || {
        let (mut producer, mut consumer) = ring::<T>(capacity);
        let pushing = thread::spawn(move || push(&mut producer));
        let mut popped = pop(&mut consumer);
        let pushed = pushing.join().unwrap();
        while let Some(value) = consumer.pop() {
            popped.push(value);
        }
        assert!(
            pushed.len() >= capacity.min(VALUES as usize),
            "refused while there was room"
        );
        let pushed: Vec<T> = pushed.into_iter().map(T::from).collect();
        assert_eq!(popped, pushed);
    });
}

#[test]
fn ring_of_one() {
    transfer::<Box<u32>>(1);
}

#[test]
fn ring_of_two() {
    transfer::<Box<u32>>(2);
}

#[test]
fn ring_of_four() {
    transfer::<Box<u32>>(4);
}

#[test]
fn ring_of_one_in_batches() {
    transfer_batches::<Box<u32>>(1);
}

#[test]
fn ring_of_two_in_batches() {
    transfer_batches::<Box<u32>>(2);
}

#[test]
fn what_is_left_is_dropped_by_whoever_goes_last() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring::<loom::sync::Arc<()>>(2);
        let counted = loom::sync::Arc::new(());
        let pushed = loom::sync::Arc::clone(&counted);
        let pushing = thread::spawn(move || {
            assert!(producer.push(loom::sync::Arc::clone(&pushed)).is_ok());
            assert!(producer.push(pushed).is_ok());
        });
        drop(consumer.pop());
        drop(consumer);
        pushing.join().unwrap();
        assert_eq!(loom::sync::Arc::strong_count(&counted), 1);
    });
}

macro_rules! a_weaker_ordering_is_found {
    ($($name:ident: $site:expr, $model:expr;)*) => {$(
        #[test]
        #[should_panic = "Causality violation"]
        fn $name() {
            weaken($site, Ordering::Relaxed);
            $model(1);
        }
    )*};
}

a_weaker_ordering_is_found! {
    relaxed_load_of_head_is_found: Site::ProducerLoadsHead, transfer::<u32>;
    relaxed_store_of_tail_is_found: Site::ProducerStoresTail, transfer::<u32>;
    relaxed_load_of_tail_is_found: Site::ConsumerLoadsTail, transfer::<u32>;
    relaxed_store_of_head_is_found: Site::ConsumerStoresHead, transfer::<u32>;
    relaxed_load_of_head_is_found_in_batches: Site::ProducerLoadsHead, transfer_batches::<u32>;
    relaxed_store_of_tail_is_found_in_batches: Site::ProducerStoresTail, transfer_batches::<u32>;
    relaxed_load_of_tail_is_found_in_batches: Site::ConsumerLoadsTail, transfer_batches::<u32>;
    relaxed_store_of_head_is_found_in_batches: Site::ConsumerStoresHead, transfer_batches::<u32>;
}
