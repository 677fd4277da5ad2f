//! `takt journal verify`: is a store whole?

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::progress::Progress;
use super::{Failure, no_store, open, size};
use crate::host::store;
use crate::journal::{Finding, Verified};

const EXAMPLES: &str = "Examples:
  takt journal verify --data day1
  takt journal verify --data day1 --json | jq '.findings[] | select(.failure)'

Exit codes: 0 nothing that was committed is lost or damaged; 1 something is; 2 there is no store.";

/// Arguments of `takt journal verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct VerifyArgs {
    /// The directory that was given to `takt run`, `serve` or `sim` as --data
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: VerifyArgs) -> Result<(), Failure> {
    let disk = open(&args.data)?;
    let mut progress = Progress::new("read");
    let verified = store::verify(&disk, |share| progress.set(share));
    let wall_s = progress.end();
    let verified =
        verified.map_err(|e| Failure::BadInput(format!("{}: {e}", args.data.display())))?;
    if verified.files.is_empty() {
        return Err(no_store(&args.data));
    }
    if args.json {
        say!("{}", as_json(&verified, wall_s)?);
    } else {
        print(&verified);
    }
    match verified.is_clean() {
        true => Ok(()),
        false => Err(Failure::Found),
    }
}

fn as_json(verified: &Verified, wall_s: f64) -> Result<serde_json::Value, Failure> {
    let mut findings = Vec::new();
    for finding in &verified.findings {
        let mut value = serde_json::to_value(finding).map_err(Failure::failed)?;
        value["failure"] = finding.is_failure().into();
        findings.push(value);
    }
    Ok(json!({
        "clean": verified.is_clean(),
        "files": verified.files,
        "blocks": verified.files.iter().map(|f| f.blocks).sum::<u64>(),
        "records": verified.files.iter().map(|f| f.records).sum::<u64>(),
        "bytes": verified.files.iter().map(|f| f.bytes).sum::<u64>(),
        "records_lost": verified.findings.iter().map(|f| f.records_lost).sum::<u64>(),
        "findings": findings,
        "host": { "wall_s": wall_s },
    }))
}

fn print(verified: &Verified) {
    for finding in &verified.findings {
        print_finding(finding);
    }
    let sum = |figure: fn(&crate::journal::VerifiedFile) -> u64| {
        verified.files.iter().map(figure).sum::<u64>()
    };
    let failures = verified.findings.iter().filter(|f| f.is_failure()).count();
    say!(
        "{} files with {} blocks and {} records read, {}: {}",
        verified.files.len(),
        sum(|f| f.blocks),
        sum(|f| f.records),
        size(sum(|f| f.bytes)),
        match failures {
            0 => "nothing that was committed is lost or damaged".to_owned(),
            1 => "1 problem".to_owned(),
            n => format!("{n} problems"),
        }
    );
}

fn print_finding(finding: &Finding) {
    let severity = if finding.is_failure() {
        "PROBLEM"
    } else {
        "note"
    };
    let place = match finding.bytes {
        0 => finding.file.clone(),
        _ => format!("{}, byte {}", finding.file, finding.byte),
    };
    say!("{severity}: {place}: {}", finding.says);
    say!("    what to do: {}", finding.advice);
}
