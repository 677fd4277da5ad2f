//! Vehicles and floor held by a person, and let go.

use takt::api::v1::{
    PauseFloorRequest, PauseVehicleRequest, ResumeFloorRequest, ResumeVehicleRequest,
};

use crate::run::assert_key_figures;
use crate::site::{CARRIAGE, PATIENCE, Site, until};

#[tokio::test]
async fn what_is_paused_comes_to_rest_and_goes_on_when_it_is_resumed() {
    let site = Site::start().await;
    site.located().await;

    let name = site.driving().await.name;
    let request = PauseVehicleRequest { name: name.clone() };
    let answer = site.client.vehicles().pause_vehicle(request).await;
    assert!(answer.unwrap().into_inner().paused);
    let held = until(PATIENCE, "it comes to rest", async || {
        Some(site.vehicle(&name).await).filter(|v| v.paused && v.speed_m_s == 0.0)
    })
    .await;
    let others = async || {
        let vehicles = site.vehicles().await;
        let others = vehicles.iter().filter(|v| v.name != name);
        others.map(|v| v.distance_m).sum::<f64>()
    };
    let before = others().await;
    until(PATIENCE, "the others go on", async || {
        (others().await > before + 5.0).then_some(())
    })
    .await;
    assert_eq!(site.vehicle(&name).await.distance_m, held.distance_m);
    let request = ResumeVehicleRequest { name: name.clone() };
    let answer = site.client.vehicles().resume_vehicle(request).await;
    assert!(!answer.unwrap().into_inner().paused);
    until(CARRIAGE, "it drives again", async || {
        (site.vehicle(&name).await.distance_m > held.distance_m + 0.5).then_some(())
    })
    .await;

    site.driving().await;
    let answer = site.client.floor().pause_floor(PauseFloorRequest {}).await;
    assert!(answer.unwrap().into_inner().paused);
    let held = until(PATIENCE, "all come to rest", async || {
        let vehicles = site.vehicles().await;
        let rest = vehicles.iter().all(|v| v.speed_m_s == 0.0);
        rest.then_some(vehicles)
    })
    .await;
    // Cycles go on, vehicles do not.
    let cycles = site.status().await.cycles;
    until(PATIENCE, "a second of cycles", async || {
        (site.status().await.cycles > cycles + 100).then_some(())
    })
    .await;
    for (was, is) in held.iter().zip(site.vehicles().await) {
        assert_eq!(
            (is.speed_m_s, is.distance_m),
            (0.0, was.distance_m),
            "{is:?}"
        );
    }
    let request = ResumeFloorRequest {};
    let answer = site.client.floor().resume_floor(request).await;
    assert!(!answer.unwrap().into_inner().paused);
    site.driving().await;
    assert_eq!(site.judged().0, 0);
    assert_key_figures(&site.stop().await.json());
}
