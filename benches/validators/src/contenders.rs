//! Who is measured. Each begins with the text of a message and ends with what its users go on with.

use crate::{
    lent,
    plain::{Envelope, LazyEnvelope, Message, Tagged},
};
use handfast::ByteString;
use handfast_bench_validators::{api, borrowed};
use jsonschema::Validator;
use serde_json::Value;
use std::{collections::HashMap, error::Error, hint::black_box};

mod schemas {
    include!(concat!(env!("OUT_DIR"), "/schemas.rs"));
}

/// What all others are compared with.
pub(crate) const BASELINE: &str = "serde_json, two steps, no checks";
pub(crate) const OURS: &str = "handfast: typed, checked";

/// One contender.
pub(crate) struct Doing<'j> {
    pub(crate) name: &'static str,
    /// Whether it judges more than types.
    pub(crate) checks: bool,
    /// Reads a message, drops what was read, and tells whether there was something. The text is that of a frame, which may be shared.
    pub(crate) takes: Box<dyn Fn(&ByteString) -> bool + 'j>,
}

/// What is made once, before messages come.
pub(crate) struct Judge {
    validators: HashMap<&'static str, Validator>,
}

impl Judge {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let mut validators = HashMap::new();
        for (tag, schema) in schemas::SCHEMAS {
            let schema: Value = serde_json::from_str(schema)?;
            validators.insert(*tag, jsonschema::validator_for(&schema)?);
        }
        Ok(Self { validators })
    }

    pub(crate) fn all(&self) -> Vec<Doing<'_>> {
        vec![
            // An envelope and a typed payload, with all that the schema asks for; every violation of one that is refused.
            Doing {
                name: OURS,
                checks: true,
                takes: Box::new(|text| black_box(api::ClientMessage::decode(text)).is_ok()),
            },
            // The same; what strings the payload itself has share the frame by a counted reference. Names of things (`types`) are of their
            // own still, and so is the id.
            Doing {
                name: "handfast: typed, checked, strings shared",
                checks: true,
                takes: Box::new(|text| {
                    black_box(borrowed::ClientMessage::decode_shared(text)).is_ok()
                }),
            },
            // An envelope with the payload as text; the tag chooses what reads it. Stops at the first mistake.
            Doing {
                name: BASELINE,
                checks: false,
                takes: Box::new(|text| black_box(two_steps(text)).is_some()),
            },
            // The same; all strings of the payload are lent from the text, which has to outlive them. One with an escape is refused.
            Doing {
                name: "serde_json, two steps, strings lent",
                checks: false,
                takes: Box::new(|text| black_box(lent_steps(text)).is_some()),
            },
            // With strings of their own, by sonic-rs.
            Doing {
                name: "sonic-rs, two steps, no checks",
                checks: false,
                takes: Box::new(|text| black_box(sonic(text)).is_some()),
            },
            // serde's enum with its tag beside the content; nothing else of the envelope.
            Doing {
                name: "serde_json, one step, no checks",
                checks: false,
                takes: Box::new(|text| black_box(serde_json::from_str::<Tagged>(text)).is_ok()),
            },
            // The same. The text is copied first, for it is changed by being read.
            Doing {
                name: "simd-json, one step, no checks",
                checks: false,
                takes: Box::new(|text| {
                    let mut copy = text.as_bytes().to_vec();
                    black_box(simd_json::serde::from_slice::<Tagged>(&mut copy)).is_ok()
                }),
            },
            // A tree of values, no types; a validator for each tag, which tells every error.
            Doing {
                name: "jsonschema, untyped, checked",
                checks: true,
                takes: Box::new(|text| black_box(self.runtime(text)).is_some()),
            },
            // The same, with validators that its macro made.
            Doing {
                name: "jsonschema by macro, untyped, checked",
                checks: true,
                takes: Box::new(|text| black_box(by_macro(text)).is_some()),
            },
        ]
    }

    fn runtime(&self, text: &str) -> Option<Value> {
        let value: Value = serde_json::from_str(text).ok()?;
        let validator = self.validators.get(value.get("type")?.as_str()?)?;
        if validator.is_valid(&value) {
            return Some(value);
        }
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        black_box(errors);
        None
    }
}

fn two_steps(text: &str) -> Option<(Envelope<'_>, Message)> {
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    let message = Message::from_serde_json(envelope.tag, envelope.payload.get())?;
    Some((envelope, message))
}

fn lent_steps(text: &str) -> Option<(Envelope<'_>, lent::Message<'_>)> {
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    let message = lent::Message::from_serde_json(envelope.tag, envelope.payload.get())?;
    Some((envelope, message))
}

fn sonic(text: &str) -> Option<(LazyEnvelope<'_>, Message)> {
    let envelope: LazyEnvelope<'_> = sonic_rs::from_str(text).ok()?;
    let message = Message::from_sonic(envelope.tag, envelope.payload.as_raw_str())?;
    Some((envelope, message))
}

fn by_macro(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    let tag = value.get("type")?.as_str()?;
    if schemas::is_valid(tag, &value)? {
        return Some(value);
    }
    black_box(schemas::errors(tag, &value));
    None
}
