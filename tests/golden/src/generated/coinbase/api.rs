//! Orders and trades of an exchange, as they happen.
//!
//! Made by Handfast from `protocol.yaml`, the protocol `coinbase-exchange`.
//! Do not edit: change that file, then run `cargo run -p codegen`.

use handfast::{Bytes, Nullable, ValidatedJson, protocol};
use std::collections::BTreeMap;

/// A market, base before quote.
///
/// Matches `^[A-Z0-9]{1,10}-[A-Z0-9]{1,10}$`.
#[protocol(pattern = "^[A-Z0-9]{1,10}-[A-Z0-9]{1,10}$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductId(String);

/// A decimal number as text.
///
/// Matches `^-?[0-9]+(\.[0-9]+)?$`.
#[protocol(pattern = "^-?[0-9]+(\\.[0-9]+)?$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decimal(String);

/// An order.
///
/// In the format `uuid`.
#[protocol(format = "uuid")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(String);

/// When it happened, to the microsecond.
///
/// In the format `date-time`.
#[protocol(format = "date-time")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(String);

/// Counts the messages of one product.
///
/// At least 0.
#[protocol(minimum = 0)]
#[derive(Clone, Debug, PartialEq)]
pub struct Sequence(i64);

/// Which side of the book.
#[protocol]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// `buy`
    #[protocol(name = "buy")]
    Buy,
    /// `sell`
    #[protocol(name = "sell")]
    Sell,
}

/// What can be followed.
#[protocol]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChannelName {
    /// `heartbeat`
    #[protocol(name = "heartbeat")]
    Heartbeat,
    /// `status`
    #[protocol(name = "status")]
    Status,
    /// `auctionfeed`
    #[protocol(name = "auctionfeed")]
    Auctionfeed,
    /// `rfq_matches`
    #[protocol(name = "rfq_matches")]
    RfqMatches,
    /// `ticker`
    #[protocol(name = "ticker")]
    Ticker,
    /// `ticker_batch`
    #[protocol(name = "ticker_batch")]
    TickerBatch,
    /// `level2`
    #[protocol(name = "level2")]
    Level2,
    /// `level2_batch`
    #[protocol(name = "level2_batch")]
    Level2Batch,
    /// `level2_50`
    #[protocol(name = "level2_50")]
    Level2_50,
    /// `user`
    #[protocol(name = "user")]
    User,
    /// `matches`
    #[protocol(name = "matches")]
    Matches,
    /// `full`
    #[protocol(name = "full")]
    Full,
    /// `balance`
    #[protocol(name = "balance")]
    Balance,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// A channel, for some products.
#[protocol]
#[derive(Clone, Debug)]
pub struct ProductChannel {
    pub name: ChannelName,
    pub product_ids: Option<Vec<ProductId>>,
    pub account_ids: Option<Vec<String>>,
}

/// A channel by its name, or for some products.
///
/// Kept as checked JSON: no single property tells its alternatives apart.
#[protocol(schema = DEFINITIONS["ChannelChoice"])]
#[derive(Clone, Debug)]
pub struct ChannelChoice(pub ValidatedJson);

/// A price, and how much is there.
#[protocol]
#[derive(Clone, Debug)]
pub struct BookLevel(pub Decimal, pub Decimal);

/// A side, a price, and how much is there now; zero takes the level away.
#[protocol]
#[derive(Clone, Debug)]
pub struct BookChange(pub Side, pub Decimal, pub Decimal);

/// A market and its rules.
#[protocol]
#[derive(Clone, Debug)]
pub struct Product {
    pub id: ProductId,
    pub base_currency: String,
    pub quote_currency: String,
    pub base_increment: Decimal,
    pub quote_increment: Decimal,
    pub display_name: String,
    pub status: String,
    pub status_message: Nullable<String>,
    pub min_market_funds: Decimal,
    pub post_only: bool,
    pub limit_only: bool,
    pub cancel_only: bool,
    pub fx_stablecoin: Option<bool>,
}

