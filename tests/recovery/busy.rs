//! A floor in virtual time with a client that orders, and remembers what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use takt::controller::Ask;
use takt::follower::Client;
use takt::host::virtual_time::{Options, Rehearsal};
use takt_maps::{Floor, OrderId, StationId};
use takt_rt::host::MemoryDisk;
use takt_scheduler::orders::{OrderSpec, Stop};

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

pub fn built_in() -> Arc<Floor> {
    let loaded = takt_maps::formats::builtin("electronics-line").expect("it is built in");
    Arc::new(loaded.expect("it has no problems").floor)
}

/// A number of repetitions from the environment.
pub fn times(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(otherwise)
}

pub struct Busy {
    pub floor: Arc<Floor>,
    pub disk: MemoryDisk,
    pub rehearsal: Rehearsal,
    pub random: Random,
    /// Requests under way: token to the client's own id.
    asked: BTreeMap<u64, String>,
    /// What was acknowledged: client's id to order.
    pub acknowledged: BTreeMap<String, OrderId>,
    next_client: u64,
}

impl Busy {
    pub fn new(seed: u64) -> Self {
        let floor = built_in();
        let disk = MemoryDisk::new();
        let options = Options::seeded(seed);
        let rehearsal =
            Rehearsal::with_store(floor.clone(), &options, Box::new(disk.clone())).unwrap();
        Self {
            floor,
            disk,
            rehearsal,
            random: Random(seed),
            asked: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            next_client: 0,
        }
    }

    /// Steps for so long, or until the store fails. Now and then the client orders, or pauses somebody.
    pub fn run(&mut self, ms: u64) {
        let until_ms = self.rehearsal.now_ms() + ms;
        while self.rehearsal.now_ms() < until_ms && self.rehearsal.broken().is_none() {
            if self.random.below(150) == 0 {
                self.order();
            }
            self.rehearsal.step();
            for (token, result) in self.rehearsal.take_answers() {
                if let (Some(id), Ok(Some(order))) = (self.asked.remove(&token), result) {
                    self.acknowledged.insert(id, order);
                }
            }
        }
    }

    fn order(&mut self) {
        let stations = self.floor.stations.len() as u64;
        let pickup = self.random.below(stations);
        let drop = (pickup + 1 + self.random.below(stations - 1)) % stations;
        let stop = |station: u64| Stop {
            station: StationId::from_index(station as usize),
            buffer: None,
        };
        let spec = OrderSpec {
            pickup: stop(pickup),
            drop: stop(drop),
            priority: self.random.below(10) as u8,
            ..OrderSpec::default()
        };
        self.next_client += 1;
        let client = Client {
            client_id: format!("client-{}", self.next_client),
            person: "a test".to_owned(),
        };
        let id = client.client_id.clone();
        let token = self.rehearsal.ask_and_wait(client, Ask::Submit(spec));
        self.asked.insert(token, id);
    }

    /// The controller is gone; a new one starts from the disk.
    pub fn restart(&mut self) {
        self.asked.clear();
        self.rehearsal.restart(Box::new(self.disk.clone())).unwrap();
        self.check_acknowledged();
    }

    /// Every order that was acknowledged is known under its client's id, and none is there twice.
    pub fn check_acknowledged(&self) {
        let follower = self.rehearsal.follower();
        for (id, order) in &self.acknowledged {
            assert_eq!(follower.order_of(id), Some(*order), "{id} was acknowledged");
        }
        let mut seen = BTreeSet::new();
        for order in follower.model.orders.values() {
            let fresh = order.client_id.is_empty() || seen.insert(&order.client_id);
            assert!(fresh, "{} is there twice", order.client_id);
        }
    }
}
