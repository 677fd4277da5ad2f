//! The JSON file of an instance.

use crate::problem::Problem;
use crate::spec::Span;
use serde_json::Value;

/// Most robots of a team.
pub const TEAM_MAX: u64 = 100_000;

/// Most open tasks for each robot.
const REVEAL_MAX: f64 = 1_000.0;

/// What the file says; `None` where it doesn't, or not rightly.
#[derive(Default)]
pub(super) struct Header {
    pub map_file: Option<String>,
    pub agent_file: Option<String>,
    pub task_file: Option<String>,
    pub team_size: Option<usize>,
    /// Open tasks for each robot.
    pub reveal: Option<f64>,
}

/// Reads it; gives what is wrong beside what is right.
pub(super) fn parse(text: &str) -> (Header, Vec<Problem>) {
    let mut problems = Vec::new();
    let value = match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object,
        Ok(_) => {
            problems.push(Problem::error("an instance is a JSON object", None));
            return (Header::default(), problems);
        }
        Err(error) => {
            let at = offset(text, error.line(), error.column());
            problems.push(Problem::error(format!("this is not JSON: {error}"), at));
            return (Header::default(), problems);
        }
    };
    let mut get = |key: &str, right: &dyn Fn(&Value) -> bool, hint: &str| {
        let found = value.get(key);
        match found {
            Some(found) if right(found) => return Some(found.clone()),
            Some(found) => {
                let message = format!("{key} can't be {found}");
                problems.push(Problem::error(message, key_span(text, key)).hint(hint));
            }
            None => {
                problems.push(Problem::error(format!("{key} is missing"), None).hint(hint));
            }
        }
        None
    };
    let is_path = |v: &Value| v.as_str().is_some_and(|s| !s.is_empty());
    let mut file = |key: &str| {
        let path = get(
            key,
            &is_path,
            "the path of a file, from the folder of this one",
        )?;
        path.as_str().map(str::to_owned)
    };
    let header = Header {
        map_file: file("mapFile"),
        agent_file: file("agentFile"),
        task_file: file("taskFile"),
        team_size: get(
            "teamSize",
            &|v| v.as_u64().is_some_and(|n| (1..=TEAM_MAX).contains(&n)),
            "a whole number of robots, 1 to 100,000",
        )
        .and_then(|v| usize::try_from(v.as_u64()?).ok()),
        reveal: None,
    };
    let team = header.team_size;
    let reveal = get(
        "numTasksReveal",
        &|v| {
            let enough = |n: f64| team.is_none_or(|team| n * team as f64 >= 1.0);
            v.as_f64()
                .is_some_and(|n| n > 0.0 && n <= REVEAL_MAX && enough(n))
        },
        "open tasks for each robot, at most 1,000; at least one task for the team",
    );
    let reveal = reveal.and_then(|v| v.as_f64());
    (Header { reveal, ..header }, problems)
}

/// Where a line and column of serde_json (both from 1, columns in bytes) are.
fn offset(text: &str, line: usize, column: usize) -> Option<Span> {
    let mut start = 0;
    for (index, content) in text.split_inclusive('\n').enumerate() {
        if index + 1 == line {
            start += column.saturating_sub(1).min(content.len());
            break;
        }
        start += content.len();
    }
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let start = u32::try_from(start).ok()?;
    Some(Span { start, end: start })
}

/// Where a key is.
fn key_span(text: &str, key: &str) -> Option<Span> {
    let quoted = format!("\"{key}\"");
    let start = u32::try_from(text.find(&quoted)?).ok()?;
    Some(Span {
        start,
        end: start + quoted.len() as u32,
    })
}
