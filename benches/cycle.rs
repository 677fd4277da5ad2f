//! What one cycle of everything costs in virtual time, and the queue that joins the cycle to other threads beside the
//! standard library's as the reference.
//!
//! `cargo bench --bench cycle`; what it measured is in `docs/performance.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use takt::host::virtual_time::{Options, Rehearsal};
use takt_rt::queue::spsc;

/// Values that a queue holds.
const CAPACITY: usize = 1_024;

/// Values pushed before they are popped, when one thread does both.
const BATCH: u64 = 64;

/// About the size of a vehicle's report.
type Value = [u64; 8];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    cycle(&mut criterion);
    queue_in_one_thread(&mut criterion);
    queue_between_threads(&mut criterion);
    criterion.final_summary();
}

/// Controller, planner, dispatcher, simulated floor, read model and judges: the mean over whatever cycles come, from a
/// floor that has been at work for a minute.
fn cycle(criterion: &mut Criterion) {
    let loaded = takt_maps::builtin("electronics-line");
    let floor = Arc::new(loaded.expect("there is one").expect("it compiles").floor);
    let options = Options::seeded(7);
    let mut rehearsal = Rehearsal::new(floor, &options).expect("the built-in floor is consistent");
    while rehearsal.now_ms() < 60_000 {
        rehearsal.step();
    }
    assert!(rehearsal.outcome(7).distance_m > 0.0, "vehicles are moving");
    criterion.bench_function("cycle/built-in", |b| b.iter(|| rehearsal.step()));
}

/// The price of the operations themselves: nobody else touches the queue.
fn queue_in_one_thread(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue/one-thread");
    group.throughput(Throughput::Elements(BATCH));

    let (mut producer, mut consumer) = spsc::ring::<Value>(CAPACITY);
    group.bench_function("takt-spsc", |b| {
        b.iter(|| {
            for i in 0..BATCH {
                assert!(producer.push(black_box([i; 8])).is_ok());
            }
            for _ in 0..BATCH {
                black_box(consumer.pop());
            }
        });
    });

    let (sender, receiver) = mpsc::sync_channel::<Value>(CAPACITY);
    group.bench_function("std-mpsc", |b| {
        b.iter(|| {
            for i in 0..BATCH {
                assert!(sender.try_send(black_box([i; 8])).is_ok());
            }
            for _ in 0..BATCH {
                black_box(receiver.try_recv().ok());
            }
        });
    });
    group.finish();
}

/// Values from one thread to another; whoever finds the queue full or empty yields.
fn queue_between_threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue/two-threads");
    group.throughput(Throughput::Elements(1));

    group.bench_function("takt-spsc", |b| {
        b.iter_custom(|count| {
            let (mut producer, mut consumer) = spsc::ring::<Value>(CAPACITY);
            transfer(
                count,
                move |value| producer.push(value).is_ok(),
                move || consumer.pop(),
            )
        });
    });
    group.bench_function("std-mpsc", |b| {
        b.iter_custom(|count| {
            let (sender, receiver) = mpsc::sync_channel::<Value>(CAPACITY);
            transfer(
                count,
                move |value| sender.try_send(value).is_ok(),
                move || receiver.try_recv().ok(),
            )
        });
    });
    group.finish();
}

/// The time that `count` values take from a thread that pushes to this one, which pops.
fn transfer(
    count: u64,
    mut push: impl FnMut(Value) -> bool + Send,
    mut pop: impl FnMut() -> Option<Value>,
) -> Duration {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for i in 0..count {
                while !push([i; 8]) {
                    std::thread::yield_now();
                }
            }
        });
        let mut next = 0;
        while next < count {
            match pop() {
                Some(value) => {
                    assert_eq!(value[0], next, "none is lost, and the order is kept");
                    next += 1;
                }
                None => std::thread::yield_now(),
            }
        }
    });
    begin.elapsed()
}
