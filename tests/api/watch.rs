//! Watches: complete, resumable, and over when the server is.

use takt::api::v1::*;
use takt_maps::VehicleId;
use takt_scheduler::orders::OrderState as State;
use tonic::{Code, Streaming};

use crate::hall::*;

async fn next(stream: &mut Streaming<Order>) -> (u64, OrderState, u64) {
    let order = soon(stream.message())
        .await
        .unwrap()
        .expect("the watch goes on");
    (order.id, order.state(), order.revision)
}

#[tokio::test]
async fn a_watch_begins_with_what_is_known_and_resumes_where_it_ended() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let watch = async |after_revision| {
        client
            .orders()
            .watch_orders(WatchOrdersRequest { after_revision })
            .await
            .map(tonic::Response::into_inner)
    };
    submit(&client).await;
    submit(&client).await;
    hall.advance(1, State::Open, None);

    let mut all = watch(0).await.unwrap();
    assert_eq!(next(&mut all).await, (2, OrderState::Waiting, 2));
    assert_eq!(next(&mut all).await, (1, OrderState::Open, 3));
    hall.advance(2, State::Open, None);
    assert_eq!(next(&mut all).await, (2, OrderState::Open, 4));
    drop(all);

    hall.advance(
        1,
        State::Assigned {
            vehicle: VehicleId(0),
        },
        None,
    );
    let mut resumed = watch(4).await.unwrap();
    assert_eq!(next(&mut resumed).await, (1, OrderState::Assigned, 5));
    submit(&client).await;
    assert_eq!(next(&mut resumed).await, (3, OrderState::Waiting, 6));

    let status = watch(7).await.unwrap_err();
    assert_eq!(
        (status.code(), &fields(&status)[0].0[..]),
        (Code::OutOfRange, "after_revision")
    );
}

#[tokio::test]
async fn a_slow_watcher_ends_up_with_the_truth() {
    const CHANGES: u64 = 12_000;
    let hall = Hall::open().await;
    let client = hall.operator().await;
    submit(&client).await;
    submit(&client).await;
    let request = WatchOrdersRequest { after_revision: 0 };
    let mut slow = client
        .orders()
        .watch_orders(request)
        .await
        .unwrap()
        .into_inner();
    // Far more than what waits anywhere on the way.
    for i in 0..CHANGES {
        let to = if i % 4 < 2 { State::Open } else { carrying() };
        hall.advance(1 + i % 2, to, None);
    }
    let (mut last, mut newest) = (0, [OrderState::Unspecified; 2]);
    while last < 2 + CHANGES {
        let (id, state, revision) = next(&mut slow).await;
        assert!(revision > last, "{revision} comes after {last}");
        last = revision;
        newest[id as usize - 1] = state;
    }
    assert_eq!(newest, [OrderState::Carrying; 2]);
}

#[tokio::test]
async fn watches_end_as_unavailable_when_the_server_stops() {
    let mut hall = Hall::open().await;
    let client = hall.operator().await;
    let order = submit(&client).await;
    let mut orders = client
        .orders()
        .watch_orders(WatchOrdersRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut vehicles = client
        .vehicles()
        .watch_vehicles(WatchVehiclesRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(next(&mut orders).await.0, order.id);
    assert_eq!(
        soon(vehicles.message())
            .await
            .unwrap()
            .unwrap()
            .vehicles
            .len(),
        2
    );
    soon(hall.close()).await;
    assert_eq!(
        soon(orders.message()).await.unwrap_err().code(),
        Code::Unavailable
    );
    let end = soon(async {
        loop {
            if let Err(status) = vehicles.message().await {
                break status;
            }
        }
    });
    assert_eq!(end.await.code(), Code::Unavailable);
}

#[tokio::test]
async fn vehicles_are_watched_at_the_interval_asked_for() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let watch = async |interval_ms| {
        client
            .vehicles()
            .watch_vehicles(WatchVehiclesRequest { interval_ms })
            .await
            .map(tonic::Response::into_inner)
    };
    for wrong in [1, 49, 60_001, u32::MAX] {
        let status = watch(wrong).await.unwrap_err();
        assert_eq!(
            (status.code(), &fields(&status)[0].0[..]),
            (Code::InvalidArgument, "interval_ms")
        );
    }
    let mut looks = watch(50).await.unwrap();
    assert!(!soon(looks.message()).await.unwrap().unwrap().vehicles[0].paused);
    client
        .vehicles()
        .pause_vehicle(PauseVehicleRequest {
            name: "S01".to_owned(),
        })
        .await
        .unwrap();
    soon(async { while !looks.message().await.unwrap().unwrap().vehicles[0].paused {} }).await;
}
