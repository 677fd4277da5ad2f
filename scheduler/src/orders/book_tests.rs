//! The book against a plain model of itself, and its rules one by one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::orders::Stop;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use takt_maps::{StationId, VehicleId};

fn spec() -> OrderSpec {
    OrderSpec {
        drop: Stop {
            station: StationId(1),
            buffer: None,
        },
        ..OrderSpec::default()
    }
}

fn quiet(_: Transition) {}

/// Takes an order all the way to its end.
fn complete(book: &mut OrderBook, id: u64, at: u64) -> Ended {
    let id = OrderId(id);
    book.assign(id, VehicleId(3), at, &mut quiet).unwrap();
    book.loading(id, at, &mut quiet).unwrap();
    book.loaded(id, at, &mut quiet).unwrap();
    book.unloading(id, at, &mut quiet).unwrap();
    book.completed(id, at, &mut quiet).unwrap()
}

#[test]
fn an_order_goes_its_way_and_every_step_is_told() {
    let mut book = OrderBook::new(4);
    let mut told = Vec::new();
    let mut sink = |t: Transition| told.push((t.from, t.to));
    let (id, vehicle) = (OrderId(7), VehicleId(3));
    book.submit(id, spec(), 10, &mut sink).unwrap();
    book.assign(id, vehicle, 20, &mut sink).unwrap();
    book.loading(id, 30, &mut sink).unwrap();
    book.loaded(id, 40, &mut sink).unwrap();
    book.unloading(id, 50, &mut sink).unwrap();
    let ended = book.completed(id, 60, &mut sink).unwrap();
    use OrderState::*;
    let way = [
        Open,
        Assigned { vehicle },
        Loading { vehicle },
        Carrying { vehicle },
        Unloading { vehicle },
        Completed,
    ];
    let mut from = None;
    assert_eq!(told.len(), way.len());
    for (t, to) in told.into_iter().zip(way) {
        assert_eq!(t, (from, to));
        from = Some(to);
    }
    assert_eq!(ended.vehicle, Some(vehicle));
    assert!(ended.on_board && !ended.late);
    assert!(book.is_empty());
}

#[test]
fn late_means_after_the_deadline() {
    let mut book = OrderBook::new(4);
    for (id, at, late) in [(1, 99, false), (2, 100, false), (3, 101, true)] {
        let spec = OrderSpec {
            deadline_ms: Some(100),
            ..spec()
        };
        book.submit(OrderId(id), spec, 0, &mut quiet).unwrap();
        assert_eq!(complete(&mut book, id, at).late, late);
    }
    assert_eq!(book.totals().late, 1);
    assert_eq!(book.totals().completed, 3);
}

#[test]
fn a_waiting_order_opens_at_its_release() {
    let mut book = OrderBook::new(4);
    let spec = OrderSpec {
        release_ms: 100,
        ..spec()
    };
    book.submit(OrderId(1), spec, 0, &mut quiet).unwrap();
    book.tick(99, &mut quiet);
    assert_eq!(book.open().count(), 0);
    book.tick(100, &mut quiet);
    assert_eq!(book.open().count(), 1);
}

#[test]
fn dependents_wait_open_and_are_cancelled_with_their_predecessor() {
    let mut book = OrderBook::new(8);
    let after = |on| OrderSpec {
        depends_on: Some(OrderId(on)),
        ..spec()
    };
    book.submit(OrderId(1), spec(), 0, &mut quiet).unwrap();
    for (id, on) in [(2, 1), (3, 1), (4, 3)] {
        book.submit(OrderId(id), after(on), 0, &mut quiet).unwrap();
    }
    // The first in the list of dependents leaves before its predecessor does.
    book.cancel(OrderId(2), 1, &mut quiet).unwrap();
    complete(&mut book, 1, 2);
    book.tick(3, &mut quiet);
    assert_eq!(book.get(OrderId(3)).unwrap().state, OrderState::Open);
    assert_eq!(book.get(OrderId(4)).unwrap().state, OrderState::Waiting);
    book.failed(OrderId(3), Reason::LoadLost, 4, &mut quiet)
        .unwrap();
    let mut told = Vec::new();
    book.tick(5, &mut |t| told.push(t));
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].order, OrderId(4));
    assert_eq!(told[0].reason, Some(Reason::DependencyFailed));
    assert!(book.is_empty());
    // Later orders may name what has ended.
    book.submit(OrderId(5), after(1), 6, &mut quiet).unwrap();
    assert_eq!(book.get(OrderId(5)).unwrap().state, OrderState::Open);
    let refused = book.submit(OrderId(6), after(4), 6, &mut quiet);
    assert_eq!(refused, Err(Refusal::DependencyFailed(OrderId(4))));
    let refused = book.submit(OrderId(6), after(6), 6, &mut quiet);
    assert_eq!(refused, Err(Refusal::UnknownDependency(OrderId(6))));
}

