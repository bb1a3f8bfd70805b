//! How a connection ends, and with which close frame.

use super::{super::attach::Attach, Connection};
use crate::{SessionCode, descriptor::CloseReason, replies::ErrorPayload, transport::CloseFrame};
use std::{borrow::Cow, task};

/// How a connection ends.
pub(super) enum End {
    /// The peer closed, or is lost and there is nothing to resume. The session ends.
    Closed(Option<CloseFrame>),
    /// The transport failed, or ended without a reason that ends the session.
    Lost,
    /// The peer does not read, so it would not read a close frame either.
    Stalled,
    /// The peer was not heard for too long.
    Silent,
    /// The client resumes the session on another connection.
    Attach(Box<Attach>),
    /// The server closes, once the outbound queue is written.
    Close(CloseFrame),
}

impl End {
    /// The code of the close frame that either end sends.
    pub(super) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Closed(close) => close.as_ref().map(|close| close.code),
            Self::Close(close) => Some(close.code),
            Self::Lost | Self::Stalled | Self::Silent | Self::Attach(_) => None,
        }
    }
}

impl Connection {
    /// Returns how to end the connection if it is to be closed now.
    pub(super) fn closing(&mut self, cx: &mut task::Context<'_>) -> Option<End> {
        self.close = self.connection.outbound.closing();
        let close = self.close.as_ref()?;
        if close.graceful {
            if self.deadline.is_none() {
                self.handlers.end_streams();
                let timeout = self.server.protocol.session.timeout;
                self.deadline = Some(Box::pin(tokio::time::sleep(timeout)));
            }
            let late = self
                .deadline
                .as_mut()
                .is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
            let done = self.handlers.is_done() && self.inbound.is_empty();
            if !done && !late {
                return None;
            }
        }
        Some(End::Close(close.closing.clone()))
    }

    /// Returns how a close by the client ends: with the session, unless the client heard nothing for too long, or gave no reason.
    pub(super) fn closed_by_client(&self, closing: Option<&CloseFrame>) -> End {
        let silent = self.server.protocol.close_code(CloseReason::Silent);
        match closing {
            Some(closing) if closing.code != silent => End::Closed(Some(closing.clone())),
            _ => End::Lost,
        }
    }

    /// Refuses a message that is larger than `limits.message`, and ends the connection.
    pub(super) fn too_large(&self) -> End {
        let text = self.server.too_large();
        self.fail(
            false,
            None,
            &ErrorPayload::new(SessionCode::TooLarge, text.clone()),
        );
        self.end(CloseReason::TooLarge, text)
    }

    /// Ends the connection with the close code for a reason.
    pub(super) fn end(&self, condition: CloseReason, reason: impl Into<Cow<'static, str>>) -> End {
        End::Close(self.close_frame(condition, reason))
    }

    /// Returns the close frame for a reason.
    pub(super) fn close_frame(
        &self,
        condition: CloseReason,
        reason: impl Into<Cow<'static, str>>,
    ) -> CloseFrame {
        CloseFrame::new(self.server.protocol.close_code(condition), reason)
    }
}
