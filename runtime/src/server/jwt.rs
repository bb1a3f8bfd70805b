//! JSON Web Tokens (RFC 7519) as credentials: a [`Verifier`] for what a client sends, and the [`Keys`] of the issuer.
//!
//! A verifier accepts the algorithms that it was given, and no others: a token cannot choose how it is verified (RFC 8725, section 3.1).
//! There is no `none`, and a verifier has either public keys or one secret, so a public key is never taken for a secret. `exp`, `sub`, `iss`
//! and `aud` are required, and `nbf` is respected.
//!
//! The subject is meant to be the principal of a session, and its expiry that of the session (`SessionHandler::principal` and `expires`). The guide's page
//! on authentication has an example.
//!
//! Keys are handed in by the application. It fetches the issuer's JWK set (RFC 7517) when it starts, again from time to time, and on
//! [`TokenError::UnknownKey`]; never once for each token, since anybody can send tokens. [`Keys::replace`] takes effect at once.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/auth.md")]
mod guide {}
mod keys;

pub use keys::{Keys, KeysError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, crypto::aws_lc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{
    error::Error,
    fmt,
    time::{Duration, SystemTime},
};

/// How to verify signatures by public keys (RFC 7518, section 3.1, and RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `RS256`: RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// `RS384`: RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// `RS512`: RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// `PS256`: RSASSA-PSS with SHA-256.
    Ps256,
    /// `PS384`: RSASSA-PSS with SHA-384.
    Ps384,
    /// `PS512`: RSASSA-PSS with SHA-512.
    Ps512,
    /// `ES256`: ECDSA on P-256 with SHA-256.
    Es256,
    /// `ES384`: ECDSA on P-384 with SHA-384.
    Es384,
    /// `EdDSA`: Ed25519.
    EdDsa,
}

impl Algorithm {
    const fn inner(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as Inner;
        match self {
            Self::Rs256 => Inner::RS256,
            Self::Rs384 => Inner::RS384,
            Self::Rs512 => Inner::RS512,
            Self::Ps256 => Inner::PS256,
            Self::Ps384 => Inner::PS384,
            Self::Ps512 => Inner::PS512,
            Self::Es256 => Inner::ES256,
            Self::Es384 => Inner::ES384,
            Self::EdDsa => Inner::EdDSA,
        }
    }
}

/// How to verify signatures by a secret that issuer and server share (RFC 7518, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HmacAlgorithm {
    /// `HS256`: HMAC with SHA-256.
    Hs256,
    /// `HS384`: HMAC with SHA-384.
    Hs384,
    /// `HS512`: HMAC with SHA-512.
    Hs512,
}

impl HmacAlgorithm {
    const fn inner(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Hs384 => jsonwebtoken::Algorithm::HS384,
            Self::Hs512 => jsonwebtoken::Algorithm::HS512,
        }
    }

    /// The fewest bytes of a secret.
    const fn min_secret(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
        }
    }
}

/// Verifies tokens.
#[derive(Clone)]
pub struct Verifier {
    source: KeySource,
    issuer: Option<String>,
    audiences: Vec<String>,
    leeway: Duration,
}