#[test]
fn cancelling_ends_where_loading_begins() {
    let mut book = OrderBook::new(4);
    let (id, vehicle) = (OrderId(1), VehicleId(2));
    book.submit(id, spec(), 0, &mut quiet).unwrap();
    book.assign(id, vehicle, 0, &mut quiet).unwrap();
    book.loading(id, 0, &mut quiet).unwrap();
    assert_eq!(
        book.cancel(id, 1, &mut quiet),
        Err(Refusal::LoadOnBoard(vehicle))
    );
    book.unassign(id, Reason::TransferFailed, 2, &mut quiet)
        .unwrap();
    book.assign(id, vehicle, 3, &mut quiet).unwrap();
    let ended = book.cancel(id, 4, &mut quiet).unwrap();
    assert_eq!(ended.vehicle, Some(vehicle));
    assert!(!ended.on_board);
    assert_eq!(book.cancel(id, 5, &mut quiet), Err(Refusal::NotInBook(id)));
}

#[test]
fn refusals_change_nothing() {
    let mut book = OrderBook::new(1);
    book.submit(OrderId(5), spec(), 0, &mut quiet).unwrap();
    let hash = book.state_hash();
    let mut told = 0;
    let mut sink = |_| told += 1;
    let full = book.submit(OrderId(6), spec(), 0, &mut sink);
    assert_eq!(full, Err(Refusal::Full { capacity: 1 }));
    let old = book.submit(OrderId(5), spec(), 0, &mut sink);
    assert!(matches!(old, Err(Refusal::IdNotIncreasing { .. })));
    let same = OrderSpec {
        drop: spec().pickup,
        ..spec()
    };
    let same = book.submit(OrderId(6), same, 0, &mut sink);
    assert_eq!(same, Err(Refusal::SameStation));
    let late = OrderSpec {
        release_ms: 2,
        deadline_ms: Some(1),
        ..spec()
    };
    let late = book.submit(OrderId(6), late, 0, &mut sink);
    assert_eq!(late, Err(Refusal::DeadlineBeforeRelease));
    let priority = OrderSpec {
        priority: 10,
        ..spec()
    };
    let priority = book.submit(OrderId(6), priority, 0, &mut sink);
    assert_eq!(priority, Err(Refusal::Priority(10)));
    assert!(book.loaded(OrderId(5), 0, &mut sink).is_err());
    assert!(book.completed(OrderId(5), 0, &mut sink).is_err());
    assert_eq!((told, book.state_hash()), (0, hash));
}

#[test]
fn a_tick_is_bounded_and_comes_to_everyone() {
    let n = 3 * TICK_BUDGET as u64;
    let mut book = OrderBook::new(n as u32);
    for id in 1..=n {
        let spec = OrderSpec {
            release_ms: 5,
            ..spec()
        };
        book.submit(OrderId(id), spec, 0, &mut quiet).unwrap();
    }
    for round in 1..=3 {
        book.tick(5, &mut quiet);
        assert_eq!(book.open().count(), round * TICK_BUDGET);
    }
}

/// One step of the random test: which order (by position), what, and a parameter.
type Step = (usize, u8, u64);

/// What the model knows of an order: is it alive, and how it ended.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    Alive,
    Done,
    Bad,
}

