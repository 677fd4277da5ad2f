//! `takt floor`: serve a simulated floor over real sockets, or draw a floor.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, FloorArgs};

/// Arguments of `takt floor`.
#[derive(Debug, Args)]
pub struct FloorCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve vehicles and devices of a simulated floor as Modbus TCP servers on loopback
    Serve(ServeFloorArgs),
    /// Draw a floor to scale, as SVG
    Draw(DrawArgs),
}

#[derive(Debug, Args)]
struct ServeFloorArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// Where to write the ports that were chosen, as JSON
    #[arg(long, value_name = "FILE")]
    ports_file: PathBuf,
    /// End when standard input ends (used by `takt run`)
    #[arg(long, hide = true)]
    with_parent: bool,
}

#[derive(Debug, Args)]
struct DrawArgs {
    #[command(flatten)]
    floor: FloorArgs,
    /// Where to write it; otherwise to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Serves or draws.
pub fn run(command: FloorCommand) -> Result<(), Failure> {
    match command.command {
        Command::Serve(args) => serve(args),
        Command::Draw(args) => draw(&args),
    }
}

fn draw(args: &DrawArgs) -> Result<(), Failure> {
    let floor = args.floor.load()?;
    let svg = takt_maps::draw::svg(&floor);
    match &args.output {
        Some(path) => std::fs::write(path, svg)
            .map_err(|e| Failure::Failed(format!("{}: {e}", path.display()))),
        None => {
            print!("{svg}");
            Ok(())
        }
    }
}

fn serve(args: ServeFloorArgs) -> Result<(), Failure> {
    let floor = args.floor.load()?;
    let options = takt_sim::serve::ServeOptions {
        ports_file: Some(args.ports_file.clone()),
        seed: args.floor.seed,
    };
    super::serve::tokio_runtime()?.block_on(async {
        let shutdown = async move {
            if args.with_parent {
                parent_gone().await;
            } else {
                // Without signal handling the process ends by the signal itself.
                let _ = tokio::signal::ctrl_c().await;
            }
        };
        if !args.with_parent {
            eprintln!(
                "takt: serving {} until Ctrl-C; ports in {}",
                floor.name,
                args.ports_file.display()
            );
        }
        let report = takt_sim::serve::serve(floor, options, shutdown)
            .await
            .map_err(Failure::failed)?;
        if report.statistics.contacts > 0 {
            Err(Failure::Found)
        } else {
            Ok(())
        }
    })
}

/// Standard input ends when the parent does, however it does.
async fn parent_gone() {
    let (gone, wait) = tokio::sync::oneshot::channel();
    // A thread, since a blocking read on tokio's own pool would hold up the end of the runtime.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        // The other end is gone only when everything stops.
        let _ = gone.send(());
    });
    let _ = wait.await;
}
