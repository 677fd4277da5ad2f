//! Dispatch as a whole, on a street of nodes 10 m apart.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use proptest::prelude::*;
use takt_maps::{
    Battery, Charger, ChargerId, ClassId, Edge, EdgeId, KindId, LevelId, Node, NodeId, OrderId,
    PlaceId, Roadmap, VehicleKind,
};

fn kind(speed_mm_s: u32) -> VehicleKind {
    VehicleKind {
        name: String::new(),
        footprint: Vec::new(),
        footprint_loaded: Vec::new(),
        classes: [ClassId(0); 2],
        speed_mm_s: [speed_mm_s; 2],
        acceleration_mm_s2: 500,
        deceleration_mm_s2: 500,
        turn_mrad_s: 500,
        reverse: false,
        transfer_ms: 5_000,
        battery: Battery {
            capacity_wh: 1_000,
            low_permille: 200,
            enough_permille: 600,
            ..Battery::default()
        },
    }
}

/// A two-way street of `n` nodes, 10 s apart for kind 0 and 20 s for kind 1, with chargers and parking places at the nodes given. Kind 1 may not use its last edge.
fn street(n: usize, chargers: &[u32], parking: &[u32]) -> Floor {
    let node = |i: usize| Node {
        name: format!("n{i}"),
        level: LevelId(0),
        x_mm: i as i32 * 10_000,
        y_mm: 0,
    };
    let mut edges = Vec::new();
    for i in 0..n - 1 {
        for (from, to) in [(i, i + 1), (i + 1, i)] {
            edges.push(Edge {
                from: NodeId::from_index(from),
                to: NodeId::from_index(to),
                place: PlaceId::from_index(n + i),
                length_mm: 10_000,
                speed_mm_s: 1_000,
                kinds: if i == n - 2 { 0b01 } else { 0b11 },
                twin: Some(EdgeId::from_index(edges.len() ^ 1)),
                door: None,
            });
        }
    }
    let charger = |&node: &u32| Charger {
        name: String::new(),
        node: NodeId(node),
        device: None,
    };
    Floor {
        roadmap: Roadmap::new((0..n).map(node).collect(), edges),
        kinds: vec![kind(1_000), kind(500)],
        chargers: chargers.iter().map(charger).collect(),
        parking: parking.iter().map(|&n| NodeId(n)).collect(),
        ..Floor::default()
    }
}

fn idle_at(node: u32) -> VehicleState {
    VehicleState {
        present: true,
        available: true,
        free_node: NodeId(node),
        battery_permille: 900,
        ..VehicleState::default()
    }
}

fn order(id: u64, pickup: u32, drop: u32) -> OpenOrder {
    OpenOrder {
        id: OrderId(id),
        pickup: NodeId(pickup),
        drop: NodeId(drop),
        ..OpenOrder::default()
    }
}

fn snapshot(orders: Vec<OpenOrder>, vehicles: Vec<VehicleState>) -> DispatchSnapshot {
    DispatchSnapshot {
        stamp: 9,
        orders,
        vehicles,
        chargers: vec![true; 4],
        ..DispatchSnapshot::default()
    }
}

fn solve(floor: &Floor, snapshot: &DispatchSnapshot) -> DispatchProposal {
    Dispatcher::new(floor, DispatchOptions::default()).solve(floor, snapshot)
}

/// What a vehicle is told.
fn task(proposal: &DispatchProposal, vehicle: u16) -> Option<Task> {
    let told = |&&(v, _): &&(VehicleId, Task)| v == VehicleId(vehicle);
    proposal.assignments.iter().find(told).map(|&(_, t)| t)
}

fn carries(id: u64) -> Option<Task> {
    Some(Task::Order(OrderId(id)))
}

#[test]
fn the_sum_of_ways_counts_not_the_nearest_pair() {
    let floor = street(20, &[], &[]);
    // Vehicle 1 is nearer to both; if it took order 1, vehicle 0 would have to go all the way.
    let s = snapshot(
        vec![order(1, 6, 15), order(2, 9, 15)],
        vec![idle_at(1), idle_at(7)],
    );
    let p = solve(&floor, &s);
    assert_eq!((task(&p, 0), task(&p, 1)), (carries(1), carries(2)));
    assert_eq!((p.stamp, p.method), (9, Method::Milp));
}

#[test]
fn scarce_vehicles_go_where_it_is_urgent() {
    let floor = street(20, &[], &[]);
    let vehicles = vec![idle_at(5)];
    let near = order(1, 6, 15);
    let rush = OpenOrder {
        priority: 9,
        ..order(2, 1, 15)
    };
    let p = solve(&floor, &snapshot(vec![near, rush], vehicles.clone()));
    assert_eq!(task(&p, 0), carries(2));
    let due = OpenOrder {
        deadline_ms: Some(60_000),
        ..order(2, 1, 4)
    };
    let p = solve(&floor, &snapshot(vec![near, due], vehicles.clone()));
    assert_eq!(task(&p, 0), carries(2));
    let mut s = snapshot(vec![near, order(2, 1, 15)], vehicles);
    s.now_ms = 600_000;
    s.orders[0].open_since_ms = 590_000;
    assert_eq!(task(&solve(&floor, &s), 0), carries(2), "waits for longer");
}

