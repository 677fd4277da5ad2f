//! What the commands share that are clients of the API.

use std::io::{ErrorKind, Write};
use std::time::SystemTime;

use serde_json::Value;
use tonic::Status;

use super::{ClientArgs, Failure};
use crate::api::client::{Caller, Client, ClientError};

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Usage(message) => Self::BadInput(message),
            ClientError::Failed(message) => Self::Failed(message),
        }
    }
}

/// Runs a client command on a runtime of its own.
pub(super) fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    runtime.block_on(command)
}

/// Connects to the API as the person that the arguments, or the login, name.
pub(super) async fn connect(args: &ClientArgs) -> Result<Client, Failure> {
    let person = args.person.clone().or_else(login);
    Ok(Client::connect(&args.api, Caller::new(person.as_deref(), &args.role)?).await?)
}

/// The login name: from the environment, or, where that is bare (containers, services), from the system.
fn login() -> Option<String> {
    let named = |name: &String| !name.is_empty();
    let variable = |key: &&str| std::env::var(key).ok().filter(named);
    ["USER", "LOGNAME"].iter().find_map(variable).or_else(|| {
        let output = std::process::Command::new("id").arg("-un").output().ok()?;
        let name = String::from_utf8(output.stdout).ok()?;
        Some(name.trim().to_owned()).filter(named)
    })
}

/// What the API's status means, with fields as they are.
pub(super) fn explain<'a>(client: &'a Client) -> impl Fn(Status) -> Failure + 'a {
    |status| client.explain(&status, str::to_owned).into()
}

/// Now, in milliseconds since 1970 (UTC).
pub(super) fn utc_now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Writes text to stdout.
///
/// # Errors
/// Ends the command, without a word if the reader has gone (`takt order list | head`).
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|e| match e.kind() {
            ErrorKind::BrokenPipe => Failure::Found,
            _ => Failure::Failed(format!("stdout: {e}")),
        })
}

/// Writes one JSON object on a line of its own.
pub(super) fn print_json(value: &Value) -> Result<(), Failure> {
    print(&format!("{value}\n"))
}

/// Where a column's text stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table with a heading, columns two spaces apart.
pub(super) fn table<const N: usize>(heading: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let mut widths = heading.map(|(name, _)| name.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    let names = heading.map(|(name, _)| name.to_owned());
    for row in std::iter::once(&names).chain(rows) {
        let cells = row
            .iter()
            .zip(&heading)
            .zip(widths)
            .map(|((cell, (_, align)), width)| match align {
                Align::Left => format!("{cell:<width$}"),
                Align::Right => format!("{cell:>width$}"),
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A time span as people say it: two digits or so, with a unit.
pub(super) fn span(ms: i64) -> String {
    let ms = ms.unsigned_abs();
    let s = ms / 1_000;
    match s {
        0..2 => format!("{ms} ms"),
        2..=119 => format!("{s} s"),
        120..=7_199 => format!("{} min", s / 60),
        7_200..=172_799 => format!("{}.{} h", s / 3_600, s % 3_600 / 360),
        _ => format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_words_left_and_numbers_right() {
        let row = |name: &str, number: &str| [name.to_owned(), number.to_owned(), "x".to_owned()];
        let heading = [
            ("NAME", Align::Left),
            ("N", Align::Right),
            ("LAST", Align::Left),
        ];
        let rows = [row("store", "7"), row("line-1", "123")];
        assert_eq!(
            table(heading, &rows),
            "NAME      N  LAST\nstore     7  x\nline-1  123  x\n"
        );
    }

    #[test]
    fn spans_have_units() {
        let spans = [20, 119_999, -120_000, 7_200_000, 9_000_000, 172_800_000].map(span);
        assert_eq!(spans, ["20 ms", "119 s", "2 min", "2.0 h", "2.5 h", "2 d"]);
    }
}
