//! What one of the two ends would not keep is refused by `check`, or reported as given up.

use handfast_spec::{Loaded, Severity, load_str};
use std::collections::BTreeMap;

fn load(rest: &str) -> Loaded {
    let text = format!("handfast: 1\nprotocol: {{ name: demo, version: 1.0.0 }}\n{rest}");
    load_str("protocol.yaml", text.as_bytes(), &BTreeMap::new())
}

fn reported(rest: &str, counts: impl Fn(&str, Severity) -> bool) -> Vec<String> {
    let loaded = load(rest);
    let all = loaded.diagnostics.iter();
    all.filter(|one| counts(one.code, one.severity))
        .map(|one| format!("{}: {}", one.code, one.message))
        .collect()
}

/// The diagnostics of a spec, but for notes.
fn problems(rest: &str) -> Vec<String> {
    reported(rest, |_, severity| severity != Severity::Note)
}

fn notes(rest: &str, code: &str) -> Vec<String> {
    reported(rest, |one, _| one == code)
}

const NONE: [&str; 0] = [];

const ASKING: &str =
    "messages: { ask: { from: client, reply: answer }, answer: { from: server } }\n";

#[test]
fn a_refusal_may_say_whether_it_is_for_now() {
    let rest = "messages:
  denied: { from: server, payload: { type: object, properties: { code: { type: string }, again: { type: boolean }, data: {}, wrong: {} } } }
session: { roles: { refuse: { message: denied, fields: { code: /code, retryable: /again, data: /data, violations: /wrong } } } }
";
    assert_eq!(problems(rest), NONE);
}

#[test]
fn replies_are_matched_in_the_same_way_in_both_directions() {
    let differs = "P020: `correlate` differs between the ends, and replies are matched in one way";
    for end in ["client", "server"] {
        let rest = format!("envelope: {{ id: off, {end}: {{ correlate: order }} }}\n{ASKING}");
        let found = problems(&rest);
        assert!(found.contains(&differs.to_owned()), "{found:?}");
    }
    assert_eq!(
        problems(&format!(
            "envelope: {{ id: off, correlate: order }}\n{ASKING}"
        )),
        NONE
    );
    let rest = "messages: { ask: { from: client, reply: answer, envelope: { id: off, correlate: order } }, answer: { from: server } }\n";
    assert_eq!(
        problems(rest),
        [
            "P020: `answer` cannot be matched to its request: `ask` has no id",
            "P020: `correlate` of `ask` differs from that of the envelope, and replies are matched in one way",
        ]
    );
    let rest = "envelope: { id: off, server: { correlate: order } }\nmessages: { ask: { from: client, reply: answer, concurrent: true }, answer: { from: server } }\n";
    let found = problems(rest);
    let concurrent = "P043: `ask` cannot be concurrent: its reply is matched by order";
    assert!(found.contains(&concurrent.to_owned()), "{found:?}");
}

#[test]
fn the_id_of_a_reply_has_the_type_of_that_of_its_request() {
    let rest = format!("envelope: {{ client: {{ id: {{ type: integer }} }} }}\n{ASKING}");
    assert_eq!(
        problems(&rest),
        [
            "P020: `answer` cannot be matched to its request: the id of `ask` is an integer, and its own a string"
        ]
    );
}

const LOGIN: &str =
    "  login: { from: client, payload: { type: object, properties: { key: { type: string } } } }
  hi: { from: client, payload: { type: object, properties: { key: { type: string } } } }
  news: { from: server }
";

fn session(session: &str) -> String {
    format!("messages:\n{LOGIN}session: {{ {session} }}\n")
}

#[test]
fn credentials_need_a_message_that_carries_them() {
    for (given, expected) in [
        (
            "auth: login, roles: { hello: off }",
            &["P050: no message carries the credentials of `login`: the role `hello` is off"][..],
        ),
        (
            "auth: login, roles: off",
            &["P050: no message carries the credentials of `login`: the role `hello` is off"],
        ),
        (
            "auth: login, roles: { hello: { message: hi }, auth: off }",
            &[
                "P050: no message carries the credentials of `login`: `hi` has no place for them, and the role `auth` is off",
            ],
        ),
        ("auth: login, roles: { hello: { message: hi } }", &[]),
        (
            "auth: login, roles: { hello: { message: login }, auth: off }",
            &[],
        ),
        ("auth: login, roles: { auth: off }", &[]),
    ] {
        assert_eq!(problems(&session(given)), expected, "{given}");
    }
}

