//! What the thread of a test logs. The subscriber is the process's, and is there before the first event of any test: tracing remembers for
//! each place of an event whether anybody listens, and a subscriber of one thread, set while another thread comes to such a place for the
//! first time, may never be asked.

use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    sync::Once,
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::{Interest, set_global_default},
};

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Listens. Every test of a file of which one reads the log calls it, before anything is logged.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_global_default(Log).expect("there is no other"));
}

/// Keeps what this thread logs from now on.
pub fn keep() {
    listen();
    LINES.set(Some(Vec::new()));
}

/// Returns what this thread has logged since it was asked last: a line for each event, with its level and its fields.
pub fn lines() -> Vec<String> {
    LINES.with_borrow_mut(|lines| lines.as_mut().map(std::mem::take).unwrap_or_default())
}

struct Log;

impl Subscriber for Log {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && LINES.with_borrow(Option::is_some)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| {
            lines
                .iter_mut()
                .for_each(|lines| lines.push(line.0.clone()))
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string does not fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
