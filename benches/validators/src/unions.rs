//! Unions without a tag beside the tagged one of the same shapes: distinguished by kind, by members that are there, and by a schema.
//!
//! ```text
//! cd benches/validators && cargo run --release --bin unions
//! ```

mod clock;

use clock::{Contender, bar, medians};
use handfast::{Definitions, Payload, Side, from_str, protocol};
use std::{hint::black_box, process::ExitCode};

/// What a union without a tag may cost, of what the tagged one costs.
const UNTAGGED_BAR: f64 = 1.5;

/// What a union of three branches that overlap may cost, of what the tagged one costs: a read for each branch, and one more.
const OVERLAPPING_BAR: f64 = 4.0;

static DEFINITIONS: Definitions = Definitions::new(
    r##"{
"Circle": { "type": "object", "properties": { "radius": { "type": "number", "minimum": 0 }, "x": { "type": "number" }, "y": { "type": "number" }, "color": { "type": "string", "maxLength": 20 } }, "required": ["radius", "x", "y"] },
"Square": { "type": "object", "properties": { "side": { "type": "number", "minimum": 0 }, "x": { "type": "number" }, "y": { "type": "number" }, "color": { "type": "string", "maxLength": 20 } }, "required": ["side", "x", "y"] },
"Label": { "type": "object", "properties": { "text": { "type": "string" }, "x": { "type": "number" }, "y": { "type": "number" }, "color": { "type": "string", "maxLength": 20 } }, "required": ["text", "x", "y"] },
"Shape": { "anyOf": [{ "$ref": "#/$defs/Circle" }, { "$ref": "#/$defs/Square" }, { "$ref": "#/$defs/Label" }] },
"OneShape": { "oneOf": [{ "$ref": "#/$defs/Circle" }, { "$ref": "#/$defs/Square" }, { "$ref": "#/$defs/Label" }] },
"Kind": { "anyOf": [{ "$ref": "#/$defs/Circle" }, { "type": "string" }, { "type": "array", "items": { "type": "number" } }] }
}"##,
);

macro_rules! shape {
    ($name:ident, $field:ident: $ty:ty) => {
        #[protocol]
        #[derive(Clone, Debug)]
        pub struct $name {
            pub $field: $ty,
            pub x: f64,
            pub y: f64,
            #[protocol(max_length = 20)]
            pub color: Option<String>,
        }
    };
}

shape!(Circle, radius: f64);
shape!(Square, side: f64);
shape!(Label, text: String);

/// Distinguished by a tag.
#[protocol(tag = "kind")]
#[derive(Clone, Debug)]
pub enum Tagged {
    #[protocol(name = "circle")]
    Circle(Circle),
    #[protocol(name = "square")]
    Square(Square),
    #[protocol(name = "label")]
    Label(Label),
}

/// Distinguished by the kind of the value.
#[protocol(untagged, schema = DEFINITIONS["Kind"])]
#[derive(Clone, Debug)]
pub enum ByKind {
    #[protocol(kinds(object))]
    Circle(Circle),
    #[protocol(kinds(string))]
    Text(String),
    #[protocol(kinds(array))]
    List(Vec<f64>),
}

/// Distinguished by the members that are there.
#[protocol(untagged, schema = DEFINITIONS["Shape"])]
#[derive(Clone, Debug)]
pub enum ByMembers {
    #[protocol(kinds(object), has("radius"))]
    Circle(Circle),
    #[protocol(kinds(object), has("side"))]
    Square(Square),
    #[protocol(kinds(object), has("text"))]
    Label(Label),
}

/// An enum of the branches of a schema, which overlap.
macro_rules! overlapping {
    ($name:ident, $schema:literal, $($attribute:tt)*) => {
        #[protocol(untagged, schema = DEFINITIONS[$schema], $($attribute)*)]
        #[derive(Clone, Debug)]
        pub enum $name {
            #[protocol(kinds(object), branch = DEFINITIONS["Circle"])]
            Circle(Circle),
            #[protocol(kinds(object), branch = DEFINITIONS["Square"])]
            Square(Square),
            #[protocol(kinds(object), branch = DEFINITIONS["Label"])]
            Label(Label),
        }
    };
}

overlapping!(AnyOf, "Shape", any_of);
overlapping!(OneOf, "OneShape", one_of);
// Its schema judges every value.
overlapping!(Checked, "Shape", checked);

fn shapes(tagged: bool, circles: bool) -> String {
    let all = (0..60).map(|i| {
        let (kind, first) = match i % 3 {
            1 if !circles => ("square", format!("\"side\":{}.5", i % 7)),
            2 if !circles => ("label", format!("\"text\":\"label {i}\"")),
            _ => ("circle", format!("\"radius\":{}.25", i % 9)),
        };
        let tag = if tagged {
            format!("\"kind\":\"{kind}\",")
        } else {
            String::new()
        };
        format!("{{{tag}{first},\"x\":{i}.125,\"y\":-{i}.75,\"color\":\"green\"}}")
    });
    format!("[{}]", all.collect::<Vec<_>>().join(","))
}

fn read<T: Payload>(text: &str) -> usize {
    from_str::<Vec<T>>(black_box(text), Side::Server).map_or(0, |all| all.len())
}

fn main() -> ExitCode {
    let (tagged, tagged_circles) = (shapes(true, false), shapes(true, true));
    let (plain, circles) = (shapes(false, false), shapes(false, true));
    let all: [(&str, fn(&str) -> usize, &str, usize, f64); 7] = [
        ("tagged", read::<Tagged>, &tagged, 0, 1.0),
        ("tagged, circles", read::<Tagged>, &tagged_circles, 1, 1.0),
        (
            "by kind, circles",
            read::<ByKind>,
            &circles,
            1,
            UNTAGGED_BAR,
        ),
        ("by members", read::<ByMembers>, &plain, 0, UNTAGGED_BAR),
        ("any_of", read::<AnyOf>, &plain, 0, OVERLAPPING_BAR),
        ("one_of", read::<OneOf>, &plain, 0, OVERLAPPING_BAR),
        ("checked", read::<Checked>, &plain, 0, f64::INFINITY),
    ];
    let contenders: Vec<Contender<'_>> = all
        .iter()
        .map(|(name, read, text, ..)| {
            assert_eq!(read(text), 60, "{name} is read");
            Box::new(|| {
                black_box(read(text));
            }) as _
        })
        .collect();
    let times = medians(&contenders);
    let mut kept = true;
    for ((name, .., beside, most), time) in all.iter().zip(&times) {
        println!("{name:<44} {:>5.0} ns a shape", time / 60.0);
        kept &= bar(name, time / times[*beside], *most);
    }
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
