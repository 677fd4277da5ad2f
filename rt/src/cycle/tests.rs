#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::host::{LiveClock, VirtualClock};
use proptest::prelude::*;

const PERIOD: u64 = 1_000;

/// Runs cycles, each of which computes so long, is woken so late, and is preempted so long.
fn run(cycles: &[[u64; 3]]) -> (Vec<CycleStart>, Timing) {
    let clock = VirtualClock::new(77);
    let outside = clock.clone();
    let mut executive = Executive::new(PERIOD, clock);
    let mut reader = executive.take_timing_reader().unwrap();
    let mut calls = Vec::new();
    outside.oversleep_once_ns(cycles[0][1]);
    executive.run(|call| {
        outside.advance_ns(cycles[calls.len()][0]);
        outside.preempt_ns(cycles[calls.len()][2]);
        calls.push(call);
        match cycles.get(calls.len()) {
            Some([_, late_ns, _]) => {
                outside.oversleep_once_ns(*late_ns);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    });
    let timing = reader.get();
    assert_eq!(timing, *executive.timing());
    (calls, timing)
}

#[test]
fn a_body_that_ends_exactly_at_the_beat_misses_nothing() {
    let (calls, timing) = run(&[
        [PERIOD, 0, 0],
        [PERIOD + 1, 0, 0],
        [3 * PERIOD, 0, 0],
        [0, 0, 0],
    ]);
    let numbers: Vec<_> = calls
        .iter()
        .map(|c| (c.number, c.missed_by_overrun))
        .collect();
    assert_eq!(numbers, [(1, 0), (2, 0), (4, 1), (7, 2)]);
    assert_eq!((timing.missed_by_overrun, timing.missed_by_wakeup), (3, 0));
    assert_eq!(timing.execution.max_ns, 3 * PERIOD);
}

#[test]
fn a_late_wakeup_jumps_to_the_beat_that_has_passed() {
    let (calls, timing) = run(&[
        [1, 999, 0],
        [10, 999, 0],
        [10, 1000, 0],
        [10, 3500, 0],
        [10, 0, 0],
    ]);
    let numbers: Vec<_> = calls
        .iter()
        .map(|c| (c.number, c.missed_by_wakeup))
        .collect();
    // Woken 999 late and 10 at work, the second call runs into the next beat.
    assert_eq!(numbers, [(1, 0), (2, 0), (5, 2), (9, 3), (10, 0)]);
    assert_eq!((timing.missed_by_overrun, timing.missed_by_wakeup), (0, 5));
    assert_eq!(timing.latency.max_ns, 3500);
}

#[test]
fn a_preempted_body_is_not_to_blame() {
    let (calls, timing) = run(&[
        [900, 0, 1200],  // two beats late by preemption
        [2100, 0, 1000], // two by computing, one more by preemption
        [900, 50, 50],   // in time
        [900, 50, 51],   // by waking late
        [10, 0, 0],
    ]);
    let missed: Vec<_> = calls
        .iter()
        .map(|c| {
            (
                c.missed_by_overrun,
                c.missed_by_preemption,
                c.missed_by_wakeup,
            )
        })
        .collect();
    assert_eq!(
        missed,
        [(0, 0, 0), (0, 2, 0), (2, 1, 0), (0, 0, 0), (0, 0, 1)]
    );
    assert_eq!(timing.missed(), 6);
    assert_eq!(timing.cpu.max_ns, 2100);
    assert_eq!(timing.execution.max_ns, 3100);
}

#[test]
fn a_call_over_its_budget_is_told_to_the_next_and_counted_once() {
    let clock = VirtualClock::new(0);
    let outside = clock.clone();
    let mut executive = Executive::new(PERIOD, clock).budget_ns(600);
    // Computes, is preempted: in its budget, over it in time, in it though late, over it and late.
    let calls = [[600, 399], [601, 0], [100, 1500], [700, 1500], [10, 0]];
    let mut told = Vec::new();
    executive.run(|call| {
        let [work, preempted] = calls[told.len()];
        outside.advance_ns(work);
        outside.preempt_ns(preempted);
        told.push((
            call.overran,
            call.missed_by_overrun,
            call.missed_by_preemption,
        ));
        if told.len() < calls.len() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    assert_eq!(
        told,
        [
            (false, 0, 0),
            (false, 0, 0),
            (true, 0, 0),
            (false, 0, 1),
            (true, 1, 1)
        ]
    );
    let timing = executive.timing();
    assert_eq!((timing.over_budget, timing.own_execution()), (1, 2));
    assert_eq!(timing.missed(), 3);
}

#[test]
fn spinning_takes_over_for_the_last_part_of_the_wait() {
    let clock = VirtualClock::new(0);
    let outside = clock.clone();
    let mut executive = Executive::new(PERIOD, clock).spin_ns(150);
    let mut late = Vec::new();
    outside.oversleep_once_ns(150);
    executive.run(|call| {
        late.push((call.number, call.woken_late_ns));
        outside.oversleep_once_ns([0, 100, 175, 1_200][late.len() % 4]);
        if late.len() < 5 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    // What waking costs up to the time spun through is not seen; what it costs beyond is.
    assert_eq!(late, [(1, 0), (2, 0), (3, 25), (5, 1_050), (6, 0)]);
}

#[test]
fn what_the_last_call_ran_over_is_counted() {
    let (_, timing) = run(&[[10, 0, 0], [2 * PERIOD + 1, 0, 0]]);
    assert_eq!((timing.number, timing.missed()), (2, 2));
}

#[test]
fn numbers_go_on_from_an_earlier_run() {
    let mut executive = Executive::new(PERIOD, VirtualClock::new(0)).numbered_from(41);
    let mut number = 0;
    executive.run(|call| {
        number = call.number;
        ControlFlow::Break(())
    });
    assert_eq!((number, executive.timing().number), (42, 42));
    assert!(executive.take_timing_reader().is_some());
    assert!(executive.take_timing_reader().is_none());
}

#[test]
fn the_last_second_is_published_apart_from_the_whole() {
    let clock = VirtualClock::new(0);
    let outside = clock.clone();
    let mut executive = Executive::new(PUBLISH_NS / 4, clock);
    let mut reader = executive.take_timing_reader().unwrap();
    let mut seen = Vec::new();
    executive.run(|call| {
        if reader.refresh() {
            seen.push(reader.get());
        }
        outside.advance_ns(if call.number <= 4 { 900 } else { 100 });
        match call.number {
            12 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    // Published at the ends of cycles 4 and 8 or 9, and at the end.
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].number, 4);
    assert_eq!(seen[0].execution_last_s.max_ns, 900);
    assert_eq!(seen[1].execution_last_s.max_ns, 100);
    assert_eq!(seen[1].execution.max_ns, 900);
    assert_eq!(reader.get().execution.count, 12);
}

#[test]
fn it_runs_on_the_live_clock() {
    let mut executive = Executive::new(500_000, LiveClock);
    let mut last = 0;
    executive.run(|call| {
        assert!(call.number > last);
        assert_eq!(call.number, last + 1 + call.missed());
        last = call.number;
        match last {
            20.. => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    let timing = executive.timing();
    assert_eq!(timing.execution.count + timing.missed(), timing.number);
}

proptest! {
    #[test]
    fn every_beat_is_a_call_or_a_counted_miss(
        cycles in prop::collection::vec(
            (0..3 * PERIOD, prop_oneof![Just(0), 0..4 * PERIOD], prop_oneof![Just(0), 0..3 * PERIOD])
                .prop_map(|(work, late, preempted)| [work, late, preempted]),
            1..60,
        )
    ) {
        // The executive's arithmetic again, as a walk from beat to beat.
        let (calls, timing) = run(&cycles);
        prop_assert_eq!(calls.len(), cycles.len());
        let mut now = 0;
        let (mut last, mut computed, mut took) = (0, 0, 0);
        for (call, [work, late, preempted]) in calls.iter().zip(&cycles) {
            let mut beat = last + 1;
            let (mut overrun, mut preemption, mut wakeup) = (0, 0, 0);
            while beat * PERIOD < now {
                if last * PERIOD + computed > beat * PERIOD {
                    overrun += 1;
                } else if last * PERIOD + took > beat * PERIOD {
                    preemption += 1;
                } else {
                    wakeup += 1;
                }
                beat += 1;
            }
            now = beat * PERIOD + late;
            while (beat + 1) * PERIOD <= now {
                beat += 1;
                wakeup += 1;
            }
            prop_assert_eq!(*call, CycleStart {
                number: beat,
                woken_late_ns: *late,
                overran: computed > PERIOD,
                missed_by_overrun: overrun,
                missed_by_preemption: preemption,
                missed_by_wakeup: wakeup,
            });
            prop_assert_eq!(call.number, now / PERIOD);
            (computed, took) = (*work, work + preempted);
            now += took;
            last = beat;
        }
        prop_assert_eq!(timing.latency.count, calls.len() as u64);
        let reported: u64 = calls.iter().map(CycleStart::missed).sum();
        prop_assert!(timing.missed() >= reported);
    }
}
