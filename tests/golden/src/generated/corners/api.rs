//! Words that could end what they stand in: */ `${x}` "# {{ y }} \ ' " -->
//!
//! #\[doc = "no attribute"] //! no inner doc
//!
//! Code by indentation:
//!
//!   let it = not be run;
//!
//! Neither a link \[Nobody] nor \[`Nobody`], no tag Vec\<T>, and an address
//! <https://example.com/a?b=[c]>.
//!
//! Made by Handfast from `protocol.yaml`, the protocol `corners`.
//! Do not edit: change that file, then run `cargo run -p codegen`.

use handfast::{Bytes, Nullable, StringInteger, ValidatedJson, protocol};
use std::collections::BTreeMap;

/// `Plain`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Plain(pub String);

/// `Short`
///
/// At most 8 characters.
#[protocol(max_length = 8, deserialize)]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Short(String);

/// `Wide`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Wide(pub StringInteger<i64>);

/// `Wider`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Wider {
    pub n: StringInteger<u64>,
    pub m: Option<Vec<Wide>>,
}

/// A tree, which contains itself.
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub value: i64,
    pub children: Vec<Tree>,
    pub parent: Option<Box<Tree>>,
}

/// `Sizes`
///
/// Item 1: matches `^"#[a-z]{2}$`.
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes(pub f64, #[protocol(pattern = "^\"#[a-z]{2}$")] pub String);

/// `Anything`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Anything(pub BTreeMap<String, ValidatedJson>);

/// `Counts`
///
/// At most 5 entries. Each value: at least 0.
#[protocol(max_properties = 5, values(minimum = 0), deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Counts(BTreeMap<String, i64>);

/// `Either`
///
/// Kept as checked JSON: no single property tells its alternatives apart.
#[protocol(
    schema = "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}",
    deserialize
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Either(pub ValidatedJson);

/// `Maybe`
#[protocol(null_apart, deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Maybe(pub Nullable<Tree>);

/// `Merged`
#[protocol(
    schema = "{\"type\":\"object\",\"allOf\":[{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":\"string\"}}},{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"boolean\"}}}]}",
    deserialize
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub a: String,
    pub b: Option<bool>,
}

/// `Closed`
#[protocol(closed, deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    pub x: Option<f64>,
}

/// `Open`
#[protocol(open, deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    pub x: Option<f64>,
}

/// Values that are no names.
#[protocol(untyped, deserialize)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// ``
    #[protocol(name = "")]
    Empty,
    /// ` `
    #[protocol(name = " ")]
    U0020,
    /// `*/`
    #[protocol(name = "*/")]
    U002aU002f,
    /// `${x}`
    #[protocol(name = "${x}")]
    X,
    /// `'`
    #[protocol(name = "`")]
    U0060,
    /// `"`
    #[protocol(name = "\"")]
    U0022,
    /// `\`
    #[protocol(name = "\\")]
    U005c,
    /// `{{`
    #[protocol(name = "{{")]
    U007bU007b,
    /// `line
    /// break`
    #[protocol(name = "line\nbreak")]
    LineBreak,
    /// `
    /// `
    #[protocol(name = "\u{2028}")]
    U2028,
    /// `self`
    #[protocol(name = "self")]
    Self_,
    /// `Self`
    #[protocol(name = "Self")]
    Self2,
    /// `1`
    #[protocol(name = "1")]
    N1,
    /// `+`
    #[protocol(name = "+")]
    U002b,
    /// `other`
    #[protocol(name = "other")]
    Other2,
    /// `Other`
    #[protocol(name = "Other")]
    Other3,
    /// `é`
    #[protocol(name = "é")]
    É,
    /// `\u{202e}`
    #[protocol(name = "\u{202e}")]
    U202e,
    /// A value that was not known when this was generated.
    #[protocol(other)]
    Other(String),
}

/// `Circle`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Circle {
    pub kind: CircleKind,
    /// Greater than 0.
    #[protocol(exclusive_minimum = 0)]
    pub radius: f64,
}

/// `Square`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    /// A multiple of 0.5.
    #[protocol(multiple_of = 0.5)]
    pub side: f64,
}

/// One of two, each of which is used alone as well.
#[protocol(tag = "kind", deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// `circle`
    #[protocol(name = "circle", tagged)]
    Circle(Circle),
    /// `square`
    #[protocol(name = "square")]
    Square(Square),
}

/// `CircleKind`
#[protocol(untyped, constant, deserialize)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CircleKind {
    /// `circle`
    #[protocol(name = "circle")]
    Circle,
}

/// `FullErrorData`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct FullErrorData {
    pub limit: i64,
    pub why: Option<String>,
}

/// Why `match` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum MatchError {
    /// `_1`
    #[error(-1)]
    N1,
    /// Full: "*/" and `${x}`.
    #[error(2, message = "Full: \"*/\" and `${x}`.")]
    Full(FullErrorData),
}

/// Why `only.errors` is refused.
#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum OnlyErrorsError {
    /// Full: "*/" and `${x}`.
    #[error(2, message = "Full: \"*/\" and `${x}`.")]
    Full(FullErrorData),
}

