//! The session: its times, its roles, its phases.

use super::Resolver;
use crate::model::{
    Backoff, Message, MessageId, Phases, Resuming, Role, RoleKind, RolePlayer, RoleUses, Scalar,
    SessionConfig, Side,
};
use crate::tree::NodeId;
use std::time::Duration;

impl Resolver<'_> {
    /// `presence` says whether a channel has presence.
    pub(super) fn session(
        &mut self,
        block: Option<NodeId>,
        messages: &[Message],
        presence: bool,
    ) -> SessionConfig {
        let at = |key: &str| block.and_then(|block| self.tree.get(block, key));
        let or_off = |key: &str, default: u64| match block.and_then(|block| self.text(block, key)) {
            Some("off") => None,
            text => text
                .and_then(crate::parse::grammar::duration)
                .or(Some(Duration::from_secs(default))),
        };
        let backoff = at("backoff");
        let bound = |key: &str, default: u64| {
            let bound = backoff.and_then(|backoff| self.duration(backoff, key));
            bound.unwrap_or(Duration::from_millis(default))
        };
        let min = bound("min", 500);
        // A minimum above the default maximum raises the maximum.
        let max = bound("max", 30_000).max(
            if backoff.is_some_and(|id| self.tree.get(id, "max").is_some()) {
                Duration::ZERO
            } else {
                min
            },
        );
        let attempts = backoff
            .and_then(|backoff| self.count(backoff, "attempts"))
            .and_then(|count| u32::try_from(count).ok());
        let heartbeat = or_off("heartbeat", 25);
        let numbering = at("resume").filter(|id| self.tree.map(*id).is_some());
        let resume = match numbering {
            Some(block) => {
                let given = self.duration(block, "for");
                Some(given.unwrap_or(Duration::from_secs(120)))
            }
            None => or_off("resume", 120),
        };
        let numbered = numbering.is_some();
        let timeout = block.and_then(|block| self.duration(block, "timeout"));
        let phases = at("phases");
        let roles = at("roles");
        let auth = at("auth").and_then(|id| self.message_at(id));
        SessionConfig {
            heartbeat,
            timeout: timeout.unwrap_or(Duration::from_secs(10)),
            auth,
            resume,
            backoff: Backoff { min, max, attempts },
            numbered,
            roles: self.roles(
                roles,
                auth,
                messages,
                RoleUses {
                    resuming: Resuming::of(resume, numbered),
                    presence,
                },
            ),
            phases: self.phases(phases),
        }
    }

    fn roles(
        &mut self,
        block: Option<NodeId>,
        auth: Option<MessageId>,
        messages: &[Message],
        uses: RoleUses,
    ) -> Vec<Role> {
        let mut roles: Vec<Role> = Vec::new();
        let off = block.is_some_and(|block| self.tree.text(block) == Some("off"));
        for (kind, name) in RoleKind::ALL {
            if off {
                let player = RolePlayer::Off;
                roles.push(Role { kind, player });
                continue;
            }
            let at = block.and_then(|block| self.tree.get(block, name));
            let player = at.and_then(|at| self.player(at, name)).unwrap_or_else(|| {
                match (kind, auth) {
                    // The message that authenticates the client plays that role, if the session has one at all.
                    (RoleKind::Auth, Some(message)) => RolePlayer::Mapped {
                        message,
                        fields: Vec::new(),
                    },
                    (RoleKind::Auth, None) => RolePlayer::Off,
                    _ => kind.default_player(name, messages, &roles, uses),
                }
            });
            roles.push(Role { kind, player });
        }
        // A hello that is the message of `auth` is the proof as a whole.
        if let Some(RolePlayer::Mapped { message, fields }) =
            roles.first_mut().map(|role| &mut role.player)
            && auth == Some(*message)
            && !fields.iter().any(|(field, _)| field == "auth")
        {
            fields.push(("auth".to_owned(), String::new()));
        }
        roles
    }

    /// Removes the ids of messages before ready, if the protocol has none there.
    pub(super) fn early_ids(session: &SessionConfig, messages: &mut [Message]) {
        if session.phases.ids_before_ready {
            return;
        }
        let early = [
            RoleKind::Greeting,
            RoleKind::Hello,
            RoleKind::Ready,
            RoleKind::Refuse,
        ];
        let players = early
            .into_iter()
            .filter_map(|kind| match session.role(kind) {
                RolePlayer::Mapped { message, .. } => Some(*message),
                _ => None,
            });
        for id in players.chain(session.phases.before_ready.iter().copied()) {
            let message = &mut messages[id.0];
            for sent in [&mut message.client, &mut message.server]
                .into_iter()
                .flatten()
            {
                sent.envelope.id = None;
            }
        }
    }

    fn player(&mut self, at: NodeId, name: &str) -> Option<RolePlayer> {
        if self.tree.text(at) == Some("off") {
            return Some(RolePlayer::Off);
        }
        self.tree.map(at)?;
        if let Some(id) = self.tree.get(at, "message") {
            // An unknown message was reported; the role counts as off, so that nothing else is reported about it.
            let Some(message) = self.message_at(id) else {
                return Some(RolePlayer::Off);
            };
            let fields = self.tree.get(at, "fields");
            let fields = fields
                .map(|id| self.tree.entries(id))
                .unwrap_or_default()
                .iter();
            let fields = fields.filter_map(|entry| {
                let pointer = self.tree.text(entry.value)?;
                Some((entry.key.clone(), pointer.to_owned()))
            });
            return Some(RolePlayer::Mapped {
                message,
                fields: fields.collect(),
            });
        }
        let tag = self
            .scalar(at, "tag")
            .unwrap_or_else(|| Scalar::Text(name.to_owned()));
        Some(RolePlayer::Own { tag })
    }

    fn phases(&mut self, block: Option<NodeId>) -> Phases {
        let Some(block) = block else {
            return Phases {
                first: Side::Client,
                before_ready: Vec::new(),
                ids_before_ready: true,
            };
        };
        let before = self
            .tree
            .get(block, "beforeReady")
            .and_then(|id| self.tree.list(id));
        let before = before.unwrap_or_default().iter();
        let ids = self
            .tree
            .get(block, "ids")
            .and_then(|id| self.tree.flag(id));
        Phases {
            first: match self.text(block, "first") {
                Some("server") => Side::Server,
                _ => Side::Client,
            },
            before_ready: before.filter_map(|id| self.message_at(*id)).collect(),
            ids_before_ready: ids.unwrap_or(true),
        }
    }
}