/// A currency and its rules.
#[protocol]
#[derive(Clone, Debug)]
pub struct Currency {
    pub id: String,
    pub name: String,
    pub display_name: Option<String>,
    pub min_size: Decimal,
    pub status: String,
    pub status_message: Option<Nullable<String>>,
    pub max_precision: Decimal,
    pub convertible_to: Option<Vec<String>>,
    pub details: Option<BTreeMap<String, ValidatedJson>>,
    pub default_network: Option<String>,
    pub supported_networks: Option<Vec<BTreeMap<String, ValidatedJson>>>,
}

/// Two orders met.
#[protocol]
#[derive(Clone, Debug)]
pub struct Trade {
    /// At least 0.
    #[protocol(minimum = 0)]
    pub trade_id: i64,
    pub sequence: Sequence,
    pub maker_order_id: OrderId,
    pub taker_order_id: OrderId,
    pub time: Time,
    pub product_id: ProductId,
    pub size: Decimal,
    pub price: Decimal,
    /// Of the maker's order.
    pub side: Side,
    pub user_id: Option<String>,
    pub profile_id: Option<String>,
    pub taker_user_id: Option<String>,
    pub taker_profile_id: Option<String>,
    pub taker_fee_rate: Option<Decimal>,
    pub maker_user_id: Option<String>,
    pub maker_profile_id: Option<String>,
    pub maker_fee_rate: Option<Decimal>,
}

/// Follow channels. Products at the top are those of every channel that names none.
#[protocol]
#[derive(Clone, Debug)]
pub struct Subscribe {
    pub product_ids: Option<Vec<ProductId>>,
    /// At least 1 item.
    #[protocol(min_items = 1)]
    pub channels: Vec<ChannelChoice>,
    /// Proof of who asks.
    pub signature: Option<Bytes>,
    pub key: Option<String>,
    pub passphrase: Option<String>,
    /// Seconds since 1970.
    ///
    /// Matches `^[0-9]+(\.[0-9]+)?$`.
    #[protocol(pattern = "^[0-9]+(\\.[0-9]+)?$")]
    pub timestamp: Option<String>,
}

/// Follow channels no more.
#[protocol]
#[derive(Clone, Debug)]
pub struct Unsubscribe {
    pub product_ids: Option<Vec<ProductId>>,
    pub channels: Option<Vec<ChannelChoice>>,
}

/// Everything that is followed now.
#[protocol]
#[derive(Clone, Debug)]
pub struct Subscriptions {
    pub channels: Vec<ProductChannel>,
}

/// It was not done, or the connection ends.
#[protocol]
#[derive(Clone, Debug)]
pub struct Error {
    pub message: String,
    pub reason: Option<String>,
}

/// Once a second for each product, so that nothing missed stays unnoticed.
#[protocol]
#[derive(Clone, Debug)]
pub struct Heartbeat {
    pub sequence: Sequence,
    /// At least 0.
    #[protocol(minimum = 0)]
    pub last_trade_id: i64,
    pub product_id: ProductId,
    pub time: Time,
}

/// All products and currencies, now and then.
#[protocol]
#[derive(Clone, Debug)]
pub struct Status {
    pub products: Vec<Product>,
    pub currencies: Vec<Currency>,
}

/// A trade moved the price.
#[protocol]
#[derive(Clone, Debug)]
pub struct Ticker {
    pub sequence: Sequence,
    pub product_id: ProductId,
    pub price: Decimal,
    pub open_24h: Decimal,
    pub volume_24h: Decimal,
    pub low_24h: Decimal,
    pub high_24h: Decimal,
    pub volume_30d: Decimal,
    pub best_bid: Decimal,
    pub best_bid_size: Option<Decimal>,
    pub best_ask: Decimal,
    pub best_ask_size: Option<Decimal>,
    pub side: Option<Side>,
    pub time: Option<Time>,
    /// At least 0.
    #[protocol(minimum = 0)]
    pub trade_id: Option<i64>,
    pub last_size: Option<Decimal>,
}

/// The whole book, once, before its changes.
#[protocol]
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub product_id: ProductId,
    pub bids: Vec<BookLevel>,
    pub asks: Vec<BookLevel>,
    pub time: Option<Time>,
}

