//! The same program with an allocator that counts: serves the contenders whose memory is measured.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::{alloc::System, process::ExitCode};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    handfast_bench_sessions::main(|| {
        let stats = ALLOCATOR.stats();
        let allocated = stats.bytes_allocated as i64;
        Some(allocated - stats.bytes_deallocated as i64)
    })
}
