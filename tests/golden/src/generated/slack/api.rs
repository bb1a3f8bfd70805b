//! What happens in a workspace, and messages to it.
//!
//! Made by Handfast from `protocol.yaml`, the protocol `slack-rtm`.
//! Do not edit: change that file, then run `cargo run -p codegen`.

use handfast::{Nullable, ValidatedJson, protocol};
use std::collections::BTreeMap;

/// A time in a channel, and the name of what was said then. Text, for a double would lose
/// its end.
///
/// Matches `^[0-9]+\.[0-9]{6}$`.
#[protocol(pattern = "^[0-9]+\\.[0-9]{6}$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ts(String);

/// A user.
///
/// Matches `^[UW][A-Z0-9]+$`.
#[protocol(pattern = "^[UW][A-Z0-9]+$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

/// A channel, a group or a direct message.
///
/// Matches `^[CGD][A-Z0-9]+$`.
#[protocol(pattern = "^[CGD][A-Z0-9]+$")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(String);

/// Seconds since 1970.
///
/// At least 0.
#[protocol(minimum = 0)]
#[derive(Clone, Debug, PartialEq)]
pub struct UnixTime(i64);

/// Why it was not done.
#[protocol]
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: i64,
    pub msg: String,
}

/// Who changed it, and when.
#[protocol]
#[derive(Clone, Debug)]
pub struct Edit {
    pub user: UserId,
    pub ts: Ts,
}

/// An emoji and those who chose it.
#[protocol]
#[derive(Clone, Debug)]
pub struct Reaction {
    pub name: String,
    /// At least 0.
    #[protocol(minimum = 0)]
    pub count: i64,
    pub users: Vec<UserId>,
}

/// A message inside another, as it is now.
#[protocol]
#[derive(Clone, Debug)]
pub struct Said {
    pub r#type: SaidType,
    pub subtype: Option<String>,
    pub user: Option<UserId>,
    pub text: Option<String>,
    pub ts: Ts,
    pub thread_ts: Option<Ts>,
    /// At least 0.
    #[protocol(minimum = 0)]
    pub reply_count: Option<i64>,
    pub edited: Option<Edit>,
    pub is_starred: Option<bool>,
    pub pinned_to: Option<Vec<ChannelId>>,
    pub reactions: Option<Vec<Reaction>>,
}

/// A file that was sent.
#[protocol]
#[derive(Clone, Debug)]
pub struct File {
    /// Matches `^F[A-Z0-9]+$`.
    #[protocol(pattern = "^F[A-Z0-9]+$")]
    pub id: String,
    pub created: Option<UnixTime>,
    pub name: Option<Nullable<String>>,
    pub title: Option<String>,
    pub mimetype: Option<String>,
    /// At least 0.
    #[protocol(minimum = 0)]
    pub size: Option<i64>,
    pub user: Option<UserId>,
}

/// What a reaction, a star or a pin is on.
#[protocol(tag = "type")]
#[derive(Clone, Debug)]
pub enum Item {
    /// MessageItem
    #[protocol(name = "message")]
    MessageItem(Box<ItemMessageItem>),
    /// FileItem
    #[protocol(name = "file")]
    FileItem(ItemFileItem),
    /// CommentItem
    #[protocol(name = "file_comment")]
    CommentItem(ItemCommentItem),
}

/// A channel, as much of it as an event tells.
#[protocol]
#[derive(Clone, Debug)]
pub struct Channel {
    pub id: ChannelId,
    pub name: Option<String>,
    pub created: Option<UnixTime>,
    pub creator: Option<UserId>,
    pub is_channel: Option<bool>,
    pub is_archived: Option<bool>,
    pub is_member: Option<bool>,
    pub members: Option<Vec<UserId>>,
}

/// What a user tells of themselves.
#[protocol]
#[derive(Clone, Debug)]
pub struct Profile {
    pub real_name: Option<String>,
    pub display_name: Option<String>,
    pub status_text: Option<String>,
    pub status_emoji: Option<String>,
    /// In the format `email`.
    #[protocol(format = "email")]
    pub email: Option<String>,
}

/// A member of the workspace.
#[protocol]
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub team_id: Option<String>,
    pub name: String,
    pub deleted: Option<bool>,
    pub is_bot: Option<bool>,
    pub tz: Option<Nullable<String>>,
    pub profile: Option<Profile>,
}

