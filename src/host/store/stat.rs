//! What a store consists of, told from its files alone: nobody has to know which floor it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use takt_maps::OrderId;
use takt_rt::host::Disk;

use super::migrate::{BACKUP_V1, FILE_V1};
use super::record::{BUILD, Begin, Kept, Record, Replay, VERSION};
use crate::controller::Delta;
use crate::journal::{
    Contents, FileKind, Files, Header, Identity, JournalError, checkpoint_file, header_of,
    log_file, read_file,
};

/// A store at a glance.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Stat {
    /// Name of the floor that it belongs to; `None` when no life's beginning is left in it.
    pub floor: Option<String>,
    /// Digest of that floor, as the newest file has it; `None` when no header can be read.
    pub floor_digest: Option<String>,
    /// Its files, in the order in which they were written.
    pub files: Vec<FileStat>,
    /// The lives of controllers in it, oldest first.
    pub lives: Vec<LifeStat>,
    /// All files together.
    pub bytes: u64,
    /// Orders that had not ended, by the newest whole checkpoint and the logs behind it; `None` without one.
    pub orders_open: Option<u64>,
    /// Files of a store of version 1.
    pub older: Vec<String>,
    /// What a person should know; `takt journal verify` says more.
    pub problems: Vec<String>,
}

/// One file.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FileStat {
    /// Its name.
    pub file: String,
    /// What it is for.
    pub kind: FileKind,
    /// Its number: a checkpoint stands for all that was before the log of the same number.
    pub number: u32,
    /// The life that it belongs to.
    pub epoch: Option<u32>,
    /// Its length.
    pub bytes: u64,
    /// Number of its first record; `None` when there is none.
    pub first_record: Option<u64>,
    /// Number of its last record; `None` when there is none.
    pub last_record: Option<u64>,
    /// Records that could be read, by kind.
    pub records: BTreeMap<&'static str, u64>,
    /// First cycle that something is recorded of; only the build that recorded it can tell.
    pub first_cycle: Option<u64>,
    /// Last cycle that something is recorded of; only the build that recorded it can tell.
    pub last_cycle: Option<u64>,
    /// How it ends.
    pub end: FileEnd,
}

/// How a file ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileEnd {
    /// A log: its life ended in order.
    Ended,
    /// A log: its life goes on in the next one.
    GoesOn,
    /// A log: its life was killed, or is at work.
    Open,
    /// A checkpoint that is whole.
    Whole,
    /// A checkpoint that is not.
    NotWhole,
    /// Nothing in it can be read.
    Unreadable,
}

/// The life of a controller.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LifeStat {
    /// Its epoch.
    pub epoch: u32,
    /// Build of the program; `None` when its beginning is not in the store any more.
    pub build: Option<String>,
    /// May this program replay it?
    pub this_build: bool,
    /// UTC at its beginning, in milliseconds since 1970.
    pub begun_utc_ms: Option<u64>,
    /// Seed of planner and dispatcher.
    pub seed: Option<u64>,
    /// Its last cycle, as far as recorded; only the build that recorded it can tell, unless it ended in order.
    pub cycles: Option<u64>,
    /// Its logs.
    pub logs: u32,
    /// Length of its logs and checkpoints.
    pub bytes: u64,
    /// It ended in order.
    pub ended: bool,
}

/// Looks at a store without changing anything; `progress` is told how far it is, from 0 to 1.
///
/// # Errors
/// When the directory cannot be listed. What is wrong with a file is told in [`Stat::problems`].
pub fn stat(disk: &impl Disk, mut progress: impl FnMut(f64)) -> Result<Stat, JournalError> {
    let failed = |error| JournalError::disk("the store", error);
    let files = Files::list(disk).map_err(failed)?;
    let mut stat = Stat::default();
    for name in disk.list().map_err(failed)? {
        if [FILE_V1, BACKUP_V1].contains(&name.as_str()) {
            stat.bytes += disk.size(&name).map_err(failed)?;
            stat.older.push(name);
        }
    }
    let numbers = files.numbers();
    let mut orders: Option<BTreeSet<OrderId>> = None;
    for (done, &number) in numbers.iter().enumerate() {
        if files.checkpoints.contains(&number) {
            stat.checkpoint(disk, number, &mut orders);
        }
        if files.logs.contains(&number) {
            stat.log(disk, number, &mut orders);
        }
        progress((done + 1) as f64 / numbers.len() as f64);
    }
    stat.orders_open = orders.map(|open| open.len() as u64);
    Ok(stat)
}

impl Stat {
    fn checkpoint(
        &mut self,
        disk: &impl Disk,
        number: u32,
        orders: &mut Option<BTreeSet<OrderId>>,
    ) {
        let name = checkpoint_file(number);
        let Some((header, contents)) = self.read::<Kept>(disk, &name) else {
            self.unreadable(disk, name, FileKind::Checkpoint, number);
            return;
        };
        let whole = contents.closed && contents.warnings.is_empty();
        let end = if whole {
            FileEnd::Whole
        } else {
            FileEnd::NotWhole
        };
        let mut file = file_stat(name, FileKind::Checkpoint, number, &contents, end);
        let mut open = BTreeSet::new();
        for kept in &contents.records {
            *file.records.entry(kept.kind()).or_default() += 1;
            if let Kept::Order(order) = kept
                && !order.state.is_final()
            {
                open.insert(order.id);
            }
        }
        if whole {
            *orders = Some(open);
        }
        self.life(header.epoch).bytes += contents.bytes;
        self.add(file);
    }

