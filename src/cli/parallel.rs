//! Runs in virtual time beside each other, with a bar for all of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::Failure;
use super::progress::Progress;

/// What a thread that runs says.
enum Message<T> {
    /// So many simulated milliseconds more.
    Progress(u64),
    /// This run is over.
    Done(usize, Result<T, Failure>),
}

/// Runs `run` for `0 .. count`, `jobs` of them at the same time; the results are in this order, whichever ends first.
/// `run` is given what it tells how many simulated milliseconds have passed; each run has `for_ms`.
///
/// # Errors
/// The first that one of them meets; then no further one is begun.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    jobs: usize,
    for_ms: u64,
    run: impl Fn(usize, &dyn Fn(u64)) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let mut results: Vec<Option<T>> = (0..count).map(|_| None).collect();
    let mut failure = None;
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs.min(count) {
            let (sender, next, failed, run) = (sender.clone(), &next, &failed, &run);
            scope.spawn(move || {
                while !failed.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let progress = |ms| {
                        // Nobody listens any more when another run has failed.
                        let _ = sender.send(Message::Progress(ms));
                    };
                    let result = run(index, &progress);
                    let _ = sender.send(Message::Done(index, result));
                }
            });
        }
        drop(sender);
        let mut bar = Progress::new("simulated");
        let total_ms = (for_ms * count as u64).max(1);
        let mut done_ms = 0;
        for message in receiver {
            match message {
                Message::Progress(ms) => {
                    done_ms += ms;
                    bar.set(done_ms as f64 / total_ms as f64);
                }
                Message::Done(index, Ok(result)) => results[index] = Some(result),
                Message::Done(_, Err(error)) => {
                    failed.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
            }
        }
        bar.end();
    });
    match failure {
        Some(failure) => Err(failure),
        None => Ok(results.into_iter().flatten().collect()),
    }
}
