//! What a person can change from the page. Each change goes through the front and names its person.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use takt_maps::{OrderId, VehicleId};

use super::Desk;
use super::order_form::{self, OrderForm};
use super::refusal::{FieldProblem, Refusal};
use crate::follower::FLOOR;
use crate::host::front::{Person, Reply, Request, Role};

/// Longest time that the controller has for an answer; it takes a few cycles and a disk write.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Longest name of a person, in characters.
const NAME_MAX: usize = 64;
/// Who it is without a name.
const NAMELESS: &str = "dashboard";

/// Body of everything but an order.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asker {
    /// Who asks; empty: the dashboard.
    person: String,
}

/// Body of a success.
#[derive(Debug, Serialize)]
pub(super) struct Done {
    /// The order that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<u64>,
}

type Body<T> = Result<Json<T>, JsonRejection>;
type Answer = Result<Json<Done>, Refusal>;

/// `POST /api/orders`.
pub(super) async fn submit(State(desk): State<Desk>, body: Body<OrderForm>) -> Answer {
    let Json(form) = body?;
    let mut problems = Vec::new();
    let person = person(&form.person, &mut problems);
    let spec = desk
        .front
        .read(|model| order_form::spec(&form, &model.floor, model.now_ms, &mut problems));
    let (Some(person), Some(spec)) = (person, spec) else {
        return Err(Refusal::fields(problems));
    };
    let request = Request::Submit {
        client_id: form.client_id,
        spec,
    };
    ask(&desk, person, request).await
}

/// `POST /api/orders/{id}/cancel`.
pub(super) async fn cancel(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    body: Body<Asker>,
) -> Answer {
    let Json(asker) = body?;
    let order = id.parse().map(OrderId).ok().filter(|id| id.0 != 0);
    let order = order.ok_or_else(|| Refusal::not_found("an order's id is a number"))?;
    ask(&desk, named(&asker.person)?, Request::Cancel { order }).await
}

/// `POST /api/vehicles/{name}/pause`.
pub(super) async fn pause_vehicle(
    desk: State<Desk>,
    name: Path<String>,
    body: Body<Asker>,
) -> Answer {
    set_vehicle_paused(desk, name, body, true).await
}

/// `POST /api/vehicles/{name}/resume`.
pub(super) async fn resume_vehicle(
    desk: State<Desk>,
    name: Path<String>,
    body: Body<Asker>,
) -> Answer {
    set_vehicle_paused(desk, name, body, false).await
}

/// `POST /api/floor/pause`.
pub(super) async fn pause_floor(State(desk): State<Desk>, body: Body<Asker>) -> Answer {
    let Json(asker) = body?;
    ask(
        &desk,
        named(&asker.person)?,
        Request::PauseFloor { paused: true },
    )
    .await
}

/// `POST /api/floor/resume`.
pub(super) async fn resume_floor(State(desk): State<Desk>, body: Body<Asker>) -> Answer {
    let Json(asker) = body?;
    ask(
        &desk,
        named(&asker.person)?,
        Request::PauseFloor { paused: false },
    )
    .await
}

async fn set_vehicle_paused(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    body: Body<Asker>,
    paused: bool,
) -> Answer {
    let Json(asker) = body?;
    let vehicle = desk
        .front
        .read(|model| model.floor.vehicles.iter().position(|v| v.name == name))
        .map(VehicleId::from_index)
        .ok_or_else(|| Refusal::not_found("there is no vehicle of this name"))?;
    let request = Request::PauseVehicle { vehicle, paused };
    ask(&desk, named(&asker.person)?, request).await
}

/// The person of a request that has no other fields.
fn named(name: &str) -> Result<Person, Refusal> {
    let mut problems = Vec::new();
    person(name, &mut problems).ok_or_else(|| Refusal::fields(problems))
}

/// Who asks: an operator with the name that was entered in the page.
fn person(name: &str, problems: &mut Vec<FieldProblem>) -> Option<Person> {
    let name = match name.trim() {
        "" => NAMELESS,
        name => name,
    };
    let (code, problem) = if name == FLOOR {
        (
            "reserved",
            format!("\"{FLOOR}\" stands for what the floor orders by itself"),
        )
    } else if name.chars().count() > NAME_MAX {
        ("too_long", format!("is longer than {NAME_MAX} characters"))
    } else if name.chars().any(char::is_control) {
        ("characters", "has control characters".to_owned())
    } else {
        return Some(Person {
            name: name.to_owned(),
            role: Role::Operator,
        });
    };
    problems.push(FieldProblem {
        field: "person",
        code,
        problem,
    });
    None
}

async fn ask(desk: &Desk, person: Person, request: Request) -> Answer {
    let asked = tokio::time::timeout(ANSWER_MAX, desk.front.ask(person, request)).await;
    match asked {
        Ok(Ok(Reply::Order(id))) => Ok(Json(Done { order: Some(id.0) })),
        Ok(Ok(Reply::Done)) => Ok(Json(Done { order: None })),
        Ok(Err(rejection)) => Err(rejection.into()),
        Err(_) => Err(Refusal::unavailable(format!(
            "the controller did not answer within {} s; it may still do it",
            ANSWER_MAX.as_secs()
        ))),
    }
}
