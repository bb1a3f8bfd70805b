//! The templates of generated TypeScript. Every `doc` is empty or a whole comment with its line break.

use askama::Template;

/// A file.
#[derive(Debug, Template)]
#[template(path = "typescript/api.ts.txt", escape = "none")]
pub struct Api<'a> {
    /// The lines of the header, without the slashes.
    pub header: &'a [String],
    /// The statements that import other modules.
    pub imports: &'a [String],
    /// The sections.
    pub sections: &'a [Section],
}

/// A section of a file.
#[derive(Debug)]
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// The dashes after the title.
    pub rule: String,
    /// An explanation for readers; empty if there is none.
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
    /// ` extends` and the names of others; empty if it extends none.
    pub extends: String,
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
    /// Its type, with what separates it from the colon.
    pub ty: String,
}

/// `export type`
#[derive(Debug, Template)]
#[template(path = "typescript/alias.ts.txt", escape = "none")]
pub struct Alias<'a> {
    /// Its documentation.
    pub doc: String,
    /// Whether others may name it.
    pub exported: bool,
    /// Its name.
    pub name: &'a str,
    /// The aliased type, with what separates it from the equals sign.
    pub ty: String,
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
    /// Its type; empty if that is inferred.
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

/// A function.
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

/// How messages of the server are decoded.
#[derive(Debug, Template)]
#[template(path = "typescript/decoding.ts.txt", escape = "none")]
pub struct Decoding<'a> {
    /// The name of the table of messages.
    pub table: &'a str,
    /// The envelope.
    pub envelope: &'a str,
    /// The maximum depth of nested arrays and objects.
    pub depth: u32,
    /// The descriptors.
    pub messages: Vec<String>,
    /// The functions that say how short their payloads can be, as members of an object.
    pub lengths: Vec<String>,
}

/// How a server decodes messages of the client.
#[derive(Debug, Template)]
#[template(path = "typescript/decoding-client-messages.ts.txt", escape = "none")]
pub struct DecodingClientMessages<'a> {
    /// The envelope.
    pub envelope: &'a str,
    /// The maximum depth of nested arrays and objects.
    pub depth: u32,
    /// The descriptors.
    pub messages: Vec<String>,
}

/// How an application connects.
#[derive(Debug, Template)]
#[template(path = "typescript/connecting.ts.txt", escape = "none")]
pub struct Connecting<'a> {
    /// The class of the client.
    pub class: &'a str,
    /// The parameter `options`, with its type.
    pub options: &'a str,
    /// The type of the auth payload, in angle brackets.
    pub auth: &'a str,
    /// The argument for what answers the requests of the server, with the comma before it.
    pub answering: &'a str,
}

/// Renders a template, with one line break at its end. A template without logic cannot fail.
pub fn lay_out(template: &impl Template) -> String {
    let mut text = template.render().unwrap_or_default();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
