//! How a command ends when it does not end well.

use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use takt_maps::Problems;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 1, with what happened and what to do.
    Failed(String),
    /// Exit code 1; what was found is already printed.
    Found,
    /// Exit code 2: bad usage or bad input.
    BadInput(String),
    /// Exit code 2: a floor file with problems.
    Floor(Box<Problems>),
    /// Exit code 2: several files with problems.
    Files(Vec<Problems>),
}

impl Failure {
    /// A failure from anything that can be shown.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// Bad input from anything that can be shown.
    pub fn bad_input(error: impl std::fmt::Display) -> Self {
        Self::BadInput(error.to_string())
    }

    /// Says it on stderr; gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        match self {
            Self::Failed(message) => {
                eprintln!("takt: {message}");
                ExitCode::from(1)
            }
            Self::Found => ExitCode::from(1),
            Self::BadInput(message) => {
                eprintln!("takt: {message}");
                ExitCode::from(2)
            }
            Self::Floor(problems) => {
                show(*problems);
                ExitCode::from(2)
            }
            Self::Files(files) => {
                files.into_iter().for_each(show);
                ExitCode::from(2)
            }
        }
    }
}

/// Shows the problems of a file: with the text for a person, a line each otherwise.
fn show(problems: Problems) {
    if std::io::stderr().is_terminal() {
        eprintln!("{:?}", miette::Report::new(problems));
    } else {
        eprint!("{}", problems.plain());
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Floor(Box::new(problems))
    }
}

/// Looks whether a file can be written, so that nobody waits for one that cannot be; `option` is what named it.
pub(super) fn writable(option: &str, file: &Path) -> Result<(), Failure> {
    let there = file.exists();
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.map_err(|e| Failure::BadInput(format!("{option} {}: {e}", file.display())))?;
    if !there {
        let _an_empty_file_is_no_result = std::fs::remove_file(file);
    }
    Ok(())
}
