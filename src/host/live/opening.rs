//! Opening the store of a live host, and its witness.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use takt_maps::Floor;
use takt_rt::host::LiveDisk;

use super::{LiveError, LiveOptions, witness};
use crate::host::store::testimony::Testimony;
use crate::host::store::witness::Witness;
use crate::host::store::{Started, Store, StoreOptions};

/// Opens the store in the directory that was asked for, and its witness; says what a person should know about them.
pub(super) fn open_store(
    floor: &Arc<Floor>,
    options: &LiveOptions,
) -> Result<(Started, Option<Witness>), LiveError> {
    let store_options = StoreOptions {
        utc_ms: utc_ms(),
        seed: options.seed,
        bytes_max: options.data_bytes_max,
    };
    let Some(directory) = &options.data else {
        return Ok((Store::nowhere(floor, &store_options), None));
    };
    let named = |e: &dyn std::fmt::Display| format!("store {}: {e}", directory.display());
    let mut witness = (options.witness.as_ref())
        .map(|path| witness::open(floor, path, directory))
        .transpose()?;
    let seen = witness.as_ref().map(Witness::seen);
    let disk = LiveDisk::open(directory).map_err(|e| match e.kind() {
        ErrorKind::NotADirectory => LiveError::WrongStore(named(&e)),
        _ => LiveError::Store(named(&e)),
    })?;
    let started =
        Store::open_witnessed(floor, Box::new(disk), seen, &store_options).map_err(|e| {
            if e.is_disk_full() {
                LiveError::Store(format!("{}; free room on the disk", named(&e)))
            } else if e.is_disk_failure() {
                LiveError::Store(named(&e))
            } else {
                LiveError::WrongStore(named(&e))
            }
        })?;
    for warning in &started.warnings {
        tracing::warn!("store {}: {warning}", directory.display());
    }
    match &started.testimony {
        None | Some(Testimony::Whole) => {}
        Some(loss) if loss.is_loss() => tracing::error!("store {}: {loss}", directory.display()),
        Some(other) => tracing::warn!("store {}: {other}", directory.display()),
    }
    if let Some(path) = &options.witness {
        witness::warn_if_same_disk(path, directory);
    }
    if let (Some(witness), Some(mark)) = (&mut witness, started.store.durable())
        && let Err(problem) = witness.write(&mark)
    {
        tracing::warn!("the witness cannot be written: {problem}");
    }
    Ok((started, witness))
}

/// Milliseconds since 1970, by this machine's clock.
fn utc_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_millis() as u64
}
