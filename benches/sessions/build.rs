//! Generates the Rust of `protocol.yaml`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    handfast_codegen::Generator::new("protocol.yaml")
        .rust_to_out_dir("api.rs")
        .run_in_build_script()?;
    Ok(())
}