/// What changed in the book.
#[protocol]
#[derive(Clone, Debug)]
pub struct L2update {
    pub product_id: ProductId,
    pub changes: Vec<BookChange>,
    pub time: Time,
}

/// An order was taken, and is not in the book yet.
#[protocol]
#[derive(Clone, Debug)]
pub struct Received {
    pub time: Time,
    pub product_id: ProductId,
    pub sequence: Sequence,
    pub order_id: OrderId,
    #[protocol(name = "client-oid")]
    pub client_oid: Option<String>,
    pub size: Option<Decimal>,
    /// Of a limit order.
    pub price: Option<Decimal>,
    /// Of a market order.
    pub funds: Option<Decimal>,
    pub side: Side,
    pub order_type: ReceivedOrderType,
}

/// `ReceivedOrderType`
#[protocol]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceivedOrderType {
    /// `limit`
    #[protocol(name = "limit")]
    Limit,
    /// `market`
    #[protocol(name = "market")]
    Market,
}

/// An order is in the book.
#[protocol]
#[derive(Clone, Debug)]
pub struct Open {
    pub time: Time,
    pub product_id: ProductId,
    pub sequence: Sequence,
    pub order_id: OrderId,
    pub price: Decimal,
    pub remaining_size: Decimal,
    pub side: Side,
}

/// An order is in the book no more. A market order has neither a price nor a rest.
#[protocol]
#[derive(Clone, Debug)]
pub struct Done {
    pub time: Time,
    pub product_id: ProductId,
    pub sequence: Sequence,
    pub price: Option<Decimal>,
    pub order_id: OrderId,
    pub reason: DoneReason,
    pub side: Side,
    pub remaining_size: Option<Decimal>,
    pub cancel_reason: Option<String>,
}

/// `DoneReason`
#[protocol]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoneReason {
    /// `filled`
    #[protocol(name = "filled")]
    Filled,
    /// `canceled`
    #[protocol(name = "canceled")]
    Canceled,
}

/// A trade.
#[protocol]
#[derive(Clone, Debug)]
pub struct Match(pub Trade);

/// The last trade before the subscription.
#[protocol]
#[derive(Clone, Debug)]
pub struct LastMatch(pub Trade);

/// An order changed in size, in price or in funds.
#[protocol]
#[derive(Clone, Debug)]
pub struct Change {
    pub reason: Option<ChangeReason>,
    pub time: Time,
    pub sequence: Sequence,
    pub order_id: OrderId,
    pub product_id: ProductId,
    pub new_size: Option<Decimal>,
    pub old_size: Option<Decimal>,
    pub new_price: Option<Decimal>,
    pub old_price: Option<Decimal>,
    pub new_funds: Option<Decimal>,
    pub old_funds: Option<Decimal>,
    /// Null of a market order.
    pub price: Option<Nullable<String>>,
    pub side: Side,
}

/// `ChangeReason`
#[protocol]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChangeReason {
    /// `STP`
    #[protocol(name = "STP")]
    Stp,
    /// `modify_order`
    #[protocol(name = "modify_order")]
    ModifyOrder,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// A stop order was placed.
#[protocol]
#[derive(Clone, Debug)]
pub struct Activate {
    pub product_id: ProductId,
    /// Seconds since 1970 as a decimal.
    ///
    /// Matches `^[0-9]+\.[0-9]+$`.
    #[protocol(pattern = "^[0-9]+\\.[0-9]+$")]
    pub timestamp: String,
    pub user_id: Option<String>,
    pub profile_id: Option<String>,
    pub order_id: OrderId,
    pub stop_type: ActivateStopType,
    pub side: Side,
    pub stop_price: Decimal,
    pub size: Option<Decimal>,
    pub funds: Option<Decimal>,
    pub private: Option<bool>,
}

/// `ActivateStopType`
#[protocol]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActivateStopType {
    /// `entry`
    #[protocol(name = "entry")]
    Entry,
    /// `loss`
    #[protocol(name = "loss")]
    Loss,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// Everything the client sends.
