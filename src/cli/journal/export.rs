//! `takt journal export`: recordings as an MCAP file.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use takt_maps::Floor;
use takt_rt::host::LiveDisk;

use super::super::progress::Progress;
use super::{Failure, no_store, open, other_floor, size, utc};
use crate::cli::FloorArgs;
use crate::cli::kept_run::floor_of;
use crate::host::store::stat::stat;
use crate::journal::JournalError;
use crate::replay::export::{ExportError, Exported, export};
use crate::replay::{ReplayError, ReplayOptions, Report};

const EXAMPLES: &str = "Examples:
  takt sim --for 10m --data day1                           record ten minutes
  takt journal export --data day1 -o day1.mcap             all of it
  takt journal export --data day1 --epoch 3 --until 90000 -o jam.mcap
  takt journal export --data plant my-plant.toml -o plant.mcap

Open the file in Foxglove: /vehicles/… for plots; for the 3D panel show /scene/floor and /scene/vehicles, with
the display frame `floor`. A recording is replayed for this, so it needs the build that recorded it.";

/// Arguments of `takt journal export`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// The directory that was given to `takt run`, `serve` or `sim` as --data
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where to write it; an older file of this name is replaced when the new one is complete
    #[arg(short, long, value_name = "FILE.mcap")]
    output: PathBuf,
    /// Only the life of this epoch (each start of a controller is a life)
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<u32>,
    /// Stop at the end of this cycle of each life
    #[arg(long, value_name = "CYCLE")]
    until: Option<u64>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: ExportArgs) -> Result<(), Failure> {
    let floor = floor_of(&args.data, &args.floor)?;
    let disk = open(&args.data)?;
    let options = ReplayOptions {
        epoch: args.epoch,
        until: args.until,
        rerun_workers: false,
    };
    // What is not complete never has the name that was asked for.
    let mut part = args.output.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    // The new file takes the place of what is there: that must be a file, not a directory, a device or a pipe.
    if fs::metadata(&args.output).is_ok_and(|about| !about.is_file()) {
        return Err(not_written(
            &args.output,
            &"there is something of this name that is no file",
        ));
    }
    let to = File::create(&part).map_err(|e| not_written(&args.output, &e))?;
    let mut progress = Progress::new("exported");
    let outcome = export(&floor, &disk, &options, BufWriter::new(to), |share| {
        progress.set(share);
    });
    let wall_s = progress.end();
    let judged = outcome
        .map_err(|error| failure(&args, &floor, &disk, error))
        .and_then(|done| nothing_at_all(&args.data, done));
    let (report, exported) = match judged {
        Ok(done) => done,
        Err(failure) => {
            // Best effort: the first failure is the one to report.
            let _ = fs::remove_file(&part);
            return Err(failure);
        }
    };
    if let Err(error) = fs::rename(&part, &args.output) {
        // Best effort, as above.
        let _ = fs::remove_file(&part);
        return Err(not_written(&args.output, &error));
    }
    let bytes = fs::metadata(&args.output).map_or(0, |about| about.len());
    if args.json {
        say!(
            "{}",
            as_json(&args.output, &report, &exported, bytes, wall_s)
        );
    } else {
        print(&args.output, &report, &exported, bytes);
    }
    judge(&report)
}

fn not_written(output: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Failed(format!(
        "--output {}: it cannot be written: {error}",
        output.display()
    ))
}

fn failure(args: &ExportArgs, floor: &Arc<Floor>, disk: &LiveDisk, error: ExportError) -> Failure {
    match error {
        ExportError::Write(error) => not_written(&args.output, &error),
        ExportError::Replay(ReplayError::Empty) => no_store_or_older(&args.data, disk),
        ExportError::Replay(ReplayError::Journal(JournalError::Floor { .. })) => {
            match stat(disk, |_| ()) {
                Ok(found) => other_floor(&args.data, &found, &floor.name, floor.digest),
                Err(error) => Failure::BadInput(format!("{}: {error}", args.data.display())),
            }
        }
        ExportError::Replay(error) => {
            Failure::BadInput(format!("{}: {error}", args.data.display()))
        }
    }
}

/// Without a log: is it a store of an older version?
fn no_store_or_older(directory: &Path, disk: &LiveDisk) -> Failure {
    match stat(disk, |_| ()) {
        Ok(found) if !found.older.is_empty() => Failure::BadInput(format!(
            "{}: a store of version 1 ({}), which holds orders and stock, not what a replay needs: there is nothing to export",
            directory.display(),
            found.older.join(", ")
        )),
        _ => no_store(directory),
    }
}

/// An export without anything in it is none.
fn nothing_at_all(
    directory: &Path,
    done: (Report, Exported),
) -> Result<(Report, Exported), Failure> {
    if done.0.lives.iter().any(|life| life.cycles > 0) {
        return Ok(done);
    }
    let why = done.0.lives.iter().find(|life| !life.stopped.is_empty());
    let why = why.map_or("nothing was recorded", |life| &life.stopped);
    Err(Failure::BadInput(format!(
        "{}: no life can be exported: {why}",
        directory.display()
    )))
}

fn as_json(
    output: &Path,
    report: &Report,
    exported: &Exported,
    bytes: u64,
    wall_s: f64,
) -> serde_json::Value {
    json!({
        "file": output.display().to_string(),
        "bytes": bytes,
        "messages": exported.messages,
        "topics": exported.topics,
        "first_utc_ns": exported.first_utc_ns,
        "last_utc_ns": exported.last_utc_ns,
        "complete": report.is_complete(),
        "equal": report.difference().is_none(),
        "lives": report.lives,
        "host": { "wall_s": wall_s },
    })
}

fn print(output: &Path, report: &Report, exported: &Exported, bytes: u64) {
    for life in &report.lives {
        if life.cycles > 0 {
            say!(
                "epoch {}: {} cycles, {:.1} s",
                life.epoch,
                life.cycles,
                life.covered_ms as f64 / 1_000.0
            );
        }
        if !life.stopped.is_empty() {
            let how = if life.cycles > 0 {
                "not to its end"
            } else {
                "left out"
            };
            say!("epoch {}: {how}: {}", life.epoch, life.stopped);
        }
    }
    let topics = exported.topics.values().filter(|n| **n > 0).count();
    say!(
        "{}: {} messages on {topics} topics, {} to {}, {}",
        output.display(),
        exported.messages,
        utc::text(exported.first_utc_ns / 1_000_000),
        utc::text(exported.last_utc_ns / 1_000_000),
        size(bytes)
    );
}

fn judge(report: &Report) -> Result<(), Failure> {
    if let Some((epoch, d)) = report.difference() {
        return Err(Failure::Failed(format!(
            "epoch {epoch}, cycle {}: the replay differs from the recording ({}); the export ends there, and its last cycle is not to be trusted",
            d.cycle, d.field
        )));
    }
    // Lives that could not even begin are named, and expected in a store that has been cut to size or outlived builds.
    match report
        .lives
        .iter()
        .find(|life| life.cycles > 0 && !life.stopped.is_empty())
    {
        Some(life) => Err(Failure::Failed(format!(
            "epoch {}: the recording could not be followed to its end: {}; `takt journal verify` says more",
            life.epoch, life.stopped
        ))),
        None => Ok(()),
    }
}
