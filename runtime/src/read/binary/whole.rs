//! Whole values of any kind: skipping and reading.

use super::{BinaryReader, Head, Num, Stop, head};
use base64::{Engine, engine::general_purpose::STANDARD};

impl BinaryReader<'_> {
    pub(in crate::read) fn skip(&mut self) -> Result<(), Stop> {
        self.peek()?;
        match self.head()? {
            Head::Null | Head::Boolean(_) | Head::Number(_) => Ok(()),
            Head::Text(length) => self.text(length).map(|_| ()),
            Head::Bytes(length) => self.octets(length).map(|_| ()),
            Head::Array(mut left) => {
                self.descend()?;
                while self.more(&mut left) {
                    self.skip()?;
                }
                Ok(())
            }
            Head::Map(mut left) => {
                self.descend()?;
                while self.more(&mut left) {
                    self.search(&[])?;
                    self.skip()?;
                }
                Ok(())
            }
            Head::Break => Err(self.syntax(head::STRAY_BREAK)),
        }
    }

    pub(in crate::read) fn value(&mut self) -> Result<serde_json::Value, Stop> {
        self.peek()?;
        Ok(match self.head()? {
            Head::Null => serde_json::Value::Null,
            Head::Boolean(value) => value.into(),
            Head::Number(Num::Int(n)) => n.into(),
            Head::Number(n @ Num::Float(x)) => {
                self.inexact |= n.is_inexact();
                x.into()
            }
            Head::Text(length) => match self.text(length)? {
                Some(text) => text.into(),
                None => self.scratch.as_str().into(),
            },
            Head::Bytes(length) => STANDARD.encode(self.octets(length)?).into(),
            Head::Array(mut left) => {
                self.descend()?;
                let mut array = Vec::new();
                while self.more(&mut left) {
                    array.push(self.value()?);
                }
                array.into()
            }
            Head::Map(mut left) => {
                self.descend()?;
                let mut object = serde_json::Map::new();
                while self.more(&mut left) {
                    self.search(&[])?;
                    let name = self.last_name().into_owned();
                    object.insert(name, self.value()?);
                }
                object.into()
            }
            Head::Break => return Err(self.syntax(head::STRAY_BREAK)),
        })
    }
}
