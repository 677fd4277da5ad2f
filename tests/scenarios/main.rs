//! Scenarios before all judges: small cases that failed once, and defects made on purpose, which judges must notice.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod depths;
mod kept;
mod mutants;
mod shrinking;
mod witness;
