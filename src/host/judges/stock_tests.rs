//! What the judge of stock objects to, and to what not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use takt_maps::{StationId, VehicleId};
use takt_scheduler::orders::Stop;
use takt_sim::stock::Cargo;

struct Court {
    floor: Floor,
    stock: Stock,
    orders: Orders,
    findings: Findings,
}

const ORDER: OrderId = OrderId(1);

impl Court {
    /// An order brings bins from a line to where all bins go.
    fn new() -> Self {
        let floor = takt_maps::formats::builtin("electronics-line").unwrap();
        let floor = floor.unwrap().floor;
        let pieces: Vec<u32> = floor.buffers.iter().map(|b| b.initial).collect();
        let mut this = Self {
            stock: Stock::new(&floor, &pieces),
            orders: Orders::new(&floor),
            findings: Findings::default(),
            floor,
        };
        let delta = Delta::Submitted {
            id: ORDER,
            spec: this.spec(),
            token: None,
            at_ms: 0,
        };
        this.changed(&delta);
        this
    }

    fn buffer(&self, name: &str) -> BufferId {
        let found = self.floor.buffers.iter().position(|b| b.name == name);
        BufferId::from_index(found.unwrap())
    }

    fn spec(&self) -> OrderSpec {
        let stop = |name| Stop {
            station: StationId(0),
            buffer: Some(self.buffer(name)),
        };
        OrderSpec {
            pickup: stop("smt1-1-bins"),
            drop: stop("bins-smt"),
            quantity: 8,
            ..OrderSpec::default()
        }
    }

    fn changed(&mut self, delta: &Delta) {
        let findings = &mut self.findings;
        self.stock.changed(delta, &self.orders, 0, findings);
        self.orders.changed(delta, 0, &mut Findings::default());
    }

    fn brought(&mut self, name: &str, pieces: u32) {
        let handover = Handover {
            vehicle: VehicleId(0),
            station: StationId(0),
            load: LoadId::of(ORDER),
            taking: false,
            buffer: Some(self.buffer(name)),
            cargo: Cargo {
                material: None,
                pieces,
            },
        };
        let truth = Truth::new(&self.floor);
        let findings = &mut self.findings;
        self.stock
            .handed_over(&handover, &truth, &self.orders, 0, findings);
    }

    fn ends(&mut self, to: OrderState) {
        let vehicle = VehicleId(0);
        let delta = Delta::Moved(Transition {
            order: ORDER,
            spec: self.spec(),
            from: Some(OrderState::Unloading { vehicle }),
            to,
            reason: None,
            at_ms: 0,
        });
        self.changed(&delta);
    }

    /// What is found where the controller counts so many pieces.
    fn found(mut self, pieces: u32) -> u64 {
        let sink = self.buffer("bins-smt").index();
        let mut accounts = vec![Account::default(); self.floor.buffers.len()];
        accounts[sink].pieces = pieces;
        let mut follower = crate::follower::Follower::new(self.floor.into(), 0);
        follower.model.stock[sink] = pieces;
        let model = &follower.model;
        self.stock.compare(&accounts, model, 0, &mut self.findings);
        self.findings.count
    }
}

#[test]
fn what_is_brought_and_counted_once_is_right() {
    let mut court = Court::new();
    court.brought("bins-smt", 8);
    court.ends(OrderState::Completed);
    assert_eq!(court.found(8), 0);
}

#[test]
fn a_load_that_is_counted_twice_or_not_at_all_is_noticed() {
    for pieces in [0, 16] {
        let mut court = Court::new();
        court.brought("bins-smt", 8);
        court.ends(OrderState::Completed);
        // By its account, and by what it shows.
        assert_eq!(court.found(pieces), 2);
    }
}

#[test]
fn a_load_in_another_buffer_or_of_other_pieces_is_noticed() {
    let mut court = Court::new();
    court.brought("bins-asm", 8);
    assert_eq!(court.findings.count, 1);
    let mut court = Court::new();
    court.brought("bins-smt", 7);
    court.ends(OrderState::Completed);
    assert_eq!(court.findings.count, 1);
}

#[test]
fn nothing_is_held_against_an_order_whose_load_was_lost() {
    let mut court = Court::new();
    court.orders.lost(LoadId::of(ORDER));
    court.brought("bins-asm", 7);
    court.ends(OrderState::Failed);
    assert_eq!(court.found(0), 0);
}