#[derive(Clone)]
enum KeySource {
    Public(Keys, Vec<Algorithm>),
    Secret(HmacAlgorithm, DecodingKey),
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// Creates a verifier of tokens that are signed with one of these algorithms by one of the keys, issued by `issuer` (`iss`) for
    /// `audience` (`aud`).
    ///
    /// ```no_run
    /// use handfast::server::jwt::{Algorithm, Keys, Verifier};
    ///
    /// let jwks = std::fs::read_to_string("jwks.json")?;
    /// let keys = Keys::from_jwks(&jwks)?;
    /// let verifier = Verifier::new(&keys, [Algorithm::Es256], "https://login.example", "chat");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        keys: &Keys,
        algorithms: impl IntoIterator<Item = Algorithm>,
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        let source = KeySource::Public(keys.clone(), algorithms.into_iter().collect());
        Self::from_source(source, issuer.into(), audience.into())
    }

    /// Creates a verifier of tokens that are signed with a secret, issued by `issuer` (`iss`) for `audience` (`aud`). Whoever can verify these
    /// tokens can issue them, too.
    ///
    /// # Errors
    /// If the secret has fewer bytes than the hash: 32, 48 or 64 (RFC 7518, section 3.2).
    pub fn with_secret(
        algorithm: HmacAlgorithm,
        secret: &[u8],
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, KeysError> {
        if secret.len() < algorithm.min_secret() {
            return Err(KeysError::ShortSecret);
        }
        let source = KeySource::Secret(algorithm, DecodingKey::from_secret(secret));
        Ok(Self::from_source(source, issuer.into(), audience.into()))
    }

    fn from_source(source: KeySource, issuer: String, audience: String) -> Self {
        // Without this, the crate panics if something else in the build asks it for another implementation.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
        Self {
            source,
            issuer: Some(issuer),
            audiences: vec![audience],
            leeway: Duration::from_secs(30),
        }
    }

    /// Accepts tokens for this audience, too.
    pub fn also_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Accepts tokens for any audience and for none: those that were issued for other services, too.
    pub fn any_audience(mut self) -> Self {
        self.audiences.clear();
        self
    }

    /// Accepts tokens of any issuer and of none, if the keys are one issuer's anyway. A subject is unique only within its issuer.
    pub fn any_issuer(mut self) -> Self {
        self.issuer = None;
        self
    }

    /// Sets by how much the clocks of issuer and server may differ: 30 seconds by default.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Verifies a token in compact form (RFC 7515, section 3.1), without `Bearer`. The time is linear in its length.
    ///
    /// # Errors
    /// If the token is not accepted. No error contains any part of it.
    pub fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let token = Token::parse(token).ok_or(TokenError::Malformed)?;
        let header = &token.header;
        if header.is_critical {
            return Err(TokenError::Critical);
        }
        match &self.source {
            KeySource::Secret(algorithm, key) => token.check(algorithm.inner(), key)?,
            KeySource::Public(keys, algorithms) => {
                let algorithm = algorithms.iter().find(|one| header.is(one.inner()));
                let algorithm = algorithm.ok_or(TokenError::Algorithm)?;
                let key = keys
                    .find(header.kid.as_deref(), *algorithm)
                    .ok_or(TokenError::UnknownKey)?;
                token.check(algorithm.inner(), &key)?;
            }
        }
        let all = token.payload().ok_or(TokenError::Malformed)?;
        self.claims(all, SystemTime::now())
    }

    fn claims(&self, all: Map<String, Value>, now: SystemTime) -> Result<Claims, TokenError> {
        let text = |name| match all.get(name) {
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null) | None => Ok(None),
            Some(_) => Err(TokenError::Claim(name)),
        };
        let exp = time(&all, "exp")?.ok_or(TokenError::Missing("exp"))?;
        let expires = exp
            .checked_add(self.leeway)
            .ok_or(TokenError::Claim("exp"))?;
        if expires <= now {
            return Err(TokenError::Expired);
        }
        let nbf = time(&all, "nbf")?;
        if nbf.is_some_and(|nbf| {
            nbf.duration_since(now)
                .is_ok_and(|early| early > self.leeway)
        }) {
            return Err(TokenError::NotYetValid);
        }
        if let Some(issuer) = &self.issuer
            && text("iss")?.ok_or(TokenError::Missing("iss"))? != issuer
        {
            return Err(TokenError::Issuer);
        }
        if !self.audiences.is_empty() {
            let ours = |audience: &Value| {
                audience
                    .as_str()
                    .is_some_and(|audience| self.audiences.iter().any(|one| one == audience))
            };
            let is_ours = match all.get("aud") {
                None | Some(Value::Null) => return Err(TokenError::Missing("aud")),
                Some(Value::Array(audiences)) => audiences.iter().any(ours),
                Some(Value::String(_)) => all.get("aud").is_some_and(ours),
                Some(_) => return Err(TokenError::Claim("aud")),
            };
            if !is_ours {
                return Err(TokenError::Audience);
            }
        }
        let subject = text("sub")?.ok_or(TokenError::Missing("sub"))?.clone();
        Ok(Claims {
            subject,
            expires,
            all,
        })
    }
}

/// The fields of a token's header that matter.
struct Header {
    alg: String,
    kid: Option<String>,
    is_critical: bool,
}

