//! Random specs: every section and key of the language, and names that may collide with generated code.

use super::names;
use crate::fuzz::schemas::{self, For, KEYS};
use handfast_spec::model::RoleKind;
use handfast_testing::random::Rng;
use serde_json::{Map, Value, json};

/// A spec, by its number.
pub(super) fn spec(rng: &mut Rng, number: usize) -> Value {
    let reader = if rng.one_in(3) { For::All } else { For::Ours };
    let mut maker = Maker {
        rng,
        reader,
        types: Vec::new(),
        errors: Vec::new(),
        channels: Vec::new(),
        messages: Vec::new(),
        is_flat: false,
        is_ordered: false,
        dynamic: true,
    };
    maker.spec(number)
}

struct Maker<'r> {
    rng: &'r mut Rng,
    reader: For,
    types: Vec<String>,
    errors: Vec<String>,
    channels: Vec<String>,
    messages: Vec<String>,
    /// Whether payloads are flat.
    is_flat: bool,
    /// Whether replies come in the order of the requests.
    is_ordered: bool,
    /// Whether the schemas with dynamic references, which have addresses, are still to be written.
    dynamic: bool,
}

impl Maker<'_> {
    fn spec(&mut self, number: usize) -> Value {
        let mut spec = Map::new();
        let mut put = |key: &str, value: Value| drop(spec.insert(key.to_owned(), value));
        put("handfast", json!(1));
        let mut protocol = json!({ "name": self.name(), "version": "1.2.0" });
        if self.rng.one_in(3) {
            protocol["description"] = json!(self.rng.pick(names::TEXTS));
            protocol["accepts"] = json!(">=1.0");
        }
        put("protocol", protocol);
        if self.reader == For::All {
            put(
                "dialect",
                match self.rng.one_in(2) {
                    true => json!("json-schema"),
                    false => json!({ "name": "json-schema", "formats": "assert" }),
                },
            );
        }
        if self.rng.one_in(2) {
            let mut envelope = self.envelope(true);
            if self.rng.one_in(4) {
                let end = *self.rng.pick(&["client", "server"]);
                envelope[end] = self.envelope(false);
            }
            put("envelope", envelope);
        }
        let mut taken = Vec::new();
        let names = self.names(4, &mut taken);
        self.errors = self.names(3, &mut taken);
        self.channels = self.names(2, &mut taken);
        self.messages = self.names(6, &mut taken);
        let mut types = Map::new();
        for name in names {
            // A type only refers to earlier ones, so that no reference is circular.
            types.insert(name.clone(), self.schema());
            self.types.push(name);
        }
        put("types", Value::Object(types));
        let errors = self.errors.clone();
        let errors: Map<String, Value> = errors
            .into_iter()
            .map(|name| (name, self.error()))
            .collect();
        put("errors", Value::Object(errors));
        let mut messages: Map<String, Value> = Map::new();
        for name in self.messages.clone() {
            let message = self.message(&mut messages, &name);
            messages.insert(name, message);
        }
        let channels: Map<String, Value> = self
            .channels
            .clone()
            .into_iter()
            .enumerate()
            .map(|(i, name)| (name, self.channel(i, &mut messages)))
            .collect();
        put("channels", Value::Object(channels));
        if self.rng.one_in(2) {
            put("session", self.session(&mut messages));
        }
        put("messages", Value::Object(messages));
        if self.rng.one_in(4) {
            put(
                "limits",
                json!({ "message": "1MiB", "depth": 32, "rate": "off", "violations": 3, "handlerTimeout": "off" }),
            );
        }
        if self.rng.one_in(6) {
            put("closes", json!({ "kicked": 4100 }));
        }
        if self.rng.one_in(6) {
            put("encodings", json!({ "json": "a.json", "cbor": "a.cbor" }));
        }
        let mut rust = json!({ "out": format!("p{number}.rs") });
        if self.rng.one_in(3) {
            rust["derive"] = json!(["PartialEq", "Deserialize"]);
        }
        if !self.messages.is_empty() && self.rng.one_in(4) {
            rust["borrow"] = json!([self.rng.pick(&self.messages)]);
        }
        let sides = *self.rng.pick(&["client", "both"]);
        put(
            "generate",
            json!({
                "rust": rust,
                "typescript": { "out": format!("p{number}.ts"), "sides": sides },
                "schema": { "out": format!("p{number}.json") },
            }),
        );
        Value::Object(spec)
    }

    /// A name, now and then with two segments.
    fn name(&mut self) -> String {
        let first = self.segment();
        match self.rng.below(3) {
            0 => format!("{first}.{}", self.segment()),
            _ => first,
        }
    }

    fn segment(&mut self) -> String {
        match self.rng.below(3) {
            0 => (*self.rng.pick(names::AWKWARD)).to_owned(),
            1 => (*self.rng.pick(names::LETTERS)).to_owned(),
            _ => format!("{}{}", self.rng.pick(names::PLAIN), self.rng.below(100)),
        }
    }

    /// Names, no two of which are the same in code.
    fn names(&mut self, most: usize, taken: &mut Vec<String>) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for _ in 0..self.rng.below(most + 1).max(usize::from(most > 4)) {
            let name = self.name();
            let folded = names::folded(&name);
            if !taken.contains(&folded) {
                taken.push(folded);
                all.push(name);
            }
        }
        all
    }

    fn schema(&mut self) -> Value {
        if self.rng.one_in(6) && !self.types.is_empty() {
            return json!({ "$ref": format!("#/types/{}", self.rng.pick(&self.types)) });
        }
        if self.rng.one_in(3) {
            return self.enumeration();
        }
        let dynamic = self.dynamic && self.rng.one_in(8);
        self.dynamic &= !dynamic;
        let turn = self.rng.below(64);
        let mut schema = schemas::document(self.rng, self.reader, &[], dynamic, turn);
        if self.rng.one_in(4) {
            schema["description"] = json!(self.rng.pick(names::TEXTS));
        }
        if self.rng.one_in(12) {
            schema["deprecated"] = json!(true);
        }
        schema
    }

    fn enumeration(&mut self) -> Value {
        let mut values: Vec<&str> = Vec::new();
        for _ in 0..=self.rng.below(5) {
            let value = *self.rng.pick(names::VALUES);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        let mut schema = json!({ "type": "string", "enum": values });
        if self.reader == For::Ours && self.rng.one_in(3) {
            schema["open"] = json!(true);
        }
        schema
    }

    /// An object with properties, as parts of the session need it.
    fn object(&mut self) -> Value {
        let mut properties = Map::new();
        for _ in 0..=self.rng.below(4) {
            let key = match self.rng.one_in(2) {
                true => (*self.rng.pick(&KEYS)).to_owned(),
                false => (*self.rng.pick(names::AWKWARD)).to_owned(),
            };
            let value = match self.rng.below(4) {
                0 => {
                    json!({ "type": "string", "default": "a", "description": self.rng.pick(names::TEXTS) })
                }
                1 => json!({ "type": "integer", "minimum": 0, "maximum": 10 }),
                2 => json!({ "type": "string", "contentEncoding": "base64" }),
                _ => schemas::inner(self.rng, self.reader),
            };
            properties.insert(key, value);
        }
        let required: Vec<&String> = properties.keys().filter(|_| self.rng.one_in(2)).collect();
        let mut schema =
            json!({ "type": "object", "required": required, "properties": properties });
        if self.rng.one_in(4) {
            schema["additionalProperties"] = [
                json!(false),
                json!(true),
                json!({}),
                json!({ "title": "More" }),
            ][self.rng.below(4)]
            .clone();
        }
        schema
    }

    fn payload(&mut self) -> Value {
        match self.is_flat || self.rng.one_in(2) {
            true => self.object(),
            false => self.schema(),
        }
    }

    fn error(&mut self) -> Value {
        let mut error = json!({});
        if self.rng.one_in(3) {
            error["code"] = json!(self.rng.below(1000));
        }
        if self.rng.one_in(2) {
            error["description"] = json!(self.rng.pick(names::TEXTS));
            error["retryable"] = json!(true);
        }
        if self.rng.one_in(2) {
            error["data"] = self.payload();
        }
        error
    }

    fn envelope(&mut self, is_whole: bool) -> Value {
        let mut envelope = json!({});
        if is_whole && self.rng.one_in(3) {
            envelope["content"] = Value::Null;
            self.is_flat = true;
        }
        if self.rng.one_in(3) {
            envelope["tag"] = json!(self.rng.pick(&["kind", "op", "t"]));
        }
        let presence = *self.rng.pick(&["required", "optional", "nullable"]);
        match self.rng.below(6) {
            0 => envelope["id"] = json!({ "name": "ref", "type": "integer", "presence": presence }),
            1 => envelope["correlate"] = json!({ "request": "id", "reply": "reply_to" }),
            2 if is_whole => {
                self.is_ordered = true;
                envelope["correlate"] = json!("order");
                envelope["id"] = json!("off");
            }
            3 if is_whole => {
                envelope["outcome"] = json!({ "field": "ok", "success": true, "failure": false });
            }
            _ => {}
        }
        for field in ["version", "channel", "seq", "epoch", "timestamp"] {
            match self.rng.below(8) {
                0 => envelope[field] = json!("off"),
                1 => {
                    envelope[field] = json!({ "name": format!("x-{field}"), "presence": presence })
                }
                _ => {}
            }
        }
        if self.rng.one_in(6) {
            envelope["timestamp"] =
                json!({ "name": "ts", "as": self.rng.pick(&["rfc3339", "unix-ms", "unix-s"]) });
        }
        envelope
    }

    /// A message, with the replies that it needs.
    fn message(&mut self, messages: &mut Map<String, Value>, name: &str) -> Value {
        let from = *self.rng.pick(&["client", "client", "server", "both"]);
        let mut message = json!({ "from": from });
        if !self.rng.one_in(5) {
            message["payload"] = self.payload();
        }
        if self.rng.one_in(3) {
            message["description"] = json!(self.rng.pick(names::TEXTS));
        }
        if self.rng.one_in(8) {
            message["deprecated"] = json!("Not any more.");
            message["since"] = json!("1.1.0");
        }
        if self.rng.one_in(10) {
            message["tag"] = json!(format!("tag of {name}"));
        }
        if self.rng.one_in(10) {
            message["envelope"] = json!({ "tag": "own" });
        }
        if from == "both" && self.rng.one_in(3) {
            let end = *self.rng.pick(&["client", "server"]);
            message[end] = json!({ "payload": self.payload() });
        }
        // A client does not answer in order.
        if from != "client" && (self.is_ordered || self.rng.one_in(2)) {
            if !self.channels.is_empty() && self.rng.one_in(2) {
                message["channel"] = json!(self.rng.pick(&self.channels));
                message["volatile"] = json!(self.rng.one_in(2));
            }
            return message;
        }
        let answers = match from {
            "client" => "server",
            "server" => "client",
            both => both,
        };
        let mut answer = |cx: &mut Self, of: &str| {
            let answer = format!("{name}.{of}");
            let payload = cx.payload();
            messages.insert(
                answer.clone(),
                json!({ "from": answers, "payload": payload }),
            );
            answer
        };
        match self.rng.below(4) {
            0 => message["reply"] = json!(answer(self, "reply")),
            1 => {
                message["reply"] = json!({ "stream": answer(self, "item") });
                if self.rng.one_in(2) {
                    message["reply"]["ack"] = json!(answer(self, "ack"));
                    message["reply"]["end"] = json!(answer(self, "end"));
                }
                if self.rng.one_in(2) {
                    let cancel = format!("{name}.cancel");
                    message["reply"]["cancel"] = json!(cancel);
                    messages.insert(cancel, json!({ "from": from }));
                }
            }
            _ => {
                message["concurrent"] = json!(self.rng.one_in(4));
                return message;
            }
        }
        if !self.errors.is_empty() && self.rng.one_in(2) {
            message["errors"] = json!([self.rng.pick(&self.errors)]);
        }
        if self.rng.one_in(3) {
            message["timeout"] = json!("2s");
            message["idempotent"] = json!(true);
        }
        message
    }

    fn channel(&mut self, i: usize, messages: &mut Map<String, Value>) -> Value {
        if self.rng.one_in(3) {
            return json!({ "key": format!("all{i}"), "history": { "size": 10, "ttl": "1m" } });
        }
        let param = *self.rng.pick(names::AWKWARD);
        let mut channel = json!({
            "key": format!("c{i}:{{{param}}}"),
            "params": { param: { "type": "string", "maxLength": 9 } },
        });
        if self.rng.one_in(2) {
            let (join, joined) = (format!("join{i}"), format!("joined{i}"));
            messages.insert(join.clone(), json!({
                "from": "client",
                "payload": { "type": "object", "required": [param], "properties": { param: { "type": "string" } } },
                "reply": joined,
            }));
            messages.insert(joined, json!({ "from": "server" }));
            channel["join"] = json!(join);
        }
        channel
    }

    fn session(&mut self, messages: &mut Map<String, Value>) -> Value {
        let mut session = json!({ "heartbeat": "off", "timeout": "3s" });
        if self.rng.one_in(2) {
            let payload = self.object();
            messages.insert(
                "sign-in".to_owned(),
                json!({ "from": "client", "payload": payload }),
            );
            session["auth"] = json!("sign-in");
        }
        if self.rng.one_in(2) {
            session["backoff"] = json!({ "min": "1s", "max": "9s", "attempts": 4 });
        }
        let mut roles = Map::new();
        for (kind, role) in RoleKind::ALL {
            // Only a message can be the greeting.
            if kind == RoleKind::Greeting {
                continue;
            }
            match self.rng.below(10) {
                0 => roles.insert(role.to_owned(), json!("off")),
                1 => roles.insert(role.to_owned(), json!({ "tag": format!("sys.{role}") })),
                _ => None,
            };
        }
        if self.rng.one_in(4) {
            messages.insert("beat".to_owned(), json!({ "from": "both", "payload": { "type": "object", "properties": { "n": { "type": "string" } } } }));
            roles.insert(
                "ping".to_owned(),
                json!({ "message": "beat", "fields": { "nonce": "/n" } }),
            );
        }
        if self.rng.one_in(4) && !session["auth"].is_null() {
            let payload = self.object();
            messages.insert(
                "granted".to_owned(),
                json!({ "from": "server", "payload": payload }),
            );
            roles.insert("hello".to_owned(), json!({ "message": "sign-in" }));
            roles.insert("ready".to_owned(), json!({ "message": "granted" }));
            if self.rng.one_in(2) {
                let payload = self.object();
                messages.insert(
                    "greet".to_owned(),
                    json!({ "from": "server", "payload": payload }),
                );
                roles.insert("greeting".to_owned(), json!({ "message": "greet" }));
                session["phases"] = json!({ "first": "server", "ids": self.rng.one_in(2) });
            }
        }
        session["roles"] = Value::Object(roles);
        session
    }
}
