//! Whole values of any kind: skipping and reading.

use super::JsonReader;
use crate::read::{Kind, Next, Num, Stop};

impl JsonReader<'_> {
    pub(in crate::read) fn skip(&mut self) -> Result<(), Stop> {
        match self.peek()? {
            Kind::Null => self.null(),
            Kind::Boolean => self.boolean().map(|_| ()),
            Kind::Number => self.number().map(|_| ()),
            Kind::String => self.text().map(|_| ()),
            Kind::Array => {
                self.enter_array()?;
                let mut first = true;
                while self.next_item(&mut first)? {
                    self.skip()?;
                }
                Ok(())
            }
            Kind::Object => {
                self.enter_object()?;
                let mut first = true;
                loop {
                    match self.next_key(&mut first, &[], 0) {
                        Next::End => return Ok(()),
                        Next::Stop => return Err(Stop),
                        Next::Unknown | Next::Field(_) => self.skip()?,
                    }
                }
            }
        }
    }

    pub(in crate::read) fn value(&mut self) -> Result<serde_json::Value, Stop> {
        Ok(match self.peek()? {
            Kind::Null => {
                self.null()?;
                serde_json::Value::Null
            }
            Kind::Boolean => self.boolean()?.into(),
            Kind::Number => match self.number()? {
                Num::Int(n) => n.into(),
                Num::Float(x) => x.into(),
            },
            Kind::String => self.string()?.to_owned().into(),
            Kind::Array => {
                let mut array = Vec::new();
                self.enter_array()?;
                let mut first = true;
                while self.next_item(&mut first)? {
                    array.push(self.value()?);
                }
                array.into()
            }
            Kind::Object => {
                let mut object = serde_json::Map::new();
                self.enter_object()?;
                let mut first = true;
                loop {
                    match self.next_key(&mut first, &[], 0) {
                        Next::End => break,
                        Next::Stop => return Err(Stop),
                        Next::Unknown | Next::Field(_) => {
                            let name = self.last_name().into_owned();
                            object.insert(name, self.value()?);
                        }
                    }
                }
                object.into()
            }
        })
    }
}