#[test]
fn an_order_is_held_back_for_a_busy_vehicle_but_not_for_ever() {
    let floor = street(20, &[], &[]);
    let soon = VehicleState {
        available: false,
        free_at_ms: 1_000,
        ..idle_at(10)
    };
    let mut s = snapshot(vec![order(1, 10, 15)], vec![idle_at(0), soon]);
    let p = solve(&floor, &s);
    assert_eq!(p.assignments, []);
    assert_eq!(p.method, Method::Milp);
    s.now_ms = 60_000;
    s.vehicles[1].free_at_ms = 61_000;
    assert_eq!(task(&solve(&floor, &s), 0), carries(1));
}

#[test]
fn a_vehicle_on_its_way_keeps_its_order_unless_another_is_much_nearer() {
    let floor = street(20, &[], &[]);
    let mut s = snapshot(vec![order(1, 10, 15)], vec![idle_at(8), idle_at(12)]);
    for v in [0, 1] {
        s.orders[0].assigned = Some(VehicleId(v));
        assert_eq!(task(&solve(&floor, &s), v), carries(1));
    }
    s.orders[0].assigned = Some(VehicleId(0));
    s.vehicles[1].free_node = NodeId(11);
    let p = solve(&floor, &s);
    assert_eq!((task(&p, 0), task(&p, 1)), (None, carries(1)));
}

#[test]
fn orders_that_cannot_be_reached_are_left_out_and_named() {
    let floor = street(8, &[], &[]);
    let heavy = VehicleState {
        kind: KindId(1),
        ..idle_at(0)
    };
    let absent = VehicleState {
        present: false,
        ..idle_at(0)
    };
    // Only kind 0 can go to node 7.
    let s = snapshot(
        vec![order(1, 2, 7), order(2, 3, 5), order(3, 3, 99)],
        vec![heavy, absent],
    );
    let p = solve(&floor, &s);
    assert_eq!(p.assignments, [(VehicleId(0), Task::Order(OrderId(2)))]);
    assert_eq!(p.unreachable, [OrderId(1), OrderId(3)]);
}

#[test]
fn low_batteries_are_charged_before_anything_else() {
    let floor = street(20, &[2, 18], &[]);
    let with = |node, battery_permille| VehicleState {
        battery_permille,
        ..idle_at(node)
    };
    // All three are nearer to charger 0; only one fits, and who has enough carries the order.
    let s = snapshot(
        vec![order(1, 2, 5)],
        vec![with(2, 150), with(3, 190), with(9, 700)],
    );
    let p = solve(&floor, &s);
    assert_eq!(task(&p, 0), Some(Task::Charge(ChargerId(0))));
    assert_eq!(task(&p, 1), Some(Task::Charge(ChargerId(1))));
    assert_eq!(task(&p, 2), carries(1));
    // A charger that is out of order does not count.
    let mut s = s;
    s.chargers = vec![false, true];
    let p = solve(&floor, &s);
    let charging = |v| task(&p, v) == Some(Task::Charge(ChargerId(1)));
    assert!(charging(0) ^ charging(1));
    assert_eq!(task(&p, 2), carries(1));
}

#[test]
fn charging_goes_on_until_there_is_enough_or_while_there_is_nothing_to_do() {
    let floor = street(20, &[2], &[10]);
    let charge = Some(Task::Charge(ChargerId(0)));
    let at = |battery_permille| VehicleState {
        battery_permille,
        charging: Some(ChargerId(0)),
        task: charge,
        ..idle_at(2)
    };
    let with = |battery, orders| task(&solve(&floor, &snapshot(orders, vec![at(battery)])), 0);
    assert_eq!(with(599, vec![order(1, 2, 5)]), charge);
    assert_eq!(with(600, vec![order(1, 2, 5)]), carries(1));
    assert_eq!(with(600, vec![]), charge);
    assert_eq!(with(990, vec![]), Some(Task::Park(NodeId(10))));
    // Idle time is used for charging; a vehicle that must charge takes the place of one that need not.
    let idle = |battery_permille| VehicleState {
        battery_permille,
        ..idle_at(6)
    };
    let p = solve(&floor, &snapshot(vec![], vec![idle(500)]));
    assert_eq!(task(&p, 0), charge);
    let p = solve(&floor, &snapshot(vec![], vec![at(700), idle(150)]));
    assert_eq!(
        (task(&p, 0), task(&p, 1)),
        (Some(Task::Park(NodeId(10))), charge)
    );
    let p = solve(&floor, &snapshot(vec![], vec![at(300), idle(150)]));
    assert_eq!(
        (task(&p, 0), task(&p, 1)),
        (charge, Some(Task::Park(NodeId(10))))
    );
}

