//! What a verifier of JSON Web Tokens accepts, and what it does not.

#![cfg(feature = "jwt")]

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use handfast::server::jwt::{
    Algorithm, Claims, HmacAlgorithm, Keys, KeysError, TokenError, Verifier,
};
use jsonwebtoken::{Algorithm as Alg, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use std::{
    slice,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A private key on P-256 (PKCS #8), which signs nothing but the tokens of these tests.
const EC: &str = concat!(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQglM9eA2nhiw5e/sXacxZM9cTE/4iC5rNmJ8jtuUqKDK",
    "mhRANCAARiHG5nS/R751Oco213hLPe2YO4MOa2pMCNgyb2v68W8BrniOzhBqHafZXX8symb2YQSmt6PYaK1qXRI8uw",
    "pgW4",
);

/// Another.
const OTHER_EC: &str = concat!(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzbPJ7lZhRU2HN5cfB8OSVz2lJa6gq19BG51Fw/LMKN",
    "mhRANCAARdylDZGzax96538oknW1dnXHQZY1POLac4mPtjLfpmBtZ0+pgwi/b2/XLauqGwq3bJ9Hh53cRuOEeHmuJ/",
    "omn8",
);

/// A private key of 2,048 bits (PKCS #1), likewise.
const RSA: &str = concat!(
    "MIIEpQIBAAKCAQEAwslowFbDKzhLD+iV10PTgpoY/kxVAIn9PlURhVngaSiHcWcfz2GX1r8KDmTcxh9liPFiJ98S7R",
    "2nOci42Tc8sGer/+TG0OsQF66XRWilm3YBAvo+WsFPWDoIf1FcE2JIxxyVg5/4yCWa4BYzVT9xfDVOp2ZadM8pWUO5",
    "Cr2wenW2NyAauNy9Te+8DTXtdYdtRGdixTFXbcSdQErekalAra7CNkN1YrHDj3zziC1oYP376xpcuaj6ht9qocOkdr",
    "ibAY0AsmraCXBxL2YZtYKeHCpAFQwfwaCf0xWI6DZJ4HmlccdvTMju3RinI9n9Kg2exQ6g8nRZdiaoEVG5TRPZ/wID",
    "AQABAoIBACwwrUcVZ+miN8VAKt5PUOjMNOdcQdyBcaZ2ficWoMa6nx+nGZxes6fQZ2OklkGMVeifenk5Ln4EwC9nzi",
    "fZVDdhDbBcIo67BUeaIE9q0kdWmhwm0YadXHbTk6Huv0jWf1RMs87MuBAQF/bGkpbAceqP3Ww02Eivxt2tc4lwR11A",
    "eb6Q5Oa+XHqmLT49gIll4FBg/fITQa6CZUvnJIkdVbIK3kbucmbJ+QeawVH118pEIlI6J00nVSmE60zkL5QTMX3YEy",
    "2XLZKsM9+UThHYANyGAYXeINoN9S+Et8MDeE/4eV+SOJO/BN8s1dqF3vxtY3HWGRHP43z8pFYEGySlm+ECgYEA7EYO",
    "lGt3H9nZmtgB65rXcoelBdy4++bA0Ispg1Ou9Mh0dPhAMqkCWrJfznnazL5+oVQWbdRRZMhqyb3cJyAE8mQjaNDB81",
    "twHaefAkkNUHnvJPZGckwVTA1uEjAzlxliOn7PAvNFe4c1WXc8MEx5DhU+xFKaFReUgFTrS0mwoYsCgYEA0wykGFGc",
    "YdxzqSfLaR0KCRfJWRE43G1BTmyZiCSIDpwBnSwph+vRb5YKdt1MuT+HVT784cDLUfVhVHqs8I7sUF78nnbvcPG90f",
    "wIJdmV+KK7hLRNCNmjCFS9K8o0x8skNHhQpYyOHXt2iR9c9wuDEt6ebhXQq969qPbdj0QLz90CgYEAul3wNiYmSptd",
    "x4PGz/7NHmvcQSl/SEMVp+l9Dze88xwCsBj5GnyxfLTiWU1IxuMjo0Feh7dHlIV5pjP6KWpaPI+8VnsD4V8oqluDUx",
    "woQmhLuA4CNznIOrsFLZeTugWts5I+24bkMbHO5QjmEvrfKbqcTeMR4r08x5U0G6i+iE0CgYEAxE9d08EV1XFZpF5/",
    "tqZsT0jw4QhD+8Ukme4qYZiZdf1nAuuxNd0EUucdlLMESsvs9j5Auzy54uJ8RjhV5O0MozW3hS7cShKSnl/wtERQW5",
    "YDFs0fWrwWCgnIbJMJxU4Pvz6qxVKYXpQZDjM+Jg1vPn4UoBFqqHPntuLp8/k3g4ECgYEAlqHvUFzPBIS1Ln0AL1A8",
    "vOBvZlX6L1jarzKZjVx16f59YclrPtjmdFmEHuqvIA9WHEC99H5yB9MJ7000rAthLQ3o7IF0yfAsseAi/Y/sTNkuLv",
    "dotjMSnekqWhYFg38iiS4kav+6EcjL1+mMt8F40+gHAjEZm62OWN4eWz/U1lw=",
);

const ISSUER: &str = "https://login.example";

fn ec(key: &str) -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(key).expect("it is base64"))
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_der(&STANDARD.decode(RSA).expect("it is base64"))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is after 1970").as_secs()
}

fn claims(changes: Value) -> Value {
    let mut claims = json!({ "sub": "ada", "iss": ISSUER, "aud": "chat", "exp": now() + 600 });
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims(json!({}));
    claims.as_object_mut().expect("an object").remove(name);
    claims
}

fn token(alg: Alg, kid: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let kid = kid.map(str::to_owned);
    encode(
        &Header {
            kid,
            ..Header::new(alg)
        },
        claims,
        key,
    )
    .expect("it is signed")
}

fn jwk(key: &EncodingKey, alg: Alg, kid: Option<&str>) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, alg).expect("it has a public part");
    jwk.common.key_id = kid.map(str::to_owned);
    serde_json::to_value(jwk).expect("it is JSON")
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// The keys `ec` and `rsa`.
fn keys() -> Keys {
    let keys = [
        jwk(&ec(EC), Alg::ES256, Some("ec")),
        jwk(&rsa(), Alg::RS256, Some("rsa")),
    ];
    Keys::from_jwks(&set(&keys)).expect("it is a set")
}

