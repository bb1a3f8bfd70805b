//! Types that are written by hand, where they differ from those that are generated: what no spec would say.

#![cfg(all(feature = "server", feature = "client"))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use handfast::{
    Bytes, DeclaredErrors, ForeignString, Implied, Integer, Side, StringInteger, Validate,
    ValidatedJson, from_str, protocol,
};
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeMap, fmt};

fn read<T: handfast::Payload + fmt::Debug>(text: &str) -> Result<T, String> {
    from_str(text, Side::Server).map_err(|error| error.to_string())
}

fn refusal<T: handfast::Payload + fmt::Debug>(text: &str) -> String {
    read::<T>(text).expect_err(text)
}

/// What is written is read again, by both ends.
#[track_caller]
fn round_trip<T>(value: &T, text: &str)
where
    T: handfast::Payload + PartialEq + fmt::Debug,
{
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    assert_eq!(value.validate(), Ok(()));
    for side in [Side::Server, Side::Client] {
        assert_eq!(from_str::<T>(text, side).as_ref(), Ok(value));
    }
    let binary = rmp_serde::to_vec_named(value).unwrap();
    assert_eq!(
        rmp_serde::from_slice::<serde_json::Value>(&binary).unwrap(),
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
}

mod nested_tags {
    use super::*;

    #[protocol(tag = "kind")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Animal {
        #[protocol(name = "dog")]
        Dog(Dog),
        #[protocol(name = "cat")]
        Cat { name: String },
    }

    #[protocol(tag = "breed")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Dog {
        #[protocol(name = "lab")]
        Lab(Coat),
        #[protocol(name = "pug")]
        Pug { age: i64 },
        #[protocol(name = "any")]
        Any(BTreeMap<String, i64>),
    }

    #[protocol(tag = "coat")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Coat {
        #[protocol(name = "short")]
        Short { age: i64 },
    }

    #[protocol(tag = "a")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum A {
        #[protocol(name = "b")]
        B(Box<B>),
        #[protocol(name = "end")]
        End,
    }

    #[protocol(tag = "b")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum B {
        #[protocol(name = "a")]
        A(Box<A>),
        #[protocol(name = "end")]
        End,
    }

    /// A server knows the tags of all unions around a value.
    #[test]
    fn unions_in_unions_have_different_tags() {
        round_trip(
            &Animal::Dog(Dog::Pug { age: 3 }),
            r#"{"kind":"dog","breed":"pug","age":3}"#,
        );
        round_trip(
            &Animal::Dog(Dog::Lab(Coat::Short { age: 3 })),
            r#"{"kind":"dog","breed":"lab","coat":"short","age":3}"#,
        );
        round_trip(
            &Animal::Dog(Dog::Any([("age".into(), 3)].into())),
            r#"{"kind":"dog","breed":"any","age":3}"#,
        );
        assert_eq!(
            refusal::<Animal>(r#"{"kind":"dog","breed":"pug","age":3,"coat":"short"}"#),
            "/coat is not a known property"
        );
        // What is known of an object is forgotten with it, also if it is refused.
        assert_eq!(
            refusal::<Vec<Animal>>(
                r#"[{"kind":"dog"},{"kind":"dog","breed":"pug","age":3},{"kind":"cat","name":"a","breed":"pug"}]"#
            ),
            r#"/0 must have the property "breed"; /2/breed is not a known property"#
        );
        let twice = Animal::Dog(Dog::Any([("kind".into(), 3)].into()));
        assert!(twice.validate().is_err());
    }

    /// One object has one property of a name: a union in one with the same tag is never written, and what would be read as one without an
    /// end is refused.
    #[test]
    fn a_tag_is_that_of_one_union() {
        assert_eq!(read(r#"{"a":"b","b":"end"}"#), Ok(A::B(Box::new(B::End))));
        let again = A::B(Box::new(B::A(Box::new(A::End))));
        assert!(serde_json::to_string(&again).is_err());
        assert!(again.validate().is_err());
        assert_eq!(refusal::<A>(r#"{"a":"b","b":"a"}"#), "has no type here");
    }
}

mod tags_of_values {
    use super::*;

    #[protocol(tag = "kind")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Named {
        #[protocol(name = "a")]
        A(HasKind),
        #[protocol(name = "b", tagged)]
        B { kind: String },
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct HasKind {
        pub kind: String,
    }

    #[protocol(tag = "kind")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum Json {
        #[protocol(name = "a")]
        A(ValidatedJson),
    }

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct X {
        pub x: i64,
    }

    #[protocol(object)]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Boxed(pub Box<X>);

    #[protocol(tag = "kind")]
    #[derive(Clone, Debug, PartialEq)]
    pub enum WithBoxed {
        #[protocol(name = "a")]
        A(Boxed),
    }

    /// The property of the tag is written once, and only with the value of the variant.
    #[test]
    fn a_value_with_a_field_of_the_name_of_the_tag() {
        round_trip(&Named::A(HasKind { kind: "a".into() }), r#"{"kind":"a"}"#);
        round_trip(&Named::B { kind: "b".into() }, r#"{"kind":"b"}"#);
        let wrong = Named::A(HasKind { kind: "b".into() });
        assert!(serde_json::to_string(&wrong).is_err());
        assert!(wrong.validate().is_err());
    }

    #[test]
    fn json_with_the_tag() {
        let text = r#"{"kind":"a","x":3}"#;
        round_trip(&read::<Json>(text).unwrap(), text);
        round_trip(
            &Json::A(ValidatedJson(json!({"kind": "a"}))),
            r#"{"kind":"a"}"#,
        );
        let wrong = Json::A(ValidatedJson(json!({"kind": "b"})));
        assert!(serde_json::to_string(&wrong).is_err());
        assert!(wrong.validate().is_err());
    }

    #[test]
    fn members_of_what_is_in_a_box() {
        round_trip(
            &WithBoxed::A(Boxed(Box::new(X { x: 1 }))),
            r#"{"kind":"a","x":1}"#,
        );
    }
}

mod aliases {
    use super::*;

    pub type Maybe = Option<i64>;

    #[protocol]
    #[derive(Debug, Default, PartialEq)]
    pub struct Few {
        pub a: Maybe,
    }

    #[protocol]
    #[derive(Debug, Default, PartialEq)]
    pub struct Many {
        pub a0: Maybe,
        pub a1: Maybe,
        pub a2: Maybe,
        pub a3: Maybe,
        pub a4: Maybe,
        pub a5: Maybe,
        pub a6: Maybe,
        pub a7: Maybe,
        pub a8: Maybe,
        pub a9: Maybe,
        pub a10: Maybe,
        pub a11: Maybe,
        pub a12: Maybe,
        pub a13: Maybe,
        pub a14: Maybe,
        pub a15: Maybe,
        pub a16: Maybe,
    }

    #[protocol]
    #[derive(Debug, Default, PartialEq)]
    pub struct Rest {
        pub a: Maybe,
        #[protocol(rest)]
        pub more: BTreeMap<String, i64>,
    }

    #[protocol(tag = "kind")]
    #[derive(Debug, PartialEq)]
    pub enum Tagged {
        #[protocol(name = "a")]
        A { a: Maybe },
    }

    /// An alias of `Option` is an `Option`, in a struct of any size.
    #[test]
    fn of_option() {
        assert_eq!(read("{}"), Ok(Few::default()));
        assert_eq!(read("{}"), Ok(Many::default()));
        assert_eq!(read("{}"), Ok(Rest::default()));
        assert_eq!(read(r#"{"kind":"a"}"#), Ok(Tagged::A { a: None }));
    }
}

mod error_data {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    pub struct OrderId(pub u32);

    impl ForeignString for OrderId {
        type Error = &'static str;

        fn from_text(text: &str) -> Result<Self, Self::Error> {
            let digits = text.strip_prefix("o-").and_then(|text| text.parse().ok());
            digits.map(Self).ok_or("is no id")
        }

        fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "o-{}", self.0)
        }
    }

    impl Serialize for OrderId {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u32(self.0)
        }
    }

    handfast::foreign!(OrderId, Payload);

    #[protocol(errors)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum PayError {
        #[error("PAID")]
        Paid(OrderId),
        #[error("OPEN")]
        Open(Vec<OrderId>),
        #[error("CLOSED")]
        Closed,
    }

    /// The data of an error is written like a payload.
    #[test]
    fn is_a_payload() {
        let data = |error: PayError| {
            error
                .data()
                .map(|data| serde_json::to_string(&data).unwrap())
        };
        assert_eq!(
            data(PayError::Paid(OrderId(7))).as_deref(),
            Some(r#""o-7""#)
        );
        assert_eq!(
            data(PayError::Open(vec![OrderId(7)])).as_deref(),
            Some(r#"["o-7"]"#)
        );
        assert_eq!(data(PayError::Closed), None);
    }
}

mod guards {
    use super::*;

    #[protocol]
    #[derive(Debug, PartialEq)]
    pub struct X {
        pub x: i64,
    }

    #[protocol(untagged)]
    #[derive(Debug, PartialEq)]
    pub enum Has {
        #[protocol(has("x"))]
        X(X),
        #[protocol(kinds(string))]
        Text(String),
        Rest(ValidatedJson),
    }

    #[protocol(untagged)]
    #[derive(Debug, PartialEq)]
    pub enum Value {
        #[protocol(value("x" = 1))]
        X(X),
        #[protocol(kinds(array))]
        List(Vec<i64>),
    }

    /// Only an object has members.
    #[test]
    fn are_of_objects() {
        assert_eq!(read(r#""abc""#), Ok(Has::Text("abc".into())));
        assert_eq!(read("7"), Ok(Has::Rest(ValidatedJson(json!(7)))));
        assert_eq!(read(r#"{"x":7}"#), Ok(Has::X(X { x: 7 })));
        assert_eq!(read("[1]"), Ok(Value::List(vec![1])));
        assert_eq!(refusal::<Value>("1"), "has no type here");
    }
}

mod numbers {
    use super::*;

    #[protocol]
    #[derive(Debug, PartialEq)]
    pub struct Signed {
        #[protocol(minimum = -9223372036854775808, maximum = 9223372036854775807)]
        pub n: i64,
    }

    #[protocol]
    #[derive(Debug, PartialEq)]
    pub struct Unsigned {
        #[protocol(minimum = 0, maximum = 9223372036854775807)]
        pub n: u64,
    }

    #[protocol]
    #[derive(Debug, PartialEq)]
    pub struct Any {
        #[protocol(minimum = 5)]
        pub n: Integer,
    }

    /// No number is changed to one that the type has.
    #[test]
    fn beyond_the_type_are_refused() {
        assert_eq!(
            read(r#"{"n":9223372036854775807}"#),
            Ok(Signed { n: i64::MAX })
        );
        assert_eq!(
            read(r#"{"n":-9223372036854775808}"#),
            Ok(Signed { n: i64::MIN })
        );
        for n in ["9223372036854775808", "9223372036854775807.0", "9.3e18"] {
            let text = format!("{{\"n\":{n}}}");
            assert!(refusal::<Signed>(&text).contains("at most"), "{n}");
            assert!(refusal::<Unsigned>(&text).contains("at most"), "{n}");
        }
        assert!(refusal::<Signed>(r#"{"n":-9223372036854775809}"#).contains("at least"));
        assert!(refusal::<Any>(r#"{"n":4}"#).contains("at least"));
    }
}

mod rules {
    use super::*;

    #[protocol]
    #[derive(Debug, PartialEq)]
    pub struct Texts {
        #[protocol(max_length = 2, pattern = "^1")]
        pub n: Option<StringInteger<u64>>,
        pub bytes: Option<Bytes>,
        #[protocol(implied(string), min_length = 3)]
        pub implied: Option<Implied<String>>,
    }

    /// An integer that is text has the rules of text.
    #[test]
    fn of_integers_that_are_text() {
        assert!(read::<Texts>(r#"{"n":"12"}"#).is_ok());
        assert!(refusal::<Texts>(r#"{"n":"123"}"#).contains("at most 2"));
        assert!(refusal::<Texts>(r#"{"n":"23"}"#).contains("pattern"));
        assert!(refusal::<Texts>(r#"{"n":"x1"}"#).contains("uint64"));
        assert!(refusal::<Texts>(r#"{"implied":"a"}"#).contains("at least 3"));
    }
}

mod variants {
    use handfast::{
        HandlerError, protocol,
        server::{ConnectionInfo, Rejection, StreamSender},
        transport::duplex,
    };
    use std::{
        convert::Infallible,
        sync::{Arc, Mutex},
    };

    #[protocol]
    #[derive(Clone, Debug, PartialEq)]
    pub struct Sum {
        pub of: i64,
    }

    #[protocol(client)]
    #[derive(Debug)]
    pub enum ClientMessage {
        #[message("go")]
        Go { x: i64, y: Option<i64> },
        #[message("stop")]
        Stop,
        #[message("add", reply = Sum)]
        Add { a: i64, b: i64 },
        #[message("count", stream(item = Sum))]
        Count { to: i64 },
        #[message("last", reply = Sum)]
        Last,
        #[message("tree")]
        Tree(Tree),
        #[message("confirmed", answers)]
        Confirmed(Confirmed),
    }

    #[protocol]
    #[derive(Debug, PartialEq)]
    pub struct Confirmed {
        pub yes: bool,
    }

    #[protocol(server)]
    #[derive(Debug)]
    pub enum ServerMessage {
        #[message("sum")]
        Sum(Sum),
        #[message("confirm", reply = Confirmed)]
        Confirm { text: String, client: bool },
    }

    #[protocol(version = "1.0.0", client = ClientMessage, server = ServerMessage)]
    #[derive(Debug)]
    pub struct Moves;

    #[derive(Clone, Default)]
    struct App(Arc<Mutex<Vec<String>>>);

    impl SessionHandler for App {
        type Session = ();

        async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
            Ok(())
        }
    }

    impl Handler for App {
        async fn go(&self, x: i64, y: Option<i64>, _: &Context<()>) {
            self.0.lock().unwrap().push(format!("go {x} {y:?}"));
        }

        async fn stop(&self, _: &Context<()>) {
            self.0.lock().unwrap().push("stop".into());
        }

        async fn add(&self, a: i64, b: i64, cx: &Context<()>) -> Result<Sum, HandlerError> {
            let confirmed = cx.client().confirm(format!("{a} + {b}"), true).await;
            let confirmed = confirmed.map_err(HandlerError::internal)?;
            self.0.lock().unwrap().push(format!("{confirmed:?}"));
            Ok(Sum { of: a + b })
        }

        async fn count(
            &self,
            to: i64,
            mut items: StreamSender<Sum>,
            _: &Context<()>,
        ) -> Result<(), HandlerError> {
            for of in 0..to {
                let _ = items.send(Sum { of }).await;
            }
            Ok(())
        }

        async fn tree(&self, _: Tree, _: &Context<()>) {}

        async fn last(&self, _: &Context<()>) -> Result<Sum, HandlerError> {
            Ok(Sum { of: 0 })
        }
    }

    #[protocol]
    #[derive(Debug)]
    pub struct Tree {
        pub of: Vec<Self>,
    }

    struct Desk;

    impl ServerRequestHandler for Desk {
        async fn confirm(
            &self,
            text: String,
            client_: bool,
            _: &Client,
        ) -> Result<Confirmed, HandlerError> {
            Ok(Confirmed {
                yes: client_ && text == "1 + 2",
            })
        }
    }

    /// A variant with fields of its own, or none, has a method like one that contains a value.
    #[tokio::test]
    async fn without_a_type_are_sent() {
        let app = App::default();
        let server = Server::new(app.clone());
        let client = Client::over_with(
            move || {
                let (ours, theirs) = duplex(16);
                let server = server.clone();
                tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
                async { Ok::<_, Infallible>(ours) }
            },
            Desk,
        )
        .await
        .unwrap();
        client.go(1, None).await.unwrap();
        client.stop().await.unwrap();
        assert_eq!(client.add(1, 2).await.unwrap(), Sum { of: 3 });
        let mut counted = client.count(2).await.unwrap();
        let mut sums = Vec::new();
        for _ in 0..2 {
            sums.push(counted.next().await.unwrap().unwrap().of);
        }
        assert_eq!(sums, [0, 1]);
        assert_eq!(client.last().await.unwrap(), Sum { of: 0 });
        assert_eq!(
            *app.0.lock().unwrap(),
            ["go 1 None", "stop", "Confirmed { yes: true }"]
        );
    }

    #[test]
    #[should_panic(expected = "the path `chat` of a server does not begin with `/`")]
    fn a_path_begins_with_a_slash() {
        let _ = Server::builder(App::default()).path("chat").build();
    }

    #[test]
    #[should_panic(expected = "two routes of a server have the path `/ws`")]
    fn routes_have_different_paths() {
        let _ = Server::builder(App::default()).health_path("/ws").build();
    }

    /// Whatever limits a server is given, a message does not nest deeper than the stack.
    #[tokio::test]
    async fn limits_are_those_of_the_stack() {
        use handfast::{Protocol as _, descriptor::Limits};
        let limits = Limits {
            depth: u32::MAX,
            message: 10_000_000,
            ..Moves::DESCRIPTOR.limits
        };
        let server = Server::builder(App::default()).limits(limits).build();
        let (mut ours, theirs) = duplex(16);
        let served = tokio::spawn(async move {
            server.serve(theirs, ConnectionInfo::default()).await;
        });
        let deep = format!("{}{}", r#"{"of":["#.repeat(60_000), "]}".repeat(60_000));
        for message in [
            r#"{"type":"hello","payload":{"version":"1.0.0"}}"#.to_owned(),
            format!(r#"{{"type":"tree","payload":{deep}}}"#),
        ] {
            let _ = ours.send(&message).await;
        }
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(format!("{:?}", ours.receive().await));
        }
        assert!(answers[1].contains("nested too deeply"), "{answers:?}");
        served.abort();
    }
}
