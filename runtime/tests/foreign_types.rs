//! Types of uuid, chrono, time, jiff and url, and types of the application, as fields.

#![cfg(all(
    feature = "chrono",
    feature = "jiff",
    feature = "time",
    feature = "url",
    feature = "uuid"
))]
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the types are here for what is made of them"
)]

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use handfast::{
    Envelope, ForeignString, NoPendingReplies, Nullable, Payload, Side, Validate, codec::Encoding,
    decode, encode, protocol,
};
use handfast_schema::{Dialect, Schemas, Validator};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};
use url::Url;
use uuid::Uuid;

type Done = Result<(), Box<dyn std::error::Error>>;

/// A type of the application, whose `Serialize` is for something else.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct OrderId {
    number: u32,
}

impl ForeignString for OrderId {
    type Error = &'static str;

    fn from_text(text: &str) -> Result<Self, Self::Error> {
        let number = text
            .strip_prefix("o-")
            .and_then(|number| number.parse().ok());
        number
            .map(|number| Self { number })
            .ok_or("is not the number of an order")
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            0 => Err(fmt::Error),
            number => write!(f, "o-{number}"),
        }
    }
}

handfast::foreign!(OrderId, Payload);

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    #[protocol(format = "uuid")]
    pub id: Uuid,
    pub parent: Option<Uuid>,
    pub maybe: Nullable<Uuid>,
    #[protocol(max_items = 3)]
    pub ids: Vec<Uuid>,
    pub named: BTreeMap<String, Uuid>,
    pub nested: Vec<Nullable<Vec<Uuid>>>,
    pub boxed: Box<Uuid>,
    pub utc: DateTime<Utc>,
    pub local: DateTime<FixedOffset>,
    pub day: NaiveDate,
    pub offset: time::OffsetDateTime,
    pub date: time::Date,
    pub stamp: jiff::Timestamp,
    pub civil: jiff::civil::Date,
    pub length: jiff::SignedDuration,
    #[protocol(pattern = "^https?:", max_length = 40)]
    pub link: Url,
    #[protocol(items(max_length = 6))]
    pub orders: Vec<OrderId>,
    pub pair: Pair,
    pub list: Ids,
    pub choice: Choice,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Pair(pub Uuid, pub OrderId);

#[protocol(max_items = 2)]
#[derive(Clone, Debug, PartialEq)]
pub struct Ids(Vec<Uuid>);

#[protocol(tag = "kind")]
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    #[protocol(name = "day")]
    Day { day: NaiveDate },
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    #[message("every")]
    Every(Box<Every>),
    #[message("bare")]
    Bare(Uuid),
    #[message("orders")]
    Orders(Vec<OrderId>),
}

const ID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";

fn every() -> Value {
    json!({
        "id": ID, "parent": ID, "maybe": ID, "ids": [ID], "named": { "a": ID }, "nested": [null, [ID]], "boxed": ID,
        "utc": "2024-02-29T23:59:59.500Z", "local": "2024-02-29T23:59:59+05:30", "day": "2024-02-29",
        "offset": "2024-02-29T23:59:59.000000001-08:00", "date": "0001-01-01", "stamp": "1969-12-31T23:59:59Z", "civil": "9999-12-31",
        "length": "PT1H30M", "link": "https://example.com/a?b=c#d", "orders": ["o-1", "o-20"], "pair": [ID, "o-3"], "list": [ID],
        "choice": { "kind": "day", "day": "2024-01-01" }
    })
}

/// The schema of [`Every`], for the interpreter.
fn schema() -> Value {
    let of = |format: &str| json!({ "type": "string", "format": format });
    let uuid = of("uuid");
    let order = json!({ "type": "string", "maxLength": 6 });
    json!({
        "type": "object",
        "properties": {
            "id": uuid, "parent": uuid, "maybe": { "type": ["string", "null"], "format": "uuid" },
            "ids": { "type": "array", "items": uuid, "maxItems": 3 }, "named": { "type": "object", "additionalProperties": uuid },
            "nested": { "type": "array", "items": { "type": ["array", "null"], "items": uuid } }, "boxed": uuid,
            "utc": of("date-time"), "local": of("date-time"), "day": of("date"), "offset": of("date-time"), "date": of("date"),
            "stamp": of("date-time"), "civil": of("date"), "length": of("duration"),
            "link": { "type": "string", "pattern": "^https?:", "maxLength": 40, "format": "uri" },
            "orders": { "type": "array", "items": order },
            "pair": { "type": "array", "prefixItems": [uuid, { "type": "string" }], "minItems": 2, "items": false },
            "list": { "type": "array", "items": uuid, "maxItems": 2 },
            "choice": { "oneOf": [{ "type": "object", "required": ["kind", "day"], "properties": { "kind": { "const": "day" }, "day": of("date") } }] }
        },
        "required": ["id", "maybe", "ids", "named", "nested", "boxed", "utc", "local", "day", "offset", "date", "stamp", "civil", "length", "link", "orders", "pair", "list", "choice"]
    })
}

