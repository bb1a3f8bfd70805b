fn main() -> std::process::ExitCode {
    handfast_codegen::cli::main()
}
