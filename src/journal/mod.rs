//! The journal: what must survive `kill -9` and power cuts, appended to one file on a [`Disk`].
//!
//! Records are of one type `R`, encoded with postcard. They are grouped: [`Journal::append`] collects, and
//! [`Journal::commit`] writes the group as one block and makes it durable with one sync. A record may be acknowledged to
//! the outside only after the commit that it is in.
//!
//! | after | a new [`Journal::open`] finds |
//! |---|---|
//! | `kill -9`, a panic, a power cut at any moment | every committed record, in order; then, if one was under way, either all of the group that was being committed or nothing of it |
//! | the same in the middle of a checkpoint | either all as before it or the checkpoint's records |
//! | a write or sync that failed | the same; the journal at hand refuses everything more ([`JournalError::Broken`]), since only reading again tells what the disk has |
//! | bytes damaged later, in the middle | all other groups, and a [`Warning::Damaged`] that says where and how many records are gone |
//!
//! Each open draws a new *epoch*, durable before it is returned, so that no two runs of the controller ever share one.
//!
//! # File format
//! Integers are little-endian. A header of [40 bytes](format), then blocks, each one group:
//! `marker u32 | payload length u32 | crc32 u32 | epoch u32 | records u32 | number of the first record u64 | payload`.
//! The checksum also covers the block's offset in the file, so that a block lying in another's payload (a record may
//! contain any bytes) is never taken for one.
//!
//! ```
//! use takt::journal::{Identity, Journal};
//! use takt_rt::host::MemoryDisk;
//!
//! # fn main() -> Result<(), takt::journal::JournalError> {
//! let disk = MemoryDisk::new();
//! let identity = Identity { floor_digest: 0x1234, record_version: 1 };
//! let (mut journal, recovered) = Journal::open(disk.clone(), "orders", identity)?;
//! assert_eq!((recovered.epoch, recovered.records.len()), (1, 0));
//! journal.append(&"order 1".to_string())?;
//! journal.append(&"order 2".to_string())?;
//! journal.commit()?; // one sync for both
//! drop(journal);
//!
//! disk.crash(7);
//! let (_journal, recovered) = Journal::<_, String>::open(disk, "orders", identity)?;
//! assert_eq!((recovered.epoch, recovered.records), (2, vec!["order 1".into(), "order 2".into()]));
//! # Ok(())
//! # }
//! ```

mod error;
mod format;
mod recovery;
#[cfg(test)]
mod tests;

pub use error::{JournalError, Warning};
pub use format::Identity;
pub use recovery::{Recovered, read};

use format::{BLOCK_HEADER, Block, GROUP, Header, RECORD_MAX};
use serde::{Serialize, de::DeserializeOwned};
use std::io;
use std::marker::PhantomData;
use takt_rt::host::Disk;

/// A journal open for appending. See the [module](self).
#[derive(Debug)]
pub struct Journal<D, R> {
    disk: D,
    file: String,
    identity: Identity,
    epoch: u32,
    /// Number that the next record gets; never used twice in the life of a journal, not by a checkpoint either.
    next_sequence: u64,
    /// Length of the file, all of it durable blocks.
    length: u64,
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

impl<D: Disk, R: Serialize + DeserializeOwned> Journal<D, R> {
    /// Opens the journal in `file`, reads what it holds, and begins a new epoch; creates it when there is none.
    ///
    /// What looks like a write that a crash interrupted is cut off, after a copy of it was put beside the journal
    /// (`FILE.cut-EPOCH`). When this returns, everything recovered and the epoch are durable.
    ///
    /// # Errors
    /// When the disk fails, or the file is no journal, or one of another floor or version; nothing is changed then, and
    /// the error says what to do.
    pub fn open(
        disk: D,
        file: &str,
        identity: Identity,
    ) -> Result<(Self, Recovered<R>), JournalError> {
        let context = |error| JournalError::disk(file, error);
        let bytes = match disk.read(file) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(context(error)),
        };
        let mut journal = Self {
            disk,
            file: file.to_owned(),
            identity,
            epoch: 1,
            next_sequence: 0,
            length: 0,
            group: Group::new(),
            broken: false,
            records: PhantomData,
        };
        let Some(bytes) = bytes else {
            journal.rewrite(std::iter::empty())?;
            let recovered = Recovered {
                epoch: journal.epoch,
                records: Vec::new(),
                warnings: Vec::new(),
            };
            return Ok((journal, recovered));
        };

        // Read everything there is.
        let scan = recovery::scan::<R>(file, &bytes, identity)?;
        journal.epoch = scan.epoch.checked_add(1).ok_or(JournalError::Epochs)?;
        journal.next_sequence = scan.next_sequence;
        journal.length = scan.end;