/// An integration.
#[protocol]
#[derive(Clone, Debug)]
pub struct Bot {
    pub id: String,
    pub app_id: Option<String>,
    pub name: String,
    pub icons: Option<BTreeMap<String, String>>,
}

/// When a user wants to be left alone.
#[protocol]
#[derive(Clone, Debug)]
pub struct DndStatus {
    pub dnd_enabled: bool,
    pub next_dnd_start_ts: Option<UnixTime>,
    pub next_dnd_end_ts: Option<UnixTime>,
    pub snooze_enabled: Option<bool>,
    pub snooze_endtime: Option<UnixTime>,
}

/// Whether a user is there.
#[protocol]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// `active`
    #[protocol(name = "active")]
    Active,
    /// `away`
    #[protocol(name = "away")]
    Away,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// Something in a channel, told apart by its subtype, where it has one.
///
/// Kept as checked JSON: no single property tells its alternatives apart.
#[protocol(schema = DEFINITIONS["Happened"])]
#[derive(Clone, Debug)]
pub struct Happened(pub ValidatedJson);

/// `SaidType`
#[protocol(untyped, constant)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaidType {
    /// `message`
    #[protocol(name = "message")]
    Message,
}

/// MessageItem
#[protocol]
#[derive(Clone, Debug)]
pub struct ItemMessageItem {
    pub channel: ChannelId,
    pub ts: Option<Ts>,
    pub message: Option<Said>,
}

/// FileItem
#[protocol]
#[derive(Clone, Debug)]
pub struct ItemFileItem {
    /// Kept as checked JSON: no single property tells its alternatives apart.
    #[protocol(schema = DEFINITIONS["ItemFileItem.file"])]
    pub file: ValidatedJson,
}

/// CommentItem
#[protocol]
#[derive(Clone, Debug)]
pub struct ItemCommentItem {
    /// Kept as checked JSON: no single property tells its alternatives apart.
    #[protocol(schema = DEFINITIONS["ItemCommentItem.file"])]
    pub file: ValidatedJson,
    pub file_comment: Option<String>,
}

/// Why `send` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum SendError {
    /// The message has no text.
    #[error(2, message = "The message has no text.")]
    NoText,
    /// The message is too long.
    #[error(3, message = "The message is too long.")]
    TooLong,
    /// There is no such channel.
    #[error(4, message = "There is no such channel.")]
    NoChannel,
}

/// Why `typing` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum TypingError {
    /// There is no such channel.
    #[error(4, message = "There is no such channel.")]
    NoChannel,
}

/// Say something.
#[protocol]
#[derive(Clone, Debug)]
pub struct Send {
    pub channel: ChannelId,
    pub text: String,
    pub thread_ts: Option<Ts>,
    pub reply_broadcast: Option<bool>,
}

/// Something happened in a channel.
#[protocol]
#[derive(Clone, Debug)]
pub struct Message(pub Happened);

/// It was said, and at this time.
#[protocol]
#[derive(Clone, Debug)]
pub struct Posted {
    pub ts: Ts,
    pub text: String,
}

/// It was not done.
#[protocol]
#[derive(Clone, Debug)]
pub struct Failed {
    pub error: Failure,
}

/// I am writing. It is answered only where it fails.
#[protocol]
#[derive(Clone, Debug)]
pub struct Typing {
    pub channel: ChannelId,
}

/// Tell me of these users, and of no others.
#[protocol]
#[derive(Clone, Debug)]
pub struct PresenceSub {
    pub ids: Vec<UserId>,
}

/// Tell me of these users once.
#[protocol]
#[derive(Clone, Debug)]
pub struct PresenceQuery {
    /// At most 500 items.
    #[protocol(max_items = 500)]
    pub ids: Vec<UserId>,
}

/// Are you there. What else it has comes back.
#[protocol(values(schema = "{\"type\":[\"null\",\"boolean\",\"number\",\"string\"]}"))]
#[derive(Clone, Debug)]
pub struct Ping(BTreeMap<String, ValidatedJson>);

/// I am.
#[protocol(values(schema = "{\"type\":[\"null\",\"boolean\",\"number\",\"string\"]}"))]
#[derive(Clone, Debug)]
pub struct Pong(BTreeMap<String, ValidatedJson>);

