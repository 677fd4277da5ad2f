//! Stock against brute force: pieces are conserved, nothing overflows, nothing is asked for twice.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::orders::{OrderBook, Reason};
use proptest::prelude::*;
use takt_maps::{Buffer, Line, MaterialId, OrderId, Produce, StationId, VehicleId};

const STORE: BufferId = BufferId(0);
const PARTS: BufferId = BufferId(1);
const BINS: BufferId = BufferId(2);
const RETURNS: BufferId = BufferId(3);

fn buffer(station: u16, capacity: u32, initial: u32, lot: u32, role: BufferRole) -> Buffer {
    Buffer {
        name: String::new(),
        station: StationId(station),
        material: MaterialId(0),
        capacity,
        initial,
        lot,
        level: None,
        role,
    }
}

/// A store feeds parts to a line, which leaves a bin for every ten; bins go back.
fn floor(finite: bool) -> Floor {
    let (from, to) = (STORE, RETURNS);
    Floor {
        buffers: vec![
            buffer(0, 200, 200, 20, BufferRole::Source { finite }),
            buffer(
                1,
                60,
                60,
                20,
                BufferRole::Consume {
                    reorder_at: 35,
                    from,
                },
            ),
            buffer(2, 6, 0, 2, BufferRole::Produce { collect_at: 3, to }),
            buffer(3, 1, 0, 1, BufferRole::Sink),
        ],
        lines: vec![Line {
            name: String::new(),
            takt_ms: 6_000,
            consumes: vec![(PARTS, 1)],
            produces: vec![Produce {
                buffer: BINS,
                pieces: 1,
                every: 10,
            }],
        }],
        ..Floor::default()
    }
}

/// All that is due now, each accepted.
fn accept_due(stock: &mut Stock, book: &mut OrderBook, now_ms: u64) -> Vec<OrderSpec> {
    let mut due = Vec::new();
    while let Some(spec) = stock.due(now_ms) {
        let id = OrderId(book.last_id().0 + 1);
        book.submit(id, spec, now_ms, &mut |t| stock.follow(&t))
            .unwrap();
        due.push(spec);
        assert!(due.len() < 100, "a buffer asks without end");
    }
    due
}

#[test]
fn a_low_buffer_calls_off_one_lot_in_time() {
    let (mut stock, mut book) = (Stock::new(&floor(false)), OrderBook::new(8));
    stock.used(PARTS, 24);
    assert_eq!(accept_due(&mut stock, &mut book, 1_000), []);
    stock.used(PARTS, 1);
    let due = accept_due(&mut stock, &mut book, 1_000);
    // 35 pieces last 35 takts of 6 s.
    let expected = OrderSpec {
        pickup: Stop {
            station: StationId(0),
            buffer: Some(STORE),
        },
        drop: Stop {
            station: StationId(1),
            buffer: Some(PARTS),
        },
        quantity: 20,
        priority: 2,
        release_ms: 1_000,
        deadline_ms: Some(1_000 + 210_000),
        depends_on: None,
        origin: Origin::CallOff(PARTS),
    };
    // The rate is rounded down, so that the time may come out a millisecond longer.
    assert_eq!(due.len(), 1);
    let deadline_ms = due[0].deadline_ms.unwrap();
    assert!((211_000..=211_001).contains(&deadline_ms));
    assert_eq!(
        OrderSpec {
            deadline_ms: expected.deadline_ms,
            ..due[0]
        },
        expected
    );
    // Nor is it asked for again while on its way, unless it runs low with what is on the way.
    assert_eq!(accept_due(&mut stock, &mut book, 2_000), []);
    stock.used(PARTS, 20);
    assert_eq!(accept_due(&mut stock, &mut book, 3_000).len(), 1);
}

#[test]
fn a_full_buffer_is_collected_lot_by_lot() {
    let (mut stock, mut book) = (Stock::new(&floor(false)), OrderBook::new(8));
    stock.made(BINS, 2);
    assert_eq!(accept_due(&mut stock, &mut book, 0), []);
    stock.made(BINS, 3);
    let due = accept_due(&mut stock, &mut book, 0);
    // 5 bins: one lot of 2 leaves 3, another leaves 1.
    assert_eq!(due.len(), 2);
    assert!(due.iter().all(|d| d.origin == Origin::Collection(BINS)));
    assert!(due[0].deadline_ms < due[1].deadline_ms);
}

#[test]
fn a_stale_report_after_a_delivery_does_not_double_the_order() {
    let mut f = floor(false);
    f.buffers[PARTS.index()].level = Some("level".into());
    let (mut stock, mut book) = (Stock::new(&f), OrderBook::new(8));
    assert_eq!(
        accept_due(&mut stock, &mut book, 0),
        [],
        "level not known yet"
    );
    stock.reported(PARTS, 30);
    assert_eq!(accept_due(&mut stock, &mut book, 0).len(), 1);
    let (id, mut sink) = (OrderId(1), |t: Transition| stock.follow(&t));
    book.assign(id, VehicleId(0), 10, &mut sink).unwrap();
    book.loading(id, 20, &mut sink).unwrap();
    book.loaded(id, 30, &mut sink).unwrap();
    book.unloading(id, 40, &mut sink).unwrap();
    book.completed(id, 50, &mut sink).unwrap();
    assert_eq!(stock.account(PARTS).pieces, 50);
    stock.reported(PARTS, 30);
    assert_eq!(accept_due(&mut stock, &mut book, 60), []);
    stock.reported(PARTS, 50);
    assert_eq!(accept_due(&mut stock, &mut book, 60 + SETTLE_MS), []);
}

