//! What a file of TypeScript is laid out from. Every `doc` is empty or a whole comment with its line break.

use askama::Template;

/// A whole file.
#[derive(Debug, Template)]
#[template(path = "typescript/api.ts.txt", escape = "none")]
pub struct Api<'a> {
    /// The lines of the header, without the slashes.
    pub header: &'a [String],
    /// The statements that import other modules.
    pub imports: &'a [String],
    /// The parts.
    pub sections: &'a [Section],
}

/// A part of a file.
#[derive(Debug)]
pub struct Section {
    /// What it holds.
    pub title: &'static str,
    /// The dashes behind the title.
    pub rule: String,
    /// What a reader should know of it; empty where there is nothing.
    pub note: &'static str,
    /// The items, each with a line break at its end.
    pub items: Vec<String>,
}

/// `export interface`
#[derive(Debug, Template)]
#[template(path = "typescript/interface.ts.txt", escape = "none")]
pub struct Interface<'a> {
    /// Its documentation.
    pub doc: String,
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// Its properties.
    pub fields: Vec<Field>,
}

/// A property of an interface.
#[derive(Debug)]
pub struct Field {
    /// Its documentation, indented.
    pub doc: String,
    /// Its name as code: an identifier, a string or an index signature.
    pub name: String,
    /// Whether it may be absent.
    pub optional: bool,
    /// Its type.
    pub ty: String,
}

/// `export type`, on one line.
#[derive(Debug, Template)]
#[template(path = "typescript/alias.ts.txt", escape = "none")]
pub struct Alias<'a> {
    /// Its documentation.
    pub doc: String,
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// What it stands for.
    pub ty: String,
}

/// `export type` of several, one on a line.
#[derive(Debug, Template)]
#[template(path = "typescript/union.ts.txt", escape = "none")]
pub struct Union<'a> {
    /// Its documentation.
    pub doc: String,
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// One of which it is.
    pub members: Vec<String>,
}

/// `const`, on one line.
#[derive(Debug, Template)]
#[template(path = "typescript/constant.ts.txt", escape = "none")]
pub struct Constant<'a> {
    /// Its documentation.
    pub doc: String,
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// Its type; empty where it is told by the value.
    pub ty: &'a str,
    /// Its value.
    pub value: String,
}

/// `const` of an object, one member on a line.
#[derive(Debug, Template)]
#[template(path = "typescript/descriptor.ts.txt", escape = "none")]
pub struct Descriptor<'a> {
    /// Its documentation.
    pub doc: String,
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub ty: String,
    /// Its members.
    pub members: Vec<String>,
}

/// A function that checks.
#[derive(Debug, Template)]
#[template(path = "typescript/function.ts.txt", escape = "none")]
pub struct Function<'a> {
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// Its parameters.
    pub parameters: String,
    /// What it returns.
    pub returns: &'a str,
    /// Its statements.
    pub body: Vec<String>,
}

/// How what the server sends is decoded.
#[derive(Debug, Template)]
#[template(path = "typescript/decoding.ts.txt", escape = "none")]
pub struct Decoding<'a> {
    /// The name of the table of messages.
    pub table: &'a str,
    /// The envelope.
    pub envelope: &'a str,
    /// How deep a message may nest.
    pub depth: u32,
    /// The descriptors.
    pub messages: Vec<String>,
}

/// How what the client sends is decoded by a server.
#[derive(Debug, Template)]
#[template(path = "typescript/decoding-client-messages.ts.txt", escape = "none")]
pub struct DecodingClientMessages<'a> {
    /// The envelope.
    pub envelope: &'a str,
    /// How deep a message may nest.
    pub depth: u32,
    /// The descriptors.
    pub messages: Vec<String>,
}

/// How an application connects.
#[derive(Debug, Template)]
#[template(path = "typescript/connecting.ts.txt", escape = "none")]
pub struct Connecting<'a> {
    /// The type of the proof, in angle brackets.
    pub auth: &'a str,
}

/// Lays a part out, with one line break at its end. A template without logic has nothing that could fail.
pub fn lay_out(template: &impl Template) -> String {
    let mut text = template.render().unwrap_or_default();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
