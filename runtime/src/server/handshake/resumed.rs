//! A session that its client resumes: finding it, and handing the connection over to it.

use super::turn_away;
use crate::{
    descriptor::CloseReason,
    metrics,
    server::{
        attach::{Attach, Returned},
        connection::HANG_UP,
        connection_handle::ConnectionHandle,
        state::ServerState,
    },
    transport::CloseFrame,
};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A session that its client resumes.
pub(super) struct Resumed {
    pub(super) handle: Arc<ConnectionHandle>,
    /// The token that the client used; empty if it named no session.
    pub(super) token: String,
    /// The number of the last message that the client has received.
    pub(super) received: u64,
}

impl Resumed {
    /// Returns the session with a token, if the client may resume it.
    pub(super) fn find(
        server: &ServerState,
        (token, received): (String, u64),
        principal: Option<&str>,
        encoding: usize,
    ) -> Option<Self> {
        let handle = server.sessions.find(&token)?;
        let may_resume = handle.is_of(principal, encoding) && handle.outbound.can_resume(received);
        may_resume.then_some(Self {
            handle,
            token,
            received,
        })
    }
}

/// Hands a connection over to the session that its client resumes. Returns it if that has ended meanwhile, or gone on elsewhere.
pub(super) async fn hand_over(
    server: &ServerState,
    resumed: Resumed,
    mut attach: Box<Attach>,
) -> Option<Box<Attach>> {
    let Resumed {
        handle,
        token,
        received,
    } = resumed;
    let number = attach.admission.number;
    let (back, returned) = oneshot::channel();
    attach.back = Some(back);
    (attach.token, attach.received) = (token, received);
    let returned = match handle.attach(attach) {
        Ok(()) => taken_or(returned, &handle, number).await,
        Err(attach) => Some(Returned::Lost(attach)),
    };
    metrics::resume(returned.is_none());
    match returned? {
        Returned::Lost(attach) => Some(attach),
        Returned::Gone(attach) => {
            turn_away(server, attach.transport, None).await;
            None
        }
        Returned::Replaced(attach) => {
            let code = server.protocol.close_code(CloseReason::TakenOver);
            let closing = CloseFrame::new(code, "another connection resumes the session");
            turn_away(server, attach.transport, Some(closing)).await;
            None
        }
    }
}

/// Waits until a session has taken a connection, or returns it. A session whose handler keeps its thread takes none, so the connection is asked whether its
/// client is still there.
async fn taken_or(
    mut returned: oneshot::Receiver<Returned>,
    handle: &ConnectionHandle,
    number: u64,
) -> Option<Returned> {
    loop {
        match tokio::time::timeout(HANG_UP, &mut returned).await {
            Ok(returned) => return returned.ok(),
            Err(_) => handle.return_if_gone(number),
        }
    }
}
