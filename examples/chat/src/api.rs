//! Chat rooms, typing and live prices.
//!
//! Made by Handfast from `protocol.yaml`, the protocol `chat`.
//! Do not edit: change that file, then run `cargo run -p codegen`.

use handfast::{ByteString, Nullable, protocol};

/// The name of a room, as it stands in an address.
///
/// Matches `^[a-z0-9-]{1,64}$`.
#[protocol(pattern = "^[a-z0-9-]{1,64}$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(String);

/// What a user is called.
///
/// 1 to 40 characters.
#[protocol(min_length = 1, max_length = 40)]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(String);

/// Somebody in a room.
#[protocol]
#[derive(Clone, Debug)]
pub struct Member {
    pub name: UserName,
    pub status: Status,
}

/// Whether somebody is looking.
#[protocol]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `online`
    #[protocol(name = "online")]
    Online,
    /// `away`
    #[protocol(name = "away")]
    Away,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// What is traded.
///
/// Matches `^[A-Z]{2,6}-[A-Z]{2,6}$`.
#[protocol(pattern = "^[A-Z]{2,6}-[A-Z]{2,6}$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(String);

/// A decimal number as text, so that no digit is lost on the way.
///
/// Matches `^-?[0-9]{1,18}(\.[0-9]{1,12})?$`.
#[protocol(pattern = "^-?[0-9]{1,18}(\\.[0-9]{1,12})?$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decimal(String);

/// A price in the book, and how much is offered at it.
#[protocol]
#[derive(Clone, Debug)]
pub struct Level(pub Decimal, pub Decimal);

/// What hangs on a message.
#[protocol(tag = "kind")]
#[derive(Clone, Debug)]
pub enum Attachment {
    /// Image
    #[protocol(name = "image")]
    Image(AttachmentImage),
    /// Snippet
    #[protocol(name = "snippet")]
    Snippet(AttachmentSnippet),
}

/// Image
#[protocol]
#[derive(Clone, Debug)]
pub struct AttachmentImage {
    /// At most 2,000 characters.
    #[protocol(max_length = 2000)]
    pub url: String,
    /// 1 to 20,000.
    #[protocol(minimum = 1, maximum = 20000)]
    pub width: i64,
    /// 1 to 20,000.
    #[protocol(minimum = 1, maximum = 20000)]
    pub height: i64,
    /// At most 500 characters.
    #[protocol(max_length = 500)]
    pub alt: Option<String>,
}

/// Snippet
#[protocol]
#[derive(Clone, Debug)]
pub struct AttachmentSnippet {
    /// At most 10,000 characters.
    #[protocol(max_length = 10000)]
    pub text: String,
    /// At most 40 characters.
    #[protocol(max_length = 40)]
    pub language: Option<Nullable<String>>,
}

/// `RoomFullErrorData`
#[protocol]
#[derive(Clone, Debug)]
pub struct RoomFullErrorData {
    /// How many fit.
    ///
    /// At least 1.
    #[protocol(minimum = 1)]
    pub limit: i64,
}

/// Why `auth` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum AuthError {
    /// The token is not one of ours, or it has expired.
    #[error(
        "BAD_TOKEN",
        message = "The token is not one of ours, or it has expired."
    )]
    BadToken,
}

/// Why `room.join` is refused.
#[protocol(errors)]
#[derive(Clone, Debug)]
pub enum RoomJoinError {
    /// The room has no place left.
    #[error("ROOM_FULL", message = "The room has no place left.", retryable)]
    RoomFull(RoomFullErrorData),
}

/// Why `room.leave` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum RoomLeaveError {
    /// Join the room first.
    #[error("NOT_IN_ROOM", message = "Join the room first.")]
    NotInRoom,
}

/// Why `chat.send` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum ChatSendError {
    /// Join the room first.
    #[error("NOT_IN_ROOM", message = "Join the room first.")]
    NotInRoom,
}

/// Why `prices.watch` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum PricesWatchError {
    /// Nothing of that name is traded here.
    #[error("UNKNOWN_SYMBOL", message = "Nothing of that name is traded here.")]
    UnknownSymbol,
}

/// Why `prices.book` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum PricesBookError {
    /// Nothing of that name is traded here.
    #[error("UNKNOWN_SYMBOL", message = "Nothing of that name is traded here.")]
    UnknownSymbol,
}

