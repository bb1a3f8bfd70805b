//! The public keys of an issuer.

use super::Algorithm;
use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse},
};
use std::{
    error::Error,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// The public keys of an issuer. Clones share them: replace them in one, and every [`Verifier`](super::Verifier) has the new ones.
#[derive(Clone)]
pub struct Keys(Arc<RwLock<Arc<[Key]>>>);

struct Key {
    id: Option<String>,
    key: DecodingKey,
    /// What the key can verify.
    algorithms: Vec<Algorithm>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.current().iter().map(|key| key.id.clone()).collect();
        f.debug_tuple("Keys").field(&ids).finish()
    }
}

impl Keys {
    /// Reads a JWK set (RFC 7517, section 5): `{"keys":[…]}`. Keys for encryption, and of types that cannot verify any [`Algorithm`], are
    /// left out; the log says so.
    ///
    /// # Errors
    /// If the text is no JWK set, none of its keys can be used, or it contains a secret.
    pub fn from_jwks(jwks: &str) -> Result<Self, KeysError> {
        Ok(Self(Arc::new(RwLock::new(read(jwks)?))))
    }

    /// Replaces all keys at once. Tokens that are being verified meanwhile are verified with the old ones.
    ///
    /// # Errors
    /// As [`Self::from_jwks`]; then the keys stay as they are.
    pub fn replace(&self, jwks: &str) -> Result<(), KeysError> {
        let keys = read(jwks)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    fn current(&self) -> Arc<[Key]> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the key with an id. Without an id it is the only one that can verify the algorithm.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<DecodingKey> {
        let keys = self.current();
        let mut fitting = keys
            .iter()
            .filter(|key| key.algorithms.contains(&algorithm))
            .filter(|key| id.is_none() || key.id.as_deref() == id);
        let first = fitting.next()?;
        (id.is_some() || fitting.next().is_none()).then(|| first.key.clone())
    }
}

fn read(jwks: &str) -> Result<Arc<[Key]>, KeysError> {
    let set: JwkSet = serde_json::from_str(jwks).map_err(KeysError::Syntax)?;
    let mut keys = Vec::with_capacity(set.keys.len());
    for jwk in &set.keys {
        if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
            return Err(KeysError::Secret);
        }
        let algorithms = algorithms(jwk);
        let key = DecodingKey::from_jwk(jwk).ok();
        match key.filter(|_| !algorithms.is_empty()) {
            Some(key) => keys.push(Key {
                id: jwk.common.key_id.clone(),
                key,
                algorithms,
            }),
            None => {
                tracing::debug!(kid = ?jwk.common.key_id, "a key cannot verify tokens, and is left out");
            }
        }
    }
    if keys.is_empty() {
        return Err(KeysError::NoKey);
    }
    Ok(keys.into())
}

/// What a key can verify.
fn algorithms(jwk: &Jwk) -> Vec<Algorithm> {
    use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let common = &jwk.common;
    let signs = |purpose: &PublicKeyUse| *purpose == PublicKeyUse::Signature;
    let verifies = |operations: &Vec<KeyOperations>| operations.contains(&KeyOperations::Verify);
    if !(common.public_key_use.as_ref().is_none_or(signs)
        && common.key_operations.as_ref().is_none_or(verifies))
    {
        return Vec::new();
    }
    let all: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Es256],
            EllipticCurve::P384 => &[Es384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[EdDsa],
        _ => &[],
    };
    let own = common.key_algorithm;
    let fits = |one: &&Algorithm| own.is_none_or(|own| own == one.inner().into());
    all.iter().filter(fits).copied().collect()
}

/// Why keys cannot be used. No error contains any part of a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeysError {
    /// The text is no JWK set.
    Syntax(serde_json::Error),
    /// The set contains a symmetric key (`"kty":"oct"`). Whoever can read it can issue tokens.
    Secret,
    /// None of the keys can verify a token.
    NoKey,
    /// The secret has fewer bytes than the hash of its algorithm.
    ShortSecret,
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax(error) => {
                return write!(
                    f,
                    "this is no JWK set, at line {} column {}: it begins with `{{\"keys\":[`",
                    error.line(),
                    error.column()
                );
            }
            Self::Secret => {
                "the JWK set contains a secret (`\"kty\":\"oct\"`): a set that an issuer publishes has public keys alone"
            }
            Self::NoKey => "the JWK set has no key that can verify a token",
            Self::ShortSecret => {
                "the secret is too short: it has at least as many bytes as the hash of the algorithm (32, 48 or 64)"
            }
        })
    }
}

impl Error for KeysError {}
