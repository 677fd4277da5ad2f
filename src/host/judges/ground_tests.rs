//! What the judge of granted ground takes a vehicle to hold.
#![allow(clippy::unwrap_used)]

use super::*;
use std::sync::Arc;
use takt_maps::words::Waypoint;

use crate::scenario::floors::FloorChoice;

/// The vehicle of which all is about.
const IT: VehicleId = VehicleId(0);

struct Court {
    floor: Arc<Floor>,
    sim: SimFloor,
    ground: Ground,
    findings: Findings,
    sequence: u16,
}

impl Court {
    fn new() -> Self {
        let choice: FloorChoice = "grid-2x3-1-0".parse().unwrap();
        let floor = Arc::new(choice.load().unwrap());
        Self {
            sim: SimFloor::new(floor.clone(), 0),
            ground: Ground::new(&floor),
            findings: Findings::default(),
            sequence: 0,
            floor,
        }
    }

    fn ends(&self, from: NodeId) -> Vec<NodeId> {
        let edges = self.floor.roadmap.out_edges(from).iter();
        edges.map(|&e| self.floor.roadmap.edge(e).to).collect()
    }

    /// Tells the vehicle, for 10 ms, to go to a node.
    fn go(&mut self, epoch: u16, to: NodeId) {
        let node = self.floor.roadmap.node(to);
        self.sequence += 1;
        let mut command = VehicleCommand {
            epoch,
            sequence: self.sequence,
            validity_ms: 1_000,
            base_len: 1,
            ..VehicleCommand::default()
        };
        command.base[0] = Waypoint {
            seq: 1,
            node: to,
            x_mm: node.x_mm,
            y_mm: node.y_mm,
            speed_mm_s: 1_000,
            ..Waypoint::default()
        };
        let now_ms = self.sim.now_ms();
        let Self {
            floor,
            sim,
            ground,
            findings,
            ..
        } = self;
        ground.commanded(floor, sim, IT, &command, now_ms, findings);
        self.sim.vehicle_command(IT, &command);
        self.sim.step(10);
    }

    fn is_near(&self, node: NodeId) -> bool {
        is_near(&self.floor, self.sim.vehicle(IT).motion().position(), node)
    }

    fn holds(&self, node: NodeId) -> bool {
        let place = self.floor.roadmap.place_of(node);
        self.ground
            .held(&self.floor, &self.sim, IT)
            .contains(&place)
    }
}

#[test]
fn one_that_was_located_short_of_a_node_goes_on_from_there() {
    let mut court = Court::new();
    let first = court.sim.vehicle(IT).motion().node();
    // A node, and one after it to which there is no direct way.
    let two_on = court.ends(first).into_iter().find_map(|second| {
        let far = |third: &NodeId| *third != first && !court.ends(first).contains(third);
        let third = court.ends(second).into_iter().find(far)?;
        Some((second, third))
    });
    let (second, third) = two_on.unwrap();
    while !court.is_near(second) {
        court.go(1, second);
    }
    assert_eq!(court.sim.vehicle(IT).motion().node(), first);
    court.sim.switch_off_and_on(IT);
    assert!(court.holds(second) && !court.holds(first));
    let mut on_its_way = false;
    while !court.is_near(third) {
        court.go(2, third);
        on_its_way |= !court.is_near(second) && !court.is_near(third);
        assert!(court.holds(third) && !court.holds(first));
        assert!(court.holds(second) || court.is_near(third));
    }
    assert!(on_its_way);
    assert!(court.findings.violations.is_empty());
}
