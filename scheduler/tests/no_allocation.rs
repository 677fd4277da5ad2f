//! Neither the order book nor the stock may allocate once they are built: they run in the control cycle.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use takt_maps::{Buffer, BufferId, BufferRole, Floor, MaterialId, OrderId, StationId, VehicleId};
use takt_scheduler::{OrderBook, OrderState, Reason, Stock};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: hands everything on to the system allocator; the count is a plain thread-local cell that needs no allocation.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn buffer(station: u16, role: BufferRole) -> Buffer {
    Buffer {
        name: String::new(),
        station: StationId(station),
        material: MaterialId(0),
        capacity: 1_000,
        initial: 1_000,
        lot: 1,
        level: None,
        role,
    }
}

#[test]
fn a_busy_day_allocates_nothing() {
    let from = BufferId(0);
    let consume = BufferRole::Consume {
        reorder_at: 900,
        from,
    };
    let source = BufferRole::Source { finite: false };
    let floor = Floor {
        buffers: vec![buffer(0, source), buffer(1, consume)],
        ..Floor::default()
    };
    let (mut book, mut stock) = (OrderBook::new(64), Stock::new(&floor));
    let before = COUNT.get();
    let (mut done, mut bad, mut full) = (0, 0, 0);
    for step in 0..40_000u64 {
        let now = step * 700;
        stock.used(BufferId(1), 1);
        if let Some(mut spec) = stock.due(now) {
            spec.release_ms += (step % 7) * 700;
            spec.deadline_ms = None;
            spec.depends_on = (step % 5 == 0)
                .then_some(book.last_id())
                .filter(|o| o.0 > 0);
            let id = OrderId(book.last_id().0 + 1);
            if book
                .submit(id, spec, now, &mut |t| stock.follow(&t))
                .is_err()
            {
                full += 1;
            }
        }
        let mut sink = |t| stock.follow(&t);
        book.tick(now, &mut sink);
        let Some(order) = book.iter().find(|o| o.state != OrderState::Waiting) else {
            continue;
        };
        let id = order.id;
        let result = match order.state {
            OrderState::Open => book.assign(id, VehicleId(1), now, &mut sink),
            OrderState::Assigned { .. } if step % 11 == 0 => {
                bad += 1;
                book.cancel(id, now, &mut sink).map(|_| ())
            }
            OrderState::Assigned { .. } => book.loading(id, now, &mut sink),
            OrderState::Loading { .. } => book.loaded(id, now, &mut sink),
            OrderState::Carrying { .. } if step % 13 == 0 => {
                bad += 1;
                book.failed(id, Reason::LoadLost, now, &mut sink)
                    .map(|_| ())
            }
            OrderState::Carrying { .. } => book.unloading(id, now, &mut sink),
            _ => {
                done += 1;
                book.completed(id, now, &mut sink).map(|_| ())
            }
        };
        result.unwrap();
    }
    assert_eq!(COUNT.get() - before, 0);
    assert!(
        done > 1_000 && bad > 500 && full > 1_000,
        "{done} {bad} {full}"
    );
}
