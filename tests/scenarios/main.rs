//! Scenarios before all judges: small cases that failed once, and defects made on purpose, which judges must notice.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod depths;
mod kept;
mod mutants;
mod shrinking;
mod witness;

/// Knows what each run's thread holds, for the judge of memory.
#[global_allocator]
static ALLOCATOR: takt_rt::alloc::Watched = takt_rt::alloc::Watched;
