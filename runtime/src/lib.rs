//! Typed real-time protocols. (Docs to come with the first release of this file.)

extern crate self as handfast;

pub mod codec;
mod envelope;
mod message;
pub mod read;
pub mod table;

pub use envelope::{Envelope, Id, Reason, Rejected, TagBuf};
pub use handfast_schema::{Mode, Pointer, Violation, Violations};
pub use message::{
    ChannelKey, ErrorCodes, Fields, MessageOf, Messages, Payload, Protocol, PublishTo,
};
pub use protocol_macros::protocol;