/// The connection did not come about.
#[protocol]
#[derive(Clone, Debug)]
pub struct Error {
    pub error: Failure,
}

/// Where to go next time.
#[protocol]
#[derive(Clone, Debug)]
pub struct ReconnectUrl {
    /// In the format `uri`.
    #[protocol(format = "uri")]
    pub url: Option<String>,
}

/// Somebody is writing.
#[protocol]
#[derive(Clone, Debug)]
pub struct UserTyping {
    pub channel: ChannelId,
    pub user: UserId,
}

/// Somebody came or went; several at once where they were asked for so.
#[protocol]
#[derive(Clone, Debug)]
pub struct PresenceChange {
    pub user: Option<UserId>,
    pub users: Option<Vec<UserId>>,
    pub presence: Presence,
}

/// I came or went.
#[protocol]
#[derive(Clone, Debug)]
pub struct ManualPresenceChange {
    pub presence: Presence,
}

/// I want to be left alone.
#[protocol]
#[derive(Clone, Debug)]
pub struct DndUpdated {
    pub user: UserId,
    pub dnd_status: DndStatus,
}

/// Somebody wants to be left alone.
#[protocol]
#[derive(Clone, Debug)]
pub struct DndUpdatedUser {
    pub user: UserId,
    pub dnd_status: DndStatus,
}

/// A setting of mine changed.
#[protocol]
#[derive(Clone, Debug)]
pub struct PrefChange {
    pub name: String,
    /// Kept as checked JSON: any value is allowed.
    pub value: ValidatedJson,
}

/// There is a new channel.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelCreated {
    pub channel: Channel,
    pub event_ts: Option<Ts>,
}

/// I am in a channel.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelJoined {
    pub channel: Channel,
}

/// I left a channel.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelLeft {
    pub channel: ChannelId,
}

/// A channel has another name.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelRename {
    pub channel: Channel,
    pub event_ts: Option<Ts>,
}

/// A channel was put away.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelArchive {
    pub channel: ChannelId,
    pub user: UserId,
}

/// A channel was taken out again.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelUnarchive {
    pub channel: ChannelId,
    pub user: UserId,
}

/// A channel is no more.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelDeleted {
    pub channel: ChannelId,
}

/// I have read so far.
#[protocol]
#[derive(Clone, Debug)]
pub struct ChannelMarked {
    pub channel: ChannelId,
    pub ts: Ts,
}

/// Somebody can write to me alone.
#[protocol]
#[derive(Clone, Debug)]
pub struct ImCreated {
    pub user: UserId,
    pub channel: Channel,
}

/// A direct message was opened.
#[protocol]
#[derive(Clone, Debug)]
pub struct ImOpen {
    pub user: UserId,
    pub channel: ChannelId,
}

/// Somebody came into a channel.
#[protocol]
#[derive(Clone, Debug)]
pub struct MemberJoinedChannel {
    pub user: UserId,
    pub channel: ChannelId,
    pub channel_type: Option<String>,
    pub team: Option<String>,
    pub inviter: Option<UserId>,
    pub event_ts: Option<Ts>,
}

/// Somebody left a channel.
#[protocol]
#[derive(Clone, Debug)]
pub struct MemberLeftChannel {
    pub user: UserId,
    pub channel: ChannelId,
    pub channel_type: Option<String>,
    pub team: Option<String>,
}

/// Somebody chose an emoji.
#[protocol]
#[derive(Clone, Debug)]
pub struct ReactionAdded {
    pub user: UserId,
    pub reaction: String,
    pub item_user: Option<UserId>,
    pub item: Item,
    pub event_ts: Ts,
}

/// Somebody took an emoji back.
#[protocol]
#[derive(Clone, Debug)]
pub struct ReactionRemoved {
    pub user: UserId,
    pub reaction: String,
    pub item_user: Option<UserId>,
    pub item: Item,
    pub event_ts: Ts,
}

/// Something was pinned.
#[protocol]
#[derive(Clone, Debug)]
pub struct PinAdded {
    pub user: UserId,
    pub channel_id: ChannelId,
    pub item: Item,
    pub event_ts: Ts,
}

