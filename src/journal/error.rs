//! What can be wrong with a journal.

use std::io;

/// Why a journal cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk failed.
    #[error("journal {file}: {source}")]
    Disk {
        /// The file.
        file: String,
        /// What the disk says.
        source: io::Error,
    },
    /// The file does not begin as a journal does.
    #[error(
        "{file} is not a journal of Takt; name another data directory, or move the file away to start anew"
    )]
    NotAJournal {
        /// The file.
        file: String,
    },
    /// The file begins as a journal does, but its header is damaged.
    #[error(
        "journal {file}: its header (the first 40 bytes) is damaged; restore the file from a backup, or move it away to start anew"
    )]
    Header {
        /// The file.
        file: String,
    },
    /// The file was written in another version of the file format.
    #[error(
        "journal {file} is in file format {found}, this program reads format {supported}; use the version of Takt that wrote it"
    )]
    Format {
        /// The file.
        file: String,
        /// The file's.
        found: u32,
        /// This program's.
        supported: u32,
    },
    /// The file holds records of another version.
    #[error(
        "journal {file} holds records of version {found}, this program reads version {supported}; use the version of Takt that wrote it, or migrate the store"
    )]
    RecordVersion {
        /// The file.
        file: String,
        /// The file's.
        found: u32,
        /// This program's.
        supported: u32,
    },
    /// The file belongs to another floor.
    #[error(
        "journal {file} belongs to another floor (digest {found:016x}, this floor has {expected:016x}); a store belongs to one floor: undo the change of the floor file, or name another data directory (a grid is the same floor only with the same --cell, --vehicles and --seed)"
    )]
    Floor {
        /// The file.
        file: String,
        /// The file's.
        found: u64,
        /// The floor's at hand.
        expected: u64,
    },
    /// A block is whole but its content is not what this program writes.
    #[error(
        "journal {file}: record {sequence}, in the block at byte {offset}, cannot be understood ({reason}); it was written by another build of Takt"
    )]
    Record {
        /// The file.
        file: String,
        /// Where its block begins.
        offset: u64,
        /// Its number.
        sequence: u64,
        /// What the decoder says.
        reason: String,
    },
    /// Files are there, but no checkpoint among them is whole.
    #[error(
        "the store has {files} checkpoint(s), and none is whole: what was open cannot be told any more; restore the directory from a backup, or move it away to start anew"
    )]
    NoCheckpoint {
        /// Checkpoints found.
        files: usize,
    },
    /// An older program has written beside a store that was taken over from it.
    #[error(
        "{file} is there again, beside the store that was taken over from it and its backup {backup}: an older program has run here. To keep this store, move {file} away (what was ordered with the older program is only in there); to go back, see the way back in the manual's page on the journal"
    )]
    TwoStores {
        /// The older program's file.
        file: String,
        /// The backup of the one that was taken over.
        backup: String,
    },
    /// All epochs have been used.
    #[error("the journal has no epoch left after {}; start a new store", u32::MAX)]
    Epochs,
    /// A record is larger than the journal takes.
    #[error("a record of {bytes} bytes is too large for the journal (at most 16 MiB)")]
    TooLarge {
        /// Its encoded size.
        bytes: usize,
    },
    /// A record cannot be encoded.
    #[error("a record cannot be encoded: {0}")]
    Encode(postcard::Error),
    /// A write failed before; what the file holds is unknown until it is read again.
    #[error("journal {file} is closed after a failed write; open it again")]
    Broken {
        /// The file.
        file: String,
    },
}

impl JournalError {
    /// Is it that the disk has no room left?
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Disk { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }

    /// Is it the disk that failed, and not what is on it?
    pub fn is_disk_failure(&self) -> bool {
        matches!(self, Self::Disk { .. } | Self::Broken { .. })
    }

    /// A failure of the disk, with the file that it is about.
    pub fn disk(file: &str, source: io::Error) -> Self {
        Self::Disk {
            file: file.to_owned(),
            source,
        }
    }
}

/// What a person should know about a journal that could be read. Displays as one line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Warning {
    /// The end of a file was no whole block: a crash interrupted a commit. Nothing that was committed is lost, unless
    /// the last committed block was damaged afterwards, which looks the same.
    #[error(
        "{file}: the last {bytes} bytes, from byte {offset} on, are an interrupted write and were left out"
    )]
    TornTail {
        /// The file.
        file: String,
        /// Where the whole blocks end.
        offset: u64,
        /// Length of the rest.
        bytes: u64,
    },
    /// Bytes in the middle were damaged after they had been committed.
    #[error(
        "{file}: {bytes} bytes from byte {offset} on are damaged; {records_lost} records are lost, from number {first_lost} on"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Where the damage begins.
        offset: u64,
        /// Bytes until the next whole block.
        bytes: u64,
        /// Number of the first record lost.
        first_lost: u64,
        /// How many are lost; 0 when the block held none.
        records_lost: u64,
    },
    /// Records between two files are missing: a file, or the end of one, is gone.
    #[error("before {file}: {records_lost} records are missing, from number {first_lost} on")]
    Gap {
        /// The file behind the gap.
        file: String,
        /// Number of the first record lost.
        first_lost: u64,
        /// How many are lost.
        records_lost: u64,
    },
    /// A checkpoint is not whole; an older one and all records since were taken instead.
    #[error("{file} is damaged: the checkpoint before it was taken instead")]
    Checkpoint {
        /// The file.
        file: String,
    },
    /// The first bytes of a file are damaged; its blocks say enough to read them all the same.
    #[error("{file}: its header (the first 40 bytes) is damaged; its blocks were read")]
    Header {
        /// The file.
        file: String,
    },
    /// Nothing in a file can be read.
    #[error(
        "{file} is damaged: nothing in its {bytes} bytes can be read, all its records are lost"
    )]
    Unreadable {
        /// The file.
        file: String,
        /// Its length.
        bytes: u64,
    },
    /// A checkpoint is there and the log behind it is not, which no crash leaves.
    #[error("{file} is missing: everything that was accepted since its checkpoint is lost")]
    LogMissing {
        /// The log.
        file: String,
    },
}

impl Warning {
    /// Was something lost that had been committed?
    pub fn is_loss(&self) -> bool {
        match self {
            Self::TornTail { .. } | Self::Checkpoint { .. } | Self::Header { .. } => false,
            Self::Damaged { records_lost, .. } | Self::Gap { records_lost, .. } => {
                *records_lost > 0
            }
            Self::Unreadable { .. } | Self::LogMissing { .. } => true,
        }
    }

    /// No more records than this are lost; where nothing tells, more than a run is likely to have had.
    pub fn records_lost_max(&self) -> u64 {
        match self {
            Self::TornTail { .. } | Self::Checkpoint { .. } | Self::Header { .. } => 0,
            Self::Damaged { records_lost, .. } | Self::Gap { records_lost, .. } => *records_lost,
            // A record has a byte at least.
            Self::Unreadable { bytes, .. } => *bytes,
            Self::LogMissing { .. } => 1 << 24,
        }
    }
}
