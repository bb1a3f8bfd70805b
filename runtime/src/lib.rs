//! Typed real-time protocols. (Docs to come with the first release of this file.)

extern crate self as handfast;

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "server")]
pub mod broker;
#[cfg(feature = "client")]
pub mod client;
pub mod codec;
mod decode;
mod envelope;
#[cfg(feature = "net")]
mod heart;
mod message;
#[cfg(feature = "net")]
mod outbound;
#[cfg(feature = "net")]
mod random;
pub mod read;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "net")]
mod system;
pub mod table;
#[cfg(feature = "net")]
pub mod transport;
mod validate;
mod value;

pub use decode::{Expected, NothingPending, Pending, decode};
pub use envelope::{Envelope, Id, Reason, Rejected, TagBuf};
pub use handfast_schema::{Mode, Pointer, Violation, Violations};
pub use message::{
    ChannelKey, ErrorCodes, Fields, KeyFrom, Keyed, MessageOf, Messages, NoError, Nothing, Payload,
    PayloadOf, Protocol, PublishTo, Request,
};
pub use protocol_macros::protocol;
#[cfg(feature = "net")]
pub use system::{RemoteError, RemoteViolation, Side};
pub use validate::{Invalid, read_text, read_value, validate};
pub use value::{Bytes, Checked, Nullable};

/// Keeps what a server needs, where this crate was built with one.
#[cfg(feature = "server")]
#[doc(hidden)]
#[macro_export]
macro_rules! __server {
    ($($item:item)*) => { $($item)* };
}

/// Leaves away what a server needs.
#[cfg(not(feature = "server"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __server {
    ($($item:item)*) => {};
}

/// Keeps what a client needs, where this crate was built with one.
#[cfg(feature = "client")]
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    ($($item:item)*) => { $($item)* };
}

/// Leaves away what a client needs.
#[cfg(not(feature = "client"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    ($($item:item)*) => {};
}