    fn log(&mut self, disk: &impl Disk, number: u32, orders: &mut Option<BTreeSet<OrderId>>) {
        let name = log_file(number);
        let Some((header, contents)) = self.read::<Record>(disk, &name) else {
            self.unreadable(disk, name, FileKind::Log, number);
            return;
        };
        self.goes_on(header.epoch);
        let mut file = file_stat(name, FileKind::Log, number, &contents, FileEnd::Open);
        for record in &contents.records {
            *file.records.entry(record.kind()).or_default() += 1;
            match record {
                Record::Begin(begin) => self.begin(header.epoch, begin),
                Record::Change(delta) => follow(orders, delta),
                Record::End { cycle } => {
                    file.end = FileEnd::Ended;
                    file.saw(*cycle);
                }
                Record::Replay(bytes) if self.life(header.epoch).this_build => {
                    if let Some(cycle) = Replay::cycle_of(bytes) {
                        file.saw(cycle);
                    }
                }
                Record::Replay(_) | Record::Client(_) | Record::Asked { .. } => {}
            }
        }
        let life = self.life(header.epoch);
        life.logs += 1;
        life.bytes += contents.bytes;
        life.cycles = life.cycles.max(file.last_cycle);
        life.ended = file.end == FileEnd::Ended;
        self.add(file);
    }

    /// Reads a file as what its header says that it is; otherwise notes why not.
    fn read<T: serde::de::DeserializeOwned>(
        &mut self,
        disk: &impl Disk,
        name: &str,
    ) -> Option<(Header, Contents<T>)> {
        let read = header_of(disk, name).and_then(|header| {
            let identity = Identity {
                record_version: VERSION,
                ..header.identity
            };
            Ok((header, read_file::<T>(disk, name, identity)?))
        });
        match read {
            Ok((header, contents)) => {
                self.floor_digest = Some(format!("{:016x}", header.identity.floor_digest));
                let warnings = contents.warnings.iter().map(ToString::to_string);
                self.problems.extend(warnings);
                Some((header, contents))
            }
            Err(error) => {
                self.problems.push(error.to_string());
                None
            }
        }
    }

    fn unreadable(&mut self, disk: &impl Disk, file: String, kind: FileKind, number: u32) {
        let bytes = disk.size(&file).unwrap_or(0);
        self.add(FileStat {
            file,
            kind,
            number,
            epoch: None,
            bytes,
            first_record: None,
            last_record: None,
            records: BTreeMap::new(),
            first_cycle: None,
            last_cycle: None,
            end: FileEnd::Unreadable,
        });
    }

    fn add(&mut self, file: FileStat) {
        self.bytes += file.bytes;
        self.files.push(file);
    }

    /// The life of an epoch; a new one if the files at hand are the first of it.
    fn life(&mut self, epoch: u32) -> &mut LifeStat {
        let at = match self.lives.iter().rposition(|life| life.epoch == epoch) {
            Some(at) => at,
            None => {
                self.lives.push(LifeStat {
                    epoch,
                    build: None,
                    this_build: false,
                    begun_utc_ms: None,
                    seed: None,
                    cycles: None,
                    logs: 0,
                    bytes: 0,
                    ended: false,
                });
                self.lives.len() - 1
            }
        };
        &mut self.lives[at]
    }

    fn begin(&mut self, epoch: u32, begin: &Begin) {
        self.floor = Some(begin.floor.clone());
        let life = self.life(epoch);
        life.build = Some(begin.build.clone());
        life.this_build = begin.build == BUILD;
        life.begun_utc_ms = Some(begin.utc_ms);
        life.seed = Some(begin.seed);
    }

    /// A log of this life follows: the one before has not been its end.
    fn goes_on(&mut self, epoch: u32) {
        let logs = self.files.iter_mut().filter(|f| f.kind == FileKind::Log);
        if let Some(before) = logs.last()
            && before.epoch == Some(epoch)
            && before.end == FileEnd::Open
        {
            before.end = FileEnd::GoesOn;
        }
    }
}

impl FileStat {
    fn saw(&mut self, cycle: u64) {
        self.first_cycle.get_or_insert(cycle);
        self.last_cycle = self.last_cycle.max(Some(cycle));
    }
}

fn file_stat<T>(
    file: String,
    kind: FileKind,
    number: u32,
    contents: &Contents<T>,
    end: FileEnd,
) -> FileStat {
    let some = contents.next_sequence > contents.first_sequence;
    FileStat {
        file,
        kind,
        number,
        epoch: Some(contents.epoch),
        bytes: contents.bytes,
        first_record: some.then_some(contents.first_sequence),
        last_record: some.then(|| contents.next_sequence - 1),
        records: BTreeMap::new(),
        first_cycle: None,
        last_cycle: None,
        end,
    }
}

/// Keeps account of orders that have not ended.
fn follow(orders: &mut Option<BTreeSet<OrderId>>, delta: &Delta) {
    let Some(open) = orders else { return };
    match delta {
        Delta::Submitted { id, .. } => {
            open.insert(*id);
        }
        Delta::Moved(transition) if transition.to.is_final() => {
            open.remove(&transition.order);
        }
        _ => {}
    }
}
