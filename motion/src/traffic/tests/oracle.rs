//! The oracle: what is legal, pair by pair from the definition, without any of the tables of traffic.

use super::floors::Dice;
use crate::traffic::Traffic;
use crate::{MotionProposal, Move};
use std::collections::BTreeMap;
use takt_maps::*;

/// Who stands where, with its class.
pub type Stand = BTreeMap<VehicleId, (ClassId, NodeId)>;

pub fn vehicles(floor: &Floor) -> impl Iterator<Item = VehicleId> + use<> {
    (0..floor.vehicles.len()).map(VehicleId::from_index)
}

/// Everyone at the end of their base.
pub fn at_base_ends(floor: &Floor, traffic: &Traffic) -> Stand {
    vehicles(floor)
        .filter(|&v| traffic.is_placed(v))
        .map(|v| {
            let class = floor.kind_of(v).class(traffic.is_loaded(v));
            (v, (class, traffic.base_end(v).0))
        })
        .collect()
}

/// May this move be carried out while all others stand? Then it is.
pub fn carry_out(floor: &Floor, stand: &mut Stand, m: &Move) -> bool {
    let Some(&(class, at)) = stand.get(&m.vehicle) else {
        return false;
    };
    let Some(edge) = floor.roadmap.edges().get(m.edge.index()) else {
        return false;
    };
    let uses = [edge.place, PlaceId(edge.to.0)];
    let others: Vec<(ClassId, PlaceId)> = stand
        .iter()
        .filter(|(v, _)| **v != m.vehicle)
        .map(|(_, &(class, node))| (class, PlaceId(node.0)))
        .collect();
    let touches = others.iter().any(|&other| {
        uses.iter()
            .any(|&p| floor.conflicts.conflict((class, p), other))
    });
    let overfull = floor.zones.iter().any(|zone| {
        let inside = others.iter().filter(|o| zone.places.contains(&o.1));
        uses.iter().any(|p| zone.places.contains(p))
            && inside.count() + 1 > usize::from(zone.capacity)
    });
    let legal = edge.from == at
        && edge.allows(floor.vehicles[m.vehicle.index()].kind)
        && !touches
        && !overfull;
    if legal {
        stand.insert(m.vehicle, (class, edge.to));
    }
    legal
}

/// All moves that may be carried out now.
pub fn legal_moves(floor: &Floor, stand: &Stand) -> Vec<Move> {
    let mut moves = Vec::new();
    for (&vehicle, &(_, node)) in stand {
        for &edge in floor.roadmap.out_edges(node) {
            let m = Move { vehicle, edge };
            if carry_out(floor, &mut stand.clone(), &m) {
                moves.push(m);
            }
        }
    }
    moves
}

/// A proposal of legal moves from the base ends as they are now.
pub fn propose(floor: &Floor, traffic: &Traffic, dice: &mut Dice, length: usize) -> MotionProposal {
    let mut stand = at_base_ends(floor, traffic);
    let mut moves = Vec::new();
    for _ in 0..length {
        let legal = legal_moves(floor, &stand);
        if legal.is_empty() {
            break;
        }
        let m = *dice.pick(&legal);
        assert!(carry_out(floor, &mut stand, &m));
        moves.push(m);
    }
    MotionProposal {
        stamp: 0,
        base_end: vehicles(floor).map(|v| traffic.base_end(v).1).collect(),
        moves,
        work: 0,
    }
}

/// Can no two vehicles touch, whatever pair of places that they hold one looks at?
pub fn nothing_touches(floor: &Floor, traffic: &Traffic) -> bool {
    let held = |v: VehicleId| {
        let class = floor.kind_of(v).class(traffic.is_loaded(v));
        traffic.held(v).map(move |p| (class, p))
    };
    vehicles(floor).all(|a| {
        vehicles(floor)
            .filter(|&b| b > a)
            .all(|b| held(a).all(|x| held(b).all(|y| !floor.conflicts.conflict(x, y))))
    })
}