fn verifier() -> Verifier {
    let algorithms = [Algorithm::Es256, Algorithm::Rs256];
    Verifier::new(&keys(), algorithms, ISSUER, "chat")
}

fn verdict(claims: &Value) -> Result<Claims, TokenError> {
    verifier().verify(&token(Alg::ES256, Some("ec"), &ec(EC), claims))
}

#[test]
fn a_good_token_is_accepted() {
    let exp = now() + 600;
    let good = claims(json!({ "exp": exp, "name": "Ada", "nbf": now() + 10 }));
    let accepted = verdict(&good).expect("it is good");
    assert_eq!(accepted.subject, "ada");
    assert_eq!(accepted.expires, UNIX_EPOCH + Duration::from_secs(exp + 30));
    assert_eq!(accepted.get::<String>("name").as_deref(), Some("Ada"));
    assert_eq!(accepted.get::<u64>("name"), None);
    assert!(!format!("{accepted:?}").contains("Ada"));
    let token = token(Alg::RS256, Some("rsa"), &rsa(), &good);
    assert_eq!(
        verifier().verify(&token).map(|claims| claims.subject),
        Ok("ada".into())
    );
}

#[test]
fn times() {
    let expired = |exp: u64| verdict(&claims(json!({ "exp": exp }))).err();
    assert_eq!(expired(now() - 31), Some(TokenError::Expired));
    assert_eq!(expired(now() - 20), None, "within the leeway");
    assert_eq!(expired(0), Some(TokenError::Expired));
    let early = |nbf: u64| verdict(&claims(json!({ "nbf": nbf }))).err();
    assert_eq!(early(now() + 40), Some(TokenError::NotYetValid));
    assert_eq!(early(now() + 20), None, "within the leeway");
    let strict = verifier().leeway(Duration::ZERO);
    let late = token(
        Alg::ES256,
        Some("ec"),
        &ec(EC),
        &claims(json!({ "exp": now() - 1 })),
    );
    assert_eq!(strict.verify(&late), Err(TokenError::Expired));
    let endless = verifier().leeway(Duration::MAX);
    let good = token(Alg::ES256, Some("ec"), &ec(EC), &claims(json!({})));
    assert_eq!(
        endless.verify(&good),
        Err(TokenError::Claim("exp")),
        "there is no such time"
    );
    for exp in [
        json!(u64::MAX),
        json!(1e300),
        json!("600"),
        json!([1]),
        json!(true),
    ] {
        let strange = verdict(&claims(json!({ "exp": exp })));
        assert_eq!(strange, Err(TokenError::Claim("exp")));
    }
    for exp in [json!(-1), json!(-1e300), json!(0.5)] {
        assert_eq!(
            verdict(&claims(json!({ "exp": exp }))),
            Err(TokenError::Expired)
        );
    }
    let fraction = verdict(&claims(json!({ "exp": now() as f64 + 600.5 })));
    assert!(fraction.is_ok());
    let strange = verdict(&claims(json!({ "nbf": "soon" })));
    assert_eq!(strange, Err(TokenError::Claim("nbf")));
}

