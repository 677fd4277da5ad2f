//! Replay: a controller's life lived again from the inputs that were journalled, and compared with what was recorded.
//!
//! A life begins at a checkpoint and goes on through one log or several. Each cycle's inputs are given to a new
//! controller in the same cycle; cycles without inputs are stepped through, cycles that were missed are not. Two things
//! are compared: the state's hash wherever it was recorded, and every change of an order, of stock, or of a pause.
//!
//! What could fool it: a recording without anything to compare ([`Report::proves_something`]), a recording with a hole
//! (it ends there, and says so), another build (refused), and state that the hash leaves out.

mod life;
mod lives;
mod outputs;
mod watch;

pub mod export;

use std::sync::Arc;

use serde::Serialize;
use takt_maps::Floor;
use takt_rt::host::Disk;

use crate::controller::StateHash;
use crate::host::store::record::BUILD;
use crate::journal::JournalError;
use life::Life;
use lives::Found;
pub use watch::{Beginning, Seen, Watch};

/// What to replay.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplayOptions {
    /// Only the life of this epoch; `None`: all that the store still has from their beginning.
    pub epoch: Option<u32>,
    /// Up to the end of this cycle of each life.
    pub until: Option<u64>,
    /// Compute plans and assignments again and compare them, too.
    pub rerun_workers: bool,
}

/// The first thing that came out otherwise than recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Difference {
    /// The cycle.
    pub cycle: u64,
    /// Which part of the state, or which kind of output.
    pub field: String,
    /// As recorded.
    pub recorded: String,
    /// As it came out now.
    pub replayed: String,
}

/// What the replay of one life covered and found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct LifeReport {
    /// The run of the controller.
    pub epoch: u32,
    /// Why it could not be replayed, or not to its end; empty if it was.
    pub stopped: String,
    /// The last cycle that was stepped.
    pub last_cycle: u64,
    /// Cycles stepped.
    pub cycles: u64,
    /// Controller milliseconds that they lasted.
    pub covered_ms: u64,
    /// Inputs taken in.
    pub inputs: u64,
    /// Hashes compared.
    pub checkpoints: u64,
    /// Changes compared.
    pub changes: u64,
    /// Plans computed again and compared.
    pub plans: u64,
    /// Assignments computed again and compared.
    pub assignments: u64,
    /// The controller ended in order (otherwise it was killed, or the recording was cut off).
    pub ended: bool,
    /// Hash of the state in the end.
    pub state_hash: String,
    /// Orders open in the end.
    pub orders_open: u64,
    /// The first difference.
    pub difference: Option<Difference>,
}

/// What a replay covered and found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// One for each life in the store, oldest first.
    pub lives: Vec<LifeReport>,
}

impl Report {
    /// The sum of a figure over all lives.
    pub fn sum(&self, figure: impl Fn(&LifeReport) -> u64) -> u64 {
        self.lives.iter().map(figure).sum()
    }

    /// The first difference, with the epoch of its life.
    pub fn difference(&self) -> Option<(u32, &Difference)> {
        let of = |life: &'_ LifeReport| life.epoch;
        self.lives
            .iter()
            .find_map(|life| life.difference.as_ref().map(|d| (of(life), d)))
    }

    /// Was anything compared at all?
    pub fn proves_something(&self) -> bool {
        self.sum(|life| life.checkpoints) > 0
    }

    /// Was every life in the store replayed to its end?
    pub fn is_complete(&self) -> bool {
        self.lives.iter().all(|life| life.stopped.is_empty())
    }
}

/// Why nothing can be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The store cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// There is no recording.
    #[error("the store holds no recording: name the directory that was given to --data")]
    Empty,
    /// No life has this epoch.
    #[error("the store has no life with epoch {asked}; it has {known}")]
    NoSuchLife {
        /// As asked for.
        asked: u32,
        /// Those that there are.
        known: String,
    },
    /// The floor's handshakes do not fit its devices.
    #[error(transparent)]
    Handshake(#[from] takt_plc_bridge::handshake::HandshakeError),
}

/// Replays the lives in a store and compares; `progress` is told how far it is, from 0 to 1.
///
/// # Errors
/// See [`ReplayError`]; a difference is none.
pub fn replay(
    floor: &Arc<Floor>,
    disk: &impl Disk,
    options: &ReplayOptions,
    progress: impl FnMut(f64),
) -> Result<Report, ReplayError> {
    replay_watched(floor, disk, options, &mut (), progress)
}

/// The same, with somebody who looks on.
///
/// # Errors
/// See [`ReplayError`]; a difference is none.
pub fn replay_watched(
    floor: &Arc<Floor>,
    disk: &impl Disk,
    options: &ReplayOptions,
    watch: &mut dyn Watch,
    mut progress: impl FnMut(f64),
) -> Result<Report, ReplayError> {
    let lives = lives::find(floor, disk)?;
    if lives.is_empty() {
        return Err(ReplayError::Empty);
    }
    let asked = |life: &&Found| options.epoch.is_none_or(|epoch| life.epoch == epoch);
    let chosen: Vec<&Found> = lives.iter().filter(asked).collect();
    if let (Some(asked), true) = (options.epoch, chosen.is_empty()) {
        let known: Vec<String> = lives.iter().map(|life| life.epoch.to_string()).collect();
        return Err(ReplayError::NoSuchLife {
            asked,
            known: known.join(", "),
        });
    }
    let logs: usize = chosen.iter().map(|life| life.logs.len()).sum();
    let mut before = 0;
    let mut report = Report::default();
    for found in chosen {
        let told = |done: f64| progress((before as f64 + done) / logs as f64);
        report
            .lives
            .push(replay_life(floor, disk, found, options, &mut *watch, told)?);
        before += found.logs.len();
    }
    Ok(report)
}

fn replay_life(
    floor: &Arc<Floor>,
    disk: &impl Disk,
    found: &Found,
    options: &ReplayOptions,
    watch: &mut dyn Watch,
    mut progress: impl FnMut(f64),
) -> Result<LifeReport, ReplayError> {
    let stopped = |why: String| LifeReport {
        epoch: found.epoch,
        stopped: why,
        ..LifeReport::default()
    };
    let (begin, checkpoint) = match lives::beginning(floor, disk, found) {
        Ok(beginning) => beginning,
        Err(why) => return Ok(stopped(why)),
    };
    if begin.build != BUILD {
        return Ok(stopped(format!(
            "it was recorded by build {} and this is build {BUILD}: only the same build can live it again",
            begin.build
        )));
    }
    let mut life = Life::new(floor, &begin, &checkpoint, found.epoch, options, watch)?;
    for (done, &number) in found.logs.iter().enumerate() {
        match lives::read_log(floor, disk, number, life.next_sequence()) {
            Ok(log) => life.take(log, |share| progress(done as f64 + share)),
            Err(why) => life.stop(why),
        }
        progress(done as f64 + 1.0);
        if life.is_over() {
            break;
        }
    }
    Ok(life.finish())
}

/// Names the first part in which two hashes differ.
fn difference_of_hashes(
    cycle: u64,
    recorded: &StateHash,
    replayed: &StateHash,
) -> Option<Difference> {
    let (field, recorded, replayed) = recorded.first_difference(replayed)?;
    Some(Difference {
        cycle,
        field: format!("state hash: {field}"),
        recorded: format!("{recorded:016x}"),
        replayed: format!("{replayed:016x}"),
    })
}
