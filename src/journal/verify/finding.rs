//! What can be found in a store, in words.

use serde::Serialize;

/// What is wrong, or only worth knowing, about a place in a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// Where it begins.
    pub byte: u64,
    /// How many bytes it is about; 0 when the file, or what is not there, is meant.
    pub bytes: u64,
    /// What kind it is of.
    pub kind: FindingKind,
    /// Number of the first record lost, where that can be told.
    pub first_lost: Option<u64>,
    /// How many records are lost for certain.
    pub records_lost: u64,
    /// What happened and what is lost.
    pub says: String,
    /// What to do.
    pub advice: String,
}

impl Finding {
    /// Is something that was committed lost or damaged? Otherwise it is worth knowing, and no more.
    pub fn is_failure(&self) -> bool {
        !matches!(
            self.kind,
            FindingKind::InterruptedWrite | FindingKind::OlderStore
        )
    }

    pub(super) fn new(file: &str, kind: FindingKind, says: String, advice: &str) -> Self {
        Self {
            file: file.to_owned(),
            byte: 0,
            bytes: 0,
            kind,
            first_lost: None,
            records_lost: 0,
            says,
            advice: advice.to_owned(),
        }
    }

    /// About a whole file.
    pub fn note(file: &str, kind: FindingKind, says: &str, advice: &str) -> Self {
        Self::new(file, kind, says.to_owned(), advice)
    }

    pub(super) fn at(mut self, byte: u64, bytes: u64) -> Self {
        (self.byte, self.bytes) = (byte, bytes);
        self
    }

    pub(super) fn losing(mut self, first: u64, records: u64) -> Self {
        (self.first_lost, self.records_lost) = (Some(first), records);
        self
    }
}

/// The kinds of [`Finding`]s.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The last write of a life was cut off by its end: what a kill or a power cut leaves. No failure.
    InterruptedWrite,
    /// Bytes that were whole once are not any more.
    Damaged,
    /// Records between two files are missing.
    Gap,
    /// Nothing in the file can be read.
    Unreadable,
    /// A checkpoint is not whole.
    Checkpoint,
    /// The checkpoint before a log is not there.
    CheckpointMissing,
    /// A block is whole, and what it holds is not what this build writes.
    Record,
    /// The file belongs to another floor than the newest one.
    OtherFloor,
    /// The file is of another version of the format or of the records.
    OtherVersion,
    /// The file's records are numbered as if others had come before it.
    OutOfOrder,
    /// A store of an older version, which the next start takes over. No failure.
    OlderStore,
}

pub(super) const FROM_BACKUP: &str = "restore the file from a backup of the store";
pub(super) const REPLAY_ENDS: &str = "nothing can be done without a backup of the file: orders and stock go on from the newest checkpoint, a replay of this life ends here";