/// A keyword as a name.
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    pub r#type: String,
    #[protocol(name = "self")]
    pub self_: String,
    pub r#match: bool,
    #[protocol(name = "1st")]
    pub n1st: (),
    #[protocol(name = "")]
    pub empty: String,
    #[protocol(name = "-")]
    pub u002d: String,
    #[protocol(name = "+")]
    pub u002b: f64,
}

/// `Fn`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Fn {
    pub a: Option<i64>,
}

/// `ImplClient`
///
/// Each item: at most 3 items. Each item: at most 2 characters.
#[protocol(items(max_items = 3, items(max_length = 2)), deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct ImplClient(Vec<Vec<String>>);

/// `ImplServer`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct ImplServer(pub Nullable<String>);

/// `N12d`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct N12d(pub Counts);

/// `BracesJoin`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct BracesJoin {
    pub r#type: Short,
    pub r#fn: String,
    pub more: i64,
}

/// `BracesJoined`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct BracesJoined(pub Tree);

/// `FlowItem`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowItem(pub String);

/// One of each.
///
/// A lone carriage return, a tab    and
/// a separator.
///
/// - a list
///   that goes on
///
/// ```text
/// fn code() {}
/// ```
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct AllShapes {
    pub tree: Tree,
    pub tuple: Sizes,
    pub any: Anything,
    pub counts: Counts,
    pub either: Either,
    pub maybe: Option<Maybe>,
    pub merged: Merged,
    pub closed: Closed,
    pub open: Open,
    pub word: Word,
    pub figure: Figure,
    pub plain: Option<Plain>,
    pub circle: Option<Circle>,
    /// At most 400 characters of base64.
    #[protocol(max_length = 400)]
    pub bytes: Bytes,
    /// In the format `date-time`.
    #[protocol(format = "date-time")]
    pub when: Option<String>,
    /// At least -3.
    #[protocol(minimum = -3)]
    pub nullable: Nullable<i64>,
    #[protocol(name = "nullableObject")]
    pub nullable_object: Nullable<BTreeMap<String, ValidatedJson>>,
    /// Kept as checked JSON: not all of its values are strings.
    #[protocol(schema = "{\"const\":true}")]
    pub r#true: Option<ValidatedJson>,
    /// No two items are equal. At least 2 items fit the schema of `contains`. Each item: at
    /// most 9 characters.
    #[protocol(
        unique_items,
        items(max_length = 9),
        contains(schema = "{\"pattern\":\"`\\\"\"}", min = 2)
    )]
    pub some: Option<Vec<String>>,
    /// At least 1 entry. Each name: matches ``^[`\n*/]+$``. Each value: at least 1,000.
    #[protocol(
        min_properties = 1,
        values(minimum = 1000),
        names(pattern = "^[`\n*/]+$")
    )]
    pub names: Option<BTreeMap<String, i64>>,
    pub beside: Option<AllShapesBeside>,
    /// Kept as checked JSON: not all of its values are strings.
    #[protocol(schema = "{\"enum\":[1,2.5]}")]
    pub number: Option<ValidatedJson>,
    /// Kept as checked JSON: any value is allowed.
    pub anything: Option<ValidatedJson>,
    pub inline: Option<AllShapesInline>,
}

/// `AllShapesBeside`
///
/// Where there is `b`, there is `` `" ``. Where there is `c`, there are `b` and `` `" ``.
#[protocol(
    dependent_required(beside("b", "`\""), beside("c", "b", "`\"")),
    deserialize
)]
#[derive(Clone, Debug, PartialEq)]
pub struct AllShapesBeside {
    #[protocol(name = "`\"")]
    pub u0060_u0022: Option<String>,
    pub b: Option<String>,
    pub c: Option<String>,
}

/// `AllShapesInline`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct AllShapesInline {
    pub deep: Option<AllShapesInlineDeep>,
}

/// `AllShapesInlineDeep`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct AllShapesInlineDeep {
    pub deeper: Option<Vec<AllShapesInlineDeepDeeperItem>>,
}

/// `AllShapesInlineDeepDeeperItem`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct AllShapesInlineDeepDeeperItem {
    pub end: Option<bool>,
}

/// `AllDefaults`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct AllDefaults {
    /// Where it is absent, `"a \"quoted\"\n'${x}' */
    ///  \\"` is meant.
    #[protocol(default = "a \"quoted\"\n`${x}` */ \u{2028} \\")]
    pub text: Option<String>,
    /// Where it is absent, `-5` is meant.
    #[protocol(default = -5)]
    pub count: Option<i64>,
    /// Where it is absent, `1e+300` is meant.
    #[protocol(default = 1e300)]
    pub share: Option<f64>,
    /// Where it is absent, `2` is meant.
    #[protocol(default = 2.0)]
    pub whole: Option<f64>,
    /// Where it is absent, `true` is meant.
    #[protocol(default = true)]
    pub flag: Option<bool>,
    /// Where it is absent, `[1,2]` is meant.
    pub list: Option<Vec<i64>>,
    /// Where it is absent, `null` is meant.
    pub none: Option<Nullable<String>>,
    /// Where it is absent, `"self"` is meant.
    pub word: Option<Word>,
    /// Where it is absent, `"abc"` is meant.
    pub named: Option<Short>,
    /// Where it is absent, `1` is meant.
    #[protocol(default = 1)]
    pub validate: Option<i64>,
    /// Ends in a backslash \
    ///
    /// Deprecated.
    pub old: Option<String>,
    /// Matches ``^[`"'\\/*#${}]+$``.
    #[protocol(pattern = "^[`\"'\\\\/*#${}]+$")]
    pub pattern: Option<String>,
    #[protocol(name = "snakeCase")]
    pub renamed: Option<String>,
    pub naïve: Option<String>,
    #[protocol(name = "x²")]
    pub xu00b2: Option<String>,
    #[protocol(name = "a/b~c")]
    pub a_b_c: Option<String>,
}

