//! `takt journal stat`: what a store holds.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::super::progress::Progress;
use super::{Failure, count, no_store, open, other_floor, size, utc};
use crate::cli::FloorArgs;
use crate::host::store::stat::{FileEnd, FileStat, LifeStat, Stat, stat};
use crate::journal::FileKind;

const EXAMPLES: &str = "Examples:
  takt journal stat --data day1
  takt journal stat --data day1 my-plant.toml   also: does it belong to this floor?
  takt journal stat --data day1 --json | jq .lives

Cycles are told for lives that this build recorded; others keep them to themselves.";

/// Arguments of `takt journal stat`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct StatArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// The directory that was given to `takt run`, `serve` or `sim` as --data
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: StatArgs) -> Result<(), Failure> {
    let floor = match args.floor.floor {
        Some(_) => Some(args.floor.load()?),
        None => None,
    };
    let disk = open(&args.data)?;
    let mut progress = Progress::new("read");
    let found = stat(&disk, |share| progress.set(share));
    progress.end();
    let found = found.map_err(|e| Failure::BadInput(format!("{}: {e}", args.data.display())))?;
    if found.files.is_empty() && found.older.is_empty() {
        return Err(no_store(&args.data));
    }
    if let (Some(floor), Some(digest)) = (&floor, &found.floor_digest)
        && *digest != format!("{:016x}", floor.digest)
    {
        return Err(other_floor(&args.data, &found, &floor.name, floor.digest));
    }
    if args.json {
        say!("{}", as_json(&found)?);
    } else {
        print(&found);
    }
    Ok(())
}

/// The store as it is, with times as people write them beside the numbers.
fn as_json(stat: &Stat) -> Result<Value, Failure> {
    let mut object = serde_json::to_value(stat).map_err(Failure::failed)?;
    if let Some(lives) = object["lives"].as_array_mut() {
        for (life, value) in stat.lives.iter().zip(lives) {
            value["begun_utc"] = json!(life.begun_utc_ms.map(utc::text));
        }
    }
    Ok(object)
}

fn print(stat: &Stat) {
    let name = stat
        .floor
        .as_deref()
        .unwrap_or("unknown (no beginning of a life is left)");
    let digest = stat.floor_digest.as_deref().unwrap_or("unknown");
    if !stat.files.is_empty() {
        say!("floor {name}, digest {digest}");
        say!("");
        say!(
            "{:<26} {:>6} {:>10}  {:<21} {:<21} end",
            "file",
            "epoch",
            "bytes",
            "records",
            "cycles"
        );
        stat.files.iter().for_each(print_file);
        say!("");
        stat.lives.iter().for_each(print_life);
    }
    for file in &stat.older {
        say!("{file}: a store of version 1; `takt journal verify` says more");
    }
    let open = match stat.orders_open {
        Some(n) => format!("{} open", count(n as usize, "order", "orders")),
        None if stat.files.is_empty() => "not taken over yet".to_owned(),
        None => "open orders unknown: no checkpoint is whole".to_owned(),
    };
    say!(
        "{} in {}; {}; {open}",
        size(stat.bytes),
        count(stat.files.len() + stat.older.len(), "file", "files"),
        count(stat.lives.len(), "life", "lives"),
    );
    if !stat.problems.is_empty() {
        say!("");
        for problem in &stat.problems {
            say!("attention: {problem}");
        }
        say!("`takt journal verify` says what is lost and what to do");
    }
}

fn print_file(file: &FileStat) {
    let range = |first: Option<u64>, last: Option<u64>| match (first, last) {
        (Some(first), Some(last)) => format!("{first}..{last}"),
        _ => "-".to_owned(),
    };
    let end = match file.end {
        FileEnd::Ended => "ended in order",
        FileEnd::GoesOn => "goes on in the next",
        FileEnd::Open => "killed, or at work",
        FileEnd::Whole => "whole",
        FileEnd::NotWhole => "NOT WHOLE",
        FileEnd::Unreadable => "UNREADABLE",
    };
    say!(
        "{:<26} {:>6} {:>10}  {:<21} {:<21} {end}",
        file.file,
        file.epoch.map_or("-".to_owned(), |e| e.to_string()),
        file.bytes,
        match file.kind {
            // A checkpoint's records have numbers of their own, which mean nothing to anybody.
            FileKind::Checkpoint => file.records.values().sum::<u64>().to_string(),
            _ => range(file.first_record, file.last_record),
        },
        range(file.first_cycle, file.last_cycle),
    );
    let kinds: Vec<String> = file
        .records
        .iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    if !kinds.is_empty() {
        say!("    {}", kinds.join(", "));
    }
}

fn print_life(life: &LifeStat) {
    let begun = match life.begun_utc_ms {
        Some(ms) => format!("begun {}", utc::text(ms)),
        None => "its beginning is not in the store any more".to_owned(),
    };
    let build = match (&life.build, life.this_build) {
        (Some(build), true) => format!("by this build ({build})"),
        (Some(build), false) => format!("by another build ({build}), which alone can replay it"),
        (None, _) => "by an unknown build".to_owned(),
    };
    let cycles = life
        .cycles
        .map_or("? cycles".to_owned(), |n| format!("{n} cycles"));
    let end = if life.ended {
        "ended in order"
    } else {
        "killed, or at work"
    };
    say!(
        "life {}: {begun} {build}, {cycles} in {}, {}; {end}",
        life.epoch,
        count(life.logs as usize, "log", "logs"),
        size(life.bytes)
    );
}
