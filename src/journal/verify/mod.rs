//! Looking a store through: every block of every file, and what the files say of each other. Changes nothing.
//!
//! A start reads only the newest checkpoint and what is behind it, and goes on as well as it can; this reads all of it
//! and names all that is wrong at once. What a crash leaves behind, a write cut off at the end of a life, is told apart
//! from damage by what came after it: the next life begins with the number of the record that was not finished.

mod file;
mod finding;

use serde::de::DeserializeOwned;
use takt_rt::host::Disk;

pub use file::{FileKind, VerifiedFile};
use file::{Looked, look, lost};
use finding::{FROM_BACKUP, REPLAY_ENDS};
pub use finding::{Finding, FindingKind};

use super::error::JournalError;
use super::files::{Files, checkpoint_name, log_name};

/// What was looked through and found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// The files, in the order in which they were written.
    pub files: Vec<VerifiedFile>,
    /// What was found, in the same order.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// Is nothing lost or damaged that had been committed?
    pub fn is_clean(&self) -> bool {
        !self.findings.iter().any(Finding::is_failure)
    }
}

/// Looks all logs and checkpoints of a store through, whatever floor they belong to.
///
/// `version` is the one of the record types `C` (of checkpoints) and `R` (of logs); `progress` is told how far it is,
/// from 0 to 1.
///
/// # Errors
/// When the directory cannot be listed. Files that cannot be read are findings.
pub fn verify<C: DeserializeOwned, R: DeserializeOwned>(
    disk: &impl Disk,
    version: u32,
    mut progress: impl FnMut(f64),
) -> Result<Verified, JournalError> {
    let files = Files::list(disk).map_err(|error| JournalError::disk("the store", error))?;
    let numbers = files.numbers();
    let mut steps = Vec::new();
    for (done, &number) in numbers.iter().enumerate() {
        let checkpoint = files.checkpoints.contains(&number).then(|| {
            look::<C>(
                disk,
                &checkpoint_name(number),
                FileKind::Checkpoint,
                version,
            )
        });
        let log = files
            .logs
            .contains(&number)
            .then(|| look::<R>(disk, &log_name(number), FileKind::Log, version));
        steps.push(Step {
            number,
            checkpoint,
            log,
        });
        progress((done + 1) as f64 / numbers.len() as f64);
    }
    Ok(compare(steps))
}

/// Looks one file through that is alone, as older stores are.
pub fn verify_file<R: DeserializeOwned>(disk: &impl Disk, file: &str, version: u32) -> Verified {
    let looked = look::<R>(disk, file, FileKind::Older, version);
    let mut findings = looked.findings;
    findings
        .iter_mut()
        .filter(|f| f.advice.is_empty())
        .for_each(|f| {
            f.advice = FROM_BACKUP.to_owned();
        });
    if let Some((offset, bytes)) = looked.torn {
        findings.push(interrupted(file, offset, bytes));
    }
    Verified {
        files: vec![looked.about],
        findings,
    }
}

/// A checkpoint and the log behind it.
struct Step {
    number: u32,
    checkpoint: Option<Looked>,
    log: Option<Looked>,
}

/// What the files say of each other.
fn compare(steps: Vec<Step>) -> Verified {
    let headers = |step: &Step| {
        let of = |looked: &Option<Looked>| looked.as_ref().and_then(|l| l.header);
        of(&step.log).or(of(&step.checkpoint))
    };
    let known = |step: &Step| {
        let of = |looked: &Option<Looked>| looked.as_ref().filter(|l| l.floor_known)?.header;
        of(&step.log).or(of(&step.checkpoint))
    };
    let newest = steps.iter().rev().find_map(known);
    let digest = newest.map(|header| header.identity.floor_digest);
    let whole: Vec<u32> = steps
        .iter()
        .filter(|s| s.checkpoint.as_ref().is_some_and(|c| c.whole))
        .map(|s| s.number)
        .collect();
    let epochs: Vec<Option<u32>> = steps.iter().map(|s| headers(s).map(|h| h.epoch)).collect();
    let firsts: Vec<Option<u64>> = steps
        .iter()
        .map(|s| headers(s).map(|h| h.first_sequence))
        .collect();
    let mut verified = Verified::default();
    // Number of the record that the next file has to begin with.
    let mut expected: Option<u64> = None;
    for (i, step) in steps.into_iter().enumerate() {
        let later = epochs[i + 1..].iter().copied().flatten().next();
        let next_first = firsts[i + 1..].iter().copied().flatten().next();
        let found = &mut verified.findings;
        match step.checkpoint {
            Some(mut checkpoint) => {
                in_its_place(&checkpoint, digest, &mut expected, found);
                judge_checkpoint(&mut checkpoint, step.number, &whole);
                found.append(&mut checkpoint.findings);
                verified.files.push(checkpoint.about);
            }
            None => {
                let says = "it is not there, although its log is".to_owned();
                let name = checkpoint_name(step.number);
                let mut finding = Finding::new(&name, FindingKind::CheckpointMissing, says, "");
                finding.advice = advice_for_checkpoint(step.number, &whole);
                found.push(finding);
            }
        }
        let name = log_name(step.number);
        let has_checkpoint = verified.files.last().is_some_and(|file| {
            file.kind == FileKind::Checkpoint && file.file == checkpoint_name(step.number)
        });
        let found = &mut verified.findings;
        let Some(mut log) = step.log else {
            let says = "it is not there, although its checkpoint is: everything accepted since then is lost".to_owned();
            found.push(Finding::new(&name, FindingKind::Gap, says, FROM_BACKUP));
            continue;
        };
        // A log is durable before its checkpoint gets its name: what is less than a header never began, or was cut.
        if has_checkpoint && log.header.is_none() && log.torn.take().is_some() {
            let says = "it ends within its first 40 bytes, although its checkpoint is there: all its records are lost".to_owned();
            let bytes = log.about.bytes;
            found
                .push(Finding::new(&name, FindingKind::Unreadable, says, FROM_BACKUP).at(0, bytes));
        }
        in_its_place(&log, digest, &mut expected, found);
        log.findings
            .iter_mut()
            .filter(|f| f.advice.is_empty())
            .for_each(|f| f.advice = REPLAY_ENDS.to_owned());
        found.append(&mut log.findings);
        if log.header.is_some() {
            expected = Some(log.next_sequence);
        }
        if let Some((offset, bytes)) = log.torn {
            let name = &log.about.file;
            let missing = match (expected, next_first) {
                (Some(expected), Some(next)) => next.saturating_sub(expected),
                _ => 0,
            };
            let same_life = log.header.is_some() && later == log.about.epoch;
            if missing == 0 && !same_life {
                found.push(interrupted(name, offset, bytes));
            } else {
                let first = expected.unwrap_or_default();
                let says = format!(
                    "{bytes} bytes at its end are damaged, and its life went on after them: {}",
                    lost(first, missing)
                );
                found.push(
                    Finding::new(name, FindingKind::Damaged, says, REPLAY_ENDS)
                        .at(offset, bytes)
                        .losing(first, missing),
                );
                // Told once is enough.
                expected = next_first.or(expected);
            }
        }
        verified.files.push(log.about);
    }
    verified
}

