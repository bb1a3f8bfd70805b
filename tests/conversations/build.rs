//! Generates the Rust of `protocol.yaml`, and of the protocols that are made of it, into the folder that cargo gives.

use handfast_codegen::Generator;
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    Generator::new("protocol.yaml")
        .rust_to_out_dir("api.rs")
        .run_in_build_script()?;
    let plain = fs::read_to_string("protocol.yaml")?;
    let out = env::var_os("OUT_DIR").ok_or("cargo gives no folder")?;
    for (name, spec) in [("numbered", numbered(&plain)?), ("mapped", mapped(&plain)?)] {
        let path = Path::new(&out).join(format!("{name}.yaml"));
        fs::write(&path, spec)?;
        Generator::new(path)
            .rust_to_out_dir(format!("{name}.rs"))
            .run_in_build_script()?;
    }
    Ok(())
}

include!("src/specs.rs");
