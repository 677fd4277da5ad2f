//! Submit, get, list and cancel.

use takt::api::v1::*;
use takt_scheduler::orders::OrderState as State;
use tonic::Code;
use tonic_types::StatusExt;

use crate::hall::*;

#[tokio::test]
async fn an_order_comes_back_as_it_was_submitted() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let first = submit(&client).await;
    let request = SubmitOrderRequest {
        client_id: "mes-4711".to_owned(),
        pickup_buffer: "store-screws".to_owned(),
        drop_buffer: "line-1-screws".to_owned(),
        quantity: 50,
        priority: 9,
        release_time_ms: hall.utc(NOW_MS + 5_000),
        deadline_ms: hall.utc(NOW_MS + 600_000),
        depends_on: first.id,
        ..order()
    };
    let submitted = client
        .orders()
        .submit_order(request.clone())
        .await
        .unwrap()
        .into_inner();
    let expected = Order {
        id: 2,
        client_id: request.client_id,
        person: "li".to_owned(),
        pickup_station: request.pickup_station,
        drop_station: request.drop_station,
        pickup_buffer: request.pickup_buffer,
        drop_buffer: request.drop_buffer,
        quantity: 50,
        priority: 9,
        release_time_ms: request.release_time_ms,
        deadline_ms: request.deadline_ms,
        depends_on: 1,
        state: OrderState::Waiting.into(),
        submit_time_ms: hall.utc(NOW_MS),
        revision: 2,
        ..Order::default()
    };
    assert_eq!(submitted, expected);
    hall.advance(2, carrying(), None);
    hall.tick(NOW_MS + 700_000);
    let later = client
        .orders()
        .get_order(GetOrderRequest { id: 2 })
        .await
        .unwrap()
        .into_inner();
    let state = OrderState::Carrying.into();
    assert_eq!(
        later,
        Order {
            state,
            vehicle: "S02".to_owned(),
            late: true,
            revision: 3,
            ..expected
        }
    );
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let request = SubmitOrderRequest {
        client_id: format!("{}\n", "x".repeat(128)),
        pickup_station: "stroe".to_owned(),
        drop_station: String::new(),
        pickup_buffer: "store-scews".to_owned(),
        priority: 10,
        release_time_ms: -1,
        deadline_ms: 1_700_000_000,
        ..Default::default()
    };
    let status = client.orders().submit_order(request).await.unwrap_err();
    assert_eq!(
        (status.code(), &reason(&status)[..]),
        (Code::InvalidArgument, "INVALID_FIELDS")
    );
    let problems = fields(&status);
    let names: Vec<_> = problems.iter().map(|(field, _)| &field[..]).collect();
    let expected = [
        "client_id",
        "client_id",
        "pickup_station",
        "drop_station",
        "pickup_buffer",
        "priority",
        "release_time_ms",
        "deadline_ms",
    ];
    assert_eq!(names, expected);
    assert!(
        problems[2].1.contains("did you mean \"store\"?"),
        "{problems:?}"
    );
    assert!(
        problems[4].1.contains("did you mean \"store-screws\"?"),
        "{problems:?}"
    );
    assert!(problems[7].1.contains("milliseconds"), "{problems:?}");
    assert!(hall.front.read(|m| m.orders.is_empty()));
}

#[tokio::test]
async fn stations_and_buffers_must_fit_together() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let hour = hall.utc(NOW_MS + 3_600_000);
    let cases = [
        (
            SubmitOrderRequest {
                drop_station: "store".to_owned(),
                ..order()
            },
            "drop_station",
        ),
        (
            SubmitOrderRequest {
                drop_buffer: "store-nuts".to_owned(),
                ..order()
            },
            "drop_buffer",
        ),
        (
            SubmitOrderRequest {
                pickup_buffer: "store-nuts".to_owned(),
                drop_buffer: "line-1-screws".to_owned(),
                ..order()
            },
            "drop_buffer",
        ),
        (
            SubmitOrderRequest {
                drop_buffer: "line-1-screws".to_owned(),
                quantity: 121,
                ..order()
            },
            "quantity",
        ),
        (
            SubmitOrderRequest {
                deadline_ms: hour,
                release_time_ms: hour,
                ..order()
            },
            "deadline_ms",
        ),
        (
            SubmitOrderRequest {
                deadline_ms: i64::MAX,
                ..order()
            },
            "deadline_ms",
        ),
        (
            SubmitOrderRequest {
                pickup_station: "张".repeat(10_000),
                ..order()
            },
            "pickup_station",
        ),
    ];
    for (request, field) in cases {
        let status = client.orders().submit_order(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        let names: Vec<_> = fields(&status)
            .into_iter()
            .map(|(field, _)| field)
            .collect();
        assert_eq!(names, [field], "{status}");
        assert!(status.message().len() < 1_000);
    }
}

