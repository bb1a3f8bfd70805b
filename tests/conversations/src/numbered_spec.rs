/// The protocol of the conversations in which every message of the server has its number in the session.
///
/// # Errors
/// If the spec is not as it was when this was written.
pub fn numbered(plain: &str) -> Result<String, String> {
    let mut spec = plain.to_owned();
    for (from, to) in [
        ("  resume: 60s\n", "  resume: { for: 60s, seq: seq }\n"),
        (
            "\nsession:\n",
            "\nenvelope: { client: { seq: off }, epoch: off }\n\nsession:\n",
        ),
        ("    history: { size: 3, ttl: 1m }\n", ""),
    ] {
        if !spec.contains(from) {
            return Err(format!("the spec has no `{}`", from.trim()));
        }
        spec = spec.replacen(from, to, 1);
    }
    Ok(spec)
}