/// Why `prices.quote` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum PricesQuoteError {
    /// Nothing of that name is traded here.
    #[error("UNKNOWN_SYMBOL", message = "Nothing of that name is traded here.")]
    UnknownSymbol,
}

/// Says who the user is. It travels inside the hello.
#[protocol]
#[derive(Clone, Debug)]
pub struct Auth {
    pub name: UserName,
    /// Proof, where the server asks for one.
    ///
    /// At most 4,096 characters.
    #[protocol(max_length = 4096)]
    pub token: Option<String>,
}

/// Enter a room, and hear what is said in it.
#[protocol]
#[derive(Clone, Debug)]
pub struct RoomJoin {
    #[protocol(name = "roomId")]
    pub room_id: RoomId,
}

/// Who is in the room, and what was said last.
#[protocol]
#[derive(Clone, Debug)]
pub struct RoomJoined {
    /// At most 1,000 items.
    #[protocol(max_items = 1000)]
    pub members: Vec<Member>,
    /// What the room is about; null where nobody said.
    pub topic: Nullable<String>,
}

/// Leave a room.
#[protocol]
#[derive(Clone, Debug)]
pub struct RoomLeave {
    #[protocol(name = "roomId")]
    pub room_id: RoomId,
}

/// Say something in a room.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChatSend {
    #[protocol(name = "roomId")]
    pub room_id: RoomId,
    /// 1 to 2,000 characters.
    #[protocol(min_length = 1, max_length = 2000)]
    pub text: ByteString,
    /// At most 4 items.
    #[protocol(max_items = 4)]
    pub attachments: Option<Vec<Attachment>>,
}

/// Somebody said something.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChatMessage {
    pub from: UserName,
    pub text: ByteString,
    pub attachments: Option<Vec<Attachment>>,
}

/// Somebody is typing. As the client sends it.
#[protocol]
#[derive(Clone, Debug)]
pub struct UserTypingClient {
    #[protocol(name = "roomId")]
    pub room_id: RoomId,
}

/// Somebody is typing. As the server sends it.
#[protocol]
#[derive(Clone, Debug)]
pub struct UserTypingServer {
    pub name: UserName,
}

/// Somebody came, went, or looked away.
#[protocol]
#[derive(Clone, Debug)]
pub struct UserPresence {
    pub member: Member,
    pub present: bool,
}

/// Follow the price of some symbols until `prices.stop`.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesWatch {
    /// 1 to 50 items. No two items are equal.
    #[protocol(min_items = 1, max_items = 50, unique_items)]
    pub symbols: Vec<Symbol>,
    /// How many milliseconds lie between two ticks, at the least.
    ///
    /// 50 to 60,000.
    ///
    /// Where it is absent, `1000` is meant.
    #[protocol(minimum = 50, maximum = 60000, default = 1000)]
    pub every: Option<i64>,
}

/// The price of a symbol moved.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesTick {
    pub symbol: Symbol,
    pub price: Decimal,
    /// Which side took the trade.
    pub side: PricesTickSide,
    /// Since yesterday; 0.01 is one per cent.
    ///
    /// Greater than -1.
    #[protocol(exclusive_minimum = -1)]
    pub change: Option<f64>,
}

/// Which side took the trade.
#[protocol(untyped)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PricesTickSide {
    /// `buy`
    #[protocol(name = "buy")]
    Buy,
    /// `sell`
    #[protocol(name = "sell")]
    Sell,
}

/// No more ticks come.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesDone {
    /// How many came.
    ///
    /// At least 0.
    #[protocol(minimum = 0)]
    pub ticks: i64,
}

/// What is offered and wanted right now.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesBook {
    pub symbol: Symbol,
    /// 1 to 100.
    #[protocol(minimum = 1, maximum = 100)]
    pub depth: Option<i64>,
}

/// The order book.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesSnapshot {
    pub symbol: Symbol,
    /// At most 100 items.
    #[protocol(max_items = 100)]
    pub bids: Vec<Level>,
    /// At most 100 items.
    #[protocol(max_items = 100)]
    pub asks: Vec<Level>,
}

/// The last price of one symbol.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesQuote {
    pub symbol: Symbol,
}

/// The last price.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesQuoted {
    pub price: Decimal,
}

/// You are out.
#[protocol]
#[derive(Clone, Debug)]
pub struct RoomLeft {}

/// It was said.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChatSent {}

/// The ticks begin.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesWatching {}

/// Stop following.
#[protocol]
#[derive(Clone, Debug)]
pub struct PricesStop {}

