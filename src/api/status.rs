//! Errors as gRPC has them: a code, a message for people, and details for programs (AIP-193).

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::host::front::{Front, Person, Rejection, Reply, Request};

/// Domain of the reasons in `ErrorInfo`.
const DOMAIN: &str = "takt";
/// Longest time that the controller has for an answer; it takes a few cycles and a disk write.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What is wrong with the fields of a request, collected so that all of it is said at once.
#[derive(Debug, Default)]
pub(super) struct FieldProblems(Vec<FieldViolation>);

impl FieldProblems {
    /// One more; `field` as in the `.proto`.
    pub(super) fn add(&mut self, field: &str, problem: impl Into<String>) {
        self.0.push(FieldViolation::new(field, problem));
    }

    /// Ok if nothing is wrong.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with one field violation for each problem.
    pub(super) fn check(self) -> Result<(), Status> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(fields(Code::InvalidArgument, "INVALID_FIELDS", self.0))
        }
    }
}

/// INVALID_ARGUMENT for one field.
pub(super) fn invalid(field: &str, problem: impl Into<String>) -> Status {
    fields(
        Code::InvalidArgument,
        "INVALID_FIELDS",
        vec![FieldViolation::new(field, problem)],
    )
}

/// OUT_OF_RANGE for one field: it would be right at another time.
pub(super) fn out_of_range(field: &str, problem: impl Into<String>) -> Status {
    fields(
        Code::OutOfRange,
        "OUT_OF_RANGE",
        vec![FieldViolation::new(field, problem)],
    )
}

fn fields(code: Code, reason: &str, violations: Vec<FieldViolation>) -> Status {
    let message: Vec<_> = violations
        .iter()
        .map(|v| format!("{}: {}", v.field, v.description))
        .collect();
    let mut details = info(reason);
    details.set_bad_request(violations);
    Status::with_error_details(code, message.join("; "), details)
}

fn info(reason: &str) -> ErrorDetails {
    ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new())
}

/// A rejection of the front as gRPC has it.
pub(super) fn status(rejection: Rejection) -> Status {
    let message = rejection.to_string();
    let (code, details) = match rejection {
        Rejection::Invalid { field, problem } => return invalid(field, problem),
        Rejection::AlreadyExists(problem) => {
            let mut details = info("CLIENT_ID_IN_USE");
            let problem = problem.strip_prefix("client_id: ").unwrap_or(&problem);
            details.add_bad_request_violation("client_id", problem);
            (Code::AlreadyExists, details)
        }
        Rejection::NotFound(_) => (Code::NotFound, info("NOT_FOUND")),
        Rejection::FailedPrecondition(problem) => {
            let mut details = info("WRONG_STATE");
            details.add_precondition_failure_violation("STATE", "", problem);
            (Code::FailedPrecondition, details)
        }
        Rejection::ResourceExhausted(problem) => {
            let mut details = info("NO_ROOM");
            details.set_retry_info(Some(Duration::from_secs(5)));
            details.add_quota_failure_violation("control.orders_max", problem);
            (Code::ResourceExhausted, details)
        }
        Rejection::PermissionDenied(_) => (Code::PermissionDenied, info("ROLE")),
        Rejection::Unavailable(_) => {
            let mut details = info("STOPPING");
            details.set_retry_info(Some(Duration::from_secs(1)));
            (Code::Unavailable, details)
        }
    };
    Status::with_error_details(code, message, details)
}

/// The end of a watch whose server stops.
pub(super) fn stopping() -> Status {
    status(Rejection::Unavailable(
        "the controller is stopping; watch again from the last revision seen".to_owned(),
    ))
}

/// Asks the controller, and waits for its answer; not for ever.
///
/// # Errors
/// The rejection, as gRPC has it.
pub(super) async fn ask(
    front: &Front,
    person: Person,
    request: Request,
) -> Result<Reply, Rejection> {
    tokio::time::timeout(ANSWER_MAX, front.ask(person, request)).await.unwrap_or_else(|_| {
        Err(Rejection::Unavailable(format!(
            "the controller did not answer within {} s; it may still do it: look, or ask again (an order with the \
             same client_id)",
            ANSWER_MAX.as_secs()
        )))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_rejection_has_its_code_and_a_reason() {
        let text = || "because".to_owned();
        let cases = [
            (
                Rejection::Invalid {
                    field: "priority",
                    problem: text(),
                },
                Code::InvalidArgument,
            ),
            (Rejection::NotFound(text()), Code::NotFound),
            (
                Rejection::FailedPrecondition(text()),
                Code::FailedPrecondition,
            ),
            (Rejection::AlreadyExists(text()), Code::AlreadyExists),
            (
                Rejection::ResourceExhausted(text()),
                Code::ResourceExhausted,
            ),
            (Rejection::PermissionDenied(text()), Code::PermissionDenied),
            (Rejection::Unavailable(text()), Code::Unavailable),
        ];
        for (rejection, code) in cases {
            let status = status(rejection);
            assert_eq!(status.code(), code);
            assert!(status.message().contains("because"));
            let details = status.check_error_details().unwrap();
            assert_eq!(details.error_info().unwrap().domain, DOMAIN);
        }
    }

    #[test]
    fn all_fields_are_named() {
        let mut problems = FieldProblems::default();
        problems.add("pickup_station", "is missing");
        problems.add("priority", "is 10");
        let status = problems.check().unwrap_err();
        assert_eq!(
            status.message(),
            "pickup_station: is missing; priority: is 10"
        );
        assert_eq!(
            status
                .get_error_details()
                .bad_request()
                .unwrap()
                .field_violations
                .len(),
            2
        );
        assert!(FieldProblems::default().check().is_ok());
    }
}
