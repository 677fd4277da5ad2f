#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc as StdArc;

#[test]
fn a_full_ring_hands_the_value_back() {
    let (mut producer, mut consumer) = ring(3);
    assert_eq!(producer.capacity(), 4, "rounded up to a power of two");
    for value in 0..4 {
        producer.push(value).unwrap();
    }
    assert_eq!(producer.push(4), Err(Full(4)));
    assert_eq!((producer.len_max(), consumer.len_min()), (4, 4));
    assert_eq!(consumer.pop(), Some(0));
    assert_eq!(producer.push(4), Ok(()));
    assert_eq!(producer.push(5), Err(Full(5)));
}

#[test]
fn what_is_left_in_the_ring_is_dropped_with_it() {
    let counted = StdArc::new(());
    let (mut producer, mut consumer) = ring(8);
    for _ in 0..8 {
        producer.push(StdArc::clone(&counted)).unwrap();
    }
    drop(consumer.pop());
    drop(consumer.pop());
    producer.push(StdArc::clone(&counted)).unwrap();
    assert_eq!(StdArc::strong_count(&counted), 8);
    drop(producer);
    assert_eq!(
        StdArc::strong_count(&counted),
        8,
        "the consumer still needs them"
    );
    drop(consumer);
    assert_eq!(StdArc::strong_count(&counted), 1);
}

#[test]
fn indices_wrap_around_usize() {
    let (mut producer, mut consumer) = ring(2);
    let start = usize::MAX - 2;
    producer.shared.head.0.store(start, Ordering::Relaxed);
    producer.shared.tail.0.store(start, Ordering::Relaxed);
    (producer.tail, producer.head_seen) = (start, start);
    (consumer.head, consumer.tail_seen) = (start, start);
    for value in 0..10 {
        producer.push(2 * value).unwrap();
        producer.push(2 * value + 1).unwrap();
        assert_eq!(producer.push(99), Err(Full(99)));
        assert_eq!(consumer.pop(), Some(2 * value));
        assert_eq!(consumer.pop(), Some(2 * value + 1));
        assert_eq!(consumer.pop(), None);
    }
    assert!(
        producer.tail < start,
        "the test must wrap to mean something"
    );
}

#[test]
fn a_panicking_iterator_leaves_what_it_gave() {
    let counted = StdArc::new(());
    let (mut producer, mut consumer) = ring(4);
    let mut values = (0..4).map(|index| {
        assert!(index < 2, "third value");
        StdArc::clone(&counted)
    });
    let outcome = catch_unwind(AssertUnwindSafe(|| producer.push_batch(&mut values)));
    assert!(outcome.is_err());
    assert_eq!(consumer.len_min(), 2);
    assert_eq!(consumer.pop_batch(9, drop), 2);
    assert_eq!(StdArc::strong_count(&counted), 1);
}

#[test]
fn a_panicking_sink_loses_only_what_it_was_given() {
    let counted = StdArc::new(());
    let (mut producer, mut consumer) = ring(4);
    assert_eq!(
        producer.push_batch(&mut (0..4).map(|_| StdArc::clone(&counted))),
        4
    );
    let mut given = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        consumer.pop_batch(4, |_value| {
            given += 1;
            assert!(given < 2, "second value");
        })
    }));
    assert!(outcome.is_err());
    assert_eq!(consumer.len_min(), 2);
    assert_eq!(StdArc::strong_count(&counted), 3);
}

#[test]
fn the_ends_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let (producer, consumer) = ring::<std::cell::Cell<u8>>(1);
    is_send(&producer);
    is_send(&consumer);
}

#[derive(Clone, Debug)]
enum Step {
    Push,
    PushBatch(usize),
    Pop,
    PopBatch(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Push),
        (0usize..12).prop_map(Step::PushBatch),
        Just(Step::Pop),
        (0usize..12).prop_map(Step::PopBatch),
    ]
}

proptest! {
    #[test]
    fn behaves_like_a_bounded_deque(capacity in 0usize..10, steps in prop::collection::vec(step(), 0..200)) {
        let (mut producer, mut consumer) = ring(capacity);
        let bound = producer.capacity();
        prop_assert!(bound >= capacity.max(1) && bound.is_power_of_two());
        let mut model = VecDeque::new();
        let mut values = 0u64..;
        for step in steps {
            match step {
                Step::Push => {
                    let value = values.next().unwrap();
                    let outcome = producer.push(value);
                    if model.len() < bound {
                        model.push_back(value);
                        prop_assert_eq!(outcome, Ok(()));
                    } else {
                        prop_assert_eq!(outcome, Err(Full(value)));
                    }
                }
                Step::PushBatch(count) => {
                    let batch: Vec<u64> = values.by_ref().take(count).collect();
                    let mut iterator = batch.iter().copied();
                    let pushed = producer.push_batch(&mut iterator);
                    prop_assert_eq!(pushed, count.min(bound - model.len()));
                    prop_assert_eq!(iterator.len(), count - pushed);
                    model.extend(&batch[..pushed]);
                }
                Step::Pop => prop_assert_eq!(consumer.pop(), model.pop_front()),
                Step::PopBatch(count_max) => {
                    let mut popped = Vec::new();
                    let count = consumer.pop_batch(count_max, |value| popped.push(value));
                    prop_assert_eq!(count, popped.len());
                    let expected: Vec<u64> = model.drain(..count_max.min(model.len())).collect();
                    prop_assert_eq!(popped, expected);
                }
            }
            prop_assert_eq!(producer.len_max(), model.len());
            prop_assert_eq!(consumer.len_min(), model.len());
        }
    }
}