fn read<T: Payload>(value: &Value) -> Result<T, String> {
    handfast::from_str(&value.to_string(), Side::Server).map_err(|error| error.to_string())
}

#[test]
fn what_is_written_is_read_in_every_encoding() -> Done {
    let messages = [
        (Message::Every(Box::new(read(&every())?)), every()),
        (Message::Bare(ID.parse()?), json!(ID)),
        (Message::Orders(vec![OrderId { number: 7 }]), json!(["o-7"])),
    ];
    for (message, payload) in messages {
        let envelope = Envelope {
            id: None,
            version: None,
            channel: None,
            seq: None,
            epoch: None,
            timestamp: None,
            message,
        };
        for encoding in [Encoding::Json, Encoding::MsgPack, Encoding::Cbor] {
            let bytes = Bytes::from(encode(&envelope, encoding)?);
            let source = encoding.source(&bytes)?;
            // Every encoding has the same strings.
            let text = source.transcode(Encoding::Json)?;
            let written: Value = serde_json::from_slice(&text)?;
            assert_eq!(written["payload"], payload, "{encoding:?}");
            let again: Envelope<Message> = decode(source, Side::Client, 64, &NoPendingReplies)?;
            assert_eq!(again.message, envelope.message, "{encoding:?}");
        }
    }
    // The struct by itself, with any serializer of serde.
    let value: Every = read(&every())?;
    assert_eq!(serde_json::to_value(&value)?, every());
    assert_eq!(
        ciborium::Value::serialized(&value)?,
        ciborium::Value::serialized(&every())?
    );
    value.validate()?;
    Ok(())
}

