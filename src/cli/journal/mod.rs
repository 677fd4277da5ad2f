//! `takt journal`: what a store holds, whether it is whole, and its recordings for other programs.

mod export;
mod stat;
mod utc;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};
use takt_rt::host::LiveDisk;

use super::Failure;
use crate::host::store::stat::Stat;

const EXAMPLES: &str = "Examples:
  takt journal stat --data day1            what is in it, and which floor it belongs to
  takt journal verify --data day1          read all of it and name all that is damaged
  takt journal export --data day1 -o day1.mcap   for Foxglove; needs the floor, as a replay does

Nothing here changes a store; a controller may be at work in it meanwhile.";

/// Arguments of `takt journal`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct JournalCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What a store holds: files, lives, records, open orders
    Stat(stat::StatArgs),
    /// Read every block of every file, and name everything that is damaged or lost
    Verify(verify::VerifyArgs),
    /// Replay recordings into an MCAP file, which Foxglove opens
    Export(export::ExportArgs),
}

/// Looks at a store.
pub fn run(command: JournalCommand) -> Result<(), Failure> {
    match command.command {
        Command::Stat(args) => stat::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Export(args) => export::run(args),
    }
}

/// Opens a store for looking at it.
fn open(directory: &Path) -> Result<LiveDisk, Failure> {
    LiveDisk::open_read_only(directory).map_err(|e| Failure::BadInput(format!("--data {e}")))
}

/// What is to be said of a directory without a journal in it.
fn no_store(directory: &Path) -> Failure {
    Failure::BadInput(format!(
        "--data {}: there is no journal in it (no log-*.takt, checkpoint-*.takt or orders.journal); name the directory that was given to `takt run`, `serve` or `sim` as --data",
        directory.display()
    ))
}

/// What is to be said of a store that belongs to another floor.
fn other_floor(directory: &Path, stat: &Stat, floor: &str, digest: u64) -> Failure {
    let owner = match &stat.floor {
        Some(name) if name == floor => format!(
            "a floor of the same name, {name}, that has been changed since (or is made with other --cell, --vehicles or --seed)"
        ),
        Some(name) => format!("the floor {name}"),
        None => "another floor".to_owned(),
    };
    let theirs = stat.floor_digest.as_deref().unwrap_or("unknown");
    Failure::BadInput(format!(
        "{}: the store belongs to {owner} (digest {theirs}), not to {floor} as it is now (digest {digest:016x}); name that floor's file: takt journal … FLOOR --data {}",
        directory.display(),
        directory.display()
    ))
}

/// So many, with the word for it.
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A size for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1_024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