#[test]
fn an_order_that_a_store_kept_will_bring_its_load_and_takes_none_twice() {
    let f = floor(true);
    let mut stock = Stock::new(&f);
    stock.used(PARTS, 40);
    let spec = stock.due(0).unwrap();
    for (on_board, outgoing) in [(true, 0), (false, 20)] {
        stock.resume(&spec, on_board);
        let (from, to) = (stock.account(STORE), stock.account(PARTS));
        assert_eq!((from.pieces, from.outgoing), (200, outgoing));
        assert_eq!(to.pieces, 20);
    }
    assert_eq!(stock.account(PARTS).incoming, 40);
}

#[test]
fn a_finite_source_gives_its_rest_and_then_nothing() {
    let mut f = floor(true);
    f.buffers[STORE.index()].initial = 25;
    let (mut stock, mut book) = (Stock::new(&f), OrderBook::new(8));
    stock.used(PARTS, 60);
    let due = accept_due(&mut stock, &mut book, 0);
    let quantities: Vec<u32> = due.iter().map(|d| d.quantity).collect();
    assert_eq!(quantities, [20, 5]);
    assert_eq!(due[0].priority, 5);
}

proptest! {
    /// Whatever happens to orders: accounts are what is in the book says, pieces are conserved, buffers never overflow
    /// by a delivery, and a finite source is never overdrawn.
    #[test]
    fn stock_is_conserved(steps in prop::collection::vec((0u8..12, 0usize..8, 1u32..9), 1..200), finite: bool) {
        let f = floor(finite);
        let (mut stock, mut book) = (Stock::new(&f), OrderBook::new(6));
        // Outside: pieces used (out of PARTS), made (into BINS), lost on board.
        let (mut used, mut made, mut lost_parts, mut lost_bins) = (0u32, 0u32, 0u32, 0u32);
        let mut fetched = 0;
        for (now, (what, pick, n)) in steps.into_iter().enumerate() {
            let now = now as u64 * 700;
            let ids: Vec<OrderId> = book.iter().map(|o| o.id).collect();
            let id = ids.get(pick % ids.len().max(1)).copied().unwrap_or_default();
            let order = book.get(id).copied();
            let mut sink = |t: Transition| stock.follow(&t);
            match what {
                0 | 1 => {
                    let n = n.min(stock.account(PARTS).pieces);
                    stock.used(PARTS, n);
                    used += n;
                }
                2 => {
                    let n = n.min(6 - stock.account(BINS).pieces.min(6));
                    stock.made(BINS, n);
                    made += n;
                }
                3 | 4 => if let Some(spec) = stock.due(now) {
                    let id = OrderId(book.last_id().0 + 1);
                    let _ = book.submit(id, spec, now, &mut |t| stock.follow(&t));
                },
                5 => { let _ = book.cancel(id, now, &mut sink); }
                6 => if let Ok(ended) = book.failed(id, Reason::LoadLost, now, &mut sink) && ended.on_board {
                    match ended.order.spec.origin {
                        Origin::CallOff(_) => lost_parts += ended.order.spec.quantity,
                        _ => lost_bins += ended.order.spec.quantity,
                    }
                },
                _ => match order.map(|o| o.state) {
                    Some(OrderState::Open) => book.assign(id, VehicleId(0), now, &mut sink).unwrap(),
                    Some(OrderState::Assigned { .. }) => book.loading(id, now, &mut sink).unwrap(),
                    Some(OrderState::Loading { .. }) => {
                        book.loaded(id, now, &mut sink).unwrap();
                        if let Some(o) = order && o.spec.pickup.buffer == Some(STORE) {
                            fetched += o.spec.quantity;
                        }
                    }
                    Some(OrderState::Carrying { .. }) => book.unloading(id, now, &mut sink).unwrap(),
                    Some(OrderState::Unloading { .. }) => { book.completed(id, now, &mut sink).unwrap(); }
                    _ => {}
                },
            }
            let on_board = |to| book.iter()
                .filter(|o| o.spec.drop.buffer == Some(to) && o.state.on_board())
                .map(|o| o.spec.quantity).sum::<u32>();
            let expected = |b: BufferId| (
                book.iter().filter(|o| o.spec.drop.buffer == Some(b)).map(|o| o.spec.quantity).sum::<u32>(),
                book.iter().filter(|o| o.spec.pickup.buffer == Some(b) && !o.state.on_board())
                    .map(|o| o.spec.quantity).sum::<u32>(),
            );
            for b in [STORE, PARTS, BINS, RETURNS] {
                prop_assert_eq!((stock.account(b).incoming, stock.account(b).outgoing), expected(b));
            }
            prop_assert_eq!(stock.account(PARTS).pieces + on_board(PARTS) + used + lost_parts, 60 + fetched);
            prop_assert_eq!(
                stock.account(BINS).pieces + on_board(RETURNS) + stock.account(RETURNS).pieces + lost_bins, made);
            prop_assert!(stock.account(PARTS).pieces + stock.account(PARTS).incoming <= 60);
            let store = stock.account(STORE);
            prop_assert_eq!(store.pieces, if finite { 200 - fetched } else { 200 });
            prop_assert!(!finite || store.outgoing <= store.pieces);
            let mut again = Stock::new(&f);
            for (i, a) in stock.accounts().iter().enumerate() {
                again.restore(BufferId::from_index(i), *a);
            }
            again.restore_cursor(stock.cursor());
            prop_assert_eq!(again.state_hash(), stock.state_hash());
        }
    }
}