#[tokio::test]
async fn the_same_client_id_is_the_same_order() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    let deadline_ms = hall.utc(NOW_MS + 1_000);
    let request = SubmitOrderRequest {
        client_id: "mes-1".to_owned(),
        deadline_ms,
        ..order()
    };
    let twice = [request.clone(), request.clone()].map(|request| {
        let mut orders = client.orders();
        tokio::spawn(async move { orders.submit_order(request).await.unwrap().into_inner().id })
    });
    for id in twice {
        assert_eq!(id.await.unwrap(), 1);
    }
    // A repetition may come after its own deadline; a new order may not.
    hall.tick(NOW_MS + 2_000);
    assert_eq!(
        client
            .orders()
            .submit_order(request.clone())
            .await
            .unwrap()
            .into_inner()
            .id,
        1
    );
    let new = SubmitOrderRequest {
        client_id: "mes-2".to_owned(),
        ..request.clone()
    };
    assert_eq!(
        fields(&client.orders().submit_order(new).await.unwrap_err())[0].0,
        "deadline_ms"
    );

    let other = SubmitOrderRequest {
        drop_station: "line-2".to_owned(),
        deadline_ms: 0,
        ..request
    };
    let status = client.orders().submit_order(other).await.unwrap_err();
    assert_eq!(
        (status.code(), &reason(&status)[..]),
        (Code::AlreadyExists, "CLIENT_ID_IN_USE")
    );
    assert_eq!(fields(&status)[0].0, "client_id");
    assert_eq!(hall.front.read(|m| m.orders.len()), 1);
}

#[tokio::test]
async fn cancelling_depends_on_where_the_load_is() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    for _ in 0..3 {
        submit(&client).await;
    }
    hall.advance(2, carrying(), None);
    hall.advance(3, State::Completed, None);
    let cancel = async |id| {
        client
            .orders()
            .cancel_order(CancelOrderRequest { id })
            .await
    };

    let cancelled = cancel(1).await.unwrap().into_inner();
    assert_eq!(cancelled.state(), OrderState::Cancelled);
    assert_eq!(
        (&cancelled.reason[..], cancelled.end_time_ms),
        ("cancelled by a person", hall.utc(NOW_MS))
    );
    for (id, word) in [(1, "cancelled"), (2, "on board"), (3, "completed")] {
        let status = cancel(id).await.unwrap_err();
        assert_eq!(
            (status.code(), &reason(&status)[..]),
            (Code::FailedPrecondition, "WRONG_STATE")
        );
        assert!(status.message().contains(word), "{status}");
    }
    assert_eq!(cancel(99).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(cancel(0).await.unwrap_err().code(), Code::InvalidArgument);
    let missing = client
        .orders()
        .get_order(GetOrderRequest { id: 99 })
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), &reason(&missing)[..]),
        (Code::NotFound, "NOT_FOUND")
    );
}

#[tokio::test]
async fn a_full_book_and_a_dead_controller_say_so() {
    let mut hall = Hall::open().await;
    let client = hall.operator().await;
    for _ in 0..ROOM {
        submit(&client).await;
    }
    let full = client.orders().submit_order(order()).await.unwrap_err();
    assert_eq!(
        (full.code(), &reason(&full)[..]),
        (Code::ResourceExhausted, "NO_ROOM")
    );
    assert!(full.get_error_details().retry_info().is_some());
    hall.lose_controller().await;
    let gone = client.orders().submit_order(order()).await.unwrap_err();
    assert_eq!(
        (gone.code(), &reason(&gone)[..]),
        (Code::Unavailable, "STOPPING")
    );
    // What is known can still be looked at.
    assert_eq!(
        client
            .orders()
            .get_order(GetOrderRequest { id: 1 })
            .await
            .unwrap()
            .into_inner()
            .id,
        1
    );
}

#[tokio::test]
async fn pages_hold_every_order_once() {
    let hall = Hall::open().await;
    let client = hall.operator().await;
    for _ in 0..ROOM {
        submit(&client).await;
    }
    hall.advance(2, State::Completed, None);
    let list = async |page_size, page_token: &str, open_only| {
        let request = ListOrdersRequest {
            page_size,
            page_token: page_token.to_owned(),
            open_only,
        };
        client
            .orders()
            .list_orders(request)
            .await
            .map(tonic::Response::into_inner)
    };
    for (page_size, open_only, expected) in [
        (0, false, vec![1, 2, 3, 4, 5]),
        (2, false, vec![1, 2, 3, 4, 5]),
        (4, true, vec![1, 3, 4, 5]),
        (1, true, vec![1, 3, 4, 5]),
    ] {
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = list(page_size, &token, open_only).await.unwrap();
            assert!(page_size == 0 || page.orders.len() <= page_size as usize);
            seen.extend(page.orders.iter().map(|order| order.id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected, "pages of {page_size}");
    }
    for (page_size, token, field) in [
        (-1, "", "page_size"),
        (1_001, "", "page_size"),
        (1, "next", "page_token"),
    ] {
        let status = list(page_size, token, false).await.unwrap_err();
        assert_eq!(
            (status.code(), &fields(&status)[0].0[..]),
            (Code::InvalidArgument, field)
        );
    }
}
