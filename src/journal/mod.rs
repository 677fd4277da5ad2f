//! The journal: what must survive `kill -9` and power cuts, appended to files on a [`Disk`].
//!
//! A *log* holds records of type `R` in the order in which they were appended; a *checkpoint* holds records of type `C`
//! that stand for everything appended before the log of the same number. A start reads the newest checkpoint and what
//! comes behind it, and begins a new checkpoint and log; a long run does the same from time to time
//! ([`Journal::rotate`]). Files are never changed once the next one has begun, and the oldest are removed when they take
//! too much room ([`Journal::retain`]).
//!
//! Records are encoded with postcard and grouped: [`Journal::append`] collects, and [`Journal::commit`] writes the group
//! as one block and makes it durable with one sync. A record may be acknowledged to the outside only after the commit
//! that it is in.
//!
//! | after | the next [`open`] finds |
//! |---|---|
//! | `kill -9`, a panic, a power cut at any moment | every committed record, in order; then, if one was under way, either all of the group that was being committed or nothing of it |
//! | the same in the middle of a rotation | the same records, from the old checkpoint or from the new one |
//! | a write or sync that failed | the same; the journal at hand refuses everything more ([`JournalError::Broken`]), since only reading again tells what the disk has |
//! | bytes damaged later | all other groups, and a [`Warning`] that says where and how many records are gone; a damaged checkpoint is replaced by the one before it and the log between |
//!
//! Each start draws a new *epoch*, durable before [`Opened::begin`] returns, so that no two runs of the controller ever
//! share one.
//!
//! # File format
//! Integers are little-endian. A header of [40 bytes](format), then blocks, each one group:
//! `marker u32 | payload length u32 | crc32 u32 | epoch u32 | records u32 | number of the first record u64 | payload`.
//! The checksum also covers the block's offset in the file, so that a block lying in another's payload (a record may
//! contain any bytes) is never taken for one. A checkpoint ends with a block without records, so that one that was cut
//! off is noticed.
//!
//! ```
//! use takt::journal::{Identity, open};
//! use takt_rt::host::MemoryDisk;
//!
//! # fn main() -> Result<(), takt::journal::JournalError> {
//! let disk = MemoryDisk::new();
//! let identity = Identity { floor_digest: 0x1234, record_version: 1 };
//! let opened = open::<_, String, String>(disk.clone(), identity)?;
//! assert_eq!((opened.epoch, opened.recovered.records.len()), (1, 0));
//! let mut journal = opened.begin(&[] as &[String])?;
//! journal.append(&"order 1".to_string())?;
//! journal.append(&"order 2".to_string())?;
//! journal.commit()?; // one sync for both
//! drop(journal);
//!
//! disk.crash(7);
//! let opened = open::<_, String, String>(disk, identity)?;
//! assert_eq!((opened.epoch, &opened.recovered.records[..]), (2, &["order 1".into(), "order 2".into()][..]));
//! # Ok(())
//! # }
//! ```

mod blocks;
mod error;
mod files;
mod format;
mod recovery;
#[cfg(test)]
mod tests;
mod verify;

pub use error::{JournalError, Warning};
pub use files::{Files, checkpoint_name as checkpoint_file, log_name as log_file};
pub use format::{Header, Identity};
pub use recovery::{Contents, Recovered, beginning_of, header_of, read_file};
pub use verify::{FileKind, Finding, FindingKind, Verified, VerifiedFile, verify, verify_file};

use files::{checkpoint_name, log_name};
use format::{BLOCK_HEADER, Block, GROUP, RECORD_MAX};
use serde::{Serialize, de::DeserializeOwned};
use std::io;
use std::marker::PhantomData;
use takt_rt::host::Disk;

/// A journal that has been read, and to which nothing has been written yet.
#[derive(Debug)]
pub struct Opened<D, C, R> {
    /// The epoch that [`Opened::begin`] makes durable.
    pub epoch: u32,
    /// What the journal held.
    pub recovered: Recovered<C, R>,
    disk: D,
    identity: Identity,
    next_sequence: u64,
    last: u32,
}

