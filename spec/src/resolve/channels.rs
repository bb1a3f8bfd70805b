//! Errors and channels.

use super::Resolver;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::model::{Channel, ChannelPresence, ErrorCode, History, KeyPart, Name, Param, Scalar};
use crate::tree::{Entry, NodeId};
use handfast_naming::key::{self, Part};

impl Resolver<'_> {
    pub(super) fn error(&mut self, entry: &Entry) -> ErrorCode {
        let at = entry.value;
        let data = self.tree.get(at, "data").map(|id| self.schemas.schema(id));
        ErrorCode {
            name: Name {
                text: entry.key.clone(),
                span: entry.at,
            },
            code: self
                .scalar(at, "code")
                .unwrap_or_else(|| Scalar::Text(entry.key.clone())),
            description: self.owned(at, "description"),
            retryable: self.flag(at, "retryable"),
            data,
            names: self.names(at),
        }
    }

    pub(super) fn channel(&mut self, entry: &Entry) -> Channel {
        let at = entry.value;
        let declared = self.tree.get(at, "params");
        let declared = declared.map(|id| self.tree.entries(id)).unwrap_or_default();
        let mut params = Vec::new();
        for param in declared {
            let name = Name {
                text: param.key.clone(),
                span: param.at,
            };
            params.push(Param {
                name,
                schema: self.schemas.schema(param.value),
            });
        }
        let key = self.key(entry, &params);
        let history = self.tree.get(at, "history").and_then(|history| {
            let size = self.count(history, "size")?;
            Some(History {
                size,
                ttl: self.duration(history, "ttl"),
                bytes: self.size(history, "bytes").unwrap_or(1 << 20),
            })
        });
        Channel {
            name: Name {
                text: entry.key.clone(),
                span: entry.at,
            },
            description: self.owned(at, "description"),
            key,
            params,
            join: self.message_of(at, "join"),
            leave: self.message_of(at, "leave"),
            history,
            presence: self.channel_presence(at),
            names: self.names(at),
        }
    }

    /// `presence: true`, or what is known of the members.
    fn channel_presence(&mut self, channel: NodeId) -> Option<ChannelPresence> {
        let at = self.tree.get(channel, "presence")?;
        if self.tree.map(at).is_none() && self.tree.flag(at) != Some(true) {
            return None;
        }
        let info = self.tree.get(at, "info").map(|id| self.schemas.schema(id));
        let members = self.count(at, "members");
        let members = members.and_then(|members| u32::try_from(members).ok());
        Some(ChannelPresence {
            info,
            members: members.unwrap_or(ChannelPresence::MEMBERS),
        })
    }

    /// The parts of a key such as `room:{roomId}`.
    fn key(&mut self, entry: &Entry, params: &[Param]) -> Vec<KeyPart> {
        let Some(id) = self.tree.get(entry.value, "key") else {
            return Vec::new();
        };
        let Some(pattern) = self.tree.text(id) else {
            return Vec::new();
        };
        let at = self.tree.node(id).span;
        let mut wrong = |message: String, help: Option<String>| {
            self.schemas
                .out
                .push(Diagnostic::error("P022", at, message).maybe_help(help));
        };
        let mut parts = Vec::new();
        for part in key::parts(pattern) {
            let hole = match part {
                Ok(Part::Text(text)) => {
                    parts.push(KeyPart::Text(text.into_owned()));
                    continue;
                }
                Ok(Part::Param(hole)) => hole,
                Err(error) => {
                    let brace = error.at..error.at + 1;
                    let brace = self.schemas.sources.part(at, pattern, &brace);
                    let message = error.to_string();
                    let diagnostic = Diagnostic::error("P022", brace.unwrap_or(at), message);
                    self.schemas.out.push(diagnostic);
                    return parts;
                }
            };
            if let Some(KeyPart::Param(_)) = parts.last() {
                let message = format!("`{{{hole}}}` directly follows another parameter");
                let help =
                    "put a character between them; otherwise two channels could have the same key";
                wrong(message, Some(help.into()));
            }
            match params.iter().position(|param| param.name.text == hole) {
                Some(place) if parts.contains(&KeyPart::Param(place)) => {
                    wrong(
                        format!("the parameter `{hole}` occurs twice in the key"),
                        None,
                    );
                }
                Some(place) => parts.push(KeyPart::Param(place)),
                None => {
                    let known = params.iter().map(|param| param.name.text.as_str());
                    let help = did_you_mean(hole, known);
                    let help = help.unwrap_or_else(|| {
                        format!("declare it: `params: {{ {hole}: {{ type: string }} }}`")
                    });
                    wrong(format!("the channel has no parameter `{hole}`"), Some(help));
                    return parts;
                }
            }
        }
        if parts.is_empty() {
            wrong("a channel's key cannot be empty".to_owned(), None);
        }
        for (place, param) in params.iter().enumerate() {
            if !parts.contains(&KeyPart::Param(place)) {
                let name = &param.name.text;
                let message = format!("the parameter `{name}` does not occur in the key");
                let help = format!("the key identifies a channel: `{pattern}:{{{name}}}`");
                self.schemas.out.push(
                    Diagnostic::error("P022", param.name.span, message)
                        .label(at, "the key")
                        .help(help),
                );
            }
        }
        parts
    }
}
