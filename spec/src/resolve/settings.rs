//! Limits, encodings, close codes, outputs.

use super::Resolver;
use crate::model::{
    Close, CloseCondition, DetachedLimits, Encoding, EncodingKind, Generate, GenerateRust,
    GenerateSchema, GenerateTypescript, HandlerTimeout, Limits, Name, Rate,
};
use crate::parse::grammar;
use crate::tree::NodeId;
use std::time::Duration;

/// How many messages a client may send by default: more than people and most programs do, and few enough that one
/// connection cannot keep a core busy.
const RATE: Rate = Rate {
    count: 1000,
    per: Duration::from_secs(1),
};

impl Resolver<'_> {
    pub(super) fn limits(&self, block: Option<NodeId>) -> Limits {
        let count = |key: &str| block.and_then(|block| self.count(block, key));
        let size = |key: &str| block.and_then(|block| self.size(block, key));
        let small = |key: &str, default| {
            count(key)
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(default)
        };
        Limits {
            message: size("message").unwrap_or(64 << 10),
            depth: small("depth", 64),
            rate: match block.and_then(|block| self.text(block, "rate")) {
                Some("off") => None,
                text => text.and_then(grammar::rate).or(Some(RATE)),
            },
            violations: small("violations", 5),
            outbound: size("outbound").unwrap_or(1 << 20),
            inbound: size("inbound").unwrap_or(256 << 10),
            channels: small("channels", 256),
            streams: small("streams", 256),
            history: size("history").unwrap_or(64 << 20),
            handler_timeout: match block.and_then(|block| self.text(block, "handlerTimeout")) {
                Some("off") => HandlerTimeout::Off,
                text => text
                    .and_then(grammar::duration)
                    .map_or(HandlerTimeout::TwiceTheReply, HandlerTimeout::After),
            },
            detached: self.detached(block.and_then(|block| self.tree.get(block, "detached"))),
        }
    }

    fn detached(&self, block: Option<NodeId>) -> DetachedLimits {
        let default = DetachedLimits::DEFAULT;
        let Some(block) = block else {
            return default;
        };
        let count = |key: &str, default| {
            self.count(block, key)
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(default)
        };
        DetachedLimits {
            sessions: count("sessions", default.sessions),
            bytes: self.size(block, "bytes").unwrap_or(default.bytes),
            sessions_each: count("sessionsEach", default.sessions_each),
            bytes_each: self.size(block, "bytesEach").unwrap_or(default.bytes_each),
        }
    }

    pub(super) fn encodings(&self, block: Option<NodeId>, name: &str, major: u64) -> Vec<Encoding> {
        let kinds = [
            (EncodingKind::Json, "json"),
            (EncodingKind::Msgpack, "msgpack"),
            (EncodingKind::Cbor, "cbor"),
        ];
        let entries = block.map(|block| self.tree.entries(block));
        let mut encodings: Vec<Encoding> = entries
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| {
                let (kind, _) = kinds.into_iter().find(|(_, key)| *key == entry.key)?;
                let subprotocol = self.tree.text(entry.value)?.to_owned();
                let subprotocol = Some(subprotocol).filter(|text| text != "off");
                Some(Encoding { kind, subprotocol })
            })
            .collect();
        if encodings.is_empty() {
            // A subprotocol is a token as in RFC 9110, which has no colon.
            let name = name.replace(':', ".");
            let subprotocol = format!("{name}.v{major}+json");
            encodings.push(Encoding {
                kind: EncodingKind::Json,
                subprotocol: Some(subprotocol),
            });
        }
        encodings
    }

    pub(super) fn closes(&self, block: Option<NodeId>) -> Vec<Close> {
        let all = CloseCondition::ALL.into_iter();
        all.map(|(condition, key, default)| {
            let given = block.and_then(|block| self.count(block, key));
            let given = given.and_then(|code| u16::try_from(code).ok());
            Close {
                condition,
                code: given.or(default),
            }
        })
        .collect()
    }

    pub(super) fn generate(&mut self, block: Option<NodeId>) -> Generate {
        let Some(block) = block else {
            return Generate::default();
        };
        let at = |key: &str| self.tree.get(block, key);
        let (rust, typescript, schema) = (at("rust"), at("typescript"), at("schema"));
        Generate {
            outside: self.flag(block, "outside"),
            rust: rust.and_then(|at| self.generate_rust(at)),
            typescript: typescript.and_then(|at| {
                Some(GenerateTypescript {
                    out: self.out(at)?,
                    both_sides: self.owned(at, "sides").is_some_and(|sides| sides == "both"),
                    byte_arrays: self
                        .owned(at, "bytes")
                        .is_some_and(|bytes| bytes == "uint8array"),
                    brands: self.flag(at, "brands"),
                    ts_imports: self
                        .owned(at, "imports")
                        .is_some_and(|imports| imports == "ts"),
                })
            }),
            schema: schema
                .and_then(|at| self.out(at))
                .map(|out| GenerateSchema { out }),
        }
    }

    fn out(&self, at: NodeId) -> Option<Name> {
        let out = self.name(self.tree.get(at, "out")?)?;
        let text = grammar::normal_path(&out.text)?;
        Some(Name { text, ..out })
    }

    fn generate_rust(&mut self, at: NodeId) -> Option<GenerateRust> {
        let types = self
            .tree
            .get(at, "types")
            .map(|id| self.tree.entries(id))
            .unwrap_or_default();
        let types = types
            .iter()
            .filter_map(|entry| Some((entry.key.clone(), self.tree.text(entry.value)?.to_owned())));
        let types = types.collect();
        let borrow = self
            .tree
            .get(at, "borrow")
            .and_then(|id| self.tree.list(id));
        let borrow = borrow.unwrap_or_default().iter();
        let derive = self
            .tree
            .get(at, "derive")
            .and_then(|id| self.tree.list(id))
            .unwrap_or_default();
        let derives = |name| derive.iter().any(|id| self.tree.text(*id) == Some(name));
        let (partial_eq, deserialize) = (derives("PartialEq"), derives("Deserialize"));
        Some(GenerateRust {
            out: self.out(at)?,
            krate: self.owned(at, "crate").unwrap_or_else(|| "handfast".into()),
            types,
            borrow: borrow.filter_map(|id| self.message_at(*id)).collect(),
            partial_eq,
            deserialize,
        })
    }
}
