/// The protocol of the conversations in which every message of the server has its number in the session, and a refusal says in a message of the
/// application whether it is for now.
///
/// # Errors
/// If the spec is not as it was when this was written.
pub fn numbered(plain: &str) -> Result<String, String> {
    replaced(
        plain,
        &[
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
    )
}

/// The protocol of the conversations in which messages of the application are the ready and the refusal of the session.
///
/// # Errors
/// If the spec is not as it was when this was written.
pub fn mapped(plain: &str) -> Result<String, String> {
    replaced(
        plain,
        &[
            (
                "  resume: 60s\n",
                "  resume: off
  roles:
    ready: { message: welcome, fields: { version: /about/version, hash: /about/hash, expires: /expires } }
    refuse: { message: denied, fields: { code: /code, message: /words, side: /side } }
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
",
            ),
        ],
    )
}

fn replaced(plain: &str, changes: &[(&str, &str)]) -> Result<String, String> {
    let mut spec = plain.to_owned();
    for (from, to) in changes {
        if !spec.contains(from) {
            return Err(format!("the spec has no `{}`", from.trim()));
        }
        spec = spec.replacen(from, to, 1);
    }
    Ok(spec)
}
