//! Who may do what; vehicles and floor; what tools find: reflection and health.

use takt::api::v1::*;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::hall::*;

#[tokio::test]
async fn viewers_look_and_operators_change() {
    let hall = Hall::open().await;
    submit(&hall.operator().await).await;
    for (person, role) in [
        (None, "viewer"),
        (None, "engineer"),
        (Some("wang"), "viewer"),
    ] {
        let viewer = hall.client(person, role).await;
        assert_eq!(
            viewer
                .orders()
                .get_order(GetOrderRequest { id: 1 })
                .await
                .unwrap()
                .into_inner()
                .person,
            "li"
        );
        assert_eq!(
            viewer
                .floor()
                .get_floor(GetFloorRequest {})
                .await
                .unwrap()
                .into_inner()
                .name,
            "hall"
        );
        let name = || "S01".to_owned();
        let refused = [
            // Refused before its fields are looked at.
            viewer
                .orders()
                .submit_order(SubmitOrderRequest::default())
                .await
                .unwrap_err(),
            viewer
                .orders()
                .cancel_order(CancelOrderRequest { id: 1 })
                .await
                .unwrap_err(),
            viewer
                .vehicles()
                .pause_vehicle(PauseVehicleRequest { name: name() })
                .await
                .unwrap_err(),
            viewer
                .vehicles()
                .resume_vehicle(ResumeVehicleRequest { name: name() })
                .await
                .unwrap_err(),
            viewer
                .floor()
                .pause_floor(PauseFloorRequest {})
                .await
                .unwrap_err(),
            viewer
                .floor()
                .resume_floor(ResumeFloorRequest {})
                .await
                .unwrap_err(),
        ];
        for status in refused {
            assert_eq!(
                (status.code(), &reason(&status)[..]),
                (Code::PermissionDenied, "ROLE"),
                "{status}"
            );
        }
    }
    let boss = hall.client(Some("boss"), "boss").await;
    let status = boss
        .orders()
        .get_order(GetOrderRequest { id: 1 })
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), &fields(&status)[0].0[..]),
        (Code::InvalidArgument, "takt-role")
    );
    let engineer = hall.client(Some("张伟"), "engineer").await;
    assert_eq!(submit(&engineer).await.person, "张伟");
}

#[tokio::test]
async fn vehicles_and_the_floor_are_paused_and_resumed() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let (mut vehicles, mut floor) = (client.vehicles(), client.floor());
    let name = || "S02".to_owned();
    assert!(
        vehicles
            .pause_vehicle(PauseVehicleRequest { name: name() })
            .await
            .unwrap()
            .into_inner()
            .paused
    );
    let listed = vehicles
        .list_vehicles(ListVehiclesRequest {})
        .await
        .unwrap()
        .into_inner()
        .vehicles;
    let seen: Vec<_> = listed
        .iter()
        .map(|v| (&v.name[..], &v.kind[..], v.paused, v.located))
        .collect();
    assert_eq!(
        seen,
        [
            ("S01", "shuttle", false, false),
            ("S02", "shuttle", true, false)
        ]
    );
    assert!(
        !vehicles
            .resume_vehicle(ResumeVehicleRequest { name: name() })
            .await
            .unwrap()
            .into_inner()
            .paused
    );
    let unknown = vehicles
        .pause_vehicle(PauseVehicleRequest {
            name: "S-02".to_owned(),
        })
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(
        unknown.message().contains("did you mean \"S02\"?"),
        "{unknown}"
    );
    let mut locate = async |name: &str| {
        let name = name.to_owned();
        let answer = vehicles.locate_vehicle(LocateVehicleRequest { name });
        answer.await.unwrap_err().code()
    };
    assert_eq!(locate("S02").await, Code::FailedPrecondition);
    assert_eq!(locate("S-02").await, Code::NotFound);
    let missing = vehicles
        .pause_vehicle(PauseVehicleRequest::default())
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), &fields(&missing)[0].0[..]),
        (Code::InvalidArgument, "name")
    );

    assert!(
        floor
            .pause_floor(PauseFloorRequest {})
            .await
            .unwrap()
            .into_inner()
            .paused
    );
    let status = floor
        .get_status(GetStatusRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (status.paused, status.now_ms, status.cycles),
        (true, NOW_MS, 6_000)
    );
    assert!(
        !floor
            .resume_floor(ResumeFloorRequest {})
            .await
            .unwrap()
            .into_inner()
            .paused
    );
}

#[tokio::test]
async fn the_floor_is_described_in_metres() {
    let hall = Hall::open().await;
    let floor = hall
        .operator()
        .await
        .floor()
        .get_floor(GetFloorRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (floor.nodes.len(), floor.edges.len(), floor.stations.len()),
        (3, 4, 3)
    );
    let mid = floor.nodes.iter().find(|n| n.name == "mid").unwrap();
    assert_eq!((mid.x_m, mid.y_m), (6.0, 0.0));
    let expected = Buffer {
        name: "line-1-screws".to_owned(),
        station: "line-1".to_owned(),
        material: "screws".to_owned(),
        pieces: 100,
        capacity: 120,
    };
    assert!(floor.buffers.contains(&expected), "{:?}", floor.buffers);
}

#[tokio::test]
async fn tools_find_services_and_health() {
    let hall = Hall::open().await;
    let channel = Channel::from_shared(format!("http://{}", hall.address))
        .unwrap()
        .connect()
        .await
        .unwrap();
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let mut answers = reflection
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap()
        .into_inner();
    let answer = soon(answers.next())
        .await
        .unwrap()
        .unwrap()
        .message_response
        .unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}")
    };
    let names: Vec<_> = list.service.iter().map(|s| &s.name[..]).collect();
    for service in [
        "takt.v1.Orders",
        "takt.v1.Vehicles",
        "takt.v1.FloorService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&service), "{service} is among {names:?}");
    }
    let mut health = HealthClient::new(channel);
    for service in [
        "",
        "takt.v1.Orders",
        "takt.v1.Vehicles",
        "takt.v1.FloorService",
    ] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = HealthCheckRequest {
        service: "takt.v1.Unknown".to_owned(),
    };
    assert_eq!(
        health.check(unknown).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn nobody_listens_beyond_this_machine() {
    let hall = Hall::open().await;
    let everywhere = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let served = soon(takt::api::serve(
        hall.front.clone(),
        everywhere,
        std::future::pending(),
    ))
    .await;
    assert!(
        served
            .unwrap_err()
            .to_string()
            .contains("TLS and authentication")
    );
}
