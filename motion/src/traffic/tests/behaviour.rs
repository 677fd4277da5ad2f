//! What users of traffic count on, one thing a test.

use super::floors::{floor, kind};
use crate::traffic::{Refusal, ReportFault, Traffic, Wait};
use crate::{MotionProposal, Move};
use takt_maps::words::{BASE_WINDOW, Drive};
use takt_maps::*;

const A: VehicleId = VehicleId(0);
const B: VehicleId = VehicleId(1);

/// Nodes 0 to 5 in a line, 1 m apart, ways in both directions: edges `2 i` east and `2 i + 1` west of node `i`.
fn line(vehicles: usize) -> Floor {
    let at = [0, 1, 2, 3, 4, 5].map(|i| (1_000 * i, 0));
    let ways = [0, 1, 2, 3, 4].map(|i| (i, i + 1, true));
    floor(&at, &ways, vehicles)
}

fn east(vehicle: VehicleId, from: u32) -> Move {
    let edge = EdgeId(2 * from);
    Move { vehicle, edge }
}

fn west(vehicle: VehicleId, from: u32) -> Move {
    let edge = EdgeId(2 * from - 1);
    Move { vehicle, edge }
}

fn plan(base_end: &[u32], moves: &[Move]) -> MotionProposal {
    MotionProposal {
        base_end: base_end.to_vec(),
        moves: moves.to_vec(),
        ..MotionProposal::default()
    }
}

/// Vehicles at these nodes, facing east, numbered from 0.
fn traffic(floor: &Floor, nodes: &[u32]) -> Traffic {
    let mut traffic = Traffic::new(floor, 32);
    for (i, &node) in nodes.iter().enumerate() {
        let v = VehicleId::from_index(i);
        let placed = traffic.place(floor, v, NodeId(node), false, Some((1, 0)), 0);
        assert_eq!(placed, Ok(()));
    }
    traffic
}

fn grant(traffic: &mut Traffic, floor: &Floor, v: VehicleId) -> Result<u32, Wait> {
    traffic.grant(floor, v, 10_000, |_| true).map(|w| w.seq)
}

#[test]
fn a_follower_gets_ground_only_when_it_is_released() {
    let floor = line(2);
    let mut t = traffic(&floor, &[0, 1]);
    let moves = [east(B, 1), east(A, 0), east(B, 2)];
    assert_eq!(t.admit(&floor, &plan(&[0, 0], &moves)), Ok(()));
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::Held { by: B }));
    assert_eq!(grant(&mut t, &floor, B), Ok(1));
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::Held { by: B }));
    assert_eq!(t.reached(B, 1), Ok(1));
    assert_eq!(t.holder(PlaceId(1)), None);
    // Node 1 is free, but the way there touches nothing of B only once B is off node 2's western way: it is.
    assert_eq!(grant(&mut t, &floor, A), Ok(1));
    assert_eq!(t.base_length_mm(A), 1_000);
    assert_eq!(t.base_beyond_next_mm(A), 0);
    assert_eq!((t.at_rest(A), t.at_rest(B)), (None, Some(NodeId(2))));
}

#[test]
fn who_is_planned_later_waits_although_the_ground_is_free() {
    // B goes to 2 first and comes back; A then takes the same node.
    let floor = line(2);
    let mut t = traffic(&floor, &[0, 4]);
    let moves = [
        west(B, 4),
        west(B, 3),
        east(B, 2),
        east(B, 3),
        east(A, 0),
        east(A, 1),
    ];
    assert_eq!(t.admit(&floor, &plan(&[0, 0], &moves)), Ok(()));
    assert_eq!(grant(&mut t, &floor, A), Ok(1));
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::Order { behind: B }));
    for seq in 1..=4 {
        assert_eq!(grant(&mut t, &floor, B), Ok(seq));
    }
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::Held { by: B }));
    assert_eq!(t.reached(B, 4), Ok(4));
    assert_eq!(grant(&mut t, &floor, A), Ok(2));
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::NoMove));
}