#[test]
fn the_role_auth_is_that_of_the_message_of_auth() {
    for (given, expected) in [
        (
            "auth: login, roles: { auth: { message: hi } }",
            "P030: the role `auth` is played by the message of `session.auth`, which is `login`, and not by `hi`",
        ),
        (
            "roles: { auth: { message: login } }",
            "P030: the role `auth` is played by the message of `session.auth`, and there is none",
        ),
        (
            "roles: { auth: { tag: sign.in } }",
            "P030: the role `auth` is played by the message of `session.auth`, and there is none",
        ),
        (
            "roles: { auth: { tag: sign.in, fields: { auth: /key } } }",
            "P030: the role `auth` is played by the message of `session.auth`, and there is none",
        ),
        (
            "auth: logon, roles: { auth: { tag: sign.in } }",
            "P011: there is no message `logon`",
        ),
        (
            "auth: logon, roles: { auth: { message: login } }",
            "P011: there is no message `logon`",
        ),
        (
            "auth: login, roles: { auth: { message: login, fields: { auth: /key } } }",
            "P030: the role `auth` has no fields in a message of yours: the payload of `login` is the credentials",
        ),
    ] {
        assert_eq!(problems(&session(given)), [expected], "{given}");
    }
}

#[test]
fn clients_that_cannot_authenticate_again_are_noted() {
    let lost = "G001: without the role `auth`, clients do not authenticate again: a session ends when its authentication expires";
    for given in [
        "auth: login, roles: { auth: off }",
        "auth: login, roles: { hello: { message: login } }",
        "auth: login, roles: { hello: { message: hi, fields: { auth: /key } } }",
        "auth: login, roles: { hello: { message: login }, auth: { tag: again } }",
        "auth: login, roles: { hello: { message: login }, auth: off }",
    ] {
        assert_eq!(notes(&session(given), "G001"), [lost], "{given}");
    }
    for given in [
        "auth: login",
        "auth: login, roles: { hello: { message: hi } }",
    ] {
        assert_eq!(notes(&session(given), "G001"), NONE, "{given}");
    }
}

#[test]
fn credentials_after_the_hello_have_the_tag_of_their_role() {
    let text = session("auth: login, roles: { hello: { message: hi }, auth: { tag: sign.in } }");
    let protocol = load(&text).protocol.expect("a protocol");
    let tag = protocol.session.auth_tag(&protocol.messages);
    assert_eq!(
        tag,
        Some(&handfast_spec::model::Scalar::Text("sign.in".into()))
    );
}

#[test]
fn credentials_are_sent_in_the_usual_envelope() {
    let with = |own: &str, session: &str| {
        problems(&format!(
            "messages:\n  login: {{ from: client, {own}payload: {{ type: object, properties: {{ key: {{ type: string }} }} }} }}\n  hi: {{ from: client }}\nsession: {{ auth: login{session} }}\n"
        ))
    };
    let own = "envelope: { content: null, tag: kind }, ";
    let expected = ["P050: `login` is sent in the envelope of the session, and not in its own"];
    assert_eq!(with(own, ""), expected);
    assert_eq!(
        with("client: { envelope: { content: null } }, ", ""),
        expected
    );
    assert_eq!(with(own, ", roles: { hello: { message: hi } }"), expected);
    assert_eq!(with(own, ", roles: { hello: { message: login } }"), NONE);
    assert_eq!(with("", ""), NONE);
}

