//! What runs in the control cycle does not touch the allocator once it is constructed.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ops::ControlFlow;
use takt_rt::alloc::{self, Watched};
use takt_rt::cycle::Executive;
use takt_rt::host::{LiveClock, VirtualClock};
use takt_rt::queue::{latest, spsc};
use takt_rt::timing::Durations;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// Calls of the allocator by this thread while `work` runs.
fn allocator_calls(work: impl FnOnce()) -> u64 {
    let before = alloc::calls();
    work();
    alloc::calls() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(
        allocator_calls(|| drop(std::hint::black_box(Box::new(1)))),
        2
    );
}

/// The name of the test below, and what tells it that it runs in a process of its own.
const TRAPPED: (&str, &str) = (
    "the_trap_ends_the_program_and_says_why",
    "TAKT_TEST_TRAPPED",
);

#[test]
fn the_trap_ends_the_program_and_says_why() {
    if std::env::var_os(TRAPPED.1).is_some() {
        assert!(alloc::trap_asked_for());
        alloc::trap(true);
        drop(std::hint::black_box(Box::new(7u64)));
        unreachable!("the trap was armed");
    }
    let this = std::env::current_exe().unwrap();
    let ended = std::process::Command::new(this)
        .args(["--exact", TRAPPED.0, "--nocapture"])
        .env(TRAPPED.1, "1")
        .env(alloc::TRAP_VARIABLE, "1")
        .output()
        .unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("allocate 8 bytes"), "{said}");
    assert!(
        said.contains(TRAPPED.0),
        "the backtrace names who asked: {said}"
    );
}

#[test]
fn queues_and_histograms_do_not_allocate() {
    let (mut producer, mut consumer) = spsc::ring::<[u64; 8]>(16);
    let (mut writer, mut reader) = latest::cell([0u64; 8]);
    let mut durations = Durations::new();
    let calls = allocator_calls(|| {
        for number in 0..1000 {
            assert_eq!(
                producer.push_batch(&mut std::iter::repeat_n([number; 8], 20)),
                16
            );
            assert!(producer.push([number; 8]).is_err());
            assert_eq!(consumer.pop_batch(100, |value| writer.write(value)), 16);
            assert_eq!(reader.get(), [number; 8]);
            durations.record_ns(number << (number % 40));
        }
        assert_eq!(durations.quantiles().count, 1000);
        durations.clear();
    });
    assert_eq!(calls, 0);
}

#[test]
fn the_executive_does_not_allocate_while_it_runs() {
    // Long enough in virtual time to publish its figures some times.
    let clock = VirtualClock::new(0);
    let mut executive = Executive::new(10_000_000, clock);
    let mut reader = executive.take_timing_reader().unwrap();
    let mut published = 0;
    let calls = allocator_calls(|| {
        executive.run(|start| {
            published += u32::from(reader.refresh());
            match start.number {
                1000 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
    });
    assert_eq!((calls, published), (0, 9));

    let mut executive = Executive::new(200_000, LiveClock);
    let calls = allocator_calls(|| {
        executive.run(|start| match start.number {
            20.. => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    });
    assert_eq!(calls, 0);
}