#[test]
fn the_base_never_outgrows_the_window() {
    let floor = line(1);
    let mut t = traffic(&floor, &[0]);
    let there_and_back: Vec<Move> = (0..8).flat_map(|_| [east(A, 0), west(A, 1)]).collect();
    assert_eq!(t.admit(&floor, &plan(&[0], &there_and_back)), Ok(()));
    for seq in 1..=BASE_WINDOW as u32 {
        assert_eq!(grant(&mut t, &floor, A), Ok(seq));
    }
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::BaseFull));
    assert_eq!(t.base(A).count(), BASE_WINDOW);
    assert_eq!(t.reached(A, 1), Ok(1));
    assert_eq!(grant(&mut t, &floor, A), Ok(BASE_WINDOW as u32 + 1));
    assert_eq!(t.pending(A).count(), 16 - BASE_WINDOW - 1);
    assert_eq!(t.audit(&floor), Ok(()));
}

#[test]
fn a_vehicle_that_lies_about_its_waypoints_changes_nothing() {
    let floor = line(1);
    let mut t = Traffic::new(&floor, 8);
    assert_eq!(t.reached(A, 0), Err(ReportFault::NotPlaced));
    assert_eq!(t.place(&floor, A, NodeId(0), false, None, 7), Ok(()));
    assert_eq!(t.admit(&floor, &plan(&[7], &[east(A, 0)])), Ok(()));
    assert_eq!(grant(&mut t, &floor, A), Ok(8));
    let never = ReportFault::NeverGranted {
        reached: 9,
        granted: 8,
    };
    assert_eq!(t.reached(A, 9), Err(never));
    assert_eq!(t.reached(A, 8), Ok(1));
    assert_eq!(t.reached(A, 8), Ok(0));
    let backward = ReportFault::Backward {
        reached: 7,
        before: 8,
    };
    assert_eq!(t.reached(A, 7), Err(backward));
    assert_eq!(t.last_reached(A), (NodeId(1), 8));
}

#[test]
fn speed_is_the_least_of_edge_vehicle_and_argument_and_kinds_that_can_reverse_do() {
    let mut floor = line(1);
    floor.kinds[0].classes = [ClassId(0), ClassId(0)];
    let mut t = traffic(&floor, &[2]);
    let moves = [east(A, 2), west(A, 3), west(A, 2), east(A, 1)];
    assert_eq!(t.admit(&floor, &plan(&[0], &moves)), Ok(()));
    let first = t.grant(&floor, A, 10_000, |_| true).unwrap();
    assert_eq!((first.speed_mm_s, first.drive), (1_200, Drive::Forward));
    assert_eq!((first.x_mm, first.y_mm), (3_000, 0));
    assert_eq!(t.reached(A, 1), Ok(1));
    assert_eq!(t.set_loaded(&floor, A, true), Ok(()));
    let second = t.grant(&floor, A, 10_000, |_| true).unwrap();
    assert_eq!((second.speed_mm_s, second.drive), (1_000, Drive::Backward));
    assert_eq!(t.heading(A), Some((1_000, 0)));
    let third = t.grant(&floor, A, 0, |_| true).unwrap();
    assert_eq!((third.speed_mm_s, third.drive), (1, Drive::Backward));
    assert_eq!(t.set_loaded(&floor, A, false), Err(Refusal::NotAtRest));
}