#[test]
fn one_message_does_not_play_two_roles_of_one_end() {
    let with = |roles: &str| {
        problems(&format!(
            "messages:\n  both: {{ from: both }}\n  oops: {{ from: server, payload: {{ type: object, properties: {{ channel: {{ type: string }}, code: {{ type: string }} }} }} }}\nsession: {{ roles: {{ {roles} }} }}\n"
        ))
    };
    // Each end knows what the other sends.
    assert_eq!(
        with("hello: { message: both }, ready: { message: both }"),
        NONE
    );
    assert_eq!(
        with(
            "gap: { message: oops, fields: { channel: /channel } }, error: { message: oops, fields: { code: /code } }"
        ),
        ["P018: `oops` plays both `gap` and `error`, and the server sends both"]
    );
}

#[test]
fn a_role_of_both_ends_has_one_tag_and_both_of_them() {
    let with = |message: &str, role: &str| {
        problems(&format!(
            "messages:\n  m: {{ {message} }}\nsession: {{ roles: {{ {role} }} }}\n"
        ))
    };
    let tags = "from: both, client: { tag: up }, server: { tag: down }";
    for role in ["ping", "pong"] {
        assert_eq!(
            with(tags, &format!("{role}: {{ message: m }}")),
            [format!(
                "P018: both ends send `m` in the role `{role}`, and each with another tag"
            )]
        );
    }
    assert_eq!(with(tags, "ready: { message: m }"), NONE);
    for role in ["join", "leave", "negotiate"] {
        let field = if role == "negotiate" {
            "encoding"
        } else {
            "channel"
        };
        for (from, end) in [("client", "server"), ("server", "client")] {
            let message = format!(
                "from: {from}, payload: {{ type: object, properties: {{ {field}: {{ type: string }} }} }}"
            );
            assert_eq!(
                with(
                    &message,
                    &format!("{role}: {{ message: m, fields: {{ {field}: /{field} }} }}")
                ),
                [format!(
                    "P015: `m` cannot play the role `{role}`: the {end} does not send it"
                )]
            );
        }
    }
    assert_eq!(with("from: client", "ping: { message: m }"), NONE);
}

#[test]
fn encodings_keep_their_order() {
    use handfast_spec::model::EncodingKind::{Cbor, Json, Msgpack};
    let order = |encodings: &str| {
        let loaded = load(&format!("encodings: {{ {encodings} }}\n{ASKING}"));
        let protocol = loaded.protocol.expect("a protocol");
        let kinds: Vec<_> = protocol.encodings.iter().map(|one| one.kind).collect();
        (kinds, protocol.hash)
    };
    let (kinds, hash) = order("cbor: c, msgpack: m, json: j");
    assert_eq!(kinds, [Cbor, Msgpack, Json]);
    let (kinds, other) = order("json: j, msgpack: m, cbor: c");
    assert_eq!(kinds, [Json, Msgpack, Cbor]);
    assert_eq!(hash, other);
}

#[test]
fn json_may_have_no_subprotocol() {
    let with = |encodings: &str| problems(&format!("encodings: {{ {encodings} }}\n{ASKING}"));
    assert_eq!(with("json: off, cbor: c"), NONE);
    let loaded = load(&format!("encodings: {{ json: off }}\n{ASKING}"));
    let protocol = loaded.protocol.expect("a protocol");
    assert_eq!(protocol.encodings.len(), 1);
    assert_eq!(protocol.encodings[0].subprotocol, None);
    assert_eq!(
        with("json: off, cbor: off"),
        ["P026: `cbor` has no subprotocol"]
    );
}

