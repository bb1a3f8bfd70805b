//! The struct that stands for a protocol.

use super::{
    envelope::{self, Envelope},
    options::{Ctxt, Options, Value, is_none},
    versions,
};
use proc_macro2::Ident;
use syn::{Expr, ExprLit, Lit, LitInt, LitStr, Path, Visibility, ext::IdentExt};

pub(crate) struct ProtocolStruct {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) name: String,
    pub(crate) version: LitStr,
    pub(crate) accepts: String,
    pub(crate) hash: String,
    /// The union of what a client sends.
    pub(crate) client: Path,
    /// The union of what a server sends.
    pub(crate) server: Path,
    pub(crate) channels: Vec<Path>,
    pub(crate) auth: Option<Path>,
    pub(crate) auth_errors: Option<Path>,
    pub(crate) authorize_joins: bool,
    /// The channels whose presence has an info.
    pub(crate) presence: Vec<Path>,
    pub(crate) session: Session,
    /// Who plays each role, where that is not Handfast's own message under its usual tag.
    pub(crate) roles: Vec<(&'static str, RolePlayer)>,
    /// The names of messages that are allowed before ready.
    pub(crate) before_ready: Vec<LitStr>,
    pub(crate) limits: Limits,
    /// Each with its subprotocol, in the order in which they are preferred.
    pub(crate) encodings: Vec<(&'static str, Option<LitStr>)>,
    /// Close codes, by the variant of `CloseReason`.
    pub(crate) closes: Vec<(&'static str, Expr)>,
}

/// What the option `session` changes. Times are in milliseconds.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) heartbeat: Option<Option<Expr>>,
    pub(crate) timeout: Option<Expr>,
    pub(crate) resume: Option<Option<Expr>>,
    pub(crate) numbered: bool,
    pub(crate) attempts: Option<Expr>,
    pub(crate) backoff: Option<[LitInt; 2]>,
}

/// Who plays a role.
pub(crate) enum RolePlayer {
    Off,
    /// Handfast's own message, under this tag.
    Own(Expr),
    /// A message of the application.
    Mapped(Box<MappedRole>),
}

/// A message of the application in a role of the session.
pub(crate) struct MappedRole {
    pub(crate) name: LitStr,
    pub(crate) tag: Option<Expr>,
    pub(crate) client: bool,
    pub(crate) server: bool,
    pub(crate) client_envelope: Option<Envelope>,
    pub(crate) server_envelope: Option<Envelope>,
    /// The type of the payload that the application builds.
    pub(crate) payload: Option<Path>,
    /// JSON Pointers, by the fields of the role.
    pub(crate) fields: Vec<(&'static str, LitStr)>,
}

/// What the option `limits` changes.
#[derive(Default)]
pub(crate) struct Limits {
    /// Numbers, by their names in `Limits`.
    pub(crate) numbers: Vec<(&'static str, Expr)>,
    /// In milliseconds; `Some(None)` turns it off.
    pub(crate) handler_timeout: Option<Option<Expr>>,
    pub(crate) no_rate: bool,
    /// Numbers, by their names in `DetachedLimits`.
    pub(crate) detached: Vec<(&'static str, Expr)>,
    /// A count, and milliseconds.
    pub(crate) rate: Option<[LitInt; 2]>,
}

const ROLES: [&str; 16] = [
    "hello",
    "ready",
    "refuse",
    "auth",
    "resume",
    "gap",
    "skip",
    "presence",
    "join",
    "leave",
    "ping",
    "pong",
    "received",
    "error",
    "greeting",
    "negotiate",
];

/// The fields of all roles.
const ROLE_FIELDS: [&str; 24] = [
    "version",
    "hash",
    "expires",
    "session",
    "auth",
    "code",
    "message",
    "side",
    "retryable",
    "data",
    "violations",
    "channel",
    "from",
    "to",
    "reason",
    "seq",
    "nonce",
    "received",
    "sent",
    "encoding",
    "event",
    "members",
    "member",
    "count",
];

const DETACHED_LIMITS: [&str; 4] = ["sessions", "bytes", "sessions_each", "bytes_each"];

const LIMITS: [&str; 8] = [
    "message",
    "depth",
    "violations",
    "outbound",
    "inbound",
    "channels",
    "streams",
    "history",
];

/// The options of `closes`, and the variant of `CloseReason` that each stands for.
const CLOSE_REASONS: [(&str, &str); 16] = [
    ("going_away", "GoingAway"),
    ("unauthorized", "Unauthorized"),
    ("version", "Version"),
    ("hello_timeout", "HelloTimeout"),
    ("taken_over", "TakenOver"),
    ("kicked", "Kicked"),
    ("violations", "Violations"),
    ("too_large", "TooLarge"),
    ("rate_limited", "RateLimited"),
    ("slow", "Slow"),
    ("silent", "Silent"),
    ("internal", "Internal"),
    ("invalid", "Invalid"),
    ("not_ready", "NotReady"),
    ("repeated_hello", "RepeatedHello"),
    ("id_reused", "IdReused"),
];

pub(crate) fn take(
    cx: &Ctxt,
    options: &mut Options,
    ident: &Ident,
    vis: &Visibility,
) -> Option<ProtocolStruct> {
    let name = options
        .text(cx, "name")
        .map_or_else(|| ident.unraw().to_string(), |name| name.value());
    let version = options.text(cx, "version")?;
    if !versions::is_version(&version.value()) {
        cx.error(
            &version,
            "a version is `MAJOR.MINOR.PATCH`, as in Semantic Versioning: `1.2.0`",
        );
    }
    let given = options.text(cx, "accepts");
    if let Some(accepts) = given
        .as_ref()
        .filter(|text| !versions::is_requirement(&text.value()))
    {
        cx.error(
            accepts,
            "`accepts` is a requirement of Semantic Versioning: `>=1.2, <3`",
        );
    }
    let accepts = given.map_or_else(|| format!("^{}", version.value()), |text| text.value());
    let hash = options
        .text(cx, "hash")
        .map_or_else(String::new, |text| text.value());
    let client = options.path(cx, "client");
    let server = options.path(cx, "server");
    let (Some(client), Some(server)) = (client, server) else {
        cx.error(
            ident,
            "a protocol names both unions: `client = ClientMessage, server = ServerMessage`",
        );
        return None;
    };
    Some(ProtocolStruct {
        ident: ident.clone(),
        vis: vis.clone(),
        name,
        version,
        accepts,
        hash,
        client,
        server,
        channels: options.items(cx, "channels").unwrap_or_default(),
        auth: options.path(cx, "auth"),
        auth_errors: options.path(cx, "auth_errors"),
        authorize_joins: options.flag(cx, "authorize_joins"),
        presence: options.items(cx, "presence").unwrap_or_default(),
        session: session(cx, options),
        roles: roles(cx, options),
        before_ready: options.items(cx, "before_ready").unwrap_or_default(),
        limits: limits(cx, options),
        encodings: encodings(cx, options),
        closes: closes(cx, options),
    })
}

fn session(cx: &Ctxt, options: &mut Options) -> Session {
    let Some(mut inner) = options.inner(cx, "session") else {
        return Session::default();
    };
    let session = Session {
        heartbeat: inner.expr_or_none(cx, "heartbeat_ms"),
        timeout: inner.expr(cx, "timeout_ms"),
        resume: inner.expr_or_none(cx, "resume_ms"),
        numbered: inner.flag(cx, "numbered"),
        attempts: inner.expr(cx, "attempts"),
        backoff: two_numbers(
            cx,
            &mut inner,
            "backoff_ms",
            "a backoff is a first and a last bound: `backoff_ms(500, 30000)`",
        ),
    };
    inner.finish(cx);
    session
}

fn roles(cx: &Ctxt, options: &mut Options) -> Vec<(&'static str, RolePlayer)> {
    let Some(mut inner) = options.inner(cx, "roles") else {
        return Vec::new();
    };
    let roles = ROLES
        .into_iter()
        .filter_map(|role| Some((role, player(cx, &mut inner, role)?)))
        .collect();
    inner.finish(cx);
    roles
}

/// `ping = "ping"`, `ping = none`, or `ping(name = "beat", tag = "beat", client, server, fields(nonce = "/n"))`.
fn player(cx: &Ctxt, options: &mut Options, role: &'static str) -> Option<RolePlayer> {
    let option = options.take(role)?;
    match option.value {
        Value::Expr(value) if is_none(&value) => Some(RolePlayer::Off),
        Value::Expr(tag) => Some(RolePlayer::Own(tag)),
        Value::Flag => {
            cx.at(
                option.name.span(),
                format_args!("write `{role} = \"…\"`, `{role} = none` or `{role}(…)`"),
            );
            None
        }
        Value::List(_) if role == "auth" => {
            cx.at(
                option.name.span(),
                "this role is played by a message of Handfast's own, which carries the payload of `auth = …`: write `auth = \"…\"` or `auth = none`",
            );
            None
        }
        Value::List(tokens) => {
            let mut inner = Options::parse(tokens)
                .map_err(|error| cx.push(error))
                .ok()?;
            let name = inner.text(cx, "name");
            if name.is_none() {
                cx.at(option.name.span(), "`name = \"…\"` is missing");
            }
            let mapped = MappedRole {
                name: name?,
                tag: inner.expr(cx, "tag"),
                client: inner.flag(cx, "client"),
                server: inner.flag(cx, "server"),
                client_envelope: envelope::take(cx, &mut inner, "client_envelope"),
                server_envelope: envelope::take(cx, &mut inner, "server_envelope"),
                payload: inner.path(cx, "payload"),
                fields: role_fields(cx, &mut inner),
            };
            inner.finish(cx);
            Some(RolePlayer::Mapped(Box::new(mapped)))
        }
    }
}

/// `fields(version = "/ver")`
fn role_fields(cx: &Ctxt, options: &mut Options) -> Vec<(&'static str, LitStr)> {
    let Some(mut inner) = options.inner(cx, "fields") else {
        return Vec::new();
    };
    let fields = ROLE_FIELDS
        .into_iter()
        .filter_map(|name| Some((name, inner.text(cx, name)?)))
        .collect();
    inner.finish(cx);
    fields
}

fn limits(cx: &Ctxt, options: &mut Options) -> Limits {
    let Some(mut inner) = options.inner(cx, "limits") else {
        return Limits::default();
    };
    let mut numbers: Vec<(&str, Expr)> = LIMITS
        .into_iter()
        .filter_map(|name| Some((name, inner.expr(cx, name)?)))
        .collect();
    numbers.retain(|(name, number)| {
        let is_deep = *name == "depth" && is_too_deep(number);
        if is_deep {
            cx.error(
                number,
                "a depth is 8 to 128: the messages of the session need 8, and the stack has room for 128",
            );
        }
        !is_deep
    });
    let limits = Limits {
        numbers,
        handler_timeout: inner.expr_or_none(cx, "handler_timeout_ms"),
        no_rate: inner.flag(cx, "no_rate"),
        detached: detached(cx, &mut inner),
        rate: two_numbers(
            cx,
            &mut inner,
            "rate",
            "a rate is a count and milliseconds: `rate(100, 60000)`",
        ),
    };
    inner.finish(cx);
    limits
}

/// Whether a number is no depth that messages may have. Of a constant that is known later.
fn is_too_deep(depth: &Expr) -> bool {
    let Expr::Lit(ExprLit {
        lit: Lit::Int(n), ..
    }) = depth
    else {
        return false;
    };
    !n.base10_parse::<u64>()
        .is_ok_and(|n| (8..=128).contains(&n))
}

/// `detached(sessions = 1000)`
fn detached(cx: &Ctxt, options: &mut Options) -> Vec<(&'static str, Expr)> {
    let Some(mut inner) = options.inner(cx, "detached") else {
        return Vec::new();
    };
    let limits = DETACHED_LIMITS
        .into_iter()
        .filter_map(|name| Some((name, inner.expr(cx, name)?)))
        .collect();
    inner.finish(cx);
    limits
}

/// `name(1, 2)`
fn two_numbers(
    cx: &Ctxt,
    options: &mut Options,
    name: &'static str,
    help: &str,
) -> Option<[LitInt; 2]> {
    let span = options.span(name)?;
    let numbers = options.items::<LitInt>(cx, name)?;
    numbers.try_into().map_err(|_| cx.at(span, help)).ok()
}

/// `encodings(json = "chat.v1+json")`, or `json = none` where JSON has no subprotocol.
fn encodings(cx: &Ctxt, options: &mut Options) -> Vec<(&'static str, Option<LitStr>)> {
    let Some(mut inner) = options.inner(cx, "encodings") else {
        return Vec::new();
    };
    let mut names = ["json", "msgpack", "cbor"];
    names.sort_by_key(|name| inner.position(name));
    let encodings: Vec<(&str, Option<LitStr>)> = names
        .into_iter()
        .filter_map(|name| match name {
            "json" => Some((name, inner.text_or_none(cx, name)?)),
            _ => Some((name, Some(inner.text(cx, name)?))),
        })
        .collect();
    inner.finish(cx);
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let texts: Vec<&LitStr> = encodings.iter().flat_map(|(_, text)| text).collect();
    for (i, text) in texts.iter().enumerate() {
        let value = text.value();
        if value.is_empty() || !value.chars().all(is_token) {
            cx.error(
                text,
                "not a subprotocol of WebSocket, which is a token (RFC 9110): letters, digits, `.`, `-`, `+`, `_`",
            );
        } else if texts[..i].iter().any(|other| other.value() == value) {
            cx.error(text, "two encodings have this subprotocol");
        }
    }
    encodings
}

/// `closes(unauthorized = 4401)`
fn closes(cx: &Ctxt, options: &mut Options) -> Vec<(&'static str, Expr)> {
    let Some(mut inner) = options.inner(cx, "closes") else {
        return Vec::new();
    };
    let closes = CLOSE_REASONS
        .into_iter()
        .filter_map(|(name, reason)| Some((reason, inner.expr(cx, name)?)))
        .collect();
    inner.finish(cx);
    closes
}
