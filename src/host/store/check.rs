//! Looking a whole store through, of whatever version.

use takt_rt::host::Disk;

use super::migrate::{BACKUP_V1, EntryV1, FILE_V1};
use super::record::{Kept, Record, VERSION};
use crate::journal::{self, Files, Finding, FindingKind, JournalError, Verified};

/// Reads every block of every file of a store and says all that is wrong, whatever floor it belongs to. Changes nothing;
/// `progress` is told how far it is, from 0 to 1.
///
/// # Errors
/// When the directory cannot be listed. Files that cannot be read are findings.
pub fn verify(disk: &impl Disk, progress: impl FnMut(f64)) -> Result<Verified, JournalError> {
    let failed = |error| JournalError::disk("the store", error);
    let mut verified = journal::verify::<Kept, Record>(disk, VERSION, progress)?;
    let names = disk.list().map_err(failed)?;
    let newer = !Files::list(disk).map_err(failed)?.is_empty();
    for (name, says, advice) in [
        (
            FILE_V1,
            if newer {
                "a store of version 1 that was taken over into the files beside it"
            } else {
                "a store of version 1: this program reads it, and has not taken it over yet"
            },
            if newer {
                "nothing: the next start renames it"
            } else {
                "start once with this --data: it is taken over, and kept as orders.journal.v1"
            },
        ),
        (
            BACKUP_V1,
            "a store of version 1 that was taken over into the files beside it; it is the way back to the older program",
            "nothing: remove it when you will not go back",
        ),
    ] {
        if !names.iter().any(|other| other == name) {
            continue;
        }
        let mut of_file = journal::verify_file::<EntryV1>(disk, name, 1);
        verified.files.append(&mut of_file.files);
        verified
            .findings
            .push(Finding::note(name, FindingKind::OlderStore, says, advice));
        verified.findings.append(&mut of_file.findings);
    }
    Ok(verified)
}
