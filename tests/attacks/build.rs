//! Generates the Rust of `protocol.yaml`, and of the same protocol with numbered messages, into the folder that cargo gives.

use handfast_codegen::Generator;
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    Generator::new("protocol.yaml")
        .rust_to_out_dir("api.rs")
        .run_in_build_script()?;
    let plain = fs::read_to_string("protocol.yaml")?;
    let out = env::var_os("OUT_DIR").ok_or("cargo gives no folder")?;
    let spec = Path::new(&out).join("numbered.yaml");
    fs::write(&spec, numbered(&plain)?)?;
    Generator::new(spec)
        .rust_to_out_dir("numbered.rs")
        .run_in_build_script()?;
    Ok(())
}

/// The protocol in which every message of the server has its number in the session.
fn numbered(plain: &str) -> Result<String, String> {
    let (from, to) = ("  resume: 1s\n", "  resume: { for: 1s, seq: seq }\n");
    if !plain.contains(from) {
        return Err(format!("the spec has no `{}`", from.trim()));
    }
    let envelope = "envelope: { client: { seq: off }, epoch: off }\n";
    Ok(format!("{}{envelope}", plain.replacen(from, to, 1)))
}
