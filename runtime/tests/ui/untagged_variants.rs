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

#[protocol(untagged, any_of, one_of, schema = DEFINITIONS["Any"])]
enum Either {
    #[protocol(kinds(string), branch = DEFINITIONS["Any/anyOf/0"])]
    One(String),
    #[protocol(kinds(object), has("a"), branch = DEFINITIONS["Any/anyOf/1"])]
    Guarded(Box<Either>),
    #[protocol(kinds(integer))]
    Unnamed(i64),
}

#[protocol(untagged, one_of)]
enum Alone {
    #[protocol(kinds(string), branch = DEFINITIONS["Any/anyOf/0"])]
    One(String),
}

#[protocol(untagged, any_of, checked, schema = DEFINITIONS["Any"])]
enum Judged {
    #[protocol(kinds(string), branch = DEFINITIONS["Any/anyOf/0"])]
    One(String),
}

fn main() {}
