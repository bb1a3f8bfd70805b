//! Random specs: every section and key of the language, and names that may collide with generated code.

use super::names;
use crate::fuzz::schemas::{self, For, KEYS};
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

/// The reasons of close codes.
const CLOSES: [&str; 16] = [
    "going-away",
    "unauthorized",
    "version",
    "hello-timeout",
    "taken-over",
    "kicked",
    "violations",
    "too-large",
    "rate-limited",
    "slow",
    "silent",
    "internal",
    "invalid",
    "not-ready",
    "repeated-hello",
    "id-reused",
];

pub(super) struct Maker<'r> {
    pub(super) rng: &'r mut Rng,
    reader: For,
    types: Vec<String>,
    errors: Vec<String>,
    channels: Vec<String>,
    pub(super) messages: Vec<String>,
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
                    false => json!({
                        "name": "json-schema",
                        "draft": "2020-12",
                        "integers": self.rng.pick(&["any", "safe"]),
                        "formats": "assert",
                    }),
                },
            );
        }
        let (mut envelope, mut session) = (Value::Null, Value::Null);
        if self.rng.one_in(2) {
            envelope = self.envelope(true);
            if self.rng.one_in(4) {
                let end = *self.rng.pick(&["client", "server"]);
                envelope[end] = self.envelope(false);
            }
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
            .map(|name| {
                let error = self.error(&name);
                (name, error)
            })
            .collect();
        put("errors", Value::Object(errors));
        let mut messages: Map<String, Value> = Map::new();
        for name in self.messages.clone() {
            let message = self.message(&mut messages, &name);
            messages.insert(name, message);
        }
        let mut channels: Map<String, Value> = self
            .channels
            .clone()
            .into_iter()
            .enumerate()
            .map(|(i, name)| {
                let channel = self.channel(i, &name, &mut messages);
                (name, channel)
            })
            .collect();
        if self.rng.one_in(2) {
            session = self.session(&mut messages);
        }
        if session["resume"].is_object() {
            // The numbers are those of the session, so that channels have none.
            envelope["epoch"] = json!("off");
            envelope["seq"] = json!("seq");
            envelope["client"]["seq"] = json!("off");
            for channel in channels.values_mut().filter_map(Value::as_object_mut) {
                channel.remove("history");
            }
        }
        put("channels", Value::Object(channels));
        for (key, value) in [("session", session), ("envelope", envelope)] {
            if !value.is_null() {
                put(key, value);
            }
        }
        put("messages", Value::Object(messages));
        if self.rng.one_in(4) {
            let all = json!({
                "message": "1MiB", "depth": 32, "rate": self.rng.pick(&["off", "10/1s"]), "violations": 3, "handlerTimeout": "off",
                "outbound": "2MiB", "inbound": "2MiB", "channels": 3, "streams": 2, "history": "2MiB",
                "detached": { "sessions": 9, "bytes": "8MiB", "sessionsEach": 3, "bytesEach": "4MiB" },
            });
            put("limits", self.some(all));
        }
        if self.rng.one_in(4) {
            put("closes", self.closes());
        }
        if self.rng.one_in(4) {
            let all = json!({ "json": "a.json", "cbor": "a.cbor", "msgpack": "a.msgpack" });
            put("encodings", self.some(all));
        }
        let mut rust = json!({ "out": format!("p{number}.rs") });
        if self.rng.one_in(3) {
            rust["derive"] = json!(["PartialEq", "Deserialize"]);
        }
        if !self.messages.is_empty() && self.rng.one_in(4) {
            rust["borrow"] = json!([self.rng.pick(&self.messages)]);
        }
        if self.rng.one_in(6) {
            let all = json!({ "ipv4": "crate::Foreign", "uuid": "crate::Foreign", "date": "crate::Foreign", "uri": "crate::Foreign" });
            rust["types"] = self.some(all);
        }
        let mut typescript =
            json!({ "out": format!("p{number}.ts"), "sides": self.rng.pick(&["client", "both"]) });
        if self.rng.one_in(3) {
            typescript["brands"] = json!(true);
        }
        if self.rng.one_in(3) {
            typescript["bytes"] = json!(self.rng.pick(&["base64", "uint8array"]));
        }
        if self.rng.one_in(8) {
            // Beside others, it would find a runtime whose imports are unlike its own.
            typescript["imports"] = json!("ts");
            typescript["out"] = json!(format!("ts/p{number}.ts"));
        }
        put(
            "generate",
            json!({
                "rust": rust,
                "typescript": typescript,
                "schema": { "out": format!("p{number}.json") },
            }),
        );
        Value::Object(spec)
    }

    /// A mapping with some of its keys.
    pub(super) fn some(&mut self, mut all: Value) -> Value {
        if let Some(all) = all.as_object_mut() {
            all.retain(|_, _| !self.rng.one_in(3));
        }
        all
    }

    /// Names of its own in each language, now and then, for what has the `name`.
    fn rename(&mut self, name: &str, renamed: &mut Value) {
        for language in ["rust", "ts"] {
            if self.rng.one_in(12) {
                renamed[language] = json!(format!("Own{}", names::folded(name)));
            }
        }
    }

    /// Close codes, no two of them the same.
    fn closes(&mut self) -> Value {
        let reasons = CLOSES.iter().enumerate();
        let codes = reasons.map(|(i, reason)| ((*reason).to_owned(), json!(4100 + i)));
        let all = Value::Object(codes.collect());
        self.some(all)
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
        if self.rng.one_in(8) && !self.types.is_empty() {
            return self.combined();
        }
        if self.rng.one_in(8) {
            return self.tagged();
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

    /// Types of the spec together: what one of them is by itself is a part here.
    fn combined(&mut self) -> Value {
        let mut of_type = || json!({ "$ref": format!("#/types/{}", self.rng.pick(&self.types)) });
        let (one, other) = (of_type(), of_type());
        match self.rng.below(6) {
            0 | 1 => json!({ "allOf": [one, self.object()] }),
            2 => json!({ "allOf": [one, other] }),
            3 => json!({ "anyOf": [one, other, { "type": "null" }] }),
            4 => json!({ "type": "array", "items": one }),
            _ => {
                json!({ "type": "object", "required": ["a"], "properties": { "a": one, "b": other } })
            }
        }
    }

    /// A union with a tag.
    fn tagged(&mut self) -> Value {
        let mut branch = |kind: &str| {
            let mut branch = self.object();
            branch["properties"]["kind"] = json!({ "const": kind });
            branch["required"] = json!(["kind"]);
            branch
        };
        let branches = json!([branch("one"), branch("two")]);
        json!({ (*self.rng.pick(&["anyOf", "oneOf"])): branches })
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
    pub(super) fn object(&mut self) -> Value {
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

    fn error(&mut self, name: &str) -> Value {
        let mut error = json!({});
        self.rename(name, &mut error);
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
        if self.rng.one_in(8) {
            envelope["layout"] = json!("object");
        }
        let presence = *self.rng.pick(&["optional", "nullable"]);
        match self.rng.below(6) {
            0 => {
                envelope["id"] = json!({ "name": "ref", "presence": presence });
                // A reply has the id of its request, and so its type.
                if is_whole {
                    envelope["id"]["type"] = json!("integer");
                }
            }
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
                0 if field != "channel" => envelope[field] = json!("off"),
                1 => {
                    envelope[field] = json!({ "name": format!("x-{field}"), "presence": presence })
                }
                _ => {}
            }
        }
        if self.rng.one_in(6) {
            envelope["timestamp"] = json!({ "name": "ts", "as": self.rng.pick(&["rfc3339", "unix-ms", "unix-s"]), "presence": presence });
        }
        envelope
    }

    /// A message, with the replies that it needs.
    fn message(&mut self, messages: &mut Map<String, Value>, name: &str) -> Value {
        let from = *self.rng.pick(&["client", "client", "server", "both"]);
        let mut message = json!({ "from": from });
        self.rename(name, &mut message);
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
            let all = json!({
                "tag": "own",
                "content": self.rng.pick(&["body", "data"]),
                "outcome": { "field": "done", "success": true, "failure": false },
            });
            message["envelope"] = self.some(all);
        }
        if from == "both" && self.rng.one_in(3) {
            let end = *self.rng.pick(&["client", "server"]);
            let all = json!({ "payload": self.payload(), "tag": format!("{end}'s {name}"), "envelope": { "tag": "own" } });
            message[end] = self.some(all);
        }
        // A client does not answer in order.
        if from != "client" && (self.is_ordered || self.rng.one_in(2)) {
            if !self.channels.is_empty() && self.rng.one_in(2) {
                message["channel"] = json!(self.rng.pick(&self.channels));
                message["volatile"] = json!(self.rng.one_in(2));
                if message["volatile"] == true && self.rng.one_in(2) {
                    let mut payload = self.object();
                    payload["properties"]["key"] = json!({ "type": "string", "maxLength": 9 });
                    payload["required"] = json!(["key"]);
                    message["payload"] = payload;
                    message["volatileKey"] = json!("key");
                }
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
            // Without ids, nothing says to which stream an item belongs.
            1 if !self.is_ordered => {
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

    fn channel(&mut self, i: usize, name: &str, messages: &mut Map<String, Value>) -> Value {
        let mut channel = json!({ "key": format!("all{i}") });
        self.rename(name, &mut channel);
        if self.rng.one_in(3) {
            channel["description"] = json!(self.rng.pick(names::TEXTS));
        }
        if self.rng.one_in(3) {
            channel["history"] = json!({ "size": 10, "ttl": "1m", "bytes": "64KiB" });
        }
        match self.rng.below(6) {
            0 => channel["presence"] = json!(true),
            1 => channel["presence"] = json!({ "info": self.schema() }),
            2 => channel["presence"] = json!({ "info": self.object(), "members": 7 }),
            _ => {}
        }
        if self.rng.one_in(3) {
            return channel;
        }
        let param = *self.rng.pick(names::AWKWARD);
        channel["key"] = json!(format!("c{i}:{{{param}}}"));
        channel["params"] = json!({ param: { "type": "string", "maxLength": 9 } });
        for key in ["join", "leave"] {
            if !self.rng.one_in(2) {
                continue;
            }
            let (request, reply) = (format!("{key}{i}"), format!("{key}-reply{i}"));
            messages.insert(request.clone(), json!({
                "from": "client",
                "payload": { "type": "object", "required": [param], "properties": { param: { "type": "string" } } },
                "reply": reply,
            }));
            messages.insert(reply, json!({ "from": "server" }));
            channel[key] = json!(request);
        }
        channel
    }
}
