//! `cargo run -p codegen` generates both ends of the protocol. An application has a member like this one.

fn main() -> std::process::ExitCode {
    handfast_codegen::cli::main()
}