#[test]
fn a_door_is_asked_last_and_held_until_the_edge_is_behind() {
    let mut floor = line(2);
    let mut edges = floor.roadmap.edges().to_vec();
    edges[2].door = Some(DoorId(0));
    floor.doors = vec![Door {
        name: "door".into(),
        ends: [(1_500, -500), (1_500, 500)],
        device: None,
    }];
    floor.roadmap = Roadmap::new(floor.roadmap.nodes().to_vec(), edges);
    let mut t = traffic(&floor, &[1, 3]);
    let moves = [east(B, 3), east(A, 1), east(A, 2)];
    assert_eq!(t.admit(&floor, &plan(&[0, 0], &moves)), Ok(()));
    let shut = t.grant(&floor, A, 1_000, |_| false);
    assert_eq!(shut, Err(Wait::Gate(EdgeId(2))));
    assert!(!t.holds_door(&floor, A, DoorId(0)));
    assert_eq!(grant(&mut t, &floor, A), Ok(1));
    assert!(t.holds_door(&floor, A, DoorId(0)) && !t.holds_door(&floor, B, DoorId(0)));
    assert!(t.is_door_held(DoorId(0)));
    assert_eq!(t.reached(A, 1), Ok(1));
    assert!(!t.holds_door(&floor, A, DoorId(0)) && !t.is_door_held(DoorId(0)));
    // While B holds what A needs, nobody asks for the door.
    let asked = t.grant(&floor, A, 1_000, |_| panic!("the gate is asked last"));
    assert_eq!(asked, Err(Wait::Held { by: B }));
}

#[test]
fn a_proposal_that_was_overtaken_holds_as_far_as_it_agrees() {
    let floor = line(1);
    let mut t = traffic(&floor, &[1]);
    assert_eq!(
        t.admit(&floor, &plan(&[0], &[east(A, 1), east(A, 2)])),
        Ok(())
    );
    assert_eq!(grant(&mut t, &floor, A), Ok(1));
    // Both answer the snapshot from before the grant.
    let other = plan(&[0], &[west(A, 1)]);
    let stale = Err(Refusal::Stale { vehicle: A });
    assert_eq!(t.admit(&floor, &other), stale);
    let same = plan(&[0], &[east(A, 1), west(A, 2), west(A, 1)]);
    assert_eq!(t.admit(&floor, &same), Ok(()));
    assert_eq!(t.pending(A).collect::<Vec<_>>(), [EdgeId(3), EdgeId(1)]);
    assert_eq!(t.admit(&floor, &plan(&[2], &[])), stale);
}

#[test]
fn what_cannot_be_taken_on_is_refused_with_its_reason() {
    let floor = line(2);
    let mut t = traffic(&floor, &[0, 2]);
    let mut refused = |base_end: &[u32], moves: &[Move]| {
        let result = t.admit(&floor, &plan(base_end, moves));
        assert_eq!(t.pending(A).count() + t.pending(B).count(), 0);
        result.unwrap_err()
    };
    let other = B;
    let rank = 1;
    let conflict = Refusal::Conflict { rank, other };
    assert_eq!(refused(&[0, 0], &[east(A, 0), east(A, 1)]), conflict);
    let wrong = Refusal::WrongStart { rank: 0 };
    assert_eq!(refused(&[0, 0], &[east(A, 1)]), wrong);
    let unknown = Refusal::UnknownVehicle(VehicleId(9));
    assert_eq!(refused(&[0, 0], &[east(VehicleId(9), 0)]), unknown);
    let unknown = Refusal::UnknownEdge(EdgeId(80));
    assert_eq!(refused(&[0, 0], &[east(A, 40)]), unknown);
    assert_eq!(refused(&[0], &[]), Refusal::WrongFleet { vehicles: 1 });
    let many = [east(A, 0); 33];
    assert_eq!(refused(&[0, 0], &many), Refusal::TooLong { moves: 33 });

    let place = |t: &mut Traffic, v, node, seq| t.place(&floor, v, node, false, None, seq);
    assert_eq!(place(&mut t, A, NodeId(3), 0), Err(Refusal::AlreadyPlaced));
    t.remove(A);
    assert_eq!(place(&mut t, A, NodeId(2), 0), Err(Refusal::Held { by: B }));
    let nowhere = NodeId(99);
    assert_eq!(
        place(&mut t, A, nowhere, 0),
        Err(Refusal::UnknownNode(nowhere))
    );
    assert_eq!(
        place(&mut t, A, NodeId(4), u32::MAX),
        Err(Refusal::Sequence)
    );
    let absent = plan(&[0, 0], &[east(A, 4)]);
    assert_eq!(t.admit(&floor, &absent), Err(Refusal::NotPlaced(A)));
    assert_eq!(t.set_loaded(&floor, A, true), Err(Refusal::NotPlaced(A)));
    assert_eq!(place(&mut t, A, NodeId(4), 5), Ok(()));
    assert_eq!(t.base_end(A), (NodeId(4), 5));
}

