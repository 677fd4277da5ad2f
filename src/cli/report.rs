//! `takt report`: two runs side by side; and the files that `takt sim --report` writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use takt_maps::Floor;

use super::Failure;
use crate::host::judges::Violation;
use crate::host::virtual_time::{self, Outcome, Rehearsal};
use crate::report::page::{self, Host};
use crate::report::{FaultLine, Figures, Recorder, ViolationLine, compare, figures, read};

/// Arguments of `takt report`.
#[derive(Debug, Args)]
pub struct ReportCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Two runs side by side: key figures, curves over each other, traffic beside each other
    Compare(CompareArgs),
}

#[derive(Debug, Args)]
struct CompareArgs {
    /// The first run: what `takt sim --report` wrote, the directory or its report.json
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The second run
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Where to write the page
    #[arg(short, long, value_name = "FILE", default_value = "compare.html")]
    output: PathBuf,
    /// The key figures as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Compares.
pub fn run(command: ReportCommand) -> Result<(), Failure> {
    let Command::Compare(args) = command.command;
    let a = read::read(&args.a).map_err(Failure::bad_input)?;
    let b = read::read(&args.b).map_err(Failure::bad_input)?;
    let (name_a, name_b) = (args.a.display().to_string(), args.b.display().to_string());
    write(&args.output, &compare::page((&name_a, &a), (&name_b, &b)))?;
    if args.json {
        let mut object = compare::json(&a, &b);
        object["host"] =
            json!({"a": name_a, "b": name_b, "page": args.output.display().to_string()});
        say!("{object}");
    } else {
        for line in compare::lines(&a, &b) {
            say!("{line}");
        }
        say!("page: {}", args.output.display());
    }
    Ok(())
}

/// A rehearsal that is recorded for a report.
pub(super) struct Recording {
    directory: Option<PathBuf>,
    recorder: Recorder,
    bin_ms: u64,
}

impl Recording {
    /// Of a rehearsal that begins now and lasts so long; its report goes to this directory, which is made if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn begin(
        directory: Option<PathBuf>,
        rehearsal: &Rehearsal,
        for_ms: u64,
    ) -> Result<Self, Failure> {
        if let Some(directory) = &directory {
            make_directory(directory)?;
        }
        Ok(Self {
            directory,
            recorder: Recorder::new(rehearsal),
            bin_ms: figures::bin_ms(for_ms),
        })
    }

    /// After each step.
    #[inline]
    pub(super) fn look(&mut self, rehearsal: &Rehearsal) {
        self.recorder.look(rehearsal);
    }

    /// Counts, and writes `report.html` and `report.json` if there is a directory for them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn end(
        self,
        floor: &Floor,
        outcome: &Outcome,
        wall: Duration,
        faults: Vec<FaultLine>,
        violations: Vec<ViolationLine>,
    ) -> Result<Figures, Failure> {
        let unknown = self.recorder.unknown_ways();
        if unknown > 0 {
            tracing::debug!("{unknown} ways between two looks are missing in the traffic");
        }
        let chronicle = self.recorder.end(faults, violations);
        let figures = Figures::new(floor, outcome, &chronicle, self.bin_ms);
        if let Some(directory) = &self.directory {
            let host = Host::here(outcome.simulated_s, wall);
            write(
                &directory.join("report.html"),
                &page::page(&figures, &chronicle, &host),
            )?;
            let mut object = serde_json::to_value(&figures).map_err(Failure::failed)?;
            object["host"] = serde_json::to_value(&host).map_err(Failure::failed)?;
            write(&directory.join("report.json"), &format!("{object}\n"))?;
        }
        Ok(figures)
    }
}

/// What went wrong on purpose, for a report.
pub(super) fn fault_lines(faults: &[virtual_time::FaultLine]) -> Vec<FaultLine> {
    let line = |f: &virtual_time::FaultLine| FaultLine {
        name: f.name.to_owned(),
        target: f.target.clone(),
        from_ms: f.from_ms,
        until_ms: f.until_ms,
        ended: f.ended.clone(),
    };
    faults.iter().map(line).collect()
}

/// What judges objected to, for a report.
pub(super) fn violation_lines(violations: &[Violation]) -> Vec<ViolationLine> {
    let line = |v: &Violation| ViolationLine {
        judge: v.judge.to_owned(),
        at_s: v.at_ms as f64 / 1_000.0,
        what: v.what.clone(),
    };
    violations.iter().map(line).collect()
}

/// Makes a directory for a report.
pub(super) fn make_directory(directory: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(directory)
        .map_err(|e| Failure::BadInput(format!("--report {}: {e}", directory.display())))
}

/// Writes a file.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|e| Failure::Failed(format!("{}: {e}", path.display())))
}