#[test]
fn claims_are_required_and_checked() {
    for name in ["sub", "iss", "aud", "exp"] {
        assert_eq!(verdict(&without(name)), Err(TokenError::Missing(name)));
        assert_eq!(
            verdict(&claims(json!({ name: null }))),
            Err(TokenError::Missing(name))
        );
        assert_eq!(
            verdict(&claims(json!({ name: {} }))),
            Err(TokenError::Claim(name))
        );
    }
    let issuer = verdict(&claims(json!({ "iss": "https://login.example.evil" })));
    assert_eq!(issuer, Err(TokenError::Issuer));
    assert_eq!(
        verdict(&claims(json!({ "iss": [ISSUER] }))),
        Err(TokenError::Claim("iss"))
    );
    assert_eq!(
        verdict(&claims(json!({ "aud": "chat2" }))),
        Err(TokenError::Audience)
    );
    assert_eq!(
        verdict(&claims(json!({ "aud": [] }))),
        Err(TokenError::Audience)
    );
    assert_eq!(
        verdict(&claims(json!({ "aud": ["other", 1] }))),
        Err(TokenError::Audience)
    );
    assert!(verdict(&claims(json!({ "aud": ["other", "chat"] }))).is_ok());

    let other = token(
        Alg::ES256,
        Some("ec"),
        &ec(EC),
        &claims(json!({ "iss": "other", "aud": "other" })),
    );
    let lenient = verifier().any_issuer().also_audience("other");
    assert!(lenient.verify(&other).is_ok());
    let lenient = verifier().any_issuer().any_audience();
    assert!(lenient.verify(&other).is_ok());
    assert_eq!(
        verifier().any_issuer().verify(&other),
        Err(TokenError::Audience)
    );
    assert_eq!(
        verifier().any_audience().verify(&other),
        Err(TokenError::Issuer)
    );
}

/// A token with any header, signed or not.
fn forged(header: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(header), part(&claims(json!({}))))
}

#[test]
fn the_token_does_not_choose_its_algorithm() {
    for none in ["none", "None", "NONE", "nOnE", "", "HS257"] {
        for kid in [json!("ec"), Value::Null] {
            let header = json!({ "alg": none, "kid": kid });
            for signature in [&b""[..], b"x"] {
                let verdict = verifier().verify(&forged(&header, signature));
                assert_eq!(verdict, Err(TokenError::Algorithm));
            }
        }
    }
    let algorithms = [json!(null), json!(1), json!(["ES256"])];
    for algorithm in algorithms {
        let header = json!({ "alg": algorithm, "kid": "ec" });
        let verdict = verifier().verify(&forged(&header, b""));
        assert_eq!(verdict, Err(TokenError::Malformed));
    }
    // One that the key could verify, and the application did not ask for.
    let other = token(Alg::RS384, Some("rsa"), &rsa(), &claims(json!({})));
    assert_eq!(verifier().verify(&other), Err(TokenError::Algorithm));
    // One that it asked for, with a key that is for another.
    let both = Verifier::new(
        &keys(),
        [Algorithm::Rs256, Algorithm::Rs384],
        ISSUER,
        "chat",
    );
    assert_eq!(both.verify(&other), Err(TokenError::UnknownKey));
}

