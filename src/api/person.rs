//! Who calls: from the metadata of a request.

use tonic::Status;
use tonic::metadata::MetadataMap;

use super::status::{FieldProblems, status};
use super::submit::quoted;
use crate::follower::FLOOR;
use crate::host::front::{Person, Rejection, Role};

/// Metadata key of the person's name, in ASCII.
pub(super) const PERSON: &str = "takt-person";
/// Metadata key of the person's name in UTF-8; goes before [`PERSON`].
pub(super) const PERSON_UTF8: &str = "takt-person-bin";
/// Metadata key of the person's role.
pub(super) const ROLE: &str = "takt-role";
/// Who it is without a name.
const ANONYMOUS: &str = "anonymous";
/// Longest name, in characters.
const NAME_MAX: usize = 128;

/// Who calls. Without a name it is an anonymous viewer, whatever the role; with a name and no role, a viewer.
///
/// Nothing is proven here: on loopback, whoever may open a connection may take any role.
///
/// # Errors
/// INVALID_ARGUMENT naming the key, for a name that cannot be shown and a role that does not exist.
pub(super) fn caller(metadata: &MetadataMap) -> Result<Person, Status> {
    let mut problems = FieldProblems::default();
    let role = match metadata.get(ROLE).map(|role| role.to_str()) {
        None => Role::Viewer,
        Some(Ok("viewer")) => Role::Viewer,
        Some(Ok("operator")) => Role::Operator,
        Some(Ok("engineer")) => Role::Engineer,
        Some(other) => {
            let other = other.unwrap_or("(not ASCII)");
            let hint = takt_maps::suggest::did_you_mean(other, ["viewer", "operator", "engineer"]);
            let hint = hint.unwrap_or_else(|| "there are viewer, operator and engineer".to_owned());
            problems.add(ROLE, format!("there is no role {}; {hint}", quoted(other)));
            Role::Viewer
        }
    };
    let name = name(metadata, &mut problems);
    problems.check()?;
    Ok(match name {
        Some(name) => Person { name, role },
        None => Person {
            name: ANONYMOUS.to_owned(),
            role: Role::Viewer,
        },
    })
}

/// Who calls to change something.
///
/// # Errors
/// As [`caller`]; PERMISSION_DENIED for viewers, before anything else of the request is looked at.
pub(super) fn operator(metadata: &MetadataMap) -> Result<Person, Status> {
    let person = caller(metadata)?;
    if person.role >= Role::Operator {
        return Ok(person);
    }
    let problem = match metadata.contains_key(PERSON) || metadata.contains_key(PERSON_UTF8) {
        true => format!(
            "{} has the role viewer; this needs `{ROLE}: operator`",
            person.name
        ),
        false => format!(
            "a change names its person; this needs the metadata `{PERSON}` and `{ROLE}: operator`"
        ),
    };
    Err(status(Rejection::PermissionDenied(problem)))
}

/// The name, if there is one; a name that is no name becomes a problem.
fn name(metadata: &MetadataMap, problems: &mut FieldProblems) -> Option<String> {
    let (key, name) = match (metadata.get_bin(PERSON_UTF8), metadata.get(PERSON)) {
        (Some(name), _) => {
            let bytes = name.to_bytes().ok();
            (
                PERSON_UTF8,
                bytes.and_then(|b| String::from_utf8(b.to_vec()).ok()),
            )
        }
        (None, Some(name)) => (PERSON, name.to_str().ok().map(str::to_owned)),
        (None, None) => return None,
    };
    let problem = match name.as_deref().map(str::trim) {
        None if key == PERSON => {
            format!("is not ASCII; other names go into `{PERSON_UTF8}`, as UTF-8")
        }
        None => "is not UTF-8".to_owned(),
        Some("") => "is empty".to_owned(),
        Some(FLOOR) => {
            format!("\"{FLOOR}\" stands for what the floor orders by itself; take another name")
        }
        Some(name) if name.chars().count() > NAME_MAX => {
            format!("is longer than {NAME_MAX} characters")
        }
        Some(name) if name.chars().any(char::is_control) => "has control characters".to_owned(),
        Some(name) => return Some(name.to_owned()),
    };
    problems.add(key, problem);
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tonic::Code;
    use tonic::metadata::{BinaryMetadataValue, MetadataValue};
    use tonic_types::StatusExt;

    fn metadata(person: Option<&str>, role: Option<&str>) -> MetadataMap {
        let mut metadata = MetadataMap::new();
        if let Some(person) = person {
            metadata.insert(PERSON, person.parse().unwrap());
        }
        if let Some(role) = role {
            metadata.insert(ROLE, role.parse().unwrap());
        }
        metadata
    }

    fn person(name: &str, role: Role) -> Person {
        Person {
            name: name.to_owned(),
            role,
        }
    }

    #[test]
    fn names_and_roles_are_taken_from_metadata() {
        let called = |name, role| caller(&metadata(name, role)).unwrap();
        assert_eq!(called(None, None), person("anonymous", Role::Viewer));
        assert_eq!(
            called(None, Some("engineer")),
            person("anonymous", Role::Viewer)
        );
        assert_eq!(called(Some("li"), None), person("li", Role::Viewer));
        assert_eq!(
            called(Some("li"), Some("operator")),
            person("li", Role::Operator)
        );
        assert_eq!(
            called(Some("li"), Some("engineer")),
            person("li", Role::Engineer)
        );
        let mut utf8 = metadata(Some("zhang"), Some("operator"));
        utf8.insert_bin(
            PERSON_UTF8,
            BinaryMetadataValue::from_bytes("张伟".as_bytes()),
        );
        assert_eq!(caller(&utf8).unwrap(), person("张伟", Role::Operator));
    }

    #[test]
    fn wrong_names_and_roles_are_named_together() {
        let error = caller(&metadata(Some("floor"), Some("operater"))).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        let details = error.get_error_details();
        let fields: Vec<_> = details
            .bad_request()
            .unwrap()
            .field_violations
            .iter()
            .map(|v| &v.field[..])
            .collect();
        assert_eq!(fields, [ROLE, PERSON]);
        assert!(
            error.message().contains("did you mean \"operator\"?"),
            "{error}"
        );
        let long = "x".repeat(NAME_MAX + 1);
        for bad in ["", " ", &long] {
            assert_eq!(
                caller(&metadata(Some(bad), None)).unwrap_err().code(),
                Code::InvalidArgument,
                "{bad}"
            );
        }
        let mut bytes = metadata(None, None);
        bytes.insert(PERSON, MetadataValue::try_from("张伟".as_bytes()).unwrap());
        assert!(caller(&bytes).unwrap_err().message().contains(PERSON_UTF8));
        bytes.insert_bin(PERSON_UTF8, BinaryMetadataValue::from_bytes(&[0xff, 0xfe]));
        assert!(caller(&bytes).unwrap_err().message().contains("not UTF-8"));
    }

    #[test]
    fn viewers_change_nothing() {
        for (name, role) in [
            (None, None),
            (None, Some("operator")),
            (Some("li"), None),
            (Some("li"), Some("viewer")),
        ] {
            let error = operator(&metadata(name, role)).unwrap_err();
            assert_eq!(error.code(), Code::PermissionDenied);
        }
        assert_eq!(
            operator(&metadata(Some("li"), Some("operator"))).unwrap(),
            person("li", Role::Operator)
        );
    }
}