/// `BigOne`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct BigOne {
    pub a: String,
    pub b: String,
    pub c: String,
    pub d: String,
    pub e: String,
    pub f: String,
    pub g: String,
    pub h: String,
    pub i: String,
}

/// `UserNote`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct UserNote(pub Figure);

/// `BracesFn`
#[protocol(untyped, deserialize)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BracesFn {
    /// `x`
    #[protocol(name = "x")]
    X,
    /// `y`
    #[protocol(name = "y")]
    Y,
}

/// `match`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Match {}

/// `async`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct Async {}

/// `only.errors`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct OnlyErrors {}

/// `flow.start`
#[protocol(deserialize)]
#[derive(Clone, Debug, PartialEq)]
pub struct FlowStart {}

/// Everything the client sends.
#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// A keyword as a name.
    #[message("type")]
    Type(Type),
    /// `match`
    #[message("match", bare, reply = Async, errors = MatchError, timeout_ms = 1)]
    Match(Match),
    /// `fn`
    #[message("fn")]
    Fn(Fn),
    /// `impl`
    #[message("impl")]
    Impl(ImplClient),
    /// `n1.2d`
    #[message("n1.2d")]
    N12d(N12d),
    /// `only.errors`
    #[message("only.errors", bare, errors = OnlyErrorsError)]
    OnlyErrors(OnlyErrors),
    /// `braces.join`
    #[message("braces.join", reply = BracesJoined, join = Braces)]
    BracesJoin(BracesJoin),
    /// `flow.start`
    #[message("flow.start", bare, stream(item = FlowItem))]
    FlowStart(FlowStart),
    /// `all.defaults`
    #[message("all.defaults")]
    AllDefaults(Box<AllDefaults>),
    /// `big.one`
    ///
    /// Deprecated: use "nothing" instead */.
    #[message("big.one", deprecated = "use \"nothing\" instead */")]
    BigOne(Box<BigOne>),
}

/// Everything the server sends.
#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    /// `async`
    #[message("async", bare)]
    Async(Async),
    /// `fn`
    #[message("fn")]
    Fn(Fn),
    /// `impl`
    #[message("impl")]
    Impl(ImplServer),
    /// `braces.joined`
    #[message("braces.joined")]
    BracesJoined(BracesJoined),
    /// `flow.item`
    #[message("flow.item")]
    FlowItem(FlowItem),
    /// One of each.
    ///
    /// A lone carriage return, a tab    and
    /// a separator.
    ///
    /// - a list
    ///   that goes on
    ///
    /// ```text
    /// fn code() {}
    /// ```
    #[message("all.shapes", channel = Everyone)]
    AllShapes(Box<AllShapes>),
    /// `user.note`
    #[message("user.note", channel = User, volatile)]
    UserNote(UserNote),
}

/// The channel `everyone`.
#[protocol(channel = "all")]
#[derive(Clone, Debug, PartialEq)]
pub struct Everyone {}

/// The channel `braces`.
#[protocol(channel = "a:{type}:{fn}", join = BracesJoin, join_more)]
#[derive(Clone, Debug, PartialEq)]
pub struct Braces {
    pub r#type: Short,
    pub r#fn: BracesFn,
}

/// The channel `user`.
#[protocol(channel = "user:{id}")]
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: String,
}

/// Words that could end what they stand in: */ `${x}` "# {{ y }} \ ' " -->
///
/// #\[doc = "no attribute"] //! no inner doc
///
/// Code by indentation:
///
///   let it = not be run;
///
/// Neither a link \[Nobody] nor \[`Nobody`], no tag Vec\<T>, and an address
/// <https://example.com/a?b=[c]>.
#[protocol(
    name = "corners",
    version = "0.1.0",
    accepts = "^0",
    hash = "d02d6d7db9a82e4d8f03ff3609d65512",
    client = ClientMessage,
    server = ServerMessage,
    channels(Everyone, Braces, User),
    authorize_joins,
    session(
        heartbeat_ms = 25000,
        timeout_ms = 10000,
        resume_ms = 120000,
        backoff_ms(500, 30000)
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
    encodings(json = "corners.v0+json")
)]
#[derive(Clone, Copy, Debug)]
pub struct Corners;
