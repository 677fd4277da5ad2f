//! Keeps the witness up to date, on a thread of its own: a witness that is slow, or gone, holds nobody up.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use takt_maps::Floor;
use takt_rt::host::LiveDisk;

use super::LiveError;
use crate::host::store::witness::{Mark, Witness, WitnessError};

/// The newest mark is written so often: what a disk loses of the last such time may go unnoticed.
const EVERY: Duration = Duration::from_millis(100);
/// A write that failed is tried again after this time.
const AGAIN: Duration = Duration::from_secs(1);
/// A witness may take so long at the end.
const END: Duration = Duration::from_secs(2);

/// What became of marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct WitnessCounts {
    /// Marks written.
    pub written: u64,
    /// Writes that failed.
    pub failed: u64,
}

/// What the keeper and the writer share: the newest mark that is not written, and what became of the others.
#[derive(Debug, Default)]
struct Desk {
    newest: Option<Mark>,
    counts: WitnessCounts,
}

/// The keeper's end.
#[derive(Clone, Debug)]
pub(super) struct Post(Arc<Mutex<Desk>>);

impl Post {
    /// Leaves a mark to be written; one that is still there has been overtaken.
    pub(super) fn leave(&self, mark: Mark) {
        with(&self.0, |desk| desk.newest = Some(mark));
    }
}

/// The thread that writes.
#[derive(Debug)]
pub(super) struct WitnessThread {
    desk: Arc<Mutex<Desk>>,
    stop: Sender<()>,
    ended: Receiver<()>,
}

impl WitnessThread {
    pub(super) fn start(witness: Witness) -> io::Result<Self> {
        let desk = Arc::new(Mutex::new(Desk::default()));
        let (stop, asked) = channel();
        let (ends, ended) = channel();
        let at = desk.clone();
        super::thread("takt-witness", move || {
            write_on(witness, &at, &asked);
            // Nobody waits any more where it took too long.
            let _ = ends.send(());
        })?;
        Ok(Self { desk, stop, ended })
    }

    /// The keeper's end.
    pub(super) fn post(&self) -> Post {
        Post(self.desk.clone())
    }

    /// Has the newest mark written, if that does not take too long.
    pub(super) fn end(self) -> WitnessCounts {
        drop(self.stop);
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(END) {
            tracing::warn!("the witness could not be written within {END:?} in the end");
        }
        with(&self.desk, |desk| desk.counts)
    }
}

fn with<T>(desk: &Mutex<Desk>, look: impl FnOnce(&mut Desk) -> T) -> T {
    look(&mut desk.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Writes the newest mark again and again, until asked to stop; then once more.
fn write_on(mut witness: Witness, desk: &Mutex<Desk>, asked: &Receiver<()>) {
    let mut failing = false;
    loop {
        let pause = if failing { AGAIN } else { EVERY };
        let last = asked.recv_timeout(pause) != Err(RecvTimeoutError::Timeout);
        if let Some(mark) = with(desk, |desk| desk.newest.take()) {
            // The desk is free while the disk works.
            let outcome = witness.write(&mark);
            match &outcome {
                Err(problem) if !failing => tracing::warn!(
                    "the witness cannot be written, tried again every second: {problem}; what the store's disk loses until then may go unnoticed"
                ),
                Ok(()) if failing => tracing::info!("the witness is written again"),
                _ => {}
            }
            failing = outcome.is_err();
            with(desk, |desk| {
                if failing {
                    desk.counts.failed += 1;
                    // A newer one may have come meanwhile.
                    desk.newest.get_or_insert(mark);
                } else {
                    desk.counts.written += 1;
                }
            });
        }
        if last {
            return;
        }
    }
}

/// Reads the witness in a directory; `data` is that of the store.
pub(super) fn open(floor: &Floor, directory: &Path, data: &Path) -> Result<Witness, LiveError> {
    let named = |e: &dyn std::fmt::Display| format!("witness {}: {e}", directory.display());
    let disk = LiveDisk::open(directory).map_err(|e| match e.kind() {
        io::ErrorKind::NotADirectory => LiveError::WrongStore(named(&e)),
        _ => LiveError::Store(named(&e)),
    })?;
    if let (Ok(witness), Ok(store)) = (directory.canonicalize(), data.canonicalize())
        && witness.starts_with(&store)
    {
        let what = "lies in the store itself; name a directory on another disk or machine";
        return Err(LiveError::WrongStore(named(&what)));
    }
    Witness::open(Box::new(disk), floor.digest).map_err(|e| match e {
        WitnessError::Disk { .. } => LiveError::Store(named(&e)),
        _ => LiveError::WrongStore(named(&e)),
    })
}

/// Says so where a witness cannot see more than the store's own disk does.
pub(super) fn warn_if_same_disk(directory: &Path, data: &Path) {
    if let (Ok(witness), Ok(store)) = (directory.metadata(), data.metadata())
        && witness.dev() == store.dev()
    {
        tracing::warn!(
            "witness {}: is on the same file system as the store, and loses what that loses; name a directory on another disk or machine",
            directory.display()
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::host::store::witness::Seen;
    use takt_rt::host::MemoryDisk;

    fn mark(records: u64) -> Mark {
        Mark {
            floor: 5,
            epoch: 1,
            records,
            cycle: records,
            next_order: 1,
        }
    }

    fn open(disk: &MemoryDisk) -> Witness {
        Witness::open(Box::new(disk.clone()), 5).unwrap()
    }

    #[test]
    fn the_newest_mark_is_written_and_failures_are_counted() {
        let disk = MemoryDisk::new();
        let thread = WitnessThread::start(open(&disk)).unwrap();
        let post = thread.post();
        for records in 1..=1_000 {
            post.leave(mark(records));
        }
        let counts = thread.end();
        assert_eq!(open(&disk).seen(), Seen::Mark(mark(1_000)));
        assert!((1..=2).contains(&counts.written), "{counts:?}");

        disk.set_capacity(Some(0));
        let thread = WitnessThread::start(open(&disk)).unwrap();
        thread.post().leave(mark(1_001));
        let counts = thread.end();
        assert_eq!((counts.written, counts.failed), (0, 1));
        assert_eq!(open(&disk).seen(), Seen::Mark(mark(1_000)), "still there");
    }
}