/// Everything the client sends.
#[protocol(client)]
#[derive(Clone, Debug)]
pub enum ClientMessage {
    /// Enter a room, and hear what is said in it.
    #[message(
        "room.join",
        reply = RoomJoined,
        errors = RoomJoinError,
        join = Room,
        timeout_ms = 5000,
        idempotent
    )]
    RoomJoin(RoomJoin),
    /// Leave a room.
    #[message(
        "room.leave",
        reply = RoomLeft,
        errors = RoomLeaveError,
        leave = Room,
        timeout_ms = 5000,
        idempotent
    )]
    RoomLeave(RoomLeave),
    /// Say something in a room.
    #[message(
        "chat.send",
        reply = ChatSent,
        errors = ChatSendError,
        timeout_ms = 5000
    )]
    ChatSend(ChatSend),
    /// Somebody is typing.
    #[message("user.typing", volatile)]
    UserTyping(UserTypingClient),
    /// Follow the price of some symbols until `prices.stop`.
    #[message(
        "prices.watch",
        stream(
            ack = PricesWatching,
            item = PricesTick,
            end = PricesDone,
            cancel = PricesStop
        ),
        errors = PricesWatchError,
        timeout_ms = 5000
    )]
    PricesWatch(PricesWatch),
    /// Stop following.
    #[message("prices.stop", bare, cancels)]
    PricesStop(PricesStop),
    /// What is offered and wanted right now.
    ///
    /// Since 1.1.0.
    #[message(
        "prices.book",
        reply = PricesSnapshot,
        errors = PricesBookError,
        timeout_ms = 5000,
        idempotent
    )]
    PricesBook(PricesBook),
    /// The last price of one symbol.
    ///
    /// Deprecated: use prices.book, which has it on top.
    #[message(
        "prices.quote",
        reply = PricesQuoted,
        errors = PricesQuoteError,
        deprecated = "use prices.book, which has it on top"
    )]
    PricesQuote(PricesQuote),
}

/// Everything the server sends.
#[protocol(server)]
#[derive(Clone, Debug)]
pub enum ServerMessage {
    /// Who is in the room, and what was said last.
    #[message("room.joined")]
    RoomJoined(RoomJoined),
    /// You are out.
    #[message("room.left", bare)]
    RoomLeft(RoomLeft),
    /// It was said.
    #[message("chat.sent", bare)]
    ChatSent(ChatSent),
    /// Somebody said something.
    #[message("chat.message", channel = Room)]
    ChatMessage(ChatMessage),
    /// Somebody is typing.
    #[message("user.typing", channel = Room, volatile)]
    UserTyping(UserTypingServer),
    /// Somebody came, went, or looked away.
    #[message("user.presence", channel = Room)]
    UserPresence(UserPresence),
    /// The ticks begin.
    #[message("prices.watching", bare)]
    PricesWatching(PricesWatching),
    /// The price of a symbol moved.
    #[message("prices.tick")]
    PricesTick(PricesTick),
    /// No more ticks come.
    #[message("prices.done")]
    PricesDone(PricesDone),
    /// The order book.
    #[message("prices.snapshot")]
    PricesSnapshot(PricesSnapshot),
    /// The last price.
    ///
    /// Deprecated.
    #[message("prices.quoted")]
    PricesQuoted(PricesQuoted),
}

/// A chat room.
#[protocol(
    channel = "room:{roomId}",
    join = RoomJoin,
    leave = RoomLeave,
    history(size = 500, ttl_ms = 600000)
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    #[protocol(name = "roomId")]
    pub room_id: RoomId,
}

/// Chat rooms, typing and live prices.
#[protocol(
    name = "chat",
    version = "1.2.0",
    accepts = ">=1.0",
    hash = "f3db6df2e15998fded0a26f019e750d3",
    client = ClientMessage,
    server = ServerMessage,
    channels(Room),
    auth = Auth,
    auth_errors = AuthError,
    session(
        heartbeat_ms = 25000,
        timeout_ms = 10000,
        resume_ms = 120000,
        backoff_ms(500, 30000),
        attempts = 1000
    ),
    limits(
        message = 65536,
        depth = 64,
        rate(100, 60000),
        violations = 5,
        outbound = 1048576,
        inbound = 262144,
        channels = 64,
        streams = 16,
        handler_timeout_ms = 20000
    ),
    encodings(json = "chat.v1+json")
)]
#[derive(Clone, Copy, Debug)]
pub struct Chat;