/// Something is pinned no more.
#[protocol]
#[derive(Clone, Debug)]
pub struct PinRemoved {
    pub user: UserId,
    pub channel_id: ChannelId,
    pub item: Item,
    pub has_pins: Option<bool>,
    pub event_ts: Ts,
}

/// I put a star on something.
#[protocol]
#[derive(Clone, Debug)]
pub struct StarAdded {
    pub user: UserId,
    pub item: Item,
    pub event_ts: Ts,
}

/// A file was sent.
#[protocol]
#[derive(Clone, Debug)]
pub struct FileShared {
    pub file_id: Option<String>,
    pub file: Option<File>,
    pub user_id: Option<UserId>,
    pub channel_id: Option<ChannelId>,
    pub event_ts: Option<Ts>,
}

/// A file is no more.
#[protocol]
#[derive(Clone, Debug)]
pub struct FileDeleted {
    pub file_id: String,
    pub event_ts: Option<Ts>,
}

/// There is a new member.
#[protocol]
#[derive(Clone, Debug)]
pub struct TeamJoin {
    pub user: User,
}

/// A member changed.
#[protocol]
#[derive(Clone, Debug)]
pub struct UserChange {
    pub user: User,
}

/// The workspace has another name.
#[protocol]
#[derive(Clone, Debug)]
pub struct TeamRename {
    pub name: String,
}

/// There is a new integration.
#[protocol]
#[derive(Clone, Debug)]
pub struct BotAdded {
    pub bot: Bot,
}

/// The emojis of the workspace changed.
#[protocol]
#[derive(Clone, Debug)]
pub struct EmojiChanged {
    pub subtype: Option<EmojiChangedSubtype>,
    pub name: Option<String>,
    pub names: Option<Vec<String>>,
    pub value: Option<String>,
    pub event_ts: Ts,
}

/// `EmojiChangedSubtype`
#[protocol]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EmojiChangedSubtype {
    /// `add`
    #[protocol(name = "add")]
    Add,
    /// `remove`
    #[protocol(name = "remove")]
    Remove,
    /// `rename`
    #[protocol(name = "rename")]
    Rename,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// The stream begins.
#[protocol]
#[derive(Clone, Debug)]
pub struct Hello {}

/// The server ends the connection soon.
#[protocol]
#[derive(Clone, Debug)]
pub struct Goodbye {}

/// Come back in a moment.
#[protocol]
#[derive(Clone, Debug)]
pub struct TeamMigrationStarted {}

/// Everything the client sends.
#[protocol(
    client,
    envelope(
        content = none,
        id(name = "id", integer, required),
        reply_to(name = "reply_to", integer),
        version = none,
        channel = none,
        seq = none,
        epoch = none,
        timestamp = none,
        outcome(field = "ok", success = "true", failure = "false")
    )
)]
#[derive(Clone, Debug)]
pub enum ClientMessage {
    /// Say something.
    #[message("message", name = "send", reply = Posted, errors = SendError)]
    Send(Send),
    /// I am writing. It is answered only where it fails.
    #[message("typing", errors = TypingError)]
    Typing(Typing),
    /// Tell me of these users, and of no others.
    #[message("presence_sub")]
    PresenceSub(PresenceSub),
    /// Tell me of these users once.
    #[message("presence_query")]
    PresenceQuery(PresenceQuery),
    /// Are you there. What else it has comes back.
    #[message("ping")]
    Ping(Ping),
}

