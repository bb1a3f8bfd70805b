//! Parses frames into messages: a state machine without I/O. Its memory is bounded by the message limit, and it visits each byte
//! once.

use super::{
    Role, buffers,
    frame::{Control, Header, MAX_CONTROL, MAX_HEADER, OpCode, is_close_code},
};
use crate::transport::{CloseFrame, Packet, TransportError};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A parsed event.
#[derive(Debug)]
pub(super) enum Event {
    Message(Packet),
    /// A ping, with the payload for its pong.
    Ping(Box<Control>),
    Pong,
    /// An empty frame that does not complete its message. It is reported so that the caller can count it.
    Nothing,
    /// A close frame, with its code and reason if it has them.
    Close(Option<CloseFrame>),
}

/// The state of the parser.
#[derive(Debug)]
pub(super) struct FrameReader {
    role: Role,
    limit: usize,
    /// The header that is being parsed.
    header: [u8; MAX_HEADER],
    header_length: usize,
    /// The frame whose payload is being parsed.
    frame: Option<Frame>,
    /// The message whose frames are being parsed.
    message: Option<Message>,
    /// The payload of a control frame. `None` between them: most connections have one in many seconds.
    control: Option<Box<Control>>,
}

#[derive(Debug)]
struct Frame {
    header: Header,
    code: OpCode,
    /// How many bytes of the payload were parsed.
    read: u64,
}

#[derive(Debug)]
struct Message {
    is_text: bool,
    bytes: Vec<u8>,
    /// How many of the bytes are known to be UTF-8.
    valid: usize,
}

fn protocol(reason: &'static str) -> TransportError {
    TransportError::Protocol { code: 1002, reason }
}

const NOT_UTF8: TransportError = TransportError::Protocol {
    code: 1007,
    reason: "text that is not UTF-8",
};

