//! The witness of a store: a few words on another disk that say how far the store is durable.
//!
//! A disk that says that it has synced, and has not, can lose the end of a log without a trace: what is left looks like
//! an earlier time, and no program can tell from that disk alone. The witness can. It lies on another disk or machine,
//! is told after commits how far the store has come ([`Mark`]), and is asked at the next start
//! ([`testimony`](super::testimony)).
//!
//! A mark is written to one of two files by turns, cut off and written anew: a write that is torn costs that file only,
//! and the other still has the mark before.

use std::io::{self, ErrorKind};

use takt_rt::host::Disk;

use super::AnyDisk;

/// The files that are written by turns.
pub const FILES: [&str; 2] = ["witness-0.takt", "witness-1.takt"];

/// What a mark begins with.
const MAGIC: [u8; 8] = *b"TAKTWITN";
/// Version of the form of a mark.
const FORMAT: u32 = 1;
/// Length of a mark: magic, format, floor, epoch, records, cycle, next order, checksum of all before. Little-endian.
const BYTES: usize = 52;

/// How far a store was durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Digest of the floor that the store belongs to.
    pub floor: u64,
    /// The life that was under way.
    pub epoch: u32,
    /// Records before this number were durable; they are counted over all lives.
    pub records: u64,
    /// The last cycle of the life of which something was durable; 0: none yet.
    pub cycle: u64,
    /// Order ids before this one may have been given.
    pub next_order: u64,
}

/// What a witness has to say before it is written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// It is new.
    Nothing,
    /// Something was written, and nothing of it is whole.
    Damaged,
    /// How far the store was durable.
    Mark(Mark),
}

/// Why a witness cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// It cannot be read.
    #[error("{file}: {source}")]
    Disk {
        /// The file.
        file: &'static str,
        /// What the disk says.
        source: io::Error,
    },
    /// It is that of a store of another floor.
    #[error(
        "{file} is the witness of a store of another floor (digest {found:016x}, this floor has {expected:016x}); a witness belongs to one store: name another directory, or undo the change of the floor file"
    )]
    Floor {
        /// The file.
        file: &'static str,
        /// The floor's that it was written for.
        found: u64,
        /// The floor's at hand.
        expected: u64,
    },
    /// It was written by another version.
    #[error(
        "{file} is a witness of form {found}, this program reads form {FORMAT}; use the version of Takt that wrote it, or name another directory"
    )]
    Format {
        /// The file.
        file: &'static str,
        /// Its form.
        found: u32,
    },
}

/// A witness, read and ready to be written.
pub struct Witness {
    disk: AnyDisk,
    seen: Seen,
    /// The file that is written next.
    next: usize,
}

impl Witness {
    /// Reads what is there; changes nothing.
    ///
    /// # Errors
    /// See [`WitnessError`]. Damage is none: [`Seen::Damaged`].
    pub fn open(disk: AnyDisk, floor_digest: u64) -> Result<Self, WitnessError> {
        let mut newest: Option<(usize, Mark)> = None;
        let mut damaged = false;
        for (at, file) in FILES.into_iter().enumerate() {
            let bytes = match disk.read(file) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(source) => return Err(WitnessError::Disk { file, source }),
            };
            match Mark::decode(&bytes) {
                None => damaged = true,
                Some(Err(found)) => return Err(WitnessError::Format { file, found }),
                Some(Ok(mark)) if mark.floor != floor_digest => {
                    return Err(WitnessError::Floor {
                        file,
                        found: mark.floor,
                        expected: floor_digest,
                    });
                }
                Some(Ok(mark)) => {
                    let newer = |(_, other): (usize, Mark)| mark.order() > other.order();
                    if newest.is_none_or(newer) {
                        newest = Some((at, mark));
                    }
                }
            }
        }
        let seen = match newest {
            Some((_, mark)) => Seen::Mark(mark),
            None if damaged => Seen::Damaged,
            None => Seen::Nothing,
        };
        // The newest mark is the last to be overwritten.
        let next = newest.map_or(0, |(at, _)| 1 - at);
        Ok(Self { disk, seen, next })
    }

    /// What it said when it was opened.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Writes how far the store is durable; durable itself when it returns.
    ///
    /// # Errors
    /// Those of the disk; the mark before is still there, and it may be tried again.
    pub fn write(&mut self, mark: &Mark) -> io::Result<()> {
        let file = FILES[self.next];
        match self.disk.truncate(file, 0) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.disk.append(file, &mark.encode())?;
        self.disk.sync(file)?;
        self.next = 1 - self.next;
        Ok(())
    }
}

impl Mark {
    /// Marks of one store grow in this.
    fn order(&self) -> (u32, u64, u64) {
        (self.epoch, self.records, self.cycle)
    }

    fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.floor.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.records.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.cycle.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.next_order.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..BYTES - 4]);
        bytes[BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// A mark from a file; `None` if it is not whole, the form's version if it is another.
    fn decode(bytes: &[u8]) -> Option<Result<Self, u32>> {
        // Whatever the form, magic and version come first and a checksum of all before comes last.
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        if !content.starts_with(&MAGIC) || crc32fast::hash(content) != u32::from_le_bytes(*crc) {
            return None;
        }
        let four = |at: usize| Some(u32::from_le_bytes(*content.get(at..)?.first_chunk()?));
        let eight = |at: usize| Some(u64::from_le_bytes(*content.get(at..)?.first_chunk()?));
        let format = four(8)?;
        if format != FORMAT {
            return Some(Err(format));
        }
        Some(Ok(Self {
            floor: eight(12)?,
            epoch: four(20)?,
            records: eight(24)?,
            cycle: eight(32)?,
            next_order: eight(40)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use takt_rt::host::{LiveDisk, MemoryDisk};

    const FLOOR: u64 = 0xfeed;

    fn mark(records: u64) -> Mark {
        Mark {
            floor: FLOOR,
            epoch: 3,
            records,
            cycle: records / 2,
            next_order: records / 10 + 1,
        }
    }

    fn open(disk: &MemoryDisk) -> Witness {
        Witness::open(Box::new(disk.clone()), FLOOR).unwrap()
    }

    #[test]
    fn the_newest_mark_is_what_it_says() {
        let disk = MemoryDisk::new();
        assert_eq!(open(&disk).seen(), Seen::Nothing);
        for records in 1..6 {
            // Opened anew or not, it never overwrites the newest.
            let mut witness = open(&disk);
            witness.write(&mark(2 * records)).unwrap();
            witness.write(&mark(2 * records + 1)).unwrap();
            assert_eq!(open(&disk).seen(), Seen::Mark(mark(2 * records + 1)));
        }
    }

    #[test]
    fn a_write_that_is_torn_leaves_the_mark_before() {
        for seed in 0..200 {
            let disk = MemoryDisk::new();
            let mut witness = open(&disk);
            for records in 1..=3 {
                witness.write(&mark(records)).unwrap();
            }
            disk.cut_power_after(seed % 3);
            assert!(witness.write(&mark(4)).is_err());
            disk.crash(seed);
            let seen = open(&disk).seen();
            let whole = [3, 4].map(|records| Seen::Mark(mark(records)));
            assert!(whole.contains(&seen), "seed {seed}: {seen:?}");
            // And it goes on from there.
            open(&disk).write(&mark(5)).unwrap();
            assert_eq!(open(&disk).seen(), Seen::Mark(mark(5)));
        }
    }

    #[test]
    fn a_write_that_failed_may_be_tried_again() {
        let disk = MemoryDisk::new();
        let mut witness = open(&disk);
        witness.write(&mark(1)).unwrap();
        witness.write(&mark(2)).unwrap();
        for _ in 0..3 {
            disk.fail_next_sync();
            assert!(witness.write(&mark(3)).is_err());
            assert_eq!(open(&disk).seen(), Seen::Mark(mark(2)));
        }
        witness.write(&mark(4)).unwrap();
        assert_eq!(open(&disk).seen(), Seen::Mark(mark(4)));
    }

    #[test]
    fn damage_another_floor_and_another_form_are_told_apart() {
        let mut disk = MemoryDisk::new();
        open(&disk).write(&mark(1)).unwrap();
        let error = Witness::open(Box::new(disk.clone()), 1).err().unwrap();
        assert!(matches!(error, WitnessError::Floor { .. }), "{error}");
        assert!(disk.corrupt(FILES[0], 30, 1));
        assert_eq!(open(&disk).seen(), Seen::Damaged);

        let mut other = mark(1).encode();
        other[8] = 2;
        let crc = crc32fast::hash(&other[..BYTES - 4]);
        other[BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
        disk.append(FILES[1], &other).unwrap();
        let error = Witness::open(Box::new(disk), FLOOR).err().unwrap();
        assert!(
            matches!(error, WitnessError::Format { found: 2, .. }),
            "{error}"
        );
    }

    #[test]
    fn on_a_real_disk_it_survives_the_handle_and_belongs_to_one_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("witness");
        let disk = LiveDisk::open(&path).unwrap();
        let mut witness = Witness::open(Box::new(disk), FLOOR).unwrap();
        for records in 1..=5 {
            witness.write(&mark(records)).unwrap();
        }
        assert!(LiveDisk::open(&path).is_err(), "in use");
        drop(witness);
        // What a torn write leaves, in the file that would have been written next.
        std::fs::write(path.join(FILES[1]), &mark(6).encode()[..20]).unwrap();
        let disk = LiveDisk::open(&path).unwrap();
        let mut witness = Witness::open(Box::new(disk), FLOOR).unwrap();
        assert_eq!(witness.seen(), Seen::Mark(mark(5)));
        witness.write(&mark(7)).unwrap();
        drop(witness);
        let disk = LiveDisk::open_read_only(&path).unwrap();
        let again = Witness::open(Box::new(disk), FLOOR).unwrap();
        assert_eq!(again.seen(), Seen::Mark(mark(7)));
    }
}
