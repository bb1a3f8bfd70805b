//! Runs the contenders by turns and prints what each reaches. See the README.

use std::process::ExitCode;

fn main() -> ExitCode {
    handfast_bench_sessions::main(|| None)
}
