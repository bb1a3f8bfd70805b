//! Mistakes that the macro reports, each with its error: nothing is ignored in silence, and no item makes the macro panic.

use super::expand;
use proc_macro2::{TokenStream, TokenTree};
use std::str::FromStr;

/// The errors that an item has: the texts in the `compile_error!` of its expansion.
fn errors(options: &str, item: &str) -> Vec<String> {
    let parse = |text| TokenStream::from_str(text).expect("the test is Rust");
    let mut found = Vec::new();
    collect(expand(parse(options), parse(item)), &mut found);
    found
}

fn collect(tokens: TokenStream, found: &mut Vec<String>) {
    let mut is_error = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => is_error = ident == "compile_error",
            TokenTree::Punct(_) => {}
            TokenTree::Group(group) if is_error => {
                is_error = false;
                let text = syn::parse2::<syn::LitStr>(group.stream()).expect("an error is a text");
                found.push(text.value());
            }
            TokenTree::Group(group) => collect(group.stream(), found),
            TokenTree::Literal(_) => is_error = false,
        }
    }
}

/// That each item has one error, which contains the text.
#[track_caller]
fn refused(cases: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (options, item, text) in cases {
        let found = errors(options, item);
        if !matches!(found.as_slice(), [one] if one.contains(text)) {
            wrong.push_str(&format!(
                "\n#[protocol({options})] {item}\n    has {found:?}\n    and not {text:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// That each item has no error.
#[track_caller]
fn accepted(cases: &[(&str, &str)]) {
    for (options, item) in cases {
        assert_eq!(
            errors(options, item),
            [""; 0],
            "#[protocol({options})] {item}"
        );
    }
}

const PROTOCOL: &str = "pub struct P;";

fn protocol(more: &str) -> String {
    format!("client = C, server = S, {more}")
}

#[test]
fn a_tuple_has_a_value() {
    refused(&[
        ("", "struct T();", "a struct of no values"),
        ("tuple", "struct T();", "a struct of no values"),
    ]);
}

#[test]
fn messages_are_not_too_deep_for_the_stack() {
    for depth in ["7", "129", "1_000_000", "0xffff_ffff"] {
        let options = protocol(&format!("version = \"1.0.0\", limits(depth = {depth})"));
        refused(&[(&options, PROTOCOL, "8 to 128")]);
    }
    for depth in ["8", "128", "MOST"] {
        let options = protocol(&format!("version = \"1.0.0\", limits(depth = {depth})"));
        accepted(&[(&options, PROTOCOL)]);
    }
}

#[test]
fn versions_are_compared() {
    for version in [
        "abc",
        "1",
        "1.0",
        "1.0.0.0",
        "01.0.0",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0+",
        "1.0.0-a..b",
        "v1.0.0",
        " 1.0.0",
        "1.0.18446744073709551616",
        "",
    ] {
        let options = protocol(&format!("version = \"{version}\""));
        refused(&[(&options, PROTOCOL, "MAJOR.MINOR.PATCH")]);
    }
    for version in [
        "0.0.0",
        "10.20.30",
        "1.0.0-beta.1",
        "1.0.0-0a.--",
        "1.0.0+build.01",
        "1.0.0-x+y",
    ] {
        let options = protocol(&format!("version = \"{version}\""));
        accepted(&[(&options, PROTOCOL)]);
    }
    for accepts in [
        "hello",
        "",
        ",",
        "1.0.0,",
        ">=",
        "=>1",
        ">=1.0.0.0",
        "^^1",
        "1 2",
        ">=1 <2",
        "1.*.3",
        "1-beta",
        "01",
        "*, 1",
        "1.2.3-",
        "> *",
    ] {
        let options = protocol(&format!("version = \"1.0.0\", accepts = \"{accepts}\""));
        refused(&[(&options, PROTOCOL, "accepts")]);
    }
    for accepts in [
        ">=1.0",
        ">= 1.0, <2",
        "^1",
        "~1.2",
        "=1.2.3",
        "1.*",
        "1.x.X",
        "*",
        "1.2.3-beta.1",
        "< 2.0.0 , >1",
        ">1.*",
    ] {
        let options = protocol(&format!("version = \"1.0.0\", accepts = \"{accepts}\""));
        accepted(&[(&options, PROTOCOL)]);
    }
}

#[test]
fn a_tag_is_written_once() {
    let tag = "tag = \"kind\"";
    refused(&[
        (
            tag,
            "enum E { A { kind: String, x: i64 } }",
            "is the tag of the enum",
        ),
        (
            tag,
            "enum E { A { #[protocol(name = \"kind\")] of: String } }",
            "is the tag of the enum",
        ),
        (
            tag,
            "enum E { #[protocol(tagged)] A, B }",
            "a variant without fields has no property of its own",
        ),
        (
            tag,
            "enum E { #[protocol(tagged)] A { x: i64 } }",
            "no field is called `kind`",
        ),
    ]);
    accepted(&[
        (tag, "enum E { #[protocol(tagged)] A { kind: String } }"),
        (tag, "enum E { #[protocol(tagged)] A(B) }"),
    ]);
}

#[test]
fn bytes_are_base64() {
    let text = "bytes are text in base64";
    refused(&[
        (
            "",
            "struct T { #[protocol(content_encoding = \"base64url\")] b: Bytes }",
            text,
        ),
        (
            "",
            "struct T { #[protocol(content_encoding = \"base16\")] b: Option<handfast::Bytes> }",
            text,
        ),
        ("content_encoding = \"base32\"", "struct T(Bytes);", text),
    ]);
    accepted(&[
        (
            "",
            "struct T { #[protocol(content_encoding = \"base64\")] b: Bytes }",
        ),
        (
            "",
            "struct T { #[protocol(content_encoding = \"base16\")] b: String }",
        ),
    ]);
}

#[test]
fn a_channel_is_left_with_a_reply() {
    refused(&[
        (
            "client",
            "enum C { #[message(\"leave\", leave = Room)] Leave(Leave) }",
            "add `reply = …`",
        ),
        (
            "client",
            "enum C { #[message(\"join\", join = Room)] Join(Join) }",
            "add `reply = …`",
        ),
        (
            "client",
            "enum C { #[message(\"join\", join = Room, stream(item = T))] Join(Join) }",
            "add `reply = …`",
        ),
        (
            "client",
            "enum C { #[message(\"join\", join = Room, reply = T)] Join { room: String } }",
            "contains one value",
        ),
    ]);
}

#[test]
fn messages_say_what_has_an_effect() {
    for option in [
        "idempotent",
        "join = R",
        "leave = R",
        "auth",
        "answers",
        "concurrent",
    ] {
        let item = format!("enum S {{ #[message(\"a\", {option})] A(A) }}");
        refused(&[("server", &item, "server")]);
    }
    refused(&[
        (
            "client",
            "enum C { #[message(\"a\", reply = R, cancels)] A(A) }",
            "one of",
        ),
        (
            "client",
            "enum C { #[message(\"a\", reply = R, answers)] A(A) }",
            "one of",
        ),
        (
            "client",
            "enum C { #[message(\"a\", reply = R, stream(item = I))] A(A) }",
            "one of",
        ),
    ]);
}

#[test]
fn settings_of_protocols_can_be_kept() {
    let envelope = |outcome: &str| format!("server, envelope(outcome(field = \"ok\", {outcome}))");
    let union = "enum S { #[message(\"a\")] A(A) }";
    refused(&[
        (
            &envelope("success = \"yes\", failure = \"false\""),
            union,
            "a value in JSON",
        ),
        (
            &envelope("success = \"01\", failure = \"0\""),
            union,
            "a value in JSON",
        ),
        (
            &envelope("success = \"\\\"yes\", failure = \"0\""),
            union,
            "a value in JSON",
        ),
        (
            &envelope("success = \"true\", failure = \"true\""),
            union,
            "differ",
        ),
    ]);
    accepted(&[
        (&envelope("success = \"true\", failure = \"false\""), union),
        (&envelope("success = \"1\", failure = \"-1.5e3\""), union),
        (
            &envelope("success = \"\\\"o\\\\u006b\\\"\", failure = \"null\""),
            union,
        ),
    ]);
    let of = |more: &str| protocol(&format!("version = \"1.0.0\", {more}"));
    refused(&[
        (&of("encodings(json = \"a b, c\")"), PROTOCOL, "subprotocol"),
        (&of("encodings(json = \"\")"), PROTOCOL, "subprotocol"),
        (&of("encodings(cbor = none)"), PROTOCOL, "must be a string"),
        (
            &of("encodings(json = \"a\", cbor = \"a\")"),
            PROTOCOL,
            "two encodings",
        ),
    ]);
    accepted(&[
        (&of("encodings(json = \"chat.v1+json\")"), PROTOCOL),
        (&of("encodings(json = none, cbor = \"a\")"), PROTOCOL),
    ]);
}

#[test]
fn what_has_no_effect_is_an_error() {
    refused(&[
        (
            "channel = \"r:{a}\"",
            "struct R { #[protocol(rest)] a: BTreeMap<String, i64> }",
            "parameter",
        ),
        (
            "channel = \"r:{a}\"",
            "struct R { #[protocol(optional)] a: Option<i64> }",
            "parameter",
        ),
        (
            "channel = \"r:{a}\"",
            "struct R { #[protocol(default = 3)] a: Option<i64> }",
            "parameter",
        ),
        (
            "tag = \"kind\"",
            "enum E { A { #[protocol(default = 3)] a: Option<i64> } }",
            "`default`",
        ),
        (
            "",
            "struct T(i64, #[protocol(default = 3)] Option<i64>);",
            "`default`",
        ),
        ("min_length = 3", "struct T { a: i64 }", "`min_length`"),
        ("items(minimum = 3)", "struct T { a: Vec<i64> }", "`items`"),
        ("max_length = 3", "struct T(i64, i64);", "`max_length`"),
        (
            "",
            "struct T { #[protocol(minimum = 1)] a: String }",
            "`minimum`",
        ),
        (
            "",
            "struct T { #[protocol(min_length = 1)] a: Option<i64> }",
            "`min_length`",
        ),
        (
            "",
            "struct T { #[protocol(pattern = \"a\")] a: Vec<String> }",
            "`pattern`",
        ),
        (
            "",
            "struct T { #[protocol(items(max_items = 1))] a: Vec<String> }",
            "`max_items`",
        ),
        (
            "",
            "struct T { #[protocol(max_items = 1)] a: Nullable<BTreeMap<String, i64>> }",
            "`max_items`",
        ),
        ("minimum = 1", "struct T(String);", "`minimum`"),
        (
            "schema = \"{}\"",
            "struct T(String);",
            "`checked, schema = …`",
        ),
        (
            "",
            "struct T(i64, #[protocol(rest, max_items = 1)] Vec<i64>);",
            "`max_items`",
        ),
        (
            "",
            "struct T(i64, #[protocol(name = \"b\")] i64);",
            "`name`",
        ),
        ("closed", "struct T(i64, i64);", "`closed`"),
        ("open", "struct T(i64, i64);", "`open`"),
        (
            "closed",
            "struct T { a: i64, #[protocol(rest)] more: BTreeMap<String, i64> }",
            "`closed`",
        ),
        (
            "",
            "struct T { #[protocol(rest, name = \"b\")] more: BTreeMap<String, i64> }",
            "`name`",
        ),
        (
            "",
            "enum E { #[protocol(value = 1, name = \"a\")] A }",
            "`name`",
        ),
        (
            "",
            "enum E { A, #[protocol(other, name = \"a\")] Other(String) }",
            "`name`",
        ),
        (
            "errors",
            "enum E { #[error(\"A\")] A, #[error(\"A\")] B }",
            "two errors",
        ),
        ("errors", "enum E { A, #[error(\"A\")] B }", "two errors"),
        (
            "errors",
            "enum E { #[error(1)] A, #[error(0x1)] B }",
            "two errors",
        ),
    ]);
    accepted(&[
        (
            "",
            "struct T { #[protocol(minimum = 1)] a: Nullable<f64>, #[protocol(max_length = 1)] b: Id, #[protocol(schema = \"{}\")] c: ValidatedJson }",
        ),
        (
            "channel = \"r:{a}\"",
            "struct R { #[protocol(min_length = 1)] a: String }",
        ),
        ("min_items = 1, unique_items", "struct T(i64, i64);"),
        ("open", "struct T { a: i64 }"),
        (
            "open",
            "struct T { a: i64, #[protocol(rest)] more: BTreeMap<String, i64> }",
        ),
    ]);
}

/// What takes the rest of an object has no name on the wire.
#[test]
fn the_rest_takes_no_name() {
    accepted(&[(
        "",
        "struct T { #[protocol(name = \"other\")] a: i64, #[protocol(rest)] other: BTreeMap<String, i64> }",
    )]);
}

#[test]
fn an_unknown_option_names_what_was_meant() {
    refused(&[
        ("client", "struct S { a: i64 }", "goes on an enum"),
        (
            "closed",
            "struct T(pub i64);",
            "goes on a struct with named fields",
        ),
        (
            "minimun = 1",
            "struct T(pub i64);",
            "did you mean `minimum`?",
        ),
        ("consant", "enum E { A }", "did you mean `constant`?"),
    ]);
    let [error] = <[String; 1]>::try_from(errors("rate = 1", "struct T(pub i64);")).expect("one");
    assert_eq!(error, "unknown option `rate`");
}

/// Every option that the parser knows is in the documentation, in code.
#[test]
fn options_are_documented() {
    const SOURCES: [&str; 12] = [
        include_str!("parse/channels.rs"),
        include_str!("parse/constants.rs"),
        include_str!("parse/enums.rs"),
        include_str!("parse/envelope.rs"),
        include_str!("parse/errors.rs"),
        include_str!("parse/fields.rs"),
        include_str!("parse/messages.rs"),
        include_str!("parse/mod.rs"),
        include_str!("parse/protocol_struct.rs"),
        include_str!("parse/rules.rs"),
        include_str!("parse/structs.rs"),
        include_str!("parse/untagged.rs"),
    ];
    let page = include_str!("protocol.md");
    let page = page.replace("```", "");
    let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let code = code.join(" ");
    let is_name = |text: &&str| {
        let mut chars = text.chars();
        !text.is_empty() && chars.all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let documented: Vec<&str> = code
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .collect();
    let mut missing = Vec::new();
    let mut count = 0;
    for source in SOURCES {
        // The name is an argument of what takes an option, or in a table of names.
        let strings = source.split('"').collect::<Vec<_>>();
        for pair in strings.windows(2) {
            let (before, name) = (pair[0], pair[1]);
            let is_option = ["cx, ", "options.take(", "inner, ", "options, "]
                .iter()
                .any(|call| before.ends_with(call));
            let is_row = before.trim_end_matches(['(', '[']).ends_with([' ', '\n'])
                && before.trim().is_empty()
                || before.ends_with("\n    (")
                || before.ends_with("\n    ");
            if (is_option || is_row) && is_name(&name) && name != "wire" {
                count += 1;
                if !documented.contains(&name) {
                    missing.push(name);
                }
            }
        }
    }
    assert!(count > 100, "{count} options were found");
    assert_eq!(missing, [""; 0]);
}