#[test]
fn a_vehicle_taken_off_frees_its_ground_and_leaves_others_plans() {
    let floor = line(2);
    let mut t = traffic(&floor, &[0, 2]);
    let moves = [east(B, 2), east(A, 0), east(B, 3), east(A, 1)];
    assert_eq!(t.admit(&floor, &plan(&[0, 0], &moves)), Ok(()));
    assert_eq!(grant(&mut t, &floor, B), Ok(1));
    t.remove(B);
    assert!(!t.is_placed(B) && t.held(B).next().is_none());
    assert!((2..=3).all(|p| t.holder(PlaceId(p)).is_none()));
    assert_eq!((t.pending(A).count(), t.pending(B).count()), (2, 0));
    assert_eq!(grant(&mut t, &floor, A), Ok(1));
    assert_eq!(grant(&mut t, &floor, A), Ok(2));
    assert_eq!(t.audit(&floor), Ok(()));
}

#[test]
fn without_a_plan_that_made_room_others_plans_shrink_to_what_still_holds() {
    let floor = line(2);
    let mut t = traffic(&floor, &[0, 2]);
    let moves = [east(B, 2), east(A, 0), east(A, 1)];
    assert_eq!(t.admit(&floor, &plan(&[0, 0], &moves)), Ok(()));
    t.drop_plan(B);
    assert_eq!(grant(&mut t, &floor, A), Err(Wait::Rehearsal));
    assert!(!t.settle(1) && t.settle(2));
    // A may still go to 1, not to 2.
    assert_eq!(t.pending(A).collect::<Vec<_>>(), [EdgeId(0)]);
    t.clear_plans();
    assert_eq!(t.pending(A).count(), 0);
    assert_eq!(t.audit(&floor), Ok(()));
}

#[test]
fn a_wider_load_is_taken_only_where_there_is_room() {
    // Loaded vehicles conflict with the next node.
    let mut floor = line(2);
    floor.kinds = vec![kind([0, 1], false)];
    floor.classes = 2;
    let pair = |a: u8, p: u32, b: u8, q: u32| ((ClassId(a), PlaceId(p)), (ClassId(b), PlaceId(q)));
    let pairs = (0..5).flat_map(|i| [pair(1, i, 0, i + 1), pair(0, i, 1, i + 1)]);
    floor.conflicts = ConflictSets::from_pairs(floor.roadmap.places(), 2, pairs);
    let mut t = traffic(&floor, &[0, 1]);
    let held = Err(Refusal::Held { by: B });
    assert_eq!(t.set_loaded(&floor, A, true), held);
    assert!(!t.is_loaded(A));
    let away = plan(&[0, 0], &[east(B, 1), east(B, 2), west(B, 3), west(B, 2)]);
    assert_eq!(t.admit(&floor, &away), Ok(()));
    assert_eq!(grant(&mut t, &floor, B), Ok(1));
    assert_eq!(t.reached(B, 1), Ok(1));
    assert_eq!(t.set_loaded(&floor, A, true), Ok(()));
    assert!(t.is_unsettled() && t.settle(usize::MAX));
    // B does not come back beside the load.
    assert_eq!(t.pending(B).collect::<Vec<_>>(), [EdgeId(4), EdgeId(5)]);
    assert_eq!(t.audit(&floor), Ok(()));
}

