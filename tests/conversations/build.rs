//! Generates the Rust of `protocol.yaml` into the folder that cargo gives.

fn main() -> Result<(), handfast_codegen::GenerateError> {
    handfast_codegen::Generator::new("protocol.yaml")
        .rust_to_out_dir("api.rs")
        .run_in_build_script()
}