impl Header {
    fn read(text: &[u8]) -> Option<Self> {
        let all: Map<String, Value> = serde_json::from_slice(text).ok()?;
        let text = |name| Some(all.get(name)?.as_str()?.to_owned());
        Some(Self {
            alg: text("alg")?,
            kid: text("kid"),
            is_critical: all.contains_key("crit"),
        })
    }

    fn is(&self, algorithm: jsonwebtoken::Algorithm) -> bool {
        self.alg.parse() == Ok(algorithm)
    }
}

/// A token in compact form, of which nothing is verified.
struct Token<'t> {
    header: Header,
    /// What is signed: header and payload.
    signed: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Token<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let is_encoded = |part: &str| !part.contains('.') && URL_SAFE_NO_PAD.decode(part).is_ok();
        if !(is_encoded(payload) && is_encoded(signature)) {
            return None;
        }
        Some(Self {
            header: Header::read(&URL_SAFE_NO_PAD.decode(header).ok()?)?,
            signed,
            payload,
            signature,
        })
    }

    /// Verifies the signature.
    fn check(
        &self,
        algorithm: jsonwebtoken::Algorithm,
        key: &DecodingKey,
    ) -> Result<(), TokenError> {
        if !self.header.is(algorithm) {
            return Err(TokenError::Algorithm);
        }
        let signed = self.signed.as_bytes();
        // An error is a key that does not fit the algorithm: it verifies nothing.
        match jsonwebtoken::crypto::verify(self.signature, signed, key, algorithm) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(TokenError::Signature),
        }
    }

    fn payload(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(self.payload).ok()?).ok()
    }
}

/// Reads a time in seconds since 1970, which may have a fraction (RFC 7519, section 2: `NumericDate`).
fn time(all: &Map<String, Value>, name: &'static str) -> Result<Option<SystemTime>, TokenError> {
    let seconds = match all.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(seconds)) => seconds,
        Some(_) => return Err(TokenError::Claim(name)),
    };
    let since = match (seconds.as_u64(), seconds.as_f64()) {
        (Some(seconds), _) => Some(Duration::from_secs(seconds)),
        (None, Some(seconds)) => Duration::try_from_secs_f64(seconds.max(0.0)).ok(),
        (None, None) => None,
    };
    let time = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    time.map(Some).ok_or(TokenError::Claim(name))
}

/// The claims of a token that was verified.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// Whose token it is (`sub`).
    pub subject: String,
    /// From when on the token is not accepted any more: `exp` and the leeway.
    pub expires: SystemTime,
    /// All claims.
    pub all: Map<String, Value>,
}

impl Claims {
    /// Returns a claim, if there is one of that name and type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.all.get(name)?).ok()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Other claims may be personal.
        f.debug_struct("Claims")
            .field("subject", &self.subject)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It is not a signed token in compact form.
    Malformed,
    /// Its algorithm is not one that the verifier accepts.
    Algorithm,
    /// Its header demands something that is not supported (`crit`; RFC 7515, section 4.1.11).
    Critical,
    /// No key has its `kid`; or it has none, and it does not go without saying which key is meant. The issuer may have a new key: hand it in
    /// with [`Keys::replace`].
    UnknownKey,
    /// The signature is wrong.
    Signature,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come yet.
    NotYetValid,
    /// It was issued by somebody else (`iss`).
    Issuer,
    /// It was issued for something else (`aud`).
    Audience,
    /// A claim is missing.
    Missing(&'static str),
    /// A claim is of the wrong type, or out of range.
    Claim(&'static str),
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "this is no signed JSON Web Token",
            Self::Algorithm => "the algorithm of the token is not one that this verifier accepts",
            Self::Critical => "the token demands an extension (`crit`) that is not supported",
            Self::UnknownKey => {
                "none of the issuer's keys is the one of the token: hand in the current ones with `Keys::replace`"
            }
            Self::Signature => "the signature of the token is wrong",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet; do the clocks agree?",
            Self::Issuer => "the token is another issuer's",
            Self::Audience => "the token is for another audience",
            Self::Missing(name) => return write!(f, "the token has no claim `{name}`"),
            Self::Claim(name) => return write!(f, "the token has an invalid claim `{name}`"),
        })
    }
}

impl Error for TokenError {}
