//! JSON Web Tokens, good and forged, and the verifier of the server. `tokens.json` has the public keys, and tokens that were signed once; nobody has
//! the private keys any more.

use handfast::server::jwt::{Algorithm, Keys, Verifier};
use serde_json::Value;
use std::sync::LazyLock;

static FILE: LazyLock<Value> = LazyLock::new(|| {
    // It is compiled in; what is wrong with it shows in every test.
    serde_json::from_str(include_str!("../tokens.json")).unwrap_or_default()
});

static VERIFIER: LazyLock<Option<Verifier>> = LazyLock::new(|| {
    let keys = Keys::from_jwks(FILE["jwks"].as_str()?).ok()?;
    let algorithms = [Algorithm::Es256, Algorithm::Rs256];
    Some(Verifier::new(
        &keys,
        algorithms,
        "https://login.example",
        "attacked",
    ))
});

/// Whose token it is, if it is good.
pub(crate) fn subject(token: &str) -> Option<String> {
    let claims = VERIFIER.as_ref()?.verify(token).ok()?;
    Some(claims.subject)
}

/// A token of the file.
pub(crate) fn of(name: &str) -> &'static str {
    FILE["tokens"][name].as_str().unwrap_or_default()
}

/// The names of all tokens that are not good.
pub(crate) fn forged() -> impl Iterator<Item = &'static String> {
    let all = FILE["tokens"].as_object();
    let names = all.into_iter().flat_map(|all| all.keys());
    names.filter(|name| *name != "good")
}
