//! A controller that is killed while its floor goes on, and the one that is started after it.

use std::collections::BTreeMap;

use serde_json::Value;
use takt::api::v1::{Order, OrderState, SubmitOrderRequest};

use crate::run::assert_key_figures;
use crate::site::{CARRIAGE, Site, processes_with, until};

/// A floor that is right, and another one.
const HALL: &str = r#"
name = "hall"
nodes = { west = [0, 0], east = [6, 0] }
path = [{ through = ["west", "east"], two_way = true }]
kind = [{ name = "cart", footprint = { length = 0.8, width = 0.6 }, speed = 1.0, reverse = true }]
vehicle = [{ name = "C01", kind = "cart", start = "west" }]
"#;

/// What a client submitted, and the order that it got.
type Accepted = BTreeMap<String, (SubmitOrderRequest, u64)>;

fn request(i: usize) -> SubmitOrderRequest {
    SubmitOrderRequest {
        client_id: format!("mes-{i}"),
        pickup_station: format!("store-{}", i + 1),
        drop_station: format!("smt1-{}", i % 4 + 1),
        priority: 9,
        ..Default::default()
    }
}

async fn submit(site: &Site, i: usize, accepted: &mut Accepted) {
    let order = site.submit(request(i)).await;
    accepted.insert(order.client_id, (request(i), order.id));
}

/// Every accepted order is there once, as it was submitted.
fn assert_all_there(orders: &[Order], accepted: &Accepted) {
    let with_client = orders.iter().filter(|o| !o.client_id.is_empty());
    assert_eq!(with_client.count(), accepted.len(), "{orders:#?}");
    let ids: std::collections::BTreeSet<u64> = orders.iter().map(|o| o.id).collect();
    assert_eq!(ids.len(), orders.len(), "an id for each");
    for (client_id, (request, id)) in accepted {
        let order = orders.iter().find(|o| o.id == *id).expect("it is there");
        assert_eq!(
            (&order.client_id, &order.pickup_station, &order.drop_station),
            (client_id, &request.pickup_station, &request.drop_station)
        );
        assert_eq!((order.priority, &order.person[..]), (9, "li"));
        assert_ne!(order.state(), OrderState::Failed, "{order:?}");
        assert_ne!(order.state(), OrderState::Cancelled, "{order:?}");
    }
}

fn control(site: &Site) -> Value {
    let ports = std::fs::read_to_string(&site.floor_ports).unwrap();
    let ports: Value = serde_json::from_str(&ports).unwrap();
    ports["control"].clone()
}

#[tokio::test]
async fn a_killed_controller_loses_no_order_and_its_successor_goes_on_with_the_floor() {
    let mut site = Site::start().await;
    let mut accepted = Accepted::new();
    for i in 0..5 {
        submit(&site, i, &mut accepted).await;
    }
    site.located().await;
    site.driving().await;
    submit(&site, 5, &mut accepted).await;
    let before = site.orders().await;
    site.kill().await;

    let (contacts, driven) = site.judged();
    assert_eq!(contacts, 0);
    assert!(driven > 0.0);
    let (floor, processes) = (control(&site), processes_with(&site.floor_ports));
    assert_eq!(processes.len(), 1, "the floor lives");

    // Another floor with the same data neither takes its place nor makes it unreachable.
    site.write("hall.toml", HALL);
    let words = "run hall.toml --for 1s --api 127.0.0.1:0 --dashboard 127.0.0.1:0 --data data";
    site.takt(words)
        .refused(2, &["another floor still runs for data", "Ctrl-C"]);

    site.start_again().await;
    assert_eq!(control(&site), floor);
    assert_eq!(processes_with(&site.floor_ports), processes);
    let after = site.orders().await;
    assert_all_there(&after, &accepted);
    for order in &before {
        assert!(after.iter().any(|o| o.id == order.id), "lost: {order:?}");
    }
    for (request, id) in accepted.values() {
        assert_eq!(site.submit(request.clone()).await.id, *id, "{request:?}");
    }
    assert_all_there(&site.orders().await, &accepted);

    site.located().await;
    submit(&site, 6, &mut accepted).await;
    until(CARRIAGE, "an order of before is done", async || {
        let orders = site.orders().await;
        assert_all_there(&orders, &accepted);
        let done = |o: &&Order| o.state() == OrderState::Completed && o.client_id != "mes-6";
        orders
            .iter()
            .filter(|o| !o.client_id.is_empty())
            .find(done)
            .map(drop)
    })
    .await;
    let (contacts, driven_since) = site.judged();
    assert_eq!(contacts, 0);
    assert!(driven_since > driven);
    let ended = site.stop().await;
    assert_key_figures(&ended.json());
}