        // Cut off what a crash left half done. The sync below makes the cut durable; until then a crash may bring the
        // old bytes back, behind or under new ones, but no block is whole in any mixture of them.
        let end = scan.end as usize;
        if end < bytes.len() {
            let copy = format!("{file}.cut-{}", journal.epoch);
            journal.remove_leftover(&copy)?;
            let mut cut_off = || {
                journal.disk.append(&copy, &bytes[end..])?;
                journal.disk.sync(&copy)?;
                journal.disk.truncate(file, scan.end)
            };
            cut_off().map_err(context)?;
        }

        // A block without records makes the epoch durable, and with it everything before.
        journal.write_group()?;
        let recovered = Recovered {
            epoch: journal.epoch,
            records: scan.records,
            warnings: scan.warnings,
        };
        Ok((journal, recovered))
    }

    /// Adds a record to the group and returns its number, from 0, greater than all before it (also across checkpoints
    /// and restarts). It is not durable before [`Journal::commit`].
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
        match self.group.count {
            0 => Ok(()),
            _ => self.write_group(),
        }
    }

    /// Replaces all that was appended so far, committed or not, by `records`, which stand for the same state in less
    /// space. Durable when it returns; a crash meanwhile leaves either all of the old or all of the new.
    ///
    /// It writes a new file and renames it over the old one, so the old content is only gone once the new is safe.
    ///
    /// # Errors
    /// When the disk fails or a record cannot be encoded. Unless the error is from the rename itself, the journal is as
    /// it was before and stays usable.
    pub fn checkpoint<'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a R>,
    ) -> Result<(), JournalError>
    where
        R: 'a,
    {
        self.check_usable()?;
        self.rewrite(records)?;
        self.group.clear();
        Ok(())
    }

    /// This run's epoch: at least 1, and greater than that of every run before on this journal.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Length of the file in bytes; when it has grown large, it is time for a checkpoint.
    pub fn size_bytes(&self) -> u64 {
        self.length
    }

    /// Number of records that are appended but not committed.
    pub fn pending(&self) -> u32 {
        self.group.count
    }

    /// Closes the journal; what is not committed is dropped.
    pub fn into_disk(self) -> D {
        self.disk
    }

    fn check_usable(&self) -> Result<(), JournalError> {
        match self.broken {
            true => Err(JournalError::Broken {
                file: self.file.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Writes the group, even an empty one, as a block and makes it durable.
    fn write_group(&mut self) -> Result<(), JournalError> {
        let first_sequence = self.next_sequence - u64::from(self.group.count);
        let block = self.group.seal(self.length, self.epoch, first_sequence);
        let disk = &mut self.disk;
        let outcome = disk
            .append(&self.file, block)
            .and_then(|()| disk.sync(&self.file));
        if let Err(error) = outcome {
            self.broken = true;
            return Err(JournalError::disk(&self.file, error));
        }
        self.length += block.len() as u64;
        self.group.clear();
        Ok(())
    }

    /// Writes a whole new file with these records and puts it in the old one's place.
    fn rewrite<'a>(&mut self, records: impl IntoIterator<Item = &'a R>) -> Result<(), JournalError>
    where
        R: 'a,
    {
        let new_file = format!("{}.new", self.file);
        self.remove_leftover(&new_file)?;
        let (length, next_sequence) = match self.write_file(&new_file, records) {
            Ok(written) => written,
            Err(error) => {
                // Best effort: the next rewrite removes it in any case, and the first error is the one to report.
                let _ = self.remove_leftover(&new_file);
                return Err(error);
            }
        };
        if let Err(error) = self.disk.rename(&new_file, &self.file) {
            // Which of the two files has the name now is unknown.
            self.broken = true;
            return Err(JournalError::disk(&self.file, error));
        }
        self.length = length;
        self.next_sequence = next_sequence;
        Ok(())
    }

    /// Writes a file with a header and these records, durable; returns its length and the next record's number.
    fn write_file<'a>(
        &mut self,
        file: &str,
        records: impl IntoIterator<Item = &'a R>,
    ) -> Result<(u64, u64), JournalError>
    where
        R: 'a,
    {
        let context = |error| JournalError::disk(file, error);
        let mut sequence = self.next_sequence;
        let header = Header {
            identity: self.identity,
            epoch: self.epoch,
            first_sequence: sequence,
        }
        .encode();
        self.disk.append(file, &header).map_err(context)?;
        let mut length = header.len() as u64;
        let mut group = Group::new();
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            while let Some(record) = records.next_if(|_| !group.is_full()) {
                group.push(record)?;
            }
            let block = group.seal(length, self.epoch, sequence);
            self.disk.append(file, block).map_err(context)?;
            length += block.len() as u64;
            sequence += u64::from(group.count);
            group.clear();
        }
        self.disk.sync(file).map_err(context)?;
        Ok((length, sequence))
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