/// A write that the end of a life cut off.
fn interrupted(file: &str, offset: u64, bytes: u64) -> Finding {
    let says = format!(
        "the last {bytes} bytes are a write that a kill or a power cut interrupted; nothing that was acknowledged is lost"
    );
    let advice = "nothing: a start leaves them out";
    Finding::new(file, FindingKind::InterruptedWrite, says, advice).at(offset, bytes)
}

/// Does a file continue those before it, and belong to the same floor?
fn in_its_place(
    looked: &Looked,
    digest: Option<u64>,
    expected: &mut Option<u64>,
    found: &mut Vec<Finding>,
) {
    let Some(header) = looked.header else { return };
    let name = &looked.about.file;
    let own = header.identity.floor_digest;
    if let Some(newest) = digest.filter(|newest| looked.floor_known && *newest != own) {
        let says = format!(
            "it belongs to another floor (digest {own:016x}) than the newest file (digest {newest:016x})"
        );
        let advice = "move it to the store that it came from";
        found.push(Finding::new(name, FindingKind::OtherFloor, says, advice));
    }
    let first = header.first_sequence;
    match *expected {
        Some(next) if first > next => {
            let says = format!(
                "before it, a file or the end of one is gone: {}",
                lost(next, first - next)
            );
            let advice = "restore the files that are missing from a backup of the store";
            found.push(
                Finding::new(name, FindingKind::Gap, says, advice).losing(next, first - next),
            );
        }
        Some(next) if first < next => {
            let says = format!(
                "its records begin with number {first}, although the file before it ends with {}",
                next.saturating_sub(1)
            );
            let advice = "it comes from another store, or from an older copy of this one: keep the files of one copy together";
            found.push(Finding::new(name, FindingKind::OutOfOrder, says, advice));
        }
        _ => {}
    }
    *expected = Some(first);
}

/// Adds what a checkpoint lacks, and what that means.
fn judge_checkpoint(checkpoint: &mut Looked, number: u32, whole: &[u32]) {
    let name = &checkpoint.about.file;
    if checkpoint.header.is_some() && !checkpoint.whole {
        let (at, bytes) = checkpoint.torn.unwrap_or((checkpoint.about.bytes, 0));
        if checkpoint.torn.is_some() || checkpoint.findings.is_empty() {
            let says = "it ends before it is complete, or its end is damaged: what it stands for is not all there".to_owned();
            checkpoint
                .findings
                .push(Finding::new(name, FindingKind::Checkpoint, says, "").at(at, bytes));
        }
    }
    let advice = advice_for_checkpoint(number, whole);
    for finding in &mut checkpoint.findings {
        if finding.advice.is_empty() || finding.kind == FindingKind::Unreadable {
            finding.advice.clone_from(&advice);
        }
    }
}

/// What to do without a checkpoint.
fn advice_for_checkpoint(number: u32, whole: &[u32]) -> String {
    if whole.iter().any(|&other| other > number) {
        "nothing is needed for a start, which takes a newer one; only a life that begins here cannot be replayed without a backup of the file".to_owned()
    } else if let Some(before) = whole.iter().rev().find(|&&other| other < number) {
        format!(
            "start once (`takt run` or `takt serve` with --data): it takes {} and all logs since, and writes a new one",
            checkpoint_name(*before)
        )
    } else {
        "no start is possible, since no checkpoint is whole: restore the store from a backup"
            .to_owned()
    }
}