#[test]
fn what_a_sender_does_not_always_fill_is_not_required() {
    let with = |envelope: &str, messages: &str| {
        problems(&format!(
            "envelope: {{ {envelope} }}\nchannels: {{ all: {{ key: all }} }}\nmessages: {{ {messages}, other: {{ from: client, channel: all }} }}\n"
        ))
    };
    let plain = "ask: { from: client, reply: answer }, answer: { from: server }, news: { from: server, channel: all }";
    for field in ["channel", "seq", "epoch", "timestamp"] {
        let given = format!("client: {{ {field}: {{ presence: required }} }}");
        assert_eq!(
            with(&given, plain),
            [format!(
                "P051: `{field}` is required of what the client sends, and `ask` may be without it"
            )]
        );
    }
    for field in ["id", "channel", "seq", "epoch", "timestamp"] {
        let given = format!("server: {{ {field}: {{ presence: required }} }}");
        assert_eq!(
            with(&given, plain),
            [format!(
                "P051: `{field}` is required of what the server sends, and the session's own `ready` may be without it"
            )]
        );
    }
    // A client makes an id up.
    assert_eq!(
        with(
            "client: { id: { presence: required } }, version: { presence: required }",
            plain
        ),
        NONE
    );
    assert_eq!(
        with(
            "id: { presence: nullable }, seq: { presence: nullable }, timestamp: { name: at, presence: nullable }",
            plain
        ),
        NONE
    );
    for (own, field) in [
        (
            "news: { from: server, envelope: { id: { presence: required } } }",
            "id",
        ),
        (
            "news: { from: server, envelope: { channel: { presence: required } } }",
            "channel",
        ),
        (
            "news: { from: server, channel: all, volatile: true, envelope: { seq: { presence: required } } }",
            "seq",
        ),
        (
            "news: { from: client, envelope: { timestamp: { presence: required } } }",
            "timestamp",
        ),
    ] {
        assert_eq!(
            with("tag: type", own),
            [format!(
                "P051: `{field}` is required of `news`, and its sender does not always fill it"
            )]
        );
    }
    for own in [
        "news: { from: server, channel: all, envelope: { channel: { presence: required }, seq: { presence: required }, epoch: { presence: required }, timestamp: { presence: required } } }",
        "ask: { from: client, reply: answer }, answer: { from: server, envelope: { id: { presence: required } } }",
    ] {
        assert_eq!(with("tag: type", own), NONE);
    }
}

#[test]
fn keys_and_epochs_are_strings() {
    for field in ["channel", "epoch"] {
        let rest = format!("envelope: {{ {field}: {{ type: integer }} }}\n{ASKING}");
        assert_eq!(
            problems(&rest),
            [format!(
                "P051: `{field}` is a string, and cannot be an integer"
            )]
        );
    }
    for field in ["id", "version", "seq"] {
        for kind in ["string", "integer"] {
            let rest = format!("envelope: {{ {field}: {{ type: {kind} }} }}\n{ASKING}");
            assert_eq!(problems(&rest), NONE, "{field}: {kind}");
        }
    }
}

#[test]
fn what_an_envelope_gives_up_is_noted_wherever_it_does() {
    let lost = "G004: without `id`, an error cannot be matched to its request";
    for envelope in ["id: off", "client: { id: off }", "server: { id: off }"] {
        let rest =
            format!("envelope: {{ {envelope} }}\nmessages: {{ note: {{ from: client }} }}\n");
        assert_eq!(notes(&rest, "G004"), [lost], "{envelope}");
    }
    let with = |own: &str| {
        notes(
            &format!(
                "channels: {{ all: {{ key: all }} }}\nmessages: {{ news: {{ from: server, channel: all, {own} }} }}\n"
            ),
            "G004",
        )
    };
    let seq = "G004: without `seq`, a client does not notice missed messages of a channel";
    assert_eq!(with("envelope: { seq: off }"), [seq]);
    assert_eq!(with("server: { envelope: { seq: off } }"), [seq]);
    assert_eq!(with("envelope: { seq: { presence: absent } }"), [seq]);
}

#[test]
fn a_published_message_names_its_channel() {
    let rest = "channels: { all: { key: all } }\nmessages: { news: { from: server, channel: all, envelope: { channel: off } } }\n";
    assert_eq!(
        problems(rest),
        ["P051: `news` is published to `all`, and its envelope has no `channel`"]
    );
    let rest = "envelope: { channel: off }\nchannels: { all: { key: all } }\nmessages: { news: { from: server, channel: all } }\n";
    assert_eq!(
        problems(rest),
        ["P051: `news` is published to `all`, and its envelope has no `channel`"]
    );
}