#[test]
fn idle_vehicles_park_at_the_nearest_free_places_and_stay_there() {
    let floor = street(20, &[], &[0, 5, 6]);
    let mut s = snapshot(
        vec![],
        vec![idle_at(7), idle_at(5), idle_at(19), idle_at(1)],
    );
    s.parking_blocked = vec![false, false, true];
    s.vehicles[2].task = Some(Task::Park(NodeId(5)));
    let p = solve(&floor, &s);
    let park = |n| Some(Task::Park(NodeId(n)));
    assert_eq!(task(&p, 2), park(5), "on its way there");
    assert_eq!(task(&p, 3), park(0));
    assert_eq!((task(&p, 0), task(&p, 1)), (None, None));
}

#[test]
fn the_greedy_answer_counts_where_the_solver_may_not_look() {
    let floor = street(20, &[], &[]);
    let options = DispatchOptions {
        cutoff_ms: Some(0),
        ..DispatchOptions::default()
    };
    let s = snapshot(vec![order(1, 6, 15)], vec![idle_at(1), idle_at(7)]);
    let p = Dispatcher::new(&floor, options).solve(&floor, &s);
    assert_eq!(task(&p, 1), carries(1));
    assert_eq!(p.method, Method::Greedy);
}

/// Random vehicles: node, kind, state of charge, and a number that decides the rest.
fn any_vehicle() -> impl Strategy<Value = VehicleState> {
    (0u32..12, 0u8..2, 0u16..1000, 0u8..10, 0u64..60_000).prop_map(
        |(node, kind, battery_permille, what, ms)| VehicleState {
            present: what != 0,
            available: what > 3,
            kind: KindId(kind),
            free_node: NodeId(node),
            free_at_ms: ms,
            battery_permille,
            charging: (what == 4).then_some(ChargerId(node as u16 % 2)),
            task: (what == 5).then_some(Task::Charge(ChargerId(node as u16 % 2))),
        },
    )
}

fn any_order() -> impl Strategy<Value = OpenOrder> {
    (
        0u32..12,
        0u32..12,
        0u8..10,
        0u64..90_000,
        prop::option::of(0u64..200_000),
    )
        .prop_map(
            |(pickup, drop, priority, open_since_ms, deadline_ms)| OpenOrder {
                priority,
                open_since_ms,
                deadline_ms,
                ..order(1, pickup, drop)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the state: nobody gets two tasks, no task goes to two, nobody with a low battery gets an order, no
    /// charger is given to two, what can be done is done, and the answer repeats.
    #[test]
    fn every_answer_keeps_the_rules(
        vehicles in prop::collection::vec(any_vehicle(), 1..9),
        mut orders in prop::collection::vec(any_order(), 0..9),
        seed: u64,
    ) {
        let floor = street(12, &[1, 8], &[0, 3, 11]);
        for (i, order) in orders.iter_mut().enumerate() {
            order.id = OrderId(i as u64 + 1);
        }
        let mut s = snapshot(orders, vehicles);
        s.now_ms = 90_000;
        let options = DispatchOptions { seed, ..DispatchOptions::default() };
        let mut dispatcher = Dispatcher::new(&floor, options);
        let p = dispatcher.solve(&floor, &s);
        prop_assert_eq!(&dispatcher.solve(&floor, &s), &p);
        prop_assert_eq!(&Dispatcher::new(&floor, options).solve(&floor, &s), &p);

        let greedy = DispatchOptions { cutoff_ms: Some(0), ..options };
        let greedy = Dispatcher::new(&floor, greedy).solve(&floor, &s);
        let narrow = DispatchOptions { candidates: 1, ..options };
        let narrow = Dispatcher::new(&floor, narrow).solve(&floor, &s);
        prop_assert!(p.objective >= narrow.objective && narrow.objective >= greedy.objective);

        prop_assert!(p.assignments.is_sorted_by(|a, b| a.0 < b.0));
        for (i, &(v, task)) in p.assignments.iter().enumerate() {
            prop_assert!(p.assignments[..i].iter().all(|&(_, t)| t != task));
            let vehicle = &s.vehicles[v.index()];
            prop_assert!(vehicle.present && vehicle.available);
            let needed = if vehicle.charging.is_some() { 600 } else { 200 };
            if let Task::Order(id) = task {
                prop_assert!(vehicle.battery_permille >= needed);
                prop_assert!(!p.unreachable.contains(&id));
            }
        }
        // Nobody idles who could carry an order that is given to nobody, unless it is held back.
        let given = |task| p.assignments.iter().any(|&(_, t)| t == task);
        let busy = s.vehicles.iter().any(|v| v.present && !v.available);
        for order in &s.orders {
            let (id, waited) = (order.id, s.now_ms - order.open_since_ms);
            if given(Task::Order(id)) || (busy && waited <= 30_000) || p.unreachable.contains(&id) {
                continue;
            }
            for (v, vehicle) in s.vehicles.iter().enumerate() {
                let told = task(&p, v as u16);
                let free = vehicle.present && vehicle.available && !matches!(told, Some(Task::Order(_)));
                let fit = vehicle.battery_permille >= if vehicle.charging.is_some() { 600 } else { 200 };
                let way = vehicle.kind == KindId(0) || (order.pickup.0 < 11 && order.drop.0 < 11 && vehicle.free_node.0 < 11);
                prop_assert!(!(free && fit && way), "vehicle {} idles, order {} waits", v, id.0);
            }
        }
    }
}
