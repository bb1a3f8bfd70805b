//! The application of the attacked server, with every way in.

use super::api::{
    Ask, Confirm, Context, Crash, Crashed, Echo, Echoed, Handler, Hang, Hung, Keep, Kept, Login,
    LoginError, Measure, RoomHandler, RoomJoin, RoomJoined, RoomLeave, RoomLeft, RoomSaid, RoomSay,
    SessionHandler, Slept, Slow, TicksDone, TicksHandler, TicksTick, TicksWatch, TicksWatching,
};
use handfast::{
    HandlerError,
    server::{CallError, ConnectionInfo, Rejection, StreamResponder},
};
use std::{borrow::Cow, future::pending, time::Duration};

/// How many questions a client is asked at a time.
const QUESTIONS: usize = 16;

pub(crate) struct App;

impl SessionHandler for App {
    type Session = String;

    async fn authenticate(
        &self,
        m: Login,
        _: &ConnectionInfo,
    ) -> Result<String, HandlerError<LoginError>> {
        #[cfg(feature = "tokens")]
        if let Some(token) = &m.token {
            let subject = crate::tokens::subject(token);
            return subject.ok_or_else(|| LoginError::BadName.into());
        }
        match &*m.name {
            "bad" => Err(LoginError::BadName.into()),
            _ => Ok(m.name),
        }
    }

    fn principal<'a>(&self, name: &'a String) -> Option<Cow<'a, str>> {
        (!name.is_empty()).then(|| name.into())
    }

    async fn authorize_join(&self, key: &str, _: &Context<String>) -> Result<(), Rejection> {
        match key {
            "topic:closed" => Err(Rejection::new("NOT_ALLOWED", "not for you")),
            _ => Ok(()),
        }
    }
}

impl Handler for App {
    async fn echo(&self, m: Echo, _: &Context<String>) -> Result<Echoed, HandlerError> {
        Ok(Echoed { text: m.text })
    }

    async fn keep(&self, _: Keep, _: &Context<String>) -> Result<Kept, HandlerError> {
        Ok(Kept {})
    }

    async fn ask(&self, m: Ask, cx: &Context<String>) {
        let client = cx.client();
        if m.stream {
            tokio::spawn(async move {
                let Ok(mut samples) = client.measure(Measure {}).await else {
                    return;
                };
                // Slower than they come.
                while let Some(Ok(_)) = samples.next().await {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            });
            return;
        }
        for _ in 0..QUESTIONS {
            let client = client.clone();
            tokio::spawn(async move {
                let text = "x".repeat(1000);
                // Until the session ends. A question that is not answered in time is followed by another.
                while !matches!(
                    client.confirm(Confirm { text: text.clone() }).await,
                    Err(CallError::Closed | CallError::OutcomeUnknown)
                ) {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    async fn hang(&self, _: Hang, _: &Context<String>) -> Result<Hung, HandlerError> {
        pending().await
    }

    async fn slow(&self, _: Slow, _: &Context<String>) -> Result<Slept, HandlerError> {
        pending().await
    }

    async fn crash(&self, _: Crash, _: &Context<String>) -> Result<Crashed, HandlerError> {
        panic!("as asked")
    }
}

impl RoomHandler for App {
    async fn room_join(
        &self,
        _: RoomJoin,
        _: &Context<String>,
    ) -> Result<RoomJoined, HandlerError> {
        Ok(RoomJoined {})
    }

    async fn room_leave(
        &self,
        _: RoomLeave,
        _: &Context<String>,
    ) -> Result<RoomLeft, HandlerError> {
        Ok(RoomLeft {})
    }

    async fn room_say(&self, m: RoomSay, cx: &Context<String>) {
        let room = cx.room(&m.room);
        let text = "x".repeat(m.bytes as usize);
        for _ in 0..m.count {
            room.publish(&RoomSaid { text: text.clone() });
        }
    }
}

impl TicksHandler for App {
    async fn ticks_watch(
        &self,
        m: TicksWatch,
        ticks: StreamResponder<TicksWatching, TicksTick>,
        _: &Context<String>,
    ) -> Result<TicksDone, HandlerError> {
        let mut ticks = ticks.accept(TicksWatching {});
        if !m.fast {
            return pending().await;
        }
        loop {
            let text = "x".repeat(1000);
            if ticks.send(TicksTick { text }).await.is_err() {
                return Ok(TicksDone {});
            }
        }
    }
}