#[test]
fn close_codes_are_those_that_may_be_sent() {
    let with = |code: u16| {
        problems(&format!(
            "messages: {{ note: {{ from: client }} }}\ncloses: {{ slow: {code} }}\n"
        ))
    };
    for code in [1002, 1003, 1007, 1010, 1015, 2999] {
        assert_eq!(
            with(code),
            [format!("P025: {code} cannot be sent as a close code")]
        );
    }
    // The codes that are so by default, and those of applications.
    for code in [1000, 1012, 1013, 3000, 3001, 4010, 4999] {
        assert_eq!(with(code), NONE, "{code}");
    }
}

#[test]
fn the_depth_has_room_for_the_messages_of_the_session() {
    let with = |depth: u8| {
        problems(&format!(
            "messages: {{ note: {{ from: client }} }}\nlimits: {{ depth: {depth} }}\n"
        ))
    };
    assert_eq!(with(8), NONE);
    assert_eq!(with(7).len(), 1, "{:?}", with(7));
}

#[test]
fn no_two_channels_have_the_same_key() {
    let channels = |keys: &[&str]| {
        let mut text = "channels:\n".to_owned();
        for (i, key) in keys.iter().enumerate() {
            let holes = key
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}'));
            let params: Vec<_> = holes
                .map(|(name, _)| format!("{name}: {{ type: string }}"))
                .collect();
            text += &format!(
                "  c{i}: {{ key: '{key}', params: {{ {} }} }}\n",
                params.join(", ")
            );
        }
        text += "messages:\n";
        for i in 0..keys.len() {
            text += &format!("  m{i}: {{ from: server, channel: c{i} }}\n");
        }
        text
    };
    let same = |a, b, key| {
        format!("P022: the channels `c{a}` and `c{b}` can have the same key, such as `{key}`")
    };
    for (keys, key) in [
        (["a", "{x}"], "a"),
        (["{x}", "a"], "a"),
        (["lobby", "lobby"], "lobby"),
        (["room:{id}", "room:{a}:{b}"], "room:x:x"),
        (["user:{id}:typing", "user:{id}"], "user:x:typing"),
        (["{a}:x", "y:{b}"], "y:x"),
        // A parameter may be empty.
        (["room:", "room:{id}"], "room:"),
    ] {
        assert_eq!(problems(&channels(&keys)), [same(0, 1, key)]);
    }
    // Each is reported once.
    assert_eq!(
        problems(&channels(&["{x}", "{y}", "{z}", "a"])),
        [same(0, 1, "x"), same(0, 2, "x"), same(0, 3, "a")]
    );
    let apart = [
        "room:{a}:{b}",
        "rooms:{id}",
        "lobby",
        "a:{x}:y",
        "a:{x}:z",
        "c1:{x}",
        "c10:{x}",
    ];
    assert_eq!(problems(&channels(&apart)), NONE);
    // The schemas say that they differ, and a key is found without them.
    let rest = "channels:
  a: { key: '{x}', params: { x: { enum: [p, q] } } }
  b: { key: 'r' }
messages: { m: { from: server, channel: a }, n: { from: server, channel: b } }
";
    assert_eq!(
        problems(rest),
        ["P022: the channels `a` and `b` can have the same key, such as `r`"]
    );
    let long = format!(
        "channels: {{ a: {{ key: {} }} }}\nmessages: {{ m: {{ from: server, channel: a }} }}\n",
        "a".repeat(1025)
    );
    assert_eq!(
        problems(&long),
        ["P022: the key has 1025 bytes; the maximum is 1024"]
    );
}

#[test]
fn a_cancel_requires_nothing_of_its_payload() {
    let rest = |payload: &str| {
        format!(
            "messages:
  watch: {{ from: both, reply: {{ stream: tick, cancel: stop }} }}
  tick: {{ from: both }}
  stop: {{ from: both, payload: {payload} }}
"
        )
    };
    for (payload, what) in [
        (
            "{ type: object, required: [why], properties: { why: { type: string } } }",
            "`why`",
        ),
        ("{ type: string }", "the payload"),
        ("{ type: object, minProperties: 1 }", "the payload"),
        (
            "{ anyOf: [{ type: string }, { type: object, required: [a], properties: { a: true } }] }",
            "the payload",
        ),
    ] {
        let expected = format!("P046: nothing fills {what} of `stop`, which cancels `watch`");
        let found = problems(&rest(payload));
        assert_eq!(found, [expected], "{payload}");
    }
    for payload in [
        "{ type: object, properties: { why: { type: string } } }",
        "{ anyOf: [{ type: string }, { type: object, properties: { a: true } }] }",
    ] {
        assert_eq!(problems(&rest(payload)), NONE, "{payload}");
    }
}