/// Applies a step to a book, as a client would, and returns what was told.
fn apply(book: &mut OrderBook, step: Step, now: u64) -> Vec<Transition> {
    let mut told = Vec::new();
    let mut sink = |t| told.push(t);
    let (pick, what, x) = step;
    let last = book.last_id().0;
    let ids: Vec<OrderId> = book.iter().map(|o| o.id).collect();
    let id = ids.get(pick % ids.len().max(1)).copied();
    let id = id.unwrap_or(OrderId(1));
    let _ = match what {
        0..=3 => book.submit(
            OrderId(last + 1 + x % 2),
            OrderSpec {
                release_ms: now + (x % 3) * 4,
                deadline_ms: (x % 2 == 0).then_some(now + 20),
                depends_on: (what == 3 && last > 0).then(|| OrderId(1 + x % last)),
                ..spec()
            },
            now,
            &mut sink,
        ),
        4 => book.cancel(id, now, &mut sink).map(|_| ()),
        5 => book
            .failed(id, Reason::LoadLost, now, &mut sink)
            .map(|_| ()),
        6 => book.unassign(id, Reason::Reassigned, now, &mut sink),
        7 => {
            book.tick(now, &mut sink);
            Ok(())
        }
        _ => match book.get(id).map(|o| o.state) {
            Some(OrderState::Open) => book.assign(id, VehicleId(x as u16 % 4), now, &mut sink),
            Some(OrderState::Assigned { .. }) => book.loading(id, now, &mut sink),
            Some(OrderState::Loading { .. }) => book.loaded(id, now, &mut sink),
            Some(OrderState::Carrying { .. }) => book.unloading(id, now, &mut sink),
            _ => book.completed(id, now, &mut sink).map(|_| ()),
        },
    };
    told
}

proptest! {
    /// No order is lost, transitions chain, the hash is that of a book restored from what is visible, and dependents
    /// never begin before their predecessor is done.
    #[test]
    fn holds_every_order_until_it_ends(steps in prop::collection::vec((0usize..12, 0u8..20, 0u64..100), 1..160)) {
        let mut book = OrderBook::new(6);
        let mut state: BTreeMap<OrderId, OrderState> = BTreeMap::new();
        let mut fates: BTreeMap<OrderId, Fate> = BTreeMap::new();
        let mut excused = BTreeSet::new();
        for (now, step) in steps.into_iter().enumerate() {
            for t in apply(&mut book, step, now as u64) {
                prop_assert_eq!(t.from, state.get(&t.order).copied());
                state.insert(t.order, t.to);
                let fate = match t.to {
                    OrderState::Completed => Fate::Done,
                    s if s.is_final() => Fate::Bad,
                    _ => Fate::Alive,
                };
                fates.insert(t.order, fate);
                let Some(on) = t.spec.depends_on else { continue };
                let fate = fates.get(&on).copied();
                if t.from.is_none() && fate == Some(Fate::Bad) {
                    // Too long ago to be remembered: counts as completed.
                    prop_assert!(!book.bad_ends().any(|e| e == on));
                    excused.insert(t.order);
                }
                if t.to == OrderState::Open && !excused.contains(&t.order) {
                    // A gap in the ids counts as completed too.
                    prop_assert!(matches!(fate, None | Some(Fate::Done)));
                }
            }
            let alive: Vec<OrderId> = fates.iter().filter(|f| *f.1 == Fate::Alive).map(|f| *f.0).collect();
            let held: Vec<OrderId> = book.iter().map(|o| o.id).collect();
            prop_assert_eq!(alive, held);
            for order in book.iter() {
                prop_assert_eq!(order.state, state[&order.id]);
                prop_assert_eq!(book.get(order.id), Some(order));
            }
            let mut again = OrderBook::new(6);
            again.restore_past(book.last_id(), book.totals(), book.bad_ends());
            for &order in book.iter() {
                again.restore(order).unwrap();
            }
            again.restore_cursor(book.cursor());
            prop_assert_eq!(again.state_hash(), book.state_hash());
            let t = book.totals();
            prop_assert_eq!(t.accepted, t.completed + t.cancelled + t.failed + book.len() as u64);
        }
    }
}
