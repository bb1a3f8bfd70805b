//! The text of a type: on one line where there is room, and otherwise over several.

use super::{
    text,
    type_tree::{Index, Kinds, Member, Object, Place, Ty},
};

/// How closely the operator of a type binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Union,
    Intersection,
    Operator,
    Atom,
}

impl Ty {
    const fn level(&self) -> Level {
        match self {
            Self::Union(_) => Level::Union,
            Self::Both(_) => Level::Intersection,
            Self::List(_) | Self::Tuple(_) => Level::Operator,
            _ => Level::Atom,
        }
    }

    /// The type on one line.
    pub(super) fn one_line(&self) -> String {
        self.written(&Layout::OneLine, Level::Union)
    }

    /// The type as it is laid out in a line that is indented by so many spaces, and has `before` characters ahead of it: with
    /// a space in front, or in lines of its own.
    pub(super) fn laid_out(&self, indent: usize, before: usize) -> String {
        let text = self.within(indent, before + 1, Level::Union);
        let space = if text.starts_with('\n') { "" } else { " " };
        format!("{space}{text}")
    }

    fn within(&self, indent: usize, before: usize, level: Level) -> String {
        let has_docs = self.has_docs();
        if !has_docs {
            let line = self.written(&Layout::OneLine, level);
            // What cannot be broken stays on its line.
            let fits = indent + before + line.chars().count() < text::WIDTH;
            if fits || !self.is_breakable() {
                return line;
            }
        }
        self.written(&Layout::Broken(indent), level)
    }

    /// Whether a member has documentation, for which it needs a line of its own.
    fn has_docs(&self) -> bool {
        match self {
            Self::List(item) => item.has_docs(),
            Self::Tuple(places) => places.iter().any(|place| place.ty().has_docs()),
            Self::Object(object) => {
                let says = |member: &Member| {
                    !member.words.is_empty() || !member.tags.is_empty() || member.ty.has_docs()
                };
                object.members.iter().any(says)
                    || object.indexes.iter().any(|index| index.ty.has_docs())
            }
            Self::Union(all) | Self::Both(all) => all.iter().any(Self::has_docs),
            _ => false,
        }
    }

    fn is_breakable(&self) -> bool {
        match self {
            Self::List(item) => item.is_breakable(),
            Self::Tuple(_) | Self::Object(_) | Self::Union(_) => true,
            Self::Both(parts) => parts.iter().any(Self::is_breakable),
            _ => false,
        }
    }

    /// The type as an operand at a level.
    fn written(&self, layout: &Layout, level: Level) -> String {
        let text = match self {
            Self::Unknown(_) => "unknown".to_owned(),
            Self::Never => "never".to_owned(),
            Self::Scalar(Kinds::STRING) => "string".to_owned(),
            Self::Scalar(Kinds::NUMBER) => "number".to_owned(),
            Self::Scalar(Kinds::BOOLEAN) => "boolean".to_owned(),
            Self::Scalar(_) => "null".to_owned(),
            Self::Literal(text, _) | Self::Atom(text, _) => text.clone(),
            Self::Name(name) => name.text.clone(),
            Self::List(item) => {
                format!("readonly {}[]", item.written(layout, Level::Atom))
            }
            Self::Tuple(places) => {
                let places: Vec<String> = places.iter().map(|place| layout.place(place)).collect();
                format!("readonly [{}]", layout.list(&places))
            }
            Self::Object(object) => layout.object(object),
            Self::Union(members) => return layout.union(members, level),
            Self::Both(parts) => {
                let part = |part: &Self| match layout {
                    Layout::OneLine => part.written(layout, Level::Operator),
                    Layout::Broken(indent) => part.within(*indent, "} & ;".len(), Level::Operator),
                };
                let parts: Vec<String> = parts.iter().map(part).collect();
                parts.join(" & ")
            }
        };
        if self.level() < level {
            format!("({text})")
        } else {
            text
        }
    }
}

enum Layout {
    OneLine,
    /// Over several lines, the last of which has this indentation.
    Broken(usize),
}

impl Layout {
    fn place(&self, place: &Place) -> String {
        let written = |ty: &Ty, level| match self {
            Self::OneLine => ty.written(self, level),
            Self::Broken(indent) => ty.within(indent + 2, 8, level),
        };
        match place {
            Place::Required(ty) => written(ty, Level::Union),
            Place::Optional(ty) => format!("{}?", written(ty, Level::Atom)),
            Place::Rest(ty) => format!("...{}[]", written(ty, Level::Atom)),
        }
    }

    fn list(&self, items: &[String]) -> String {
        match self {
            Self::OneLine => items.join(", "),
            Self::Broken(indent) => {
                let inner = " ".repeat(indent + 2);
                let items: String = items
                    .iter()
                    .map(|item| format!("{inner}{item},\n"))
                    .collect();
                format!("\n{items}{}", " ".repeat(*indent))
            }
        }
    }

    fn object(&self, object: &Object) -> String {
        match self {
            Self::OneLine => {
                let members = object
                    .members
                    .iter()
                    .map(|member| format!("readonly {}: {}", head(member), member.ty.one_line()));
                let indexes = object
                    .indexes
                    .iter()
                    .map(|index| format!("readonly {}: {}", index.name(), index.ty.one_line()));
                let all: Vec<String> = members.chain(indexes).collect();
                format!("{{ {} }}", all.join("; "))
            }
            Self::Broken(indent) => {
                let inner = " ".repeat(indent + 2);
                let mut out = "{\n".to_owned();
                for member in &object.members {
                    out.push_str(&text::doc(&inner, &member.words, &member.tags));
                    let head = head(member);
                    let before = "readonly :;".len() + head.chars().count();
                    let ty = member.ty.laid_out(indent + 2, before);
                    out.push_str(&format!("{inner}readonly {head}:{ty};\n"));
                }
                for index in &object.indexes {
                    let ty = index
                        .ty
                        .laid_out(indent + 2, "readonly [key: string]:;".len());
                    out.push_str(&format!("{inner}readonly {}:{ty};\n", index.name()));
                }
                out.push_str(&" ".repeat(*indent));
                out.push('}');
                out
            }
        }
    }

    fn union(&self, members: &[Ty], level: Level) -> String {
        match self {
            Self::OneLine => {
                let members: Vec<String> = members
                    .iter()
                    .map(|member| member.written(self, Level::Intersection))
                    .collect();
                match Level::Union < level {
                    true => format!("({})", members.join(" | ")),
                    false => members.join(" | "),
                }
            }
            Self::Broken(indent) => {
                let inner = " ".repeat(indent + 2);
                let lines: Vec<String> = members
                    .iter()
                    .map(|member| {
                        let text = member.within(indent + 4, 1, Level::Intersection);
                        format!("\n{inner}| {text}")
                    })
                    .collect();
                match Level::Union < level {
                    true => format!("({}\n{})", lines.concat(), " ".repeat(*indent)),
                    false => lines.concat(),
                }
            }
        }
    }
}

impl Index {
    /// Its name in an object or an interface.
    pub(super) fn name(&self) -> String {
        format!("[key: {}]", self.key)
    }
}

fn head(member: &Member) -> String {
    let optional = if member.optional { "?" } else { "" };
    format!("{}{optional}", member.name)
}
