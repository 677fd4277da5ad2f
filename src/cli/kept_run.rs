//! Keeping what a run with faults has recorded: its disk is in memory, where it can be made to fail, and is written to a
//! directory in the end.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use takt_maps::Floor;
use takt_rt::host::{Disk, LiveDisk};

use super::{Failure, FloorArgs};
use crate::host::virtual_time::Disks;
use crate::scenario::Scenario;

/// The scenario beside its recording: it says which floor, with which fleet and load.
const SCENARIO: &str = "scenario.toml";

/// A directory that will hold a run.
pub(super) struct KeptRun {
    directory: PathBuf,
    to: LiveDisk,
}

impl KeptRun {
    /// Takes a directory that is new or empty, so that nobody waits for a run that cannot be kept.
    pub(super) fn begin(directory: &Path) -> Result<Self, Failure> {
        let bad = |what: &dyn std::fmt::Display| {
            Failure::BadInput(format!("--data {}: {what}", directory.display()))
        };
        match std::fs::read_dir(directory) {
            // What a run that was broken off has left is its lock.
            Ok(mut entries) => {
                if entries.any(|entry| entry.map_or(true, |entry| entry.file_name() != ".lock")) {
                    return Err(bad(
                        &"is not empty, and a run with faults begins with a store of its own; name a new directory",
                    ));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(bad(&error)),
        }
        let to = LiveDisk::open(directory).map_err(|e| Failure::BadInput(format!("--data {e}")))?;
        Ok(Self {
            directory: directory.to_path_buf(),
            to,
        })
    }

    /// Writes what the run's disk holds, and the scenario if a file can say what it is.
    pub(super) fn write(mut self, disks: &Disks, scenario: Option<&str>) -> Result<(), Failure> {
        self.copy(disks, scenario).map_err(|error| {
            Failure::Failed(format!(
                "--data {}: the run could not be written: {error}",
                self.directory.display()
            ))
        })
    }

    fn copy(&mut self, disks: &Disks, scenario: Option<&str>) -> io::Result<()> {
        for file in disks.store.list()? {
            self.put(&file, &disks.store.read(&file)?)?;
        }
        match scenario {
            Some(text) => self.put(SCENARIO, text.as_bytes()),
            None => Ok(()),
        }
    }

    fn put(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.to.append(file, bytes)?;
        self.to.sync(file)
    }
}

/// The floor of a recording: as the scenario beside it says, otherwise as the arguments do.
pub(super) fn floor_of(data: &Path, args: &FloorArgs) -> Result<Arc<Floor>, Failure> {
    let path = data.join(SCENARIO);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return args.load(),
        // No directory at all is said by whoever reads the store.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return args.load(),
        Err(error) => return Err(Failure::BadInput(format!("{}: {error}", path.display()))),
    };
    if args.floor.is_some() {
        return Err(Failure::BadInput(format!(
            "{} says which floor was recorded; leave FLOOR out",
            path.display()
        )));
    }
    Scenario::from_text(&path.display().to_string(), &text)
        .map_err(Failure::bad_input)?
        .floor()
        .map_err(Failure::bad_input)
}