#[test]
fn a_message_is_for_one_thing() {
    let one = |rest: &str, what: &str| {
        assert_eq!(problems(rest), [format!("P052: {what}")], "{rest}");
    };
    let said = "  s: { from: server, channel: a }\n  ok: { from: server }\n";
    one(
        &format!(
            "channels: {{ a: {{ key: a, join: j }}, b: {{ key: b, join: j }} }}\nmessages:\n  t: {{ from: server, channel: b }}\n  j: {{ from: client, reply: ok }}\n{said}"
        ),
        "`j` joins `a`, and joins `b`",
    );
    one(
        &format!(
            "channels: {{ a: {{ key: a, join: j, leave: j }} }}\nmessages:\n  j: {{ from: client, reply: ok }}\n{said}"
        ),
        "`j` joins `a`, and leaves `a`",
    );
    one(
        &format!(
            "channels: {{ a: {{ key: a, join: j }} }}\nmessages:\n  j: {{ from: client, reply: ok }}\n{said}session: {{ auth: j }}\n"
        ),
        "`j` joins `a`, and has the credentials of a session",
    );
    one(
        &format!(
            "channels: {{ a: {{ key: a, join: j }} }}\nmessages:\n  j: {{ from: client, reply: ok }}\n{said}session: {{ roles: {{ ping: {{ message: j }} }} }}\n"
        ),
        "`j` joins `a`, and plays the role `ping`",
    );
    one(
        "messages:\n  w: { from: client, reply: { stream: t, cancel: login } }\n  t: { from: server }\n  login: { from: client }\nsession: { auth: login }\n",
        "`login` has the credentials of a session, and cancels `w`",
    );
    one(
        "messages:\n  ask: { from: server, reply: login }\n  login: { from: client }\nsession: { auth: login }\n",
        "`login` has the credentials of a session, and answers `ask`",
    );
    one(
        "messages:\n  w: { from: client, reply: { stream: t, cancel: x } }\n  t: { from: server }\n  x: { from: client, reply: ok }\n  ok: { from: server }\n",
        "`x` cancels `w`, and is a request",
    );
    one(
        "messages:\n  w: { from: client, reply: { stream: t, cancel: w } }\n  t: { from: server }\n",
        "`w` is a request, and cancels `w`",
    );
    one(
        "messages:\n  w: { from: client, reply: { stream: t, cancel: x } }\n  t: { from: server }\n  ask: { from: server, reply: x }\n  x: { from: client }\n",
        "`x` cancels `w`, and answers `ask`",
    );
    // One answers several requests, cancels several streams, and is an item of one stream and the answer to another request.
    assert_eq!(
        problems(
            "messages:\n  w: { from: both, reply: { stream: t, end: d, cancel: x } }\n  v: { from: client, reply: { ack: d, stream: t, cancel: x } }\n  ask: { from: client, reply: d }\n  more: { from: client, reply: t }\n  t: { from: both }\n  d: { from: both }\n  x: { from: both }\n"
        ),
        NONE
    );
}

#[test]
fn the_parts_of_a_stream_can_be_distinguished() {
    assert_eq!(
        problems(
            "messages:\n  w: { from: client, reply: { ack: t, stream: t, end: t } }\n  t: { from: server }\n"
        ),
        [
            "P052: `t` is `ack` and `stream` of `w`",
            "P052: `t` is `ack` and `end` of `w`",
            "P052: `t` is `stream` and `end` of `w`",
        ]
    );
    let tags = |ack: &str, item: &str| {
        format!(
            "messages:\n  w: {{ from: client, reply: {{ ack: a, stream: t }} }}\n  one: {{ from: client, reply: a }}\n  other: {{ from: client, reply: t }}\n  a: {{ from: server, tag: {ack} }}\n  t: {{ from: server, tag: {item} }}\n"
        )
    };
    assert_eq!(
        problems(&tags("null", "null")),
        ["P035: `a` and `t` of one stream have no tag"]
    );
    assert_eq!(
        problems(&tags("x", "x")),
        ["P014: `a` and `t` of one stream have the tag `x`"]
    );
    for (ack, item) in [("null", "x"), ("x", "null"), ("x", "y")] {
        assert_eq!(problems(&tags(ack, item)), NONE);
    }
}

