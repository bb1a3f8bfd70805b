//! Numbers, with a short way for the heads that most of them have.

use super::{BinaryFormat, BinaryReader, Head, INDEFINITE, Num, Stop};

impl BinaryReader<'_> {
    #[inline]
    pub(in crate::read) fn number(&mut self) -> Result<Num, Stop> {
        if let Some((n, end)) = self.plain(self.at) {
            self.at = end;
            return Ok(n);
        }
        match self.head()? {
            Head::Number(n) => Ok(n),
            _ => Err(self.syntax("expected a number")),
        }
    }

    /// Returns the number at an offset and its end, if it is a double or a short integer.
    #[inline]
    fn plain(&self, at: usize) -> Option<(Num, usize)> {
        let (head, rest) = self.bytes.get(at..)?.split_first()?;
        let (double, single) = match self.format {
            BinaryFormat::MsgPack => (0xCB, 0xCA),
            BinaryFormat::Cbor => (0xFB, 0xFA),
        };
        if *head == double {
            let x = f64::from_be_bytes(*rest.first_chunk()?);
            return x.is_finite().then_some((Num::Float(x), at + 9));
        }
        if *head == single {
            let x = f64::from(f32::from_be_bytes(*rest.first_chunk()?));
            return x.is_finite().then_some((Num::Float(x), at + 5));
        }
        let short = match self.format {
            BinaryFormat::MsgPack => *head < 0x80,
            BinaryFormat::Cbor => *head < 24,
        };
        short.then_some((Num::Int((*head).into()), at + 1))
    }

    /// Reads the next item of an array of which `left` are left, if it is a double or a short integer within bounds. Otherwise reads
    /// nothing.
    #[inline]
    pub(in crate::read) fn quick_number(
        &mut self,
        left: &mut usize,
        (min, max): (f64, f64),
    ) -> Option<f64> {
        if *left == 0 {
            return None;
        }
        let (n, end) = self.plain(self.at)?;
        let x = n.as_f64();
        if x < min || x > max {
            return None;
        }
        *left -= usize::from(*left != INDEFINITE);
        self.at = end;
        Some(x)
    }
}
