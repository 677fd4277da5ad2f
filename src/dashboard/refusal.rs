//! What the page is told when something was not done.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::host::front::Rejection;

/// Something that is wrong with a field of a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct FieldProblem {
    /// Name of the field, as sent.
    pub(super) field: &'static str,
    /// What sort of problem; the page has words for it in each language.
    pub(super) code: &'static str,
    /// What is wrong, in English, and what would be right.
    pub(super) problem: String,
}

/// Why a request was not carried out: a status, and a body that says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    problem: String,
    fields: Vec<FieldProblem>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    problem: &'a str,
    fields: &'a [FieldProblem],
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, problem: impl Into<String>) -> Self {
        Self {
            status,
            code,
            problem: problem.into(),
            fields: Vec::new(),
        }
    }

    /// 403: somebody else's page, or role.
    pub(super) fn forbidden(problem: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", problem)
    }

    /// 404: there is no such thing.
    pub(super) fn not_found(problem: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", problem)
    }

    /// 409: what is shown cannot be changed.
    pub(super) fn read_only(problem: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "read_only", problem)
    }

    /// 503: not now.
    pub(super) fn unavailable(problem: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", problem)
    }

    /// 400: all that is wrong with the fields.
    pub(super) fn fields(fields: Vec<FieldProblem>) -> Self {
        let texts: Vec<_> = fields
            .iter()
            .map(|f| format!("{} {}", f.field, f.problem))
            .collect();
        let mut refusal = Self::new(StatusCode::BAD_REQUEST, "invalid", texts.join("; "));
        refusal.fields = fields;
        refusal
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Invalid { field, problem } => Self::fields(vec![FieldProblem {
                field,
                code: "refused",
                problem,
            }]),
            Rejection::NotFound(problem) => Self::not_found(problem),
            Rejection::FailedPrecondition(problem) => {
                Self::new(StatusCode::CONFLICT, "wrong_state", problem)
            }
            Rejection::AlreadyExists(problem) => {
                Self::new(StatusCode::CONFLICT, "already_exists", problem)
            }
            Rejection::ResourceExhausted(problem) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_room", problem)
            }
            Rejection::PermissionDenied(problem) => Self::forbidden(problem),
            Rejection::Unavailable(problem) => Self::unavailable(problem),
        }
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), "malformed", rejection.body_text())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Body {
            code: self.code,
            problem: &self.problem,
            fields: &self.fields,
        };
        (self.status, Json(body)).into_response()
    }
}

/// The answer for everything under `/api` that is not there.
pub(super) async fn no_such_endpoint() -> Refusal {
    Refusal::not_found("there is no such endpoint")
}