/// Reads the newest whole checkpoint of a store and all records behind it. Changes nothing.
///
/// # Errors
/// When the disk fails, or the files are of another floor or version, or no checkpoint is whole; the error says what to
/// do.
pub fn open<D: Disk, C: DeserializeOwned, R: DeserializeOwned>(
    disk: D,
    identity: Identity,
) -> Result<Opened<D, C, R>, JournalError> {
    let found = recovery::recover(&disk, identity)?;
    Ok(Opened {
        epoch: found.epoch,
        recovered: found.recovered,
        disk,
        identity,
        next_sequence: found.next_sequence,
        last: found.last,
    })
}

impl<D: Disk, C: Serialize, R: Serialize> Opened<D, C, R> {
    /// The same, to begin in a later epoch: one that another store, which this one takes over, has not used.
    ///
    /// # Panics
    /// If that epoch is earlier.
    #[must_use]
    pub fn in_epoch(mut self, epoch: u32) -> Self {
        assert!(epoch >= self.epoch, "epochs only grow");
        self.epoch = epoch;
        self
    }

    /// The same, to number records from here on: somebody knows of records that are not there any more, and no number is
    /// given twice.
    ///
    /// # Panics
    /// If that number was given.
    #[must_use]
    pub fn from_record(mut self, sequence: u64) -> Self {
        assert!(sequence >= self.next_sequence, "numbers only grow");
        self.next_sequence = sequence;
        self
    }

    /// Number of the record that comes next.
    pub fn next_record(&self) -> u64 {
        self.next_sequence
    }

    /// Begins a run: writes a checkpoint that stands for all that was recovered, and a new log behind it. When this
    /// returns, both and the epoch are durable.
    ///
    /// # Errors
    /// When the disk fails or a record cannot be encoded; what was recovered is still there.
    pub fn begin(self, checkpoint: &[C]) -> Result<Journal<D, R>, JournalError> {
        let mut journal = Journal {
            disk: self.disk,
            number: self.last,
            log: String::new(),
            identity: self.identity,
            epoch: self.epoch,
            next_sequence: self.next_sequence,
            length: 0,
            checkpoint_bytes: 0,
            group: Group::new(),
            broken: false,
            records: PhantomData,
        };
        journal.next_files(checkpoint)?;
        Ok(journal)
    }
}

/// A journal open for appending. See the [module](self).
#[derive(Debug)]
pub struct Journal<D, R> {
    disk: D,
    /// Number of the log, greater than those of all files before.
    number: u32,
    log: String,
    identity: Identity,
    epoch: u32,
    /// Number that the next record gets; never used twice in the life of a store.
    next_sequence: u64,
    /// Length of the log, all of it whole blocks.
    length: u64,
    /// Length of the checkpoint before it.
    checkpoint_bytes: u64,
    group: Group,
    /// A write has failed, and what the file holds is unknown.
    broken: bool,
    records: PhantomData<fn(&R)>,
}

/// Records that wait for being written as one block.
#[derive(Debug)]
struct Group {
    /// Room for the block's header, then the encoded records.
    bytes: Vec<u8>,
    /// Number of records.
    count: u32,
}

impl Group {
    fn new() -> Self {
        Self {
            bytes: vec![0; BLOCK_HEADER],
            count: 0,
        }
    }

    fn clear(&mut self) {
        self.bytes.truncate(BLOCK_HEADER);
        self.count = 0;
    }

    fn is_full(&self) -> bool {
        self.bytes.len() - BLOCK_HEADER >= GROUP || self.count == u32::MAX
    }

    /// Adds a record, or leaves the group as it was.
    fn push<R: Serialize>(&mut self, record: &R) -> Result<(), JournalError> {
        let before = self.bytes.len();
        let outcome = match postcard::to_io(record, &mut self.bytes) {
            Ok(bytes) if bytes.len() - before <= RECORD_MAX => Ok(()),
            Ok(bytes) => Err(JournalError::TooLarge {
                bytes: bytes.len() - before,
            }),
            Err(error) => Err(JournalError::Encode(error)),
        };
        match outcome {
            Ok(()) => self.count += 1,
            Err(_) => self.bytes.truncate(before),
        }
        outcome
    }

