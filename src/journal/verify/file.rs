//! One file, block by block.

use serde::Serialize;
use serde::de::DeserializeOwned;
use takt_rt::host::Disk;

use super::finding::{FROM_BACKUP, Finding, FindingKind};
use crate::journal::blocks::Blocks;
use crate::journal::error::{JournalError, Warning};
use crate::journal::format::{HEADER, Header};
use crate::journal::recovery::decode_payload;

/// What a file is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Records in order.
    Log,
    /// What stands for all records before it.
    Checkpoint,
    /// The only file of a store of an older version.
    Older,
}

/// A file that was looked through.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct VerifiedFile {
    /// Its name.
    pub file: String,
    /// What it is for.
    pub kind: FileKind,
    /// Its length.
    pub bytes: u64,
    /// Epoch in which it was begun; `None` when its header cannot be read.
    pub epoch: Option<u32>,
    /// Whole blocks.
    pub blocks: u64,
    /// Records in them.
    pub records: u64,
}

/// What is known of a file when all of it was read.
pub(super) struct Looked {
    pub(super) about: VerifiedFile,
    pub(super) header: Option<Header>,
    pub(super) next_sequence: u64,
    /// A checkpoint that ends as it should, without damage.
    pub(super) whole: bool,
    /// Where whole blocks end and something else begins, and for how many bytes.
    pub(super) torn: Option<(u64, u64)>,
    /// What is wrong whatever the other files say; a torn end is not among it.
    pub(super) findings: Vec<Finding>,
}

/// Reads every block of a file and decodes every record.
///
/// `version` is the one of `R`.
pub(super) fn look<R: DeserializeOwned>(
    disk: &impl Disk,
    file: &str,
    kind: FileKind,
    version: u32,
) -> Looked {
    let mut looked = Looked {
        about: VerifiedFile {
            file: file.to_owned(),
            kind,
            bytes: 0,
            epoch: None,
            blocks: 0,
            records: 0,
        },
        header: None,
        next_sequence: 0,
        whole: false,
        torn: None,
        findings: Vec::new(),
    };
    let bytes = match disk.read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let says = format!("it cannot be read: {error}");
            let advice = "make the file readable, or restore it from a backup of the store";
            looked
                .findings
                .push(Finding::new(file, FindingKind::Unreadable, says, advice));
            return looked;
        }
    };
    looked.about.bytes = bytes.len() as u64;
    let header = match Header::read(file, &bytes) {
        Ok(header) => header,
        Err(error) => {
            looked.without_header(file, &bytes, &error);
            return looked;
        }
    };
    looked.header = Some(header);
    looked.about.epoch = Some(header.epoch);
    let of_version = header.identity.record_version == version;
    if !of_version {
        let says = format!(
            "it holds records of version {}, and this program reads version {version}; its blocks were checked, its records were not",
            header.identity.record_version
        );
        let advice = "use the version of Takt that wrote it";
        looked
            .findings
            .push(Finding::new(file, FindingKind::OtherVersion, says, advice));
    }
    looked.blocks::<R>(file, &bytes, &header, of_version);
    looked
}

impl Looked {
    /// A file that does not begin as it should.
    fn without_header(&mut self, file: &str, bytes: &[u8], error: &JournalError) {
        let rest = bytes.len() as u64;
        // A new log is its header, durable before anything is committed to it: less than that is one that never began.
        if self.about.kind == FileKind::Log && bytes.len() < HEADER {
            self.torn = Some((0, rest));
            return;
        }
        let (kind, says) = match error {
            JournalError::Format {
                found, supported, ..
            } => (
                FindingKind::OtherVersion,
                format!("it is in file format {found}, and this program reads format {supported}"),
            ),
            JournalError::NotAJournal { .. } => (
                FindingKind::Unreadable,
                "it does not begin as a journal does: nothing in it can be read, all its records are lost".to_owned(),
            ),
            _ => (
                FindingKind::Unreadable,
                "its header (the first 40 bytes) is damaged: nothing in it can be read, all its records are lost".to_owned(),
            ),
        };
        let advice = match kind {
            FindingKind::OtherVersion => "use the version of Takt that wrote it",
            _ => FROM_BACKUP,
        };
        self.findings
            .push(Finding::new(file, kind, says, advice).at(0, rest));
    }

    fn blocks<R: DeserializeOwned>(
        &mut self,
        file: &str,
        bytes: &[u8],
        header: &Header,
        decode: bool,
    ) {
        let mut blocks = Blocks::new(file, bytes, header);
        let mut strange: Option<(Finding, u64)> = None;
        while let Some(found) = blocks.next_whole() {
            self.about.blocks += 1;
            self.about.records += u64::from(found.block.count);
            let mut records = Vec::<R>::new();
            if let (true, Err((sequence, reason))) = (
                decode,
                decode_payload(&found.block, found.payload, &mut records),
            ) {
                let first = |(): ()| {
                    let says = format!(
                        "record {sequence} cannot be understood ({reason}), although its block is whole: another build of Takt wrote it"
                    );
                    let advice = "use the build of Takt that wrote it";
                    let length = found.payload.len() as u64;
                    Finding::new(file, FindingKind::Record, says, advice).at(found.offset, length)
                };
                strange = match strange.take() {
                    None => Some((first(()), 0)),
                    Some((finding, more)) => Some((finding, more + 1)),
                };
            }
        }
        self.next_sequence = blocks.next_sequence;
        self.whole = blocks.closed && blocks.warnings.is_empty();
        if let Some((mut finding, more)) = strange {
            if more > 0 {
                finding.says += &format!(", and so with {more} more blocks");
            }
            self.findings.push(finding);
        }
        for warning in &blocks.warnings {
            match *warning {
                Warning::TornTail { offset, bytes, .. } => self.torn = Some((offset, bytes)),
                Warning::Damaged {
                    offset,
                    bytes,
                    first_lost,
                    records_lost,
                    ..
                } => {
                    let kind = match self.about.kind {
                        FileKind::Checkpoint => FindingKind::Checkpoint,
                        _ => FindingKind::Damaged,
                    };
                    let says = format!(
                        "{bytes} bytes are damaged: {}",
                        lost(first_lost, records_lost)
                    );
                    self.findings.push(
                        Finding::new(file, kind, says, "")
                            .at(offset, bytes)
                            .losing(first_lost, records_lost),
                    );
                }
                // The walk over blocks knows no other.
                _ => {}
            }
        }
    }
}

/// Lost records in words.
pub(super) fn lost(first: u64, records: u64) -> String {
    match records {
        0 => "no record is lost".to_owned(),
        1 => format!("record {first} is lost"),
        n => format!("records {first} to {} are lost", first + n - 1),
    }
}
