//! Controllers that are killed again and again, at any moment, while clients order, cancel and pause.
//!
//! `TAKT_KILLS=500 cargo test --test system kills` kills so many; without it, a few.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use takt::api::v1::{CancelOrderRequest, Order, OrderState, SubmitOrderRequest};

use crate::site::Site;

/// Open orders that the client lets pile up before it cancels the oldest.
const OPEN_MAX: usize = 30;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A client that remembers what was acknowledged.
#[derive(Default)]
struct Ledger {
    submitted: usize,
    /// Acknowledged, not known to have ended: client's id to order.
    open: BTreeMap<String, u64>,
    /// Acknowledged as cancelled.
    cancelled: BTreeSet<u64>,
    acknowledged: usize,
}

fn request(i: usize) -> SubmitOrderRequest {
    SubmitOrderRequest {
        client_id: format!("mes-{i:06}"),
        pickup_station: format!("store-{}", i % 5 + 1),
        drop_station: format!("smt1-{}", i % 4 + 1),
        priority: (i % 10) as u32,
        ..Default::default()
    }
}

impl Ledger {
    /// Orders and cancels until the controller is gone.
    async fn work(&mut self, site: &Site) {
        loop {
            let wanted = request(self.submitted);
            let Ok(answer) = site.client.orders().submit_order(wanted.clone()).await else {
                return;
            };
            let order = answer.into_inner();
            self.acknowledge(&wanted, &order);
            if self.open.len() > OPEN_MAX {
                let oldest = self
                    .open
                    .first_key_value()
                    .map(|(client, id)| (client.clone(), *id));
                let (client, id) = oldest.unwrap();
                let cancel = CancelOrderRequest { id };
                match site.client.orders().cancel_order(cancel).await {
                    Ok(_) => {
                        self.cancelled.insert(id);
                        self.open.remove(&client);
                    }
                    // It is being carried, or has ended.
                    Err(status)
                        if status.code() == tonic::Code::FailedPrecondition
                            || status.code() == tonic::Code::NotFound =>
                    {
                        self.open.remove(&client);
                    }
                    Err(_) => return,
                }
            }
        }
    }

    fn acknowledge(&mut self, wanted: &SubmitOrderRequest, order: &Order) {
        assert_eq!(order.client_id, wanted.client_id);
        self.open.insert(order.client_id.clone(), order.id);
        self.submitted += 1;
        self.acknowledged += 1;
    }

    /// Compares with what a new controller knows.
    fn check(&mut self, known: &[Order], life: u64) {
        let mut clients = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for order in known {
            assert!(ids.insert(order.id), "life {life}: id {} twice", order.id);
            let fresh = order.client_id.is_empty() || clients.insert(&order.client_id);
            assert!(fresh, "life {life}: {} twice", order.client_id);
            if self.cancelled.contains(&order.id) {
                assert_eq!(
                    order.state(),
                    OrderState::Cancelled,
                    "life {life}: {order:?}"
                );
            }
        }
        self.open.retain(|client, id| {
            let order = known.iter().find(|o| o.id == *id);
            let order = order.unwrap_or_else(|| panic!("life {life}: {client} is lost"));
            assert_eq!(order.client_id, *client, "life {life}");
            let state = order.state();
            assert_ne!(state, OrderState::Failed, "life {life}: {order:?}");
            // A cancellation whose answer the kill swallowed.
            !matches!(state, OrderState::Completed | OrderState::Cancelled)
        });
    }
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_or_doubled_however_often_the_controller_is_killed() {
    let kills: u64 = std::env::var("TAKT_KILLS").map_or(4, |n| n.parse().unwrap());
    let mut random = Random(7);
    let mut ledger = Ledger::default();
    let mut site = Site::start().await;
    for life in 1..=kills {
        // Some live long enough for vehicles to move, most die while they start.
        let lives_ms = match life % 8 {
            0 => 8_000,
            _ => random.below(2_000),
        };
        // The kill comes in the middle of whatever the client is asking.
        tokio::select! {
            biased;
            () = tokio::time::sleep(Duration::from_millis(lives_ms)) => {}
            () = ledger.work(&site) => panic!("life {life}: the controller refused an order"),
        }
        site.kill().await;
        site.start_again().await;
        ledger.check(&site.orders().await, life);
    }
    site.located().await;
    let (contacts, driven) = site.judged();
    assert_eq!(contacts, 0);
    ledger.check(&site.orders().await, kills + 1);
    site.kill().await;
    let replayed = site.takt("replay --data data --verify --json").json();
    assert_eq!(replayed["difference"], serde_json::Value::Null);
    assert_eq!(
        replayed["lives"].as_array().unwrap().len() as u64,
        kills + 1
    );
    println!(
        "{kills} kills: {} orders acknowledged, {driven:.0} m driven; {} hashes and {} changes of {} cycles replayed, all equal",
        ledger.acknowledged, replayed["checkpoints"], replayed["changes"], replayed["cycles"],
    );
    assert!(ledger.acknowledged as u64 > kills);
    site.start_again().await;
    site.stop().await.json();
}