    /// The group as a block that begins at `offset` of the file.
    fn seal(&mut self, offset: u64, epoch: u32, first_sequence: u64) -> &[u8] {
        let block = Block {
            epoch,
            count: self.count,
            first_sequence,
        };
        block.seal(offset, &mut self.bytes);
        &self.bytes
    }
}

impl<D: Disk, R: Serialize> Journal<D, R> {
    /// Adds a record to the group and returns its number, from 0, greater than all before it (also across restarts). It
    /// is not durable before [`Journal::commit`].
    ///
    /// A group that has grown beyond 4 MiB is committed first.
    ///
    /// # Errors
    /// [`JournalError::TooLarge`] and [`JournalError::Encode`] concern this record only; the others are those of
    /// [`Journal::commit`].
    pub fn append(&mut self, record: &R) -> Result<u64, JournalError> {
        self.check_usable()?;
        if self.group.is_full() {
            self.commit()?;
        }
        self.group.push(record)?;
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        Ok(sequence)
    }

    /// Makes all appended records durable, with one write and one sync; does nothing when there are none.
    ///
    /// # Errors
    /// When the disk fails. Whether the group is durable is then unknown, and all further calls are refused with
    /// [`JournalError::Broken`]: open the journal again.
    pub fn commit(&mut self) -> Result<(), JournalError> {
        self.check_usable()?;
        if self.group.count == 0 {
            return Ok(());
        }
        let first_sequence = self.next_sequence - u64::from(self.group.count);
        let block = self.group.seal(self.length, self.epoch, first_sequence);
        let disk = &mut self.disk;
        let outcome = disk
            .append(&self.log, block)
            .and_then(|()| disk.sync(&self.log));
        if let Err(error) = outcome {
            self.broken = true;
            return Err(JournalError::disk(&self.log, error));
        }
        self.length += block.len() as u64;
        self.group.clear();
        Ok(())
    }

    /// Commits, then begins a new log behind a checkpoint that stands for everything appended so far.
    ///
    /// # Errors
    /// When the disk fails or a record cannot be encoded. As long as the journal is not [`JournalError::Broken`] it goes
    /// on in the old log.
    pub fn rotate<C: Serialize>(&mut self, checkpoint: &[C]) -> Result<(), JournalError> {
        self.commit()?;
        self.next_files(checkpoint)
    }

