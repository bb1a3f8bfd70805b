//! Generates the Rust of the protocol, in each of its forms, into the folder that cargo gives.

use handfast_codegen::Generator;
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let plain = fs::read_to_string("protocol.yaml")?;
    let out = env::var_os("OUT_DIR").ok_or("cargo gives no folder")?;
    for form in Form::ALL {
        let spec = Path::new(&out).join(form.name()).with_extension("yaml");
        fs::write(&spec, form.spec(&plain)?)?;
        Generator::new(spec)
            .rust_to_out_dir(format!("{}.rs", form.name()))
            .run_in_build_script()?;
    }
    println!("cargo::rerun-if-changed=protocol.yaml");
    println!("cargo::rerun-if-changed=src/forms.rs");
    Ok(())
}

include!("src/forms.rs");
