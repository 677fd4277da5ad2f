//! The program; see `takt --help`.

use takt_rt::alloc::Watched;

/// Counts what the control cycle must not do; see `takt_rt::alloc`.
#[global_allocator]
static ALLOCATOR: Watched = Watched;

fn main() -> std::process::ExitCode {
    takt::cli::main()
}