impl FrameReader {
    pub(super) fn new(role: Role, limit: usize) -> Self {
        Self {
            role,
            limit,
            header: [0; MAX_HEADER],
            header_length: 0,
            frame: None,
            message: None,
            control: None,
        }
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Parses until an event is complete or the input is used up.
    ///
    /// # Errors
    /// If the other end violates RFC 6455 or a message is too large. Nothing can be parsed after that.
    pub(super) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Event>, TransportError> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match self.header(input)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            let left = frame.header.length - frame.read;
            let here = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
            let (part, rest) = input.split_at(here);
            *input = rest;
            let is_whole = here as u64 == left;
            if frame.read == 0
                && is_whole
                && frame.header.is_last
                && let Some(message) = self.whole(part, &frame)
            {
                return message.map(Some);
            }
            if frame.code.is_control() {
                self.control.get_or_insert_default().extend(part);
                if is_whole {
                    return self.finish_control(&frame).map(Some);
                }
            } else {
                self.data(part, &frame, is_whole)?;
                if is_whole && frame.header.is_last {
                    return self.finish_message().map(Some);
                }
                if frame.header.length == 0 {
                    return Ok(Some(Event::Nothing));
                }
            }
            if !is_whole {
                frame.read += here as u64;
                self.frame = Some(frame);
                return Ok(None);
            }
        }
    }

    /// Takes a header from the input. One that arrives in parts is kept.
    fn take_header(&mut self, input: &mut &[u8]) -> Option<Header> {
        if self.header_length == 0
            && let Some(size) = Header::size(input)
            && let Some((whole, rest)) = input.split_at_checked(size)
        {
            *input = rest;
            return Some(Header::read(whole));
        }
        loop {
            let have = &self.header[..self.header_length];
            let wanted = Header::size(have).unwrap_or(2);
            if wanted <= self.header_length && have.len() >= 2 {
                break;
            }
            let (byte, rest) = input.split_first()?;
            *input = rest;
            self.header[self.header_length] = *byte;
            self.header_length += 1;
        }
        let header = Header::read(&self.header[..self.header_length]);
        self.header_length = 0;
        Some(header)
    }

    /// Parses and validates a header.
    fn header(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, TransportError> {
        let Some(header) = self.take_header(input) else {
            return Ok(None);
        };
        let Some(code) = header.code else {
            return Err(protocol("a frame with a reserved opcode"));
        };
        if header.reserved {
            return Err(protocol("a frame with a reserved bit set"));
        }
        match self.role {
            Role::Server if header.mask.is_none() => {
                return Err(protocol("an unmasked frame"));
            }
            Role::Client if header.mask.is_some() => {
                return Err(protocol("a masked frame"));
            }
            _ => {}
        }
        if code.is_control() {
            if !header.is_last {
                return Err(protocol("a fragmented control frame"));
            }
            if header.length > MAX_CONTROL as u64 {
                return Err(protocol("a control frame with more than 125 bytes"));
            }
            self.control = None;
        } else {
            if header.length >> 63 != 0 {
                return Err(protocol("a length with its most significant bit set"));
            }
            match (&self.message, code) {
                (None, OpCode::Continuation) => {
                    return Err(protocol("a continuation frame without a message"));
                }
                (Some(_), OpCode::Text | OpCode::Binary) => {
                    return Err(protocol("a message inside a fragmented message"));
                }
                (None, code) => {
                    self.message = Some(Message {
                        is_text: code == OpCode::Text,
                        bytes: Vec::new(),
                        valid: 0,
                    });
                }
                (Some(_), _) => {}
            }
            let before = self
                .message
                .as_ref()
                .map_or(0, |message| message.bytes.len());
            if header.length > (self.limit - before) as u64 {
                return Err(TransportError::TooLarge { limit: self.limit });
            }
        }
        Ok(Some(Frame {
            header,
            code,
            read: 0,
        }))
    }

    /// Returns a short message that has arrived whole and in one frame.
    fn whole(&mut self, payload: &[u8], frame: &Frame) -> Option<Result<Event, TransportError>> {
        if !matches!(frame.code, OpCode::Text | OpCode::Binary) {
            return None;
        }
        let bytes = buffers::message(payload, frame.header.mask)?;
        self.message = None;
        if frame.code == OpCode::Binary {
            return Some(Ok(Event::Message(Packet::Binary(bytes))));
        }
        let text = Utf8Bytes::try_from(bytes).map_err(|_| NOT_UTF8);
        Some(text.map(|text| Event::Message(Packet::Text(text))))
    }

    /// Appends a part of a message. Text is validated as it arrives, so that invalid UTF-8 fails at once.
    fn data(&mut self, part: &[u8], frame: &Frame, is_whole: bool) -> Result<(), TransportError> {
        let Some(message) = &mut self.message else {
            return Ok(());
        };
        let bytes = &mut message.bytes;
        if bytes.capacity() - bytes.len() < part.len() {
            // At most doubles, and never exceeds the frame: an announced length must not allocate memory before the bytes arrive.
            let needed = usize::try_from(frame.header.length - frame.read).unwrap_or(part.len());
            let more = needed.min(part.len().max(bytes.len()));
            match bytes.capacity() {
                0 => *bytes = Vec::with_capacity(more),
                _ => bytes.reserve_exact(more),
            }
        }
        let at = bytes.len();
        bytes.extend_from_slice(part);
        if let Some(mask) = frame.header.mask {
            mask.apply(&mut bytes[at..], frame.read);
        }
        if message.is_text && !(is_whole && frame.header.is_last) {
            match std::str::from_utf8(&bytes[message.valid..]) {
                Ok(_) => message.valid = bytes.len(),
                Err(error) if error.error_len().is_some() => return Err(NOT_UTF8),
                Err(error) => message.valid += error.valid_up_to(),
            }
        }
        Ok(())
    }

    fn finish_message(&mut self) -> Result<Event, TransportError> {
        let Some(message) = self.message.take() else {
            return Err(protocol("a continuation frame without a message"));
        };
        let packet = if message.is_text {
            let text = String::from_utf8(message.bytes).map_err(|_| NOT_UTF8)?;
            Packet::Text(text.into())
        } else {
            Packet::Binary(message.bytes.into())
        };
        Ok(Event::Message(packet))
    }

    fn finish_control(&mut self, frame: &Frame) -> Result<Event, TransportError> {
        let mut control = self.control.take().unwrap_or_default();
        if let Some(mask) = frame.header.mask {
            mask.apply(control.bytes_mut(), 0);
        }
        match frame.code {
            OpCode::Ping => Ok(Event::Ping(control)),
            OpCode::Pong => Ok(Event::Pong),
            _ => closing(control.bytes()).map(Event::Close),
        }
    }
}

/// Parses the payload of a close frame (RFC 6455, section 5.5.1).
fn closing(payload: &[u8]) -> Result<Option<CloseFrame>, TransportError> {
    match payload {
        [] => Ok(None),
        [_] => Err(protocol("a close frame with half a code")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !is_close_code(code) {
                return Err(protocol("a close frame with an invalid code"));
            }
            let reason = std::str::from_utf8(reason).map_err(|_| NOT_UTF8)?;
            Ok(Some(CloseFrame::new(code, reason.to_owned())))
        }
    }
}