/// Everything the server sends.
#[protocol(
    server,
    envelope(
        content = none,
        id = none,
        reply_to(name = "reply_to", integer),
        version = none,
        channel = none,
        seq = none,
        epoch = none,
        timestamp = none,
        outcome(field = "ok", success = "true", failure = "false")
    )
)]
#[derive(Clone, Debug)]
pub enum ServerMessage {
    /// Something happened in a channel.
    #[message("message")]
    Message(Message),
    /// It was said, and at this time.
    #[message(name = "posted")]
    Posted(Posted),
    /// It was not done.
    #[message(name = "failed")]
    Failed(Failed),
    /// I am.
    #[message("pong")]
    Pong(Pong),
    /// The stream begins.
    #[message("hello", bare)]
    Hello(Hello),
    /// The server ends the connection soon.
    #[message("goodbye", bare)]
    Goodbye(Goodbye),
    /// The connection did not come about.
    #[message("error")]
    Error(Error),
    /// Where to go next time.
    #[message("reconnect_url")]
    ReconnectUrl(ReconnectUrl),
    /// Come back in a moment.
    #[message("team_migration_started", bare)]
    TeamMigrationStarted(TeamMigrationStarted),
    /// Somebody is writing.
    #[message("user_typing")]
    UserTyping(UserTyping),
    /// Somebody came or went; several at once where they were asked for so.
    #[message("presence_change")]
    PresenceChange(PresenceChange),
    /// I came or went.
    #[message("manual_presence_change")]
    ManualPresenceChange(ManualPresenceChange),
    /// I want to be left alone.
    #[message("dnd_updated")]
    DndUpdated(DndUpdated),
    /// Somebody wants to be left alone.
    #[message("dnd_updated_user")]
    DndUpdatedUser(DndUpdatedUser),
    /// A setting of mine changed.
    #[message("pref_change")]
    PrefChange(PrefChange),
    /// There is a new channel.
    #[message("channel_created")]
    ChannelCreated(Box<ChannelCreated>),
    /// I am in a channel.
    #[message("channel_joined")]
    ChannelJoined(ChannelJoined),
    /// I left a channel.
    #[message("channel_left")]
    ChannelLeft(ChannelLeft),
    /// A channel has another name.
    #[message("channel_rename")]
    ChannelRename(Box<ChannelRename>),
    /// A channel was put away.
    #[message("channel_archive")]
    ChannelArchive(ChannelArchive),
    /// A channel was taken out again.
    #[message("channel_unarchive")]
    ChannelUnarchive(ChannelUnarchive),
    /// A channel is no more.
    #[message("channel_deleted")]
    ChannelDeleted(ChannelDeleted),
    /// I have read so far.
    #[message("channel_marked")]
    ChannelMarked(ChannelMarked),
    /// Somebody can write to me alone.
    #[message("im_created")]
    ImCreated(Box<ImCreated>),
    /// A direct message was opened.
    #[message("im_open")]
    ImOpen(ImOpen),
    /// Somebody came into a channel.
    #[message("member_joined_channel")]
    MemberJoinedChannel(MemberJoinedChannel),
    /// Somebody left a channel.
    #[message("member_left_channel")]
    MemberLeftChannel(MemberLeftChannel),
    /// Somebody chose an emoji.
    #[message("reaction_added")]
    ReactionAdded(ReactionAdded),
    /// Somebody took an emoji back.
    #[message("reaction_removed")]
    ReactionRemoved(ReactionRemoved),
    /// Something was pinned.
    #[message("pin_added")]
    PinAdded(PinAdded),
    /// Something is pinned no more.
    #[message("pin_removed")]
    PinRemoved(PinRemoved),
    /// I put a star on something.
    #[message("star_added")]
    StarAdded(StarAdded),
    /// A file was sent.
    #[message("file_shared")]
    FileShared(Box<FileShared>),
    /// A file is no more.
    #[message("file_deleted")]
    FileDeleted(FileDeleted),
    /// There is a new member.
    #[message("team_join")]
    TeamJoin(Box<TeamJoin>),
    /// A member changed.
    #[message("user_change")]
    UserChange(Box<UserChange>),
    /// The workspace has another name.
    #[message("team_rename")]
    TeamRename(TeamRename),
    /// There is a new integration.
    #[message("bot_added")]
    BotAdded(BotAdded),
    /// The emojis of the workspace changed.
    #[message("emoji_changed")]
    EmojiChanged(EmojiChanged),
}

/// What happens in a workspace, and messages to it.
#[protocol(
    name = "slack-rtm",
    version = "1.0.0",
    accepts = "^1",
    hash = "75d26081fb3d335d0c4ce7276977da29",
    client = ClientMessage,
    server = ServerMessage,
    session(heartbeat_ms = 10000, timeout_ms = 10000, backoff_ms(500, 30000)),
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
        message = 16384,
        depth = 64,
        rate(60, 60000),
        violations = 5,
        outbound = 1048576,
        inbound = 262144,
        channels = 256,
        streams = 256
    ),
    encodings(json = "slack-rtm.v1+json")
)]
#[derive(Clone, Copy, Debug)]
pub struct SlackRtm;

