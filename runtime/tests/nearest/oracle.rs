//! The interpreter as the oracle: whatever a type reads, from any encoding and on either side, its verdict and its violations are those of
//! the interpreter with the same schema.

use bytes::Bytes;
use handfast::{
    Payload, Side, Validate, ValidationError,
    codec::{Encoding, Source},
    from_source, from_str, from_value,
};
use handfast_schema::{Dialect, SchemaId, Schemas, Validator, Violations};
use handfast_testing::random::{Rng, instance};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Debug};

/// Definitions, with an interpreter of their own.
pub(crate) struct Oracle {
    validator: Validator<'static>,
    ids: BTreeMap<String, SchemaId>,
}

impl Oracle {
    pub(crate) fn new(text: &str) -> Self {
        Self::of(Dialect::Handfast, text)
    }

    pub(crate) fn of(dialect: Dialect, text: &str) -> Self {
        let definitions: Value = serde_json::from_str(text).expect("the definitions are JSON");
        let document = json!({ "$defs": definitions });
        let (schemas, ids) = Schemas::definitions_of(dialect, &document)
            .unwrap_or_else(|error| panic!("the definitions are schemas: {error}"));
        Self {
            validator: Validator::owned(schemas),
            ids,
        }
    }

    pub(crate) fn violations(&self, address: &str, value: &Value, side: Side) -> Violations {
        let id = self.ids.get(address).expect("the schema is defined");
        self.validator.validate(*id, value, Some(side))
    }

    /// Asserts that `T` reads a value as the interpreter judges it: from text, from memory and from binary messages. Returns what a server
    /// reads.
    pub(crate) fn agrees<T: Payload + Debug + PartialEq>(
        &self,
        address: &str,
        value: &Value,
    ) -> Option<T> {
        let text = value.to_string();
        let mut read = None;
        for side in [Side::Client, Side::Server] {
            let expected = self.violations(address, value, side);
            let of_text = from_str::<T>(&text, side);
            let found = of_text
                .as_ref()
                .err()
                .map_or(&[][..], |error| &error.violations);
            assert_eq!(
                (found, of_text.is_err()),
                (&*expected, !expected.is_empty()),
                "{address} as {side:?}: {text}"
            );
            let same = |other: &Result<T, ValidationError>, how: &str| {
                let written = |read: &T| serde_json::to_value(read).map(|value| plain(&value)).ok();
                assert_eq!(
                    other.as_ref().map(written),
                    of_text.as_ref().map(written),
                    "{how}: {text}"
                );
            };
            same(&from_value::<T>(value, &[], side), "value");
            for encoding in [Encoding::MsgPack, Encoding::Cbor] {
                let bytes = Source::Json(text.as_str().into()).transcode(encoding);
                let bytes = Bytes::from(bytes.expect("it is encoded"));
                let source = encoding.source(&bytes).expect("it is binary");
                same(&from_source::<T>(source, side), &format!("{encoding:?}"));
            }
            read = of_text.ok();
        }
        if let Some(read) = &read {
            assert_eq!(read.validate(), Ok(()), "{text}");
        }
        read
    }

    /// As [`Self::agrees`]; what a server reads is written as it was.
    pub(crate) fn keeps<T: Payload + Debug + PartialEq>(&self, address: &str, value: &Value) {
        if let Some(read) = self.agrees::<T>(address, value) {
            let written = serde_json::to_value(&read).expect("it is encoded");
            assert_eq!(plain(&written), plain(value), "{address}");
        }
    }

    /// Asserts the same of random changes to valid values. Both verdicts must occur often.
    pub(crate) fn agrees_at_random<T: Payload + Debug + PartialEq>(
        &self,
        address: &str,
        of: &[Value],
        keeps: bool,
    ) {
        let mut counts = [0, 0];
        for seed in 1..=300 {
            let rng = &mut Rng::new(seed);
            let mut value = rng.pick(of).clone();
            for _ in 0..rng.below(3) {
                mutate(rng, &mut value);
            }
            if keeps {
                self.keeps::<T>(address, &value);
            } else {
                self.agrees::<T>(address, &value);
            }
            let violations = self.violations(address, &value, Side::Server);
            counts[usize::from(violations.is_empty())] += 1;
        }
        assert!(
            counts.iter().all(|count| *count > 20),
            "{address}: {counts:?}"
        );
    }
}

/// The value with every number as a double, and members in the order of their names.
pub(crate) fn plain(value: &Value) -> Value {
    match value {
        Value::Number(n) => (n.as_f64().unwrap_or_default() + 0.0).into(),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().map(|(k, v)| (k, plain(v))).collect();
            members.into_iter().map(|(k, v)| (k.clone(), v)).collect()
        }
        other => other.clone(),
    }
}

/// Replaces, removes or adds something at a random place.
fn mutate(rng: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && !rng.one_in(10) => {
            let at = rng.below(members.len());
            let name = members.keys().nth(at).cloned().expect("it is there");
            match rng.below(8) {
                0 => {
                    members.shift_remove(&name);
                }
                1 => {
                    let new = *rng.pick(&["extra", "x-extra", "kind", "name", "id", "a", "b"]);
                    members.insert(new.to_owned(), instance(rng, 1));
                }
                _ => mutate(rng, &mut members[&name]),
            }
        }
        Value::Array(items) if !items.is_empty() && !rng.one_in(8) => match rng.below(5) {
            0 => items.push(instance(rng, 1)),
            1 => drop(items.pop()),
            _ => {
                let at = rng.below(items.len());
                mutate(rng, &mut items[at]);
            }
        },
        other => {
            *other = match rng.below(5) {
                0 => json!(rng.pick(&[0, 1, 3, -1, 10, 11, 255, i64::MAX, 9_007_199_254_740_992])),
                1 => json!(rng.pick(&[
                    0.5,
                    1.0,
                    1e300,
                    3.0,
                    -0.0,
                    1e19,
                    18_446_744_073_709_551_616.0
                ])),
                2 => json!(rng.pick(&["", "a", "b", "done", "auto", "a much longer text", "x"])),
                3 => rng
                    .pick(&[json!(null), json!(true), json!([]), json!({})])
                    .clone(),
                _ => instance(rng, 2),
            }
        }
    }
}