#[test]
fn a_join_is_answered_once_and_names_the_channel_in_text() {
    let rest = "channels: { a: { key: a, join: j } }
messages:
  j: { from: client, reply: { ack: ok, stream: t } }
  ok: { from: server }
  t: { from: server }
  s: { from: server, channel: a }
";
    assert_eq!(
        problems(rest),
        ["P039: `j` is to join a channel, and is answered with a stream"]
    );
    let field = |schema: &str| {
        format!(
            "channels: {{ a: {{ key: 'a:{{id}}', params: {{ id: {{ type: string }} }}, join: j, leave: k }} }}
messages:
  j: {{ from: client, reply: ok, payload: {{ type: object, required: [id], properties: {{ id: {schema} }} }} }}
  k: {{ from: client, reply: ok, payload: {{ type: object, required: [id], properties: {{ id: {{ type: string }} }} }} }}
  ok: {{ from: server }}
  s: {{ from: server, channel: a }}
"
        )
    };
    let wrong = "P037: `id` of `j`, which identifies the channel, is not a string";
    for schema in [
        "{ type: [string, 'null'] }",
        "{ type: number }",
        "{ type: string, contentEncoding: base64 }",
        "{ enum: [a, 1] }",
        "{ type: array, items: { type: string } }",
        "{}",
    ] {
        assert_eq!(problems(&field(schema)), [wrong], "{schema}");
    }
    for schema in [
        "{ type: string, format: int64 }",
        "{ enum: [a, b] }",
        "{ type: integer }",
        "{ type: boolean }",
    ] {
        assert_eq!(problems(&field(schema)), NONE, "{schema}");
    }
    let uuid = field("{ type: string, format: uuid }");
    assert_eq!(problems(&uuid), NONE);
    let typed =
        format!("{uuid}generate: {{ rust: {{ out: a.rs, types: {{ uuid: 'uuid::Uuid' }} }} }}\n");
    assert_eq!(
        problems(&typed),
        ["P037: `id` of `j`, which identifies the channel, has the Rust type `uuid::Uuid`"]
    );
    let rest = "channels: { a: { key: 'a:{id}', params: { id: { type: string, contentEncoding: base64 } } } }
messages: { s: { from: server, channel: a } }
";
    assert_eq!(problems(rest), ["P037: the parameter `id` is bytes"]);
}

#[test]
fn an_integer_that_names_a_channel_is_one_that_both_languages_write_alike() {
    let of = |dialect: &str, schema: &str| {
        let rest = format!(
            "dialect: {dialect}
channels: {{ a: {{ key: 'a:{{id}}', params: {{ id: {{ type: string }} }}, join: j }} }}
messages:
  j: {{ from: client, reply: ok, payload: {{ type: object, required: [id], properties: {{ id: {schema} }} }} }}
  ok: {{ from: server }}
  s: {{ from: server, channel: a }}
"
        );
        problems(&rest)
    };
    let wrong = "P037: `id` of `j`, which identifies the channel, may be an integer of any size";
    for schema in [
        "{ type: integer }",
        "{ type: integer, minimum: 0 }",
        "{ type: integer, minimum: 0, maximum: 1.0e+21 }",
    ] {
        assert_eq!(of("json-schema", schema), [wrong], "{schema}");
    }
    let safe = "{ name: json-schema, integers: safe }";
    assert_eq!(of(safe, "{ type: integer, minimum: 0 }"), NONE);
    for schema in [
        "{ type: integer, minimum: 0, exclusiveMaximum: 1000 }",
        "{ type: boolean }",
    ] {
        assert_eq!(of("json-schema", schema), NONE, "{schema}");
    }
}