#[test]
fn a_public_key_is_no_secret() {
    // Whatever of the public key an attacker takes for the secret: it is public.
    let public = jwk(&rsa(), Alg::RS256, Some("rsa"));
    let modulus = public["n"].as_str().expect("a text");
    let decoded = URL_SAFE_NO_PAD.decode(modulus).expect("it is base64");
    for secret in [modulus.as_bytes(), &decoded, public.to_string().as_bytes()] {
        for alg in [Alg::HS256, Alg::HS384, Alg::HS512] {
            let key = EncodingKey::from_secret(secret);
            let confused = token(alg, Some("rsa"), &key, &claims(json!({})));
            assert_eq!(verifier().verify(&confused), Err(TokenError::Algorithm));
        }
    }
    // A set that contains a secret is refused as a whole.
    let secret = json!({ "kty": "oct", "k": "AAAA", "kid": "secret" });
    let with_secret = set(&[jwk(&ec(EC), Alg::ES256, Some("ec")), secret]);
    assert!(matches!(
        Keys::from_jwks(&with_secret),
        Err(KeysError::Secret)
    ));
}

#[test]
fn a_secret_verifies_its_algorithm_alone() {
    let secret = [7; 64];
    let verifier = Verifier::with_secret(HmacAlgorithm::Hs256, &secret, ISSUER, "chat");
    let verifier = verifier.expect("it is long enough");
    let key = EncodingKey::from_secret(&secret);
    let claims = claims(json!({}));
    assert!(
        verifier
            .verify(&token(Alg::HS256, None, &key, &claims))
            .is_ok()
    );
    for other in [
        token(Alg::HS384, None, &key, &claims),
        token(Alg::ES256, None, &ec(EC), &claims),
        forged(&json!({ "alg": "none" }), b""),
    ] {
        assert_eq!(verifier.verify(&other), Err(TokenError::Algorithm));
    }
    let wrong = token(
        Alg::HS256,
        None,
        &EncodingKey::from_secret(&[8; 64]),
        &claims,
    );
    assert_eq!(verifier.verify(&wrong), Err(TokenError::Signature));
    for (algorithm, bytes) in [
        (HmacAlgorithm::Hs256, 32),
        (HmacAlgorithm::Hs384, 48),
        (HmacAlgorithm::Hs512, 64),
    ] {
        let short = Verifier::with_secret(algorithm, &vec![0; bytes - 1], ISSUER, "chat");
        assert!(matches!(short, Err(KeysError::ShortSecret)));
        assert!(Verifier::with_secret(algorithm, &vec![0; bytes], ISSUER, "chat").is_ok());
    }
}

#[test]
fn keys_are_found_by_their_id() {
    let claims = claims(json!({}));
    let verdict = |kid, key: &str| verifier().verify(&token(Alg::ES256, kid, &ec(key), &claims));
    assert_eq!(verdict(Some("unknown"), EC), Err(TokenError::UnknownKey));
    assert_eq!(verdict(Some("rsa"), EC), Err(TokenError::UnknownKey));
    assert_eq!(verdict(Some("ec"), OTHER_EC), Err(TokenError::Signature));
    assert!(verdict(None, EC).is_ok(), "one key is for that algorithm");
    let two = [
        jwk(&ec(EC), Alg::ES256, Some("one")),
        jwk(&ec(OTHER_EC), Alg::ES256, Some("two")),
    ];
    let keys = Keys::from_jwks(&set(&two)).expect("it is a set");
    let verifier = Verifier::new(&keys, [Algorithm::Es256], ISSUER, "chat");
    let nameless = token(Alg::ES256, None, &ec(EC), &claims);
    assert_eq!(verifier.verify(&nameless), Err(TokenError::UnknownKey));
}

