//! What a server counts, for the `metrics` facade. Without the feature `metrics`, nothing.
//!
//! Labels have few values: names of messages are those of the protocol, and codes those that it declares. Nothing that a peer sends is one.

#![cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, reason = "nothing is counted")
)]

use crate::descriptor::ProtocolDescriptor;
use std::{fmt, time::Duration};

/// Describes all metrics to the recorder.
pub(crate) fn describe() {
    #[cfg(feature = "metrics")]
    {
        use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
        describe_gauge!(
            "handfast_connections",
            "Connections, including those that have not sent their hello yet."
        );
        describe_gauge!(
            "handfast_sessions_detached",
            "Sessions without a connection, which wait to be resumed."
        );
        describe_counter!(
            "handfast_messages_total",
            "Messages of clients, by name and outcome."
        );
        describe_histogram!(
            "handfast_handler_seconds",
            Unit::Seconds,
            "How long messages were handled, by name."
        );
        describe_histogram!(
            "handfast_outbound_bytes",
            Unit::Bytes,
            "How much was queued for a connection when its queue was written."
        );
        describe_counter!(
            "handfast_dropped_total",
            "Volatile messages that were dropped, by reason."
        );
        describe_counter!(
            "handfast_resumes_total",
            "Clients that asked to resume a session, by outcome."
        );
        describe_counter!("handfast_gaps_total", "Gaps that were reported to clients.");
        describe_counter!(
            "handfast_closes_total",
            "Connections that ended, by close code."
        );
    }
}

/// A connection was accepted (1) or has ended (-1).
pub(crate) fn connections(change: i8) {
    #[cfg(feature = "metrics")]
    ::metrics::gauge!("handfast_connections").increment(f64::from(change));
}

/// A session has lost its connection (1), or is without one no longer (-1).
pub(crate) fn detached(change: i8) {
    #[cfg(feature = "metrics")]
    ::metrics::gauge!("handfast_sessions_detached").increment(f64::from(change));
}

/// A message was handled.
pub(crate) fn handled(message: &'static str, outcome: &dyn fmt::Display, elapsed: Duration) {
    #[cfg(feature = "metrics")]
    {
        let outcome = outcome.to_string();
        ::metrics::counter!("handfast_messages_total", "message" => message, "outcome" => outcome)
            .increment(1);
        ::metrics::histogram!("handfast_handler_seconds", "message" => message)
            .record(elapsed.as_secs_f64());
    }
}

/// A message was refused before it was handled, with a code of the session.
pub(crate) fn refused(message: Option<&'static str>, code: &'static str) {
    #[cfg(feature = "metrics")]
    {
        let message = message.unwrap_or("unknown");
        ::metrics::counter!("handfast_messages_total", "message" => message, "outcome" => code)
            .increment(1);
    }
}

/// Why a volatile message is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// The queue has no room for it.
    Full,
    /// A newer message took its place.
    Replaced,
    /// Its session has no connection.
    Detached,
}

/// So many volatile messages were dropped.
pub(crate) fn dropped(reason: DropReason, count: usize) {
    #[cfg(feature = "metrics")]
    if count > 0 {
        let reason = match reason {
            DropReason::Full => "full",
            DropReason::Replaced => "replaced",
            DropReason::Detached => "detached",
        };
        ::metrics::counter!("handfast_dropped_total", "reason" => reason).increment(count as u64);
    }
}

/// A client asked to resume a session.
pub(crate) fn resume(resumed: bool) {
    #[cfg(feature = "metrics")]
    {
        let outcome = if resumed { "resumed" } else { "new" };
        ::metrics::counter!("handfast_resumes_total", "outcome" => outcome).increment(1);
    }
}

/// A gap was reported to a client.
pub(crate) fn gap() {
    #[cfg(feature = "metrics")]
    ::metrics::counter!("handfast_gaps_total").increment(1);
}

/// So many bytes are queued for a connection whose queue is written.
pub(crate) fn outbound(bytes: usize) {
    #[cfg(feature = "metrics")]
    ::metrics::histogram!("handfast_outbound_bytes").record(bytes as f64);
}

/// A connection ended with a close code; `None` if it was lost.
pub(crate) fn closed(protocol: &ProtocolDescriptor, code: Option<u16>) {
    #[cfg(feature = "metrics")]
    {
        use crate::descriptor::CloseReason;
        // RFC 6455, section 7.1.5: without a close frame, the code is 1006.
        let code = code.unwrap_or(1006);
        // A client may send any code.
        let known = matches!(code, 1000..=1015)
            || CloseReason::ALL
                .iter()
                .any(|reason| protocol.close_code(*reason) == code);
        let code = if known {
            code.to_string()
        } else {
            "other".to_owned()
        };
        ::metrics::counter!("handfast_closes_total", "code" => code).increment(1);
    }
}
