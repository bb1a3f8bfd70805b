//! The session of a random spec: its times, its roles and its phases.

use super::make::Maker;
use handfast_spec::model::RoleKind;
use serde_json::{Map, Value, json};

impl Maker<'_> {
    pub(super) fn session(&mut self, messages: &mut Map<String, Value>) -> Value {
        let mut session = json!({ "heartbeat": self.rng.pick(&["off", "9s"]), "timeout": "3s" });
        match self.rng.below(6) {
            0 => session["resume"] = json!("off"),
            1 => session["resume"] = json!("90s"),
            2 => session["resume"] = json!({ "for": "90s", "seq": "seq" }),
            _ => {}
        }
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
                if !self.messages.is_empty() && self.rng.one_in(2) {
                    session["phases"]["beforeReady"] = json!([self.rng.pick(&self.messages)]);
                }
            }
        }
        if session["resume"].is_object() {
            roles.insert("skip".to_owned(), json!("off"));
        }
        session["roles"] = Value::Object(roles);
        session
    }
}