    /// Removes the oldest files while all of them take more than `bytes_max`; the log at hand stays, and the one before
    /// it, from which a damaged checkpoint could be made up for.
    ///
    /// Returns how many files it removed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn retain(&mut self, bytes_max: u64) -> Result<usize, JournalError> {
        let context = |error| JournalError::disk("the store", error);
        let files = Files::list(&self.disk).map_err(context)?;
        let mut sizes = Vec::new();
        for number in files.logs.iter().chain(&files.checkpoints).copied() {
            let mut bytes = 0;
            for name in [log_name(number), checkpoint_name(number)] {
                match self.disk.size(&name) {
                    Ok(size) => bytes += size,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(context(error)),
                }
            }
            sizes.push((number, bytes));
        }
        sizes.sort_unstable();
        sizes.dedup();
        let mut total: u64 = sizes.iter().map(|(_, bytes)| bytes).sum();
        let mut removed = 0;
        for (number, bytes) in sizes.iter().rev().skip(2).rev() {
            if total <= bytes_max {
                break;
            }
            for name in [log_name(*number), checkpoint_name(*number)] {
                match self.disk.remove(&name) {
                    Ok(()) => removed += 1,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(context(error)),
                }
            }
            total -= bytes;
        }
        Ok(removed)
    }

    /// This run's epoch: at least 1, and greater than that of every run before on this store.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Length of the log at hand in bytes; when it has grown large, it is time to [rotate](Journal::rotate).
    pub fn log_bytes(&self) -> u64 {
        self.length
    }

    /// Length of the checkpoint that the log at hand is behind, in bytes.
    pub fn checkpoint_bytes(&self) -> u64 {
        self.checkpoint_bytes
    }

    /// Number of the log at hand.
    pub fn log_number(&self) -> u32 {
        self.number
    }

    /// Number that the next record gets.
    pub fn next_record(&self) -> u64 {
        self.next_sequence
    }

    /// Number of records that are appended but not committed.
    pub fn pending(&self) -> u32 {
        self.group.count
    }

    /// The disk, for files of others beside the journal.
    pub fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    /// Has a write failed?
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    fn check_usable(&self) -> Result<(), JournalError> {
        match self.broken {
            true => Err(JournalError::Broken {
                file: self.log.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Begins a log with the next number behind a checkpoint, both durable, and goes on in that log.
    fn next_files<C: Serialize>(&mut self, checkpoint: &[C]) -> Result<(), JournalError> {
        let number = self.number.checked_add(1).ok_or(JournalError::Epochs)?;
        let (name, log) = (checkpoint_name(number), log_name(number));
        let new_name = format!("{name}.new");
        let begun = self.begin_files(&log, &new_name, checkpoint);
        let (length, checkpoint_bytes) = match begun {
            Ok(lengths) => lengths,
            Err(error) => {
                // Best effort: the next attempt removes them in any case, and the first error is the one to report.
                let _ = self.remove_leftover(&new_name);
                let _ = self.remove_leftover(&log);
                return Err(error);
            }
        };
        // The checkpoint comes into being under its name whole, with its log already there. From then on a start begins
        // behind it: the old log may grow no more.
        if let Err(error) = self.disk.rename(&new_name, &name) {
            // Whether the checkpoint counts now is unknown, and with it where records have to go.
            self.broken = true;
            return Err(JournalError::disk(&name, error));
        }
        self.number = number;
        self.log = log;
        self.length = length;
        self.checkpoint_bytes = checkpoint_bytes;
        Ok(())
    }

    /// Writes an empty log and a checkpoint under another name, both durable; returns their lengths.
    fn begin_files<C: Serialize>(
        &mut self,
        log: &str,
        checkpoint_file: &str,
        checkpoint: &[C],
    ) -> Result<(u64, u64), JournalError> {
        self.remove_leftover(checkpoint_file)?;
        self.remove_leftover(log)?;
        let header = self.header().encode();
        (self.disk.append(log, &header))
            .and_then(|()| self.disk.sync(log))
            .map_err(|error| JournalError::disk(log, error))?;
        let checkpoint_bytes = self.write_checkpoint(checkpoint_file, checkpoint)?;
        Ok((header.len() as u64, checkpoint_bytes))
    }

    fn header(&self) -> Header {
        Header {
            identity: self.identity,
            epoch: self.epoch,
            first_sequence: self.next_sequence - u64::from(self.group.count),
        }
    }

    /// Writes a checkpoint, durable; returns its length.
    fn write_checkpoint<C: Serialize>(
        &mut self,
        file: &str,
        records: &[C],
    ) -> Result<u64, JournalError> {
        let header = self.header();
        let context = |error| JournalError::disk(file, error);
        let mut sequence = header.first_sequence;
        let bytes = header.encode();
        self.disk.append(file, &bytes).map_err(context)?;
        let mut length = bytes.len() as u64;
        let mut group = Group::new();
        let mut records = records.iter().peekable();
        loop {
            while let Some(record) = records.next_if(|_| !group.is_full()) {
                group.push(record)?;
            }
            // The last block has no records: it says that nothing is missing.
            let last = group.count == 0;
            let block = group.seal(length, self.epoch, sequence);
            self.disk.append(file, block).map_err(context)?;
            length += block.len() as u64;
            sequence += u64::from(group.count);
            group.clear();
            if last {
                break;
            }
        }
        self.disk.sync(file).map_err(context)?;
        Ok(length)
    }

    /// Removes what an interrupted attempt may have left.
    fn remove_leftover(&mut self, file: &str) -> Result<(), JournalError> {
        match self.disk.remove(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(JournalError::disk(file, error))
            }
            _ => Ok(()),
        }
    }
}
