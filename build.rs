//! Compiles the API's `.proto` files, without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = [
        "proto/takt/v1/orders.proto",
        "proto/takt/v1/vehicles.proto",
        "proto/takt/v1/floor.proto",
    ];
    let descriptors = protox::compile(protos, ["proto"])?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(
        out.join("takt_descriptor.bin"),
        prost::Message::encode_to_vec(&descriptors),
    )?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto");
    Ok(())
}
