//! What a client has to know of the protocol as a whole.

use super::{
    context::Context,
    envelope::envelopes,
    text::{self, scalar},
};
use handfast_spec::model::{CloseCondition, EncodingKind, RoleKind, RolePlayer, Scalar, Side};
use handfast_templates::typescript::{Connecting, Descriptor, lay_out};

pub(super) fn session(cx: &Context<'_>) -> Vec<String> {
    let protocol = cx.protocol;
    let mut items = Vec::new();
    let (client, server) = envelopes(cx, &mut items);
    let encoding = protocol
        .encodings
        .iter()
        .find(|encoding| encoding.kind == EncodingKind::Json);
    let subprotocol = encoding.map_or_else(
        || format!("{}.v{}+json", protocol.name.text, protocol.version.major),
        |encoding| encoding.subprotocol.clone(),
    );
    let times = &protocol.session;
    let heartbeat = times.heartbeat.map_or("null".to_owned(), |heartbeat| {
        heartbeat.as_millis().to_string()
    });
    let resume = times
        .resume
        .map_or("null".to_owned(), |resume| resume.as_millis().to_string());
    let (timeout, min, max) = (
        times.timeout.as_millis(),
        times.backoff.min.as_millis(),
        times.backoff.max.as_millis(),
    );
    let attempts = times
        .backoff
        .attempts
        .map(|attempts| format!(", attempts: {attempts}"))
        .unwrap_or_default();
    let mut members = vec![
        format!("name: {}", text::string(&protocol.name.text)),
        format!("version: {}", text::string(&protocol.version.to_string())),
        format!("hash: {}", text::string(&protocol.hash)),
        format!("subprotocol: {}", text::string(&subprotocol)),
        format!("envelope: {{ client: {client}, server: {server} }}"),
        format!("depth: {}", protocol.limits.depth),
        format!(
            "limits: {{ message: {}, outbound: {}, inbound: {} }}",
            protocol.limits.message, protocol.limits.outbound, protocol.limits.inbound
        ),
        format!(
            "session: {{ heartbeat: {heartbeat}, timeout: {timeout}, resume: {resume}, backoff: {{ min: {min}, max: {max}{attempts} }} }}"
        ),
    ];
    let hello = matches!(
        protocol.session.role(RoleKind::Hello),
        RolePlayer::Own { .. }
    );
    let proof = protocol
        .session
        .auth
        .filter(|_| hello)
        .map(|id| cx.carried(id, Side::Client))
        .filter(|(ty, _)| ty != "undefined");
    let mut auth = String::new();
    if let Some((ty, validator)) = proof {
        members.push(format!("auth: {validator}"));
        if protocol.session.auth_tag(&protocol.messages).is_some() {
            members.push("refresh: hf.authRefresh".to_owned());
        }
        auth = format!("<{ty}>");
    }
    members.extend(closes(cx));
    members.extend(roles(cx));
    let words = protocol.description.clone().unwrap_or_default();
    items.push(lay_out(&Descriptor {
        doc: text::doc("", &words, &[]),
        exported: true,
        name: "protocol",
        ty: format!("hf.Protocol{auth}"),
        members,
    }));
    let options = if auth.is_empty() {
        "options?: hf.ConnectOptions".to_owned()
    } else {
        format!("options: hf.AuthenticatedConnectOptions{auth}")
    };
    items.push(lay_out(&Connecting {
        options: &options,
        auth: &auth,
    }));
    items
}

/// The codes that a client acts on, where they are not those that the runtime knows.
fn closes(cx: &Context<'_>) -> Option<String> {
    let names = [
        (CloseCondition::Violations, "violations"),
        (CloseCondition::TooLarge, "tooLarge"),
        (CloseCondition::Silent, "silent"),
        (CloseCondition::Slow, "slow"),
        (CloseCondition::Unauthorized, "unauthorized"),
        (CloseCondition::Kicked, "kicked"),
        (CloseCondition::Version, "version"),
        (CloseCondition::TakenOver, "takenOver"),
        (CloseCondition::RateLimited, "rateLimited"),
    ];
    let unusual = names.into_iter().filter_map(|(condition, name)| {
        let of = |&(other, ..): &(CloseCondition, &str, u16)| other == condition;
        let (.., usual) = CloseCondition::ALL.into_iter().find(of)?;
        let mut closes = cx.protocol.closes.iter();
        let close = closes.find(|close| close.condition == condition)?;
        (close.code != usual).then(|| format!("{name}: {}", close.code))
    });
    let unusual: Vec<String> = unusual.collect();
    (!unusual.is_empty()).then(|| format!("closeCodes: {{ {} }}", unusual.join(", ")))
}

/// The roles that are not played as they are by default.
fn roles(cx: &Context<'_>) -> Option<String> {
    let mut parts = Vec::new();
    for (kind, name) in RoleKind::ALL {
        if kind == RoleKind::Auth {
            let tag = cx.protocol.session.auth_tag(&cx.protocol.messages);
            let tag = tag.filter(|tag| **tag != Scalar::Text(name.to_owned()));
            parts.extend(tag.map(|tag| format!("{name}: {}", scalar(tag))));
            continue;
        }
        if matches!(kind, RoleKind::Resume | RoleKind::Negotiate) {
            // These have no message of their own yet.
            continue;
        }
        match cx.protocol.session.role(kind) {
            RolePlayer::Own { tag } if *tag == Scalar::Text(name.to_owned()) => {}
            RolePlayer::Own { tag } => parts.push(format!("{name}: {}", scalar(tag))),
            RolePlayer::Off | RolePlayer::Mapped { .. } => parts.push(format!("{name}: null")),
        }
    }
    (!parts.is_empty()).then(|| format!("roles: {{ {} }}", parts.join(", ")))
}
