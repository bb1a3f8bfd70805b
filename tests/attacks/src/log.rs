//! What the attacked server logs: counted, and the last lines kept.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::{SetGlobalDefaultError, set_global_default},
};

/// How many lines are kept.
const LINES: usize = 200;

/// Its clones are one.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    counts: BTreeMap<&'static str, u64>,
    lines: VecDeque<String>,
}

impl Log {
    /// Takes everything that the process logs from now on.
    pub(crate) fn install() -> Result<Self, SetGlobalDefaultError> {
        let log = Self::default();
        set_global_default(log.clone())?;
        Ok(log)
    }

    /// How many lines there were of each level.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.kept(|kept| kept.counts.clone())
    }

    /// The last lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.kept(|kept| kept.lines.iter().cloned().collect())
    }

    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("handfast") && *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let level = event.metadata().level().as_str();
        let mut line = Line(level.to_owned());
        event.record(&mut line);
        self.kept(|kept| {
            *kept.counts.entry(level).or_default() += 1;
            if kept.lines.len() == LINES {
                kept.lines.pop_front();
            }
            kept.lines.push_back(line.0);
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}