#[test]
fn a_vehicle_that_forgot_its_base_is_told_it_again_under_new_numbers() {
    let floor = line(1);
    let mut t = traffic(&floor, &[0]);
    let moves = [east(A, 0), east(A, 1), east(A, 2)];
    assert_eq!(t.admit(&floor, &plan(&[0], &moves)), Ok(()));
    assert_eq!(
        (grant(&mut t, &floor, A), grant(&mut t, &floor, A)),
        (Ok(1), Ok(2))
    );
    assert_eq!(t.renumber(A, u32::MAX), Err(Refusal::Sequence));
    assert_eq!(t.renumber(A, 40), Ok(()));
    let told: Vec<_> = t.base(A).map(|w| (w.seq, w.node)).collect();
    assert_eq!(told, [(41, NodeId(1)), (42, NodeId(2))]);
    assert_eq!(grant(&mut t, &floor, A), Ok(43));
    assert_eq!(t.reached(A, 43), Ok(3));
    assert_eq!(t.audit(&floor), Ok(()));
}

#[test]
fn a_plan_is_admitted_a_few_moves_at_a_time_and_nothing_is_granted_before_its_end() {
    let floor = line(2);
    let mut t = traffic(&floor, &[0, 2]);
    let old = plan(&[0, 0], &[east(A, 0)]);
    assert_eq!(t.admit(&floor, &old), Ok(()));
    let new = plan(&[0, 0], &[east(B, 2), east(A, 0), east(A, 1)]);
    assert_eq!(t.begin_admission(&new), Ok(()));
    assert_eq!(t.begin_admission(&new), Err(Refusal::Rehearsing));
    // Two vehicles, then three moves.
    for _ in 0..5 {
        assert_eq!(t.admit_some(&floor, &new, 1), None);
        assert_eq!(grant(&mut t, &floor, A), Err(Wait::Rehearsal));
        assert_eq!(t.pending(A).collect::<Vec<_>>(), [EdgeId(0)]);
        assert_eq!(t.audit(&floor), Ok(()));
    }
    assert_eq!(t.admit_some(&floor, &new, 1), Some(Ok(())));
    assert_eq!(t.pending(A).count() + t.pending(B).count(), 3);
    assert_eq!(grant(&mut t, &floor, A), Ok(1));
}

#[test]
fn who_comes_or_changes_its_footprint_waits_for_a_rehearsal_and_who_goes_ends_it() {
    let mut floor = line(3);
    floor.kinds = vec![kind([0, 1], false)];
    floor.classes = 2;
    floor.conflicts = ConflictSets::from_pairs(floor.roadmap.places(), 2, []);
    let c = VehicleId(2);
    let mut t = traffic(&floor, &[0, 2, 5]);
    t.remove(c);
    let moves = plan(&[0, 0, 0], &[east(A, 0), east(B, 2)]);
    assert_eq!(t.begin_admission(&moves), Ok(()));
    let rehearsing = Err(Refusal::Rehearsing);
    assert_eq!(t.set_loaded(&floor, A, true), rehearsing);
    assert_eq!(t.set_loaded(&floor, A, false), Ok(()), "nothing changes");
    let place = |t: &mut Traffic| t.place(&floor, c, NodeId(5), false, None, 0);
    assert_eq!(place(&mut t), rehearsing);
    t.remove(B);
    let overtaken = Some(Err(Refusal::Overtaken));
    assert_eq!(t.admit_some(&floor, &moves, 9), overtaken);
    assert_eq!(place(&mut t), Ok(()));
    assert_eq!(t.begin_admission(&moves), Ok(()));
    assert_eq!(t.renumber(A, 7), Ok(()));
    assert_eq!(t.admit_some(&floor, &moves, 9), overtaken);
    // Another proposal than the one that was begun with.
    let other = plan(&[7, 0, 0], &[]);
    assert_eq!(t.begin_admission(&moves), Ok(()));
    assert_eq!(t.admit_some(&floor, &other, 9), overtaken);
    assert_eq!(t.admit(&floor, &other), Ok(()));
    assert_eq!(t.audit(&floor), Ok(()));
}
