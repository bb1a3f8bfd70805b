// The forms of the protocol. The build script includes this file, too.

/// A form of the protocol in which conversations are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As in `protocol.yaml`.
    Plain,
    /// Every message of the server has its number in the session. Files that begin with `numbered` are written in this form.
    Numbered,
    /// Every field of the envelope has another name, and requests and replies have their id in different fields.
    Renamed,
    /// The members of a payload are beside those of the envelope.
    Flat,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Numbered, Self::Renamed, Self::Flat];

    /// The name of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Numbered => "numbered",
            Self::Renamed => "renamed",
            Self::Flat => "flat",
        }
    }

    /// Returns the protocol in this form.
    ///
    /// # Errors
    /// If the spec is not as it was when this was written.
    pub fn spec(self, plain: &str) -> Result<String, String> {
        let changes: &[(&str, &str)] = match self {
            Self::Plain => &[],
            Self::Numbered => &[
                ("  resume: 60s\n", "  resume: { for: 60s, seq: seq }\n"),
                (
                    "\nsession:\n",
                    "\nenvelope: { client: { seq: off }, epoch: off }\n\nsession:\n",
                ),
                ("    history: { size: 3, ttl: 1m }\n", ""),
            ],
            Self::Renamed => &[(
                "\nsession:\n",
                "\nenvelope:\n  tag: t\n  content: d\n  version: ver\n  channel: topic\n  seq: no\n  epoch: run\n  correlate: { request: ref, reply: re }\n\nsession:\n",
            )],
            Self::Flat => &[(
                "\nsession:\n",
                "\nenvelope: { content: null }\n\nsession:\n",
            )],
        };
        let mut spec = plain.to_owned();
        for (from, to) in changes {
            if !spec.contains(from) {
                return Err(format!("the spec has no `{}`", from.trim()));
            }
            spec = spec.replacen(from, to, 1);
        }
        Ok(spec)
    }
}