/// The schemas that others refer to, by their names.
static DEFINITIONS: handfast::Definitions = handfast::Definitions::new(
    r##"{
"ChannelId": {"type":"string","pattern":"^[CGD][A-Z0-9]+$"},
"Edit": {"type":"object","required":["user","ts"],"properties":{"user":{"$ref":"#/$defs/UserId"},"ts":{"$ref":"#/$defs/Ts"}}},
"File": {"type":"object","required":["id"],"properties":{"id":{"type":"string","pattern":"^F[A-Z0-9]+$"},"created":{"$ref":"#/$defs/UnixTime"},"name":{"type":["null","string"]},"title":{"type":"string"},"mimetype":{"type":"string"},"size":{"type":"integer","minimum":0},"user":{"$ref":"#/$defs/UserId"}}},
"Happened": {"anyOf":[{"type":"object","required":["subtype","ts","text","bot_id"],"properties":{"subtype":{"const":"bot_message"},"channel":{"$ref":"#/$defs/ChannelId"},"ts":{"$ref":"#/$defs/Ts"},"text":{"type":"string"},"bot_id":{"type":"string"},"username":{"type":"string"},"icons":{"type":"object"}}},{"type":"object","required":["subtype","channel","ts","message"],"properties":{"subtype":{"const":"message_changed"},"hidden":{"type":"boolean"},"channel":{"$ref":"#/$defs/ChannelId"},"ts":{"$ref":"#/$defs/Ts"},"message":{"$ref":"#/$defs/Said"},"previous_message":{"$ref":"#/$defs/Said"}}},{"type":"object","required":["subtype","channel","ts","deleted_ts"],"properties":{"subtype":{"const":"message_deleted"},"hidden":{"type":"boolean"},"channel":{"$ref":"#/$defs/ChannelId"},"ts":{"$ref":"#/$defs/Ts"},"deleted_ts":{"$ref":"#/$defs/Ts"}}},{"type":"object","required":["subtype","ts","user","topic"],"properties":{"subtype":{"const":"channel_topic"},"channel":{"$ref":"#/$defs/ChannelId"},"ts":{"$ref":"#/$defs/Ts"},"user":{"$ref":"#/$defs/UserId"},"topic":{"type":"string"},"text":{"type":"string"}}},{"type":"object","required":["user","text","ts"],"properties":{"subtype":{"type":"string","enum":["me_message","channel_join","channel_leave","channel_purpose","channel_name","thread_broadcast","file_share"]},"channel":{"$ref":"#/$defs/ChannelId"},"user":{"$ref":"#/$defs/UserId"},"text":{"type":"string"},"ts":{"$ref":"#/$defs/Ts"},"thread_ts":{"$ref":"#/$defs/Ts"},"team":{"type":"string"},"edited":{"$ref":"#/$defs/Edit"},"inviter":{"$ref":"#/$defs/UserId"},"files":{"type":"array","items":{"$ref":"#/$defs/File"}}}}]},
"ItemCommentItem.file": {"anyOf":[{"type":"string"},{"$ref":"#/$defs/File"}]},
"ItemFileItem.file": {"anyOf":[{"type":"string"},{"$ref":"#/$defs/File"}]},
"Reaction": {"type":"object","required":["name","count","users"],"properties":{"name":{"type":"string"},"count":{"type":"integer","minimum":0},"users":{"type":"array","items":{"$ref":"#/$defs/UserId"}}}},
"Said": {"type":"object","required":["type","ts"],"properties":{"type":{"const":"message"},"subtype":{"type":"string"},"user":{"$ref":"#/$defs/UserId"},"text":{"type":"string"},"ts":{"$ref":"#/$defs/Ts"},"thread_ts":{"$ref":"#/$defs/Ts"},"reply_count":{"type":"integer","minimum":0},"edited":{"$ref":"#/$defs/Edit"},"is_starred":{"type":"boolean"},"pinned_to":{"type":"array","items":{"$ref":"#/$defs/ChannelId"}},"reactions":{"type":"array","items":{"$ref":"#/$defs/Reaction"}}}},
"Ts": {"type":"string","pattern":"^[0-9]+\\.[0-9]{6}$"},
"UnixTime": {"type":"integer","minimum":0},
"UserId": {"type":"string","pattern":"^[UW][A-Z0-9]+$"}
}"##,
);
