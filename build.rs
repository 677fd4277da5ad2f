//! Compiles the API's `.proto` files, without protoc, and makes a digest of the sources.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Everything that decides what a controller does with its inputs.
const SOURCES: [&str; 7] = [
    "src",
    "rt/src",
    "maps/src",
    "motion/src",
    "scheduler/src",
    "plc-bridge/src",
    "Cargo.lock",
];

fn main() -> Result<(), Box<dyn Error>> {
    let protos = [
        "proto/takt/v1/orders.proto",
        "proto/takt/v1/vehicles.proto",
        "proto/takt/v1/floor.proto",
    ];
    let descriptors = protox::compile(protos, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(
        out.join("takt_descriptor.bin"),
        prost::Message::encode_to_vec(&descriptors),
    )?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto");

    // A recording is replayed by the build that made it: the program carries a digest of its sources.
    let mut digest = 0xcbf2_9ce4_8422_2325;
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        add(Path::new(source), &mut digest)?;
    }
    println!("cargo:rustc-env=TAKT_BUILD={digest:016x}");
    Ok(())
}

/// Adds a file, or everything in a folder in the order of names, to an FNV-1a digest.
fn add(path: &Path, digest: &mut u64) -> Result<(), Box<dyn Error>> {
    if path.is_dir() {
        let mut inside: Vec<PathBuf> = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| add(path, digest));
    }
    let name = path.to_string_lossy().replace('\\', "/");
    for byte in name.bytes().chain(fs::read(path)?) {
        *digest = (*digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    Ok(())
}