#[protocol(
    client,
    envelope(
        content = none,
        id = none,
        version = none,
        channel = none,
        seq = none,
        epoch = none,
        timestamp = none,
        by_order
    )
)]
#[derive(Clone, Debug)]
pub enum ClientMessage {
    /// Follow channels. Products at the top are those of every channel that names none.
    #[message("subscribe", reply = Subscriptions)]
    Subscribe(Subscribe),
    /// Follow channels no more.
    #[message("unsubscribe", reply = Subscriptions)]
    Unsubscribe(Unsubscribe),
}

/// Everything the server sends.
#[protocol(
    server,
    envelope(
        content = none,
        id = none,
        version = none,
        channel = none,
        seq = none,
        epoch = none,
        timestamp = none,
        by_order
    )
)]
#[derive(Clone, Debug)]
pub enum ServerMessage {
    /// Everything that is followed now.
    #[message("subscriptions")]
    Subscriptions(Subscriptions),
    /// It was not done, or the connection ends.
    #[message("error")]
    Error(Error),
    /// Once a second for each product, so that nothing missed stays unnoticed.
    #[message("heartbeat")]
    Heartbeat(Heartbeat),
    /// All products and currencies, now and then.
    #[message("status")]
    Status(Status),
    /// A trade moved the price.
    #[message("ticker")]
    Ticker(Box<Ticker>),
    /// The whole book, once, before its changes.
    #[message("snapshot")]
    Snapshot(Snapshot),
    /// What changed in the book.
    #[message("l2update")]
    L2update(L2update),
    /// An order was taken, and is not in the book yet.
    #[message("received")]
    Received(Box<Received>),
    /// An order is in the book.
    #[message("open")]
    Open(Open),
    /// An order is in the book no more. A market order has neither a price nor a rest.
    #[message("done")]
    Done(Done),
    /// A trade.
    #[message("match")]
    Match(Box<Match>),
    /// The last trade before the subscription.
    #[message("last_match")]
    LastMatch(Box<LastMatch>),
    /// An order changed in size, in price or in funds.
    #[message("change")]
    Change(Box<Change>),
    /// A stop order was placed.
    #[message("activate")]
    Activate(Box<Activate>),
}

/// Orders and trades of an exchange, as they happen.
#[protocol(
    name = "coinbase-exchange",
    version = "1.0.0",
    accepts = "^1",
    hash = "27297c3aa3e0de62336af7d5465cb6e7",
    client = ClientMessage,
    server = ServerMessage,
    session(heartbeat_ms = none, timeout_ms = 10000, backoff_ms(500, 30000)),
    roles(
        hello = none,
        ready = none,
        refuse = none,
        gap = none,
        join = none,
        leave = none,
        ping = none,
        pong = none,
        error = none
    ),
    limits(
        message = 65536,
        depth = 64,
        rate(1000, 1000),
        violations = 5,
        outbound = 1048576,
        inbound = 262144,
        channels = 256,
        streams = 256
    ),
    encodings(json = "coinbase-exchange.v1+json")
)]
#[derive(Clone, Copy, Debug)]
pub struct CoinbaseExchange;

/// The schemas that others refer to, by their names.
static DEFINITIONS: handfast::Definitions = handfast::Definitions::new(
    r##"{
"ChannelChoice": {"anyOf":[{"$ref":"#/$defs/ChannelName"},{"$ref":"#/$defs/ProductChannel"}]},
"ChannelName": {"type":"string","open":true,"enum":["heartbeat","status","auctionfeed","rfq_matches","ticker","ticker_batch","level2","level2_batch","level2_50","user","matches","full","balance"]},
"ProductChannel": {"type":"object","required":["name"],"properties":{"name":{"$ref":"#/$defs/ChannelName"},"product_ids":{"type":"array","items":{"$ref":"#/$defs/ProductId"}},"account_ids":{"type":"array","items":{"type":"string"}}}},
"ProductId": {"type":"string","pattern":"^[A-Z0-9]{1,10}-[A-Z0-9]{1,10}$"}
}"##,
);
