// The forms of the protocol. The build script includes this file, too.

/// A form of the protocol in which conversations are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As in `protocol.yaml`.
    Plain,
    /// Every message of the server has its number in the session, and a refusal says in a message of the application whether it is for now. Files that begin with `numbered` are written in this form.
    Numbered,
    /// Messages of the application play roles of the session, such as the ready. Files that begin with `mapped` are written in this form.
    Mapped,
    /// Every field of the envelope has another name, and requests and replies have their id in different fields.
    Renamed,
    /// The members of a payload are beside those of the envelope.
    Flat,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 5] = [
        Self::Plain,
        Self::Numbered,
        Self::Mapped,
        Self::Renamed,
        Self::Flat,
    ];

    /// The name of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Numbered => "numbered",
            Self::Mapped => "mapped",
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
                (
                    "  resume: 60s\n",
                    "  resume: { for: 60s, seq: seq }
  roles:
    refuse: { message: denied, fields: { code: /code, retryable: /again } }
",
                ),
                (
                    "\nmessages:\n",
                    "
messages:
  denied:
    from: server
    payload: { type: object, properties: { code: { type: string }, again: { type: boolean } } }
",
                ),
                (
                    "\nsession:\n",
                    "\nenvelope: { client: { seq: off }, epoch: off }\n\nsession:\n",
                ),
                ("    history: { size: 3, ttl: 1m }\n", ""),
            ],
            Self::Mapped => &[
                (
                    "  resume: 60s\n",
                    "  resume: off
  roles:
    ready: { message: welcome, fields: { version: /about/version, hash: /about/hash, expires: /expires } }
    refuse: { message: denied, fields: { code: /code, message: /words, side: /side } }
    join: { message: enter, fields: { channel: /room } }
    leave: { message: exit, fields: { channel: /room } }
    gap: { message: missed, fields: { channel: /room, from: /first, to: /last, reason: /why } }
",
                ),
                (
                    "\nmessages:\n",
                    "
messages:
  welcome:
    from: server
    payload:
      type: object
      properties:
        about: { type: object, properties: { version: { type: string }, hash: { type: string } } }
        expires: { type: integer }
  denied:
    from: server
    payload:
      type: object
      properties: { code: { type: string }, words: { type: string }, side: { type: string } }
  enter: { from: both, payload: { type: object, required: [room], properties: { room: { type: string } } } }
  exit: { from: both, payload: { type: object, required: [room], properties: { room: { type: string } } } }
  missed:
    from: server
    payload:
      type: object
      required: [room]
      properties: { room: { type: string }, first: { type: integer }, last: { type: integer }, why: { type: string } }
",
                ),
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
