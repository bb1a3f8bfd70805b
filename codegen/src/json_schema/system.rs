//! The session's own messages as schemas, for the roles that Handfast plays itself (docs/wire.md). They are added to
//! the protocol's schemas as nodes, so that the bundle and `verify` treat them like other messages.

use crate::shape::api_names::server_requests;
use handfast_schema::{Schema, SchemaId, Schemas, Type, TypeSet};
use handfast_spec::model::{Protocol, RoleKind, RolePlayer, Scalar, Side};
use serde_json::Value;

/// The error codes of the session itself.
pub(crate) const CODES: [&str; 13] = [
    "INVALID",
    "ENVELOPE",
    "SYNTAX",
    "UNKNOWN_TYPE",
    "NOT_READY",
    "NO_REPLY",
    "INTERNAL",
    "TOO_LARGE",
    "RATE_LIMITED",
    "ID_REUSED",
    "TIMEOUT",
    "TOO_MANY",
    "OTHER_PRINCIPAL",
];

/// The error code of a session that cannot be resumed by the numbers of its messages.
const NOT_RESUMED: &str = "NOT_RESUMED";

/// One of Handfast's own messages.
#[derive(Clone, Debug)]
pub(crate) struct System {
    /// The role it plays.
    pub(crate) kind: RoleKind,
    /// The role's name.
    pub(crate) name: &'static str,
    /// Who sends it.
    pub(crate) from: Side,
    /// The value of its tag.
    pub(crate) tag: Scalar,
    /// Its payload.
    pub(crate) payload: Option<SchemaId>,
}

/// The protocol's schemas, followed by those of the session's own messages.
pub(crate) fn system(protocol: &Protocol) -> (Schemas, Vec<System>) {
    let mut build = Build {
        schemas: protocol.schemas.clone(),
    };
    let mut all = Vec::new();
    for (kind, name) in RoleKind::ALL {
        if kind == RoleKind::Auth {
            all.extend(build.auth(protocol, name).into_iter().flatten());
            continue;
        }
        let RolePlayer::Own { tag } = protocol.session.role(kind) else {
            continue;
        };
        let mut add = |from, payload| {
            all.push(System {
                kind,
                name,
                from,
                tag: tag.clone(),
                payload,
            });
        };
        match kind {
            RoleKind::Hello => add(Side::Client, Some(build.hello(protocol))),
            RoleKind::Ready => add(Side::Server, Some(build.ready())),
            RoleKind::Refuse => add(Side::Server, Some(build.refuse(protocol))),
            RoleKind::Gap => add(Side::Server, Some(build.gap(protocol))),
            RoleKind::Skip => add(Side::Server, Some(build.skip())),
            RoleKind::Presence => add(Side::Server, Some(build.presence(protocol))),
            RoleKind::Join | RoleKind::Leave => {
                let payload = build.channel();
                add(Side::Client, Some(payload));
                add(Side::Server, Some(payload));
            }
            RoleKind::Ping | RoleKind::Pong => {
                add(Side::Client, None);
                add(Side::Server, None);
            }
            RoleKind::Negotiate => {
                let payload = build.negotiate(protocol);
                add(Side::Client, Some(payload));
                add(Side::Server, Some(payload));
            }
            RoleKind::Received => {
                let payload = build.received();
                add(Side::Client, Some(payload));
                add(Side::Server, Some(payload));
            }
            RoleKind::Error => {
                let payload = build.error(protocol);
                add(Side::Server, Some(payload));
                // A client answers the requests of the server, and they may fail.
                if server_requests(protocol).next().is_some() {
                    add(Side::Client, Some(payload));
                }
            }
            RoleKind::Resume if protocol.session.numbered => {
                add(Side::Client, Some(build.resume()));
            }
            // They were added above, or are not sent by Handfast itself.
            RoleKind::Auth | RoleKind::Resume | RoleKind::Greeting => {}
        }
    }
    (build.schemas, all)
}

/// The payload of the message that authenticates a client.
fn credentials(protocol: &Protocol) -> Option<SchemaId> {
    let auth = protocol.session.auth?;
    protocol.messages[auth.0].client.as_ref()?.payload
}

struct Build {
    schemas: Schemas,
}

