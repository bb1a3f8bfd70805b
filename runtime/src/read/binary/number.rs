//! Numbers, with a short way for the heads that most of them have.

use super::{BinaryFormat, BinaryReader, Head, INDEFINITE, Num, Stop};

impl BinaryReader<'_> {
    #[inline(never)]
    pub(in crate::read) fn number(&mut self) -> Result<Num, Stop> {
        if let Some((n, end)) = self.plain() {
            self.at = end;
            return Ok(n);
        }
        match self.head()? {
            Head::Number(n) => {
                self.inexact |= n.is_inexact();
                Ok(n)
            }
            _ => Err(self.syntax("expected a number")),
        }
    }

    /// Returns the number at the current position and its end, unless it is rare or malformed.
    #[inline]
    pub(in crate::read) fn plain(&self) -> Option<(Num, usize)> {
        let (head, rest) = self.bytes.get(self.at..)?.split_first()?;
        let (n, width) = match self.format {
            BinaryFormat::MsgPack => match *head {
                0xCB => (double(rest)?, 8),
                0x00..=0x7F => (Num::Int((*head).into()), 0),
                0xCA => (single(rest)?, 4),
                0xE0..=0xFF => (Num::Int(head.cast_signed().into()), 0),
                0xCC..=0xCF => unsigned(rest, *head - 0xCC)?,
                _ => return None,
            },
            BinaryFormat::Cbor => match *head {
                0xFB => (double(rest)?, 8),
                0..24 => (Num::Int((*head).into()), 0),
                0xFA => (single(rest)?, 4),
                0x20..0x38 => (Num::Int(-1 - i64::from(*head - 0x20)), 0),
                24..28 => unsigned(rest, *head - 24)?,
                _ => return None,
            },
        };
        Some((n, self.at + 1 + width))
    }

    /// Returns whether a number was read that a double may not have exactly, and forgets it.
    pub(in crate::read) const fn take_inexact(&mut self) -> bool {
        std::mem::replace(&mut self.inexact, false)
    }

    /// Returns the integer of eight bytes at a position, if there is one.
    pub(in crate::read) fn wide_integer(&self, start: usize) -> Option<i128> {
        let (head, rest) = self.bytes.get(start..)?.split_first()?;
        let n = || Some(i128::from(u64::from_be_bytes(*rest.first_chunk()?)));
        match (self.format, *head) {
            (BinaryFormat::MsgPack, 0xCF) | (BinaryFormat::Cbor, 0x1B) => n(),
            (BinaryFormat::Cbor, 0x3B) => n().map(|n| -1 - n),
            _ => None,
        }
    }

    /// Reads the next items of an array of which `left` are left, for as long as they are numbers within bounds and not rare.
    pub(in crate::read) fn quick_numbers(
        &mut self,
        left: &mut usize,
        (min, max): (f64, f64),
        items: &mut Vec<f64>,
    ) {
        // No more than what has arrived, whatever the head says; and nothing if it does not say how many there are. Otherwise each of many empty
        // arrays would reserve what all of them could have together.
        if *left != INDEFINITE {
            items.reserve((*left).min((self.bytes.len() - self.at) / size_of::<f64>()));
        }
        let head = match self.format {
            BinaryFormat::MsgPack => 0xCB,
            BinaryFormat::Cbor => 0xFB,
        };
        while *left != 0 {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let (x, end) = match rest.first_chunk::<9>() {
                Some([first, double @ ..]) if *first == head => {
                    (f64::from_be_bytes(*double), self.at + 9)
                }
                _ => match self.plain() {
                    Some((n, end)) => (n.as_f64(), end),
                    None => return,
                },
            };
            // The bounds are finite, so what is not finite is left to the general way, which refuses it.
            if !(min..=max).contains(&x) {
                return;
            }
            *left -= usize::from(*left != INDEFINITE);
            self.at = end;
            items.push(x);
        }
    }
}

#[inline]
fn double(bytes: &[u8]) -> Option<Num> {
    let x = f64::from_be_bytes(*bytes.first_chunk()?);
    x.is_finite().then_some(Num::Float(x))
}

#[inline]
fn single(bytes: &[u8]) -> Option<Num> {
    let x = f32::from_be_bytes(*bytes.first_chunk()?);
    x.is_finite().then_some(Num::Float(x.into()))
}

/// Returns an unsigned number of 1, 2, 4 or 8 bytes, by its binary logarithm, and its width.
#[inline]
fn unsigned(bytes: &[u8], width: u8) -> Option<(Num, usize)> {
    let (n, width) = match width {
        0 => (u8::from_be_bytes(*bytes.first_chunk()?).into(), 1),
        1 => (u16::from_be_bytes(*bytes.first_chunk()?).into(), 2),
        2 => (u32::from_be_bytes(*bytes.first_chunk()?).into(), 4),
        _ => (i64::from_be_bytes(*bytes.first_chunk()?), 8),
    };
    // Beyond 63 bits it is no `i64`.
    (n >= 0).then_some((Num::Int(n), width))
}
