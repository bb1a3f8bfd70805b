//! Typed real-time protocols. (Docs to come with the first release of this file.)

extern crate self as handfast;

#[doc(hidden)]
pub mod __private;
pub mod codec;
mod decode;
mod envelope;
mod message;
pub mod read;
pub mod table;
mod validate;
mod value;

pub use decode::{NothingPending, Pending, decode};
pub use envelope::{Envelope, Id, Reason, Rejected, TagBuf};
pub use handfast_schema::{Mode, Pointer, Violation, Violations};
pub use message::{
    ChannelKey, ErrorCodes, Fields, MessageOf, Messages, NoError, Payload, PayloadOf, Protocol,
    PublishTo, Request,
};
pub use protocol_macros::protocol;
pub use validate::{Invalid, read_value, validate};
pub use value::{Bytes, Checked, Nullable};