#[test]
fn violations_are_those_of_the_interpreter() -> Done {
    let (schemas, root) = Schemas::from_json_of(Dialect::Handfast, &schema())
        .map_err(|error| format!("{error:?}"))?;
    let interpreter = Validator::owned(schemas);
    let wrong = [
        json!(3),
        json!(null),
        json!([]),
        json!([3, "x", ID]),
        json!([null, ["x", 3]]),
        json!({ "a": "x", "b": 3 }),
        json!(""),
        json!("x"),
        json!("67e5504410b1426f9247bb680e5fe0c8"),
        json!("{67e55044-10b1-426f-9247-bb680e5fe0c8}"),
        json!("2024-02-30"),
        json!("2024-02-29 23:59:59Z"),
        json!("2024-02-29T23:59:59"),
        json!("P"),
        json!("PT1.5H"),
        json!("ftp://example.com"),
        json!("https://example.com/a/very/long/path/indeed"),
        json!("o-123456"),
        json!({ "kind": "day", "day": "x" }),
    ];
    let mut compared = 0;
    for (name, _) in every().as_object().ok_or("an object")? {
        for wrong in &wrong {
            let mut value = every();
            value[name] = wrong.clone();
            let expected = interpreter.collect(root, &value, Some(Side::Server));
            // What the interpreter accepts, the type may refuse.
            let Err(error) = handfast::from_str::<Every>(&value.to_string(), Side::Server) else {
                assert_eq!(expected, [], "{name}: {wrong}");
                continue;
            };
            let found: Vec<_> = error
                .violations
                .into_iter()
                .filter(|one| !one.message.contains("number of an order"))
                .collect();
            assert_eq!(found, expected, "{name}: {wrong}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
    Ok(())
}

#[test]
fn a_type_may_refuse_what_its_schema_accepts() -> Done {
    let leap = "2016-12-31T23:59:60Z";
    for (name, value, said) in [
        (
            "offset",
            leap,
            "/offset must be a valid date-time: a leap second has no value of the type",
        ),
        (
            "stamp",
            leap,
            "/stamp must be a valid date-time: a leap second has no value of the type",
        ),
        (
            "utc",
            "0000-01-01T00:00:00+23:59",
            "/utc must be a valid date-time: its year in UTC is not within 0000 and 9999",
        ),
        (
            "stamp",
            "0000-01-01T00:00:00+23:59",
            "/stamp must be a valid date-time: its year in UTC is not within 0000 and 9999",
        ),
        ("length", "P1Y", "/length must be a valid duration: "),
        (
            "link",
            "https://a:99999",
            "/link must be a valid uri: invalid port number",
        ),
    ] {
        let mut all = every();
        all[name] = value.into();
        let error = handfast::from_str::<Every>(&all.to_string(), Side::Server);
        let violations = error.err().ok_or(name)?.violations;
        assert_eq!(
            (violations.len(), violations[0].keyword),
            (1, "format"),
            "{name}"
        );
        assert!(
            violations[0].to_string().starts_with(said),
            "{}",
            violations[0]
        );
        assert_eq!(
            violations[0].allowed,
            schema()["properties"][name].get("format").cloned(),
            "{name}"
        );
    }
    let mut all = every();
    all["orders"] = json!(["o-1", "x"]);
    assert_eq!(
        read::<Every>(&all),
        Err("/orders/1 is not the number of an order".to_owned())
    );
    // What another type keeps.
    all = every();
    all["utc"] = leap.into();
    all["local"] = "2016-12-31T15:59:60-08:00".into();
    assert_eq!(serde_json::to_value(read::<Every>(&all)?)?, all);
    Ok(())
}

#[test]
fn values_are_validated_before_they_are_sent() -> Done {
    let good: Every = read(&every())?;
    let said = |change: fn(&mut Every)| {
        let mut value = good.clone();
        change(&mut value);
        value.validate().map_err(|error| error.to_string())
    };
    assert_eq!(said(|_| {}), Ok(()));
    assert_eq!(
        said(|value| value.orders.push(OrderId { number: 12_345 })),
        Err("/orders/2 must be at most 6 characters long".to_owned())
    );
    assert_eq!(
        said(|value| value.utc = DateTime::<Utc>::MAX_UTC),
        Err("/utc must be a valid date-time".to_owned())
    );
    assert_eq!(
        said(|value| value.length = -jiff::SignedDuration::from_secs(1)),
        Err("/length must be a valid duration".to_owned())
    );
    assert_eq!(
        said(|value| value.named = BTreeMap::from([("a".to_owned(), Uuid::nil())])),
        Ok(())
    );
    // A value without a text is no value of the schema.
    assert!(said(|value| value.pair.1 = OrderId { number: 0 }).is_err());
    Uuid::nil().validate()?;
    OrderId { number: 1 }.validate()?;
    assert!(OrderId { number: 0 }.validate().is_err());
    Ok(())
}

/// A session in which foreign types are whole payloads, wherever the runtime sends one.
#[cfg(all(feature = "server", feature = "client"))]
mod session {
    use super::{ID, OrderId};
    use handfast::{
        HandlerError,
        client::ClientBuilder,
        protocol,
        server::{ConnectionInfo, Rejection, StreamResponder},
        transport::duplex,
    };
    use std::convert::Infallible;
    use uuid::Uuid;

    #[protocol(client)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ClientMessage {
        #[message("list", reply = OrderId)]
        List(Uuid),
        #[message("watch", stream(ack = Uuid, item = OrderId))]
        Watch(Vec<OrderId>),
    }

    #[protocol(server)]
    #[derive(Clone, Debug, PartialEq)]
    pub enum ServerMessage {
        #[message("order")]
        Order(OrderId),
        #[message("seen")]
        Seen(Uuid),
    }

    #[protocol(name = "orders", version = "1.0.0", client = ClientMessage, server = ServerMessage)]
    #[derive(Clone, Copy, Debug)]
    pub struct Orders;

    struct App;

    impl SessionHandler for App {
        type Session = ();

        async fn connected(&self, _: &ConnectionInfo) -> Result<(), Rejection> {
            Ok(())
        }
    }

    impl Handler for App {
        async fn list(&self, id: Uuid, _: &Context<()>) -> Result<OrderId, HandlerError> {
            Ok(OrderId {
                number: id.as_u128() as u32 & 0xff,
            })
        }

        async fn watch(
            &self,
            orders: Vec<OrderId>,
            to: StreamResponder<Uuid, OrderId>,
            _: &Context<()>,
        ) -> Result<(), HandlerError> {
            let mut to = to.accept(Uuid::nil());
            for order in orders {
                to.send(order).await.map_err(HandlerError::internal)?;
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn whole_payloads_have_their_text() -> super::Done {
        let server = Server::new(App);
        let client = ClientBuilder::<Orders, Client>::over(move || {
            let (ours, theirs) = duplex(16);
            let server = server.clone();
            tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
            async { Ok::<_, Infallible>(ours) }
        })
        .await?;
        assert_eq!(client.list(ID.parse()?).await?, OrderId { number: 0xc8 });
        let mut items = client.watch(vec![OrderId { number: 2 }]).await?;
        assert_eq!(items.next().await.ok_or("an item")??, OrderId { number: 2 });
        Ok(())
    }
}
