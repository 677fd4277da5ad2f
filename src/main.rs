//! The program; see `takt --help`.

fn main() -> std::process::ExitCode {
    takt::cli::main()
}
