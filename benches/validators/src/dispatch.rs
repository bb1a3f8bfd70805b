//! How long it takes to find what a tag means, in unions of 10 to 10,000 messages.
//!
//! ```text
//! cd benches/validators && cargo run --release --features dispatch --bin dispatch
//! ```
//!
//! The compiler takes minutes for the largest union, so this is a feature. The messages carry nothing, so that what is
//! measured is an envelope and the way from its tag to a variant.

mod clock;

use clock::{Contender, bar, medians};
use handfast_bench_validators::unions;
use std::{hint::black_box, process::ExitCode};

/// The slowest union against the quickest. Ten messages are few enough for a `match` of the compiler's, which takes some 10 ns less than
/// the table that the others have, and the envelope is all that is read beside it.
const BAR: f64 = 1.5;

/// Ten messages spread over a union. The tag changes from one to the next, as it does on a wire.
fn texts(size: usize) -> Vec<String> {
    (0..10)
        .map(|i| i * size / 10)
        .map(|n| format!(r#"{{"type":"group{:03}.message{n:05}"}}"#, n / 50))
        .collect()
}

macro_rules! each {
    ($($union:ident $size:literal),*) => {
        [$({
            let texts = texts($size);
            ($size, Box::new(move || {
                for text in &texts {
                    assert!(black_box(unions::$union::decode(text)).is_ok(), "{text} is refused");
                }
            }) as Contender<'_>)
        }),*]
    };
}

fn main() -> ExitCode {
    let (sizes, contenders): (Vec<usize>, Vec<Contender<'_>>) =
        each![Of10 10, Of100 100, Of1000 1000, Of10000 10_000]
            .into_iter()
            .unzip();
    let times = medians(&contenders);
    println!("messages   ns a message");
    for (size, time) in sizes.iter().zip(&times) {
        println!("{size:>8} {:>14.0}", time / 10.0);
    }
    let least = times.iter().copied().fold(f64::INFINITY, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    match bar("the slowest against the quickest", most / least, BAR) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
