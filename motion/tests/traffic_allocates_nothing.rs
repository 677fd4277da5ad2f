//! After its construction the traffic manager does not allocate, since it runs inside the control cycle.
//!
//! What could fool this test: another thread's allocations (this file holds one test only, and counts its own thread's),
//! and a life in which nothing happens (grants, refusals and reports are counted as well).
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use takt_maps::*;
use takt_motion::traffic::Traffic;
use takt_motion::{MotionProposal, Move};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: all calls go on to the system's allocator as they are; the counter is a constant-initialised thread local
// without destructor, so that counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const SIDE: u32 = 12;

/// A grid of `SIDE` x `SIDE` nodes with two-way edges and a zone, and a vehicle in each cell of its first three rows.
fn grid() -> Floor {
    let node = |i: u32| Node {
        name: i.to_string(),
        level: LevelId(0),
        x_mm: (i % SIDE * 1_000) as i32,
        y_mm: (i / SIDE * 1_000) as i32,
    };
    let nodes: Vec<Node> = (0..SIDE * SIDE).map(node).collect();
    let mut edges = Vec::new();
    for i in 0..SIDE * SIDE {
        let right = (i % SIDE + 1 < SIDE).then_some(i + 1);
        let above = (i / SIDE + 1 < SIDE).then_some(i + SIDE);
        for j in [right, above].into_iter().flatten() {
            let place = PlaceId(SIDE * SIDE + edges.len() as u32 / 2);
            for (from, to) in [(i, j), (j, i)] {
                edges.push(Edge {
                    from: NodeId(from),
                    to: NodeId(to),
                    place,
                    length_mm: 1_000,
                    speed_mm_s: 1_000,
                    kinds: 1,
                    twin: None,
                    door: None,
                });
            }
        }
    }
    let roadmap = Roadmap::new(nodes, edges);
    let kind = VehicleKind {
        name: "cart".into(),
        footprint: vec![],
        footprint_loaded: vec![],
        classes: [ClassId(0), ClassId(1)],
        speed_mm_s: [1_000, 800],
        acceleration_mm_s2: 500,
        deceleration_mm_s2: 500,
        turn_mrad_s: 1_000,
        reverse: true,
        transfer_ms: 1_000,
        battery: Battery::default(),
    };
    let vehicle = |i: u32| Vehicle {
        name: i.to_string(),
        kind: KindId(0),
        start: NodeId(i),
        address: None,
    };
    let zone = Zone {
        name: "top".into(),
        capacity: 5,
        places: (SIDE * SIDE - SIDE..SIDE * SIDE).map(PlaceId).collect(),
        outline: vec![],
    };
    Floor {
        conflicts: ConflictSets::from_pairs(roadmap.places(), 2, []),
        roadmap,
        kinds: vec![kind],
        classes: 2,
        vehicles: (0..3 * SIDE).map(vehicle).collect(),
        zones: vec![zone],
        ..Floor::default()
    }
}

/// Every vehicle goes straight up as far as there is room, the front row first.
fn go_up(floor: &Floor, traffic: &Traffic, rows: u32) -> MotionProposal {
    let mut moves = Vec::new();
    for i in (0..3 * SIDE).rev() {
        let vehicle = VehicleId(i as u16);
        let mut at = traffic.base_end(vehicle).0;
        for _ in 0..rows {
            let up = NodeId(at.0 + SIDE);
            let edge = floor.roadmap.edge_between(at, up, KindId(0)).unwrap();
            moves.push(Move { vehicle, edge });
            at = up;
        }
    }
    MotionProposal {
        stamp: 0,
        base_end: (0..3 * SIDE)
            .map(|i| traffic.base_end(VehicleId(i as u16)).1)
            .collect(),
        moves,
        work: 0,
    }
}

#[test]
fn nothing_is_allocated_after_construction() {
    let floor = grid();
    let fleet: Vec<VehicleId> = (0..3 * SIDE).map(|i| VehicleId(i as u16)).collect();
    let mut traffic = Traffic::new(&floor, 1_000);
    let unplaced = go_up_from_start(&floor);
    let (mut granted, mut refused) = (0, 0);

    let before = ALLOCATIONS.get();
    for &v in &fleet {
        let start = floor.vehicles[v.index()].start;
        assert!(traffic.place(&floor, v, start, false, None, 0).is_ok());
    }
    // Nine rows up is into the zone for five; eight is not.
    assert!(traffic.admit(&floor, &unplaced[1]).is_err());
    assert!(traffic.admit(&floor, &unplaced[0]).is_ok());
    for round in 0..40 {
        for &v in &fleet {
            match traffic.grant(&floor, v, 1_000, |_| true) {
                Ok(_) => granted += 1,
                Err(_) => refused += 1,
            }
            if round % 2 == 1 {
                let seq = traffic.base_end(v).1;
                assert!(traffic.reached(v, seq).is_ok());
            }
        }
        if round == 3 {
            traffic.drop_plan(fleet[30]);
            while !traffic.settle(10) {}
        }
    }
    for &v in &fleet {
        let _ = traffic.set_loaded(&floor, v, true);
        while !traffic.settle(10) {}
    }
    traffic.remove(fleet[0]);
    traffic.clear_plans();
    let hash = traffic.state_hash();
    let after = ALLOCATIONS.get();

    assert_eq!(after - before, 0, "allocations after construction");
    assert!(before > 0, "allocations are counted");
    assert!(
        granted > 100 && refused > 100 && hash != 0,
        "{granted} {refused}"
    );
    assert_eq!(traffic.audit(&floor), Ok(()));
}

/// Two proposals for the fleet at its start: eight rows up, and nine.
fn go_up_from_start(floor: &Floor) -> [MotionProposal; 2] {
    let mut traffic = Traffic::new(floor, 1);
    for (i, vehicle) in floor.vehicles.iter().enumerate() {
        let v = VehicleId::from_index(i);
        let placed = traffic.place(floor, v, vehicle.start, false, None, 0);
        assert_eq!(placed, Ok(()));
    }
    [8, 9].map(|rows| go_up(floor, &traffic, rows))
}
