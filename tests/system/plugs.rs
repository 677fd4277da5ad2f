//! Plugs that are pulled: a vehicle's, a PLC's. The others go on, and it comes back by itself.

use serde_json::json;
use takt::api::v1::Vehicle;

use crate::run::assert_key_figures;
use crate::site::{CARRIAGE, PATIENCE, Site, until};

fn distance(vehicles: &[Vehicle], without: &str) -> f64 {
    let others = vehicles.iter().filter(|v| v.name != without);
    others.map(|v| v.distance_m).sum()
}

#[tokio::test]
async fn a_vehicle_without_its_plug_stops_alone_and_comes_back() {
    let site = Site::start().await;
    site.located().await;
    let name = site.driving().await.name;
    let others = distance(&site.vehicles().await, &name);
    let pulled = site.ask_floor(&json!({ "cmd": "unplug", "vehicle": name, "for_s": 5 }));
    assert_eq!(pulled, json!({ "ok": true }));
    let lost = until(PATIENCE, "the link is seen to be dead", async || {
        Some(site.vehicle(&name).await).filter(|v| !v.linked)
    })
    .await;
    until(PATIENCE, "the others go on", async || {
        (distance(&site.vehicles().await, &name) > others + 2.0).then_some(())
    })
    .await;
    until(PATIENCE, "it is linked again", async || {
        let vehicle = site.vehicle(&name).await;
        (vehicle.linked && vehicle.located && vehicle.wait != "link").then_some(())
    })
    .await;
    until(CARRIAGE, "it drives again", async || {
        (site.vehicle(&name).await.distance_m > lost.distance_m + 1.0).then_some(())
    })
    .await;
    assert_eq!(site.judged().0, 0);
    assert_key_figures(&site.stop().await.json());
}

#[tokio::test]
async fn a_station_without_its_plc_holds_up_nobody_else_and_comes_back() {
    let site = Site::start().await;
    site.located().await;
    let log = site.log().len();
    let others = distance(&site.vehicles().await, "");
    let pulled = site.ask_floor(&json!({ "cmd": "unplug", "device": "plc-smt1-1", "for_s": 5 }));
    assert_eq!(pulled, json!({ "ok": true }));
    for said in [
        "link to plc-smt1-1 is down",
        "link to plc-smt1-1 is up again",
    ] {
        until(PATIENCE, said, async || {
            site.log()[log..].contains(said).then_some(())
        })
        .await;
    }
    until(PATIENCE, "vehicles go on", async || {
        (distance(&site.vehicles().await, "") > others + 2.0).then_some(())
    })
    .await;
    assert!(site.vehicles().await.iter().all(|v| v.linked));
    assert_eq!(site.judged().0, 0);
    assert_key_figures(&site.stop().await.json());
}
