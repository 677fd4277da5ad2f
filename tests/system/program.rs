//! The program, run to its end.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The program with these words, in this directory.
pub fn takt(directory: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takt"));
    command
        .args(words.split_whitespace())
        .current_dir(directory)
        .env("USER", "li")
        .env_remove("TAKT_LOG")
        .stdin(Stdio::null());
    command
}

/// How the program ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// What a program that was to do its work says: exactly one JSON object on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.object()
    }

    /// Exactly one JSON object on stdout, however the program ended.
    #[track_caller]
    pub fn object(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("stdout is not one JSON value: {e}: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        value
    }

    /// Asserts that it refused: nothing on stdout, and each of these on stderr.
    #[track_caller]
    pub fn refused(&self, code: i32, said: &[&str]) {
        assert_eq!(
            (self.code, &self.stdout[..]),
            (Some(code), ""),
            "{}",
            self.stderr
        );
        for part in said {
            assert!(
                self.stderr.contains(part),
                "{part:?} missing in:\n{}",
                self.stderr
            );
        }
    }
}

/// Runs the program to its end.
pub fn run(directory: &Path, words: &str) -> Ended {
    let output = takt(directory, words).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