/// A field of an object, and whether it is required.
type Fields<'a> = &'a [(&'a str, bool, SchemaId)];

impl Build {
    fn of(&mut self, ty: Type) -> SchemaId {
        self.schemas.push(Schema {
            types: Some(TypeSet::NONE.with(ty)),
            ..Schema::default()
        })
    }

    fn one_of_words(&mut self, words: &[&str]) -> SchemaId {
        let words = words.iter().map(|word| Value::from(*word)).collect();
        self.schemas.push(Schema {
            enumeration: Some(words),
            ..Schema::default()
        })
    }

    fn list(&mut self, items: SchemaId) -> SchemaId {
        let types = Some(TypeSet::NONE.with(Type::Array));
        self.schemas.push(Schema {
            types,
            items: Some(items),
            ..Schema::default()
        })
    }

    fn object(&mut self, fields: Fields<'_>) -> SchemaId {
        let named = |(name, _, schema): &(&str, bool, SchemaId)| ((*name).to_owned(), *schema);
        let required = fields
            .iter()
            .filter(|field| field.1)
            .map(|field| field.0.to_owned());
        self.schemas.push(Schema {
            types: Some(TypeSet::NONE.with(Type::Object)),
            properties: fields.iter().map(named).collect(),
            required: required.collect(),
            ..Schema::default()
        })
    }

    /// The credentials by which a client authenticates again, unless that is a message of the protocol, and the answer.
    fn auth(&mut self, protocol: &Protocol, name: &'static str) -> [Option<System>; 2] {
        let Some(tag) = protocol.session.auth_tag(&protocol.messages) else {
            return [None, None];
        };
        let count = self.count();
        let answer = self.object(&[("expires", false, count)]);
        let session = &protocol.session;
        let own = matches!(session.role(RoleKind::Auth), RolePlayer::Own { .. });
        let system = |from, payload| System {
            kind: RoleKind::Auth,
            name,
            from,
            tag: tag.clone(),
            payload,
        };
        [
            own.then(|| system(Side::Client, credentials(protocol))),
            Some(system(Side::Server, Some(answer))),
        ]
    }

    fn hello(&mut self, protocol: &Protocol) -> SchemaId {
        let text = self.of(Type::String);
        let count = self.count();
        let resume = self.object(&[("session", false, text), ("received", false, count)]);
        let auth = credentials(protocol);
        let mut fields = vec![("version", true, text), ("hash", false, text)];
        fields.extend(auth.map(|auth| ("auth", false, auth)));
        fields.push(("resume", false, resume));
        self.object(&fields)
    }

    fn ready(&mut self) -> SchemaId {
        let text = self.of(Type::String);
        let flag = self.of(Type::Boolean);
        let count = self.count();
        self.object(&[
            ("version", true, text),
            ("hash", false, text),
            ("session", true, text),
            ("resumed", false, flag),
            ("received", false, count),
            ("expires", false, count),
        ])
    }

    fn received(&mut self) -> SchemaId {
        let count = self.count();
        self.object(&[("received", false, count), ("sent", false, count)])
    }

    fn negotiate(&mut self, protocol: &Protocol) -> SchemaId {
        let names: Vec<_> = protocol
            .encodings
            .iter()
            .map(|encoding| encoding.kind.name())
            .collect();
        let encoding = self.one_of_words(&names);
        self.object(&[("encoding", true, encoding)])
    }

    /// A number of messages.
    fn count(&mut self) -> SchemaId {
        self.schemas.push(Schema {
            types: Some(TypeSet::NONE.with(Type::Integer)),
            minimum: Some(0.into()),
            ..Schema::default()
        })
    }

    /// A refusal has the code `VERSION` or a code of the message that authenticates the client.
    fn refuse(&mut self, protocol: &Protocol) -> SchemaId {
        let mut codes = vec![Value::from("VERSION")];
        if let Some(auth) = protocol.session.auth {
            let errors = &protocol.messages[auth.0].errors;
            codes.extend(errors.iter().map(|id| scalar(&protocol.errors[id.0].code)));
        }
        codes.extend(CODES.map(Value::from));
        let code = self.schemas.push(Schema {
            enumeration: Some(codes),
            ..Schema::default()
        });
        let text = self.of(Type::String);
        let side = self.one_of_words(&["client", "server"]);
        let flag = self.of(Type::Boolean);
        let violations = self.violations();
        let data = self.schemas.push(Schema {
            boolean: Some(true),
            ..Schema::default()
        });
        self.object(&[
            ("code", true, code),
            ("message", true, text),
            ("side", false, side),
            ("retryable", false, flag),
            ("data", false, data),
            ("violations", false, violations),
        ])
    }

    /// The violations of a payload.
    fn violations(&mut self) -> SchemaId {
        let text = self.of(Type::String);
        let any = self.schemas.push(Schema {
            boolean: Some(true),
            ..Schema::default()
        });
        let violation = self.object(&[
            ("path", true, text),
            ("keyword", true, text),
            ("message", true, text),
            ("allowed", false, any),
        ]);
        self.list(violation)
    }

    /// Asks for the messages after a number.
    fn resume(&mut self) -> SchemaId {
        let text = self.of(Type::String);
        let count = self.count();
        self.object(&[("seq", true, count), ("session", false, text)])
    }

    fn gap(&mut self, protocol: &Protocol) -> SchemaId {
        let text = self.of(Type::String);
        let seq = self.of(Type::Integer);
        // Messages of the session may be missing, too, if it has numbers.
        let in_channel = !protocol.session.numbered;
        self.object(&[
            ("channel", in_channel, text),
            ("from", false, seq),
            ("to", false, seq),
            ("reason", false, text),
        ])
    }

    fn skip(&mut self) -> SchemaId {
        let text = self.of(Type::String);
        let seq = self.of(Type::Integer);
        self.object(&[("channel", true, text), ("seq", true, seq)])
    }

    /// The members of a channel, or what became of one.
    fn presence(&mut self, protocol: &Protocol) -> SchemaId {
        let text = self.of(Type::String);
        let flag = self.of(Type::Boolean);
        let count = self.count();
        let events = ["list", "join", "update", "away", "back", "leave"];
        let event = self.one_of_words(&events);
        let channels = protocol.channels.iter();
        let infos = channels.filter_map(|channel| channel.presence?.info);
        let infos: Vec<SchemaId> = infos.collect();
        let mut fields = vec![("id", true, text), ("principal", false, text)];
        let info = match infos.as_slice() {
            [] => None,
            [info] => Some(*info),
            _ => Some(self.schemas.push(Schema {
                any_of: infos,
                ..Schema::default()
            })),
        };
        fields.extend(info.map(|info| ("info", false, info)));
        fields.push(("away", false, flag));
        let member = self.object(&fields);
        let members = self.list(member);
        self.object(&[
            ("channel", true, text),
            ("event", true, event),
            ("count", true, count),
            ("self", false, text),
            ("members", false, members),
            ("more", false, flag),
            ("member", false, member),
        ])
    }

    fn channel(&mut self) -> SchemaId {
        let text = self.of(Type::String);
        self.object(&[("channel", true, text)])
    }

    /// An error is identified by its code: a declared one has its data, one of the session's own has none.
    fn error(&mut self, protocol: &Protocol) -> SchemaId {
        let text = self.of(Type::String);
        let flag = self.of(Type::Boolean);
        let violations = self.violations();
        let declared = protocol
            .errors
            .iter()
            .map(|error| (scalar(&error.code), error.data));
        let numbered = protocol.session.numbered.then_some(NOT_RESUMED);
        let own = CODES.into_iter().chain(numbered);
        let own = own.map(|code| (Value::from(code), None));
        let mut branches: Vec<SchemaId> = Vec::new();
        let mut seen: Vec<Value> = Vec::new();
        for (code, data) in declared.chain(own) {
            if seen.contains(&code) {
                continue;
            }
            seen.push(code.clone());
            let code = self.schemas.push(Schema {
                constant: Some(code),
                ..Schema::default()
            });
            let mut fields = vec![
                ("code", true, code),
                ("message", true, text),
                ("retryable", false, flag),
            ];
            fields.extend(data.map(|data| ("data", true, data)));
            fields.push(("violations", false, violations));
            branches.push(self.object(&fields));
        }
        self.schemas.push(Schema {
            one_of: branches,
            ..Schema::default()
        })
    }
}

/// A tag or a code as JSON.
pub(crate) fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Text(text) => Value::from(text.as_str()),
        Scalar::Integer(n) => Value::from(*n),
    }
}
