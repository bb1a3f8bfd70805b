//! What the measured messages cost in each encoding: their size, and how long they take to read and to write.
//!
//! ```text
//! cd benches/validators && cargo run --release --bin encodings
//! ```
//!
//! Reading is from the bytes of a whole message to a typed one, validated, with its variant found. A transport has made sure before that JSON is
//! UTF-8, which is not counted; strings of the other encodings are validated as they are read, which is.

mod clock;

use clock::{Contender, bar, medians};
use handfast::{
    Envelope, NoPendingReplies, Side,
    codec::{Encoding, Source},
    decode, encode,
};
use handfast_bench_validators::api::ClientMessage;
use std::{error::Error, hint::black_box, process::ExitCode};

/// The messages, in the order of [`NAMES`].
const MESSAGES: &str = include_str!("../messages.ndjson");
const NAMES: [&str; 5] = ["chat", "price", "book", "sensor", "refused"];

const ENCODINGS: [Encoding; 3] = [Encoding::Json, Encoding::MsgPack, Encoding::Cbor];

/// Reading the sensor message in MessagePack, against JSON.
const BAR: f64 = 0.9;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(source: Source<'_>) -> Option<Envelope<ClientMessage>> {
    decode(source, Side::Server, 64, &NoPendingReplies).ok()
}

fn run() -> Result<bool, Box<dyn Error>> {
    println!("bytes, ns to read and ns to write; in brackets the ratios to JSON\n");
    println!("{:<8}{:>32}{:>32}{:>32}", "", "json", "msgpack", "cbor");
    let mut kept = true;
    for (name, text) in NAMES.iter().zip(MESSAGES.lines()) {
        let json = Source::Json(text.into());
        let mut messages = Vec::new();
        for encoding in ENCODINGS {
            messages.push((encoding, json.transcode(encoding)?.into()));
        }
        let envelope = read(json);
        if envelope.is_some() == (*name == "refused") {
            return Err(format!("the message {name} is not judged as it should be").into());
        }
        let reads: Vec<Contender<'_>> = messages
            .iter()
            .map(|(encoding, bytes)| {
                let source = encoding.source(bytes)?;
                Ok(Box::new(move || drop(black_box(read(black_box(source))))) as _)
            })
            .collect::<Result<_, Box<dyn Error>>>()?;
        let writes: Vec<Contender<'_>> = envelope
            .iter()
            .flat_map(|envelope| {
                ENCODINGS.map(|encoding| {
                    Box::new(move || drop(black_box(encode(black_box(envelope), encoding)))) as _
                })
            })
            .collect();
        let (reading, writing) = (medians(&reads), medians(&writes));
        print!("{name:<8}");
        for (i, (_, bytes)) in messages.iter().enumerate() {
            let ratio = |times: &[f64]| match times.get(i) {
                Some(time) => format!("{time:.0} ({:.2})", time / times[0]),
                None => "-".to_owned(),
            };
            let cell = format!("{} {} {}", bytes.len(), ratio(&reading), ratio(&writing));
            print!("{cell:>32}");
        }
        println!();
        if *name == "sensor" {
            kept = bar(
                "sensor, MessagePack against JSON",
                reading[1] / reading[0],
                BAR,
            );
        }
    }
    Ok(kept)
}
