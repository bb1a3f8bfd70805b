use handfast::{Definitions, protocol};

static DEFINITIONS: Definitions = Definitions::new("{}");

#[protocol(untagged, tag = "kind")]
enum Both {
    #[protocol(kinds(string))]
    Text(String),
}

#[protocol(untagged)]
enum Mistaken {
    #[protocol(kinds(text))]
    Kind(String),
    #[protocol(kinds(string), has("a"))]
    Guard(String),
    Nothing,
    #[protocol(value = "x")]
    Content(String),
    #[protocol(value = [1])]
    Array,
    #[protocol(kinds(string), value = "y")]
    Twice,
    #[protocol(value("kind"))]
    Value(Box<Mistaken>),
    First(i64),
    Second(i64),
}

#[protocol(untagged, schema = DEFINITIONS["Any"])]
enum Unchecked {
    #[protocol(kinds(string), branch = DEFINITIONS["Any/anyOf/0"])]
    One(String),
    #[protocol(kinds(string), branch = other())]
    Other(String),
}

fn main() {}