#[test]
fn keys_are_rotated_while_they_are_used() {
    let keys = keys();
    let verifier = Verifier::new(&keys, [Algorithm::Es256], ISSUER, "chat");
    let claims = claims(json!({}));
    let old = token(Alg::ES256, Some("ec"), &ec(EC), &claims);
    let new = token(Alg::ES256, Some("new"), &ec(OTHER_EC), &claims);
    assert!(verifier.verify(&old).is_ok());
    assert_eq!(verifier.verify(&new), Err(TokenError::UnknownKey));
    // What is no set changes nothing.
    for wrong in [
        "",
        "{}",
        "[]",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"XY"}]}"#,
    ] {
        let error = keys.replace(wrong).expect_err("it is no set").to_string();
        assert!(error.contains("JWK set"), "{error}");
        assert!(verifier.verify(&old).is_ok());
    }
    let next = set(&[jwk(&ec(OTHER_EC), Alg::ES256, Some("new"))]);
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..100 {
                    assert!(matches!(
                        verifier.verify(&old),
                        Ok(_) | Err(TokenError::UnknownKey)
                    ));
                }
            });
        }
        keys.replace(&next).expect("it is a set");
    });
    assert_eq!(verifier.verify(&old), Err(TokenError::UnknownKey));
    assert!(verifier.verify(&new).is_ok());
}

#[test]
fn keys_that_are_not_for_this_are_left_out() {
    let mut encrypts = jwk(&ec(EC), Alg::ES256, Some("ec"));
    encrypts["use"] = json!("enc");
    let mut signs = encrypts.clone();
    signs["use"] = json!("sig");
    let mut wraps = encrypts.clone();
    wraps["use"] = Value::Null;
    wraps["key_ops"] = json!(["wrapKey"]);
    let odd = json!({ "kty": "EC", "crv": "secp256k1", "kid": "odd", "x": "AA", "y": "AA" });
    for keys in [&[encrypts.clone()][..], &[wraps], slice::from_ref(&odd)] {
        assert!(matches!(Keys::from_jwks(&set(keys)), Err(KeysError::NoKey)));
    }
    let keys = Keys::from_jwks(&set(&[encrypts, odd, signs])).expect("one of them is");
    assert_eq!(format!("{keys:?}"), r#"Keys([Some("ec")])"#);
}

#[test]
fn garbage_is_refused_without_being_repeated() {
    let good = token(Alg::ES256, Some("ec"), &ec(EC), &claims(json!({})));
    let (signed, signature) = good.rsplit_once('.').expect("three parts");
    let header = |text: &str| format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(text));
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).expect("it is base64");
    flipped[5] ^= 1;
    let flipped = URL_SAFE_NO_PAD.encode(flipped);
    let cases = [
        (String::new(), TokenError::Malformed),
        ("a".into(), TokenError::Malformed),
        ("..".into(), TokenError::Malformed),
        (".".repeat(60_000), TokenError::Malformed),
        ("x".repeat(60_000), TokenError::Malformed),
        ("\u{e9}.\u{e9}.\u{e9}".into(), TokenError::Malformed),
        (header("[]"), TokenError::Malformed),
        (header("{}"), TokenError::Malformed),
        (
            header(r#"{"alg":"ES256","kid":"ec","crit":["exp"]}"#),
            TokenError::Critical,
        ),
        (
            header(&format!("{}1{}", "[".repeat(9000), "]".repeat(9000))),
            TokenError::Malformed,
        ),
        (
            format!("{signed}.{signature}.{signature}"),
            TokenError::Malformed,
        ),
        (signed.to_owned(), TokenError::Malformed),
        (format!("{signed}."), TokenError::Signature),
        (format!("{signed}.{flipped}"), TokenError::Signature),
        (format!("{good}="), TokenError::Malformed),
        (format!("Bearer {good}"), TokenError::Malformed),
    ];
    for (token, expected) in cases {
        let error = verifier().verify(&token).expect_err("it is garbage");
        assert_eq!(error, expected, "{}", &token[..token.len().min(80)]);
        assert!(token.len() < 9 || !error.to_string().contains(&token[..8]));
    }
    // The claims of another token under a good signature.
    let parts: Vec<_> = good.split('.').collect();
    let other = URL_SAFE_NO_PAD.encode(claims(json!({ "sub": "eve" })).to_string());
    let swapped = format!("{}.{other}.{}", parts[0], parts[2]);
    assert_eq!(verifier().verify(&swapped), Err(TokenError::Signature));
}
