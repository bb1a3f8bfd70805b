//! The handshake: which messages may be sent before a session is ready.

use super::message::{Candidate, Reader};
use super::report::{Line, ProblemKind};
use super::requests::problem;
use handfast_spec::model::{RoleKind, RolePlayer, Side};

/// The progress of the handshake.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the greeting of a server that speaks first.
    Connected,
    /// Before the hello.
    Begun,
    /// After the hello, before its answer.
    Asked,
    /// The session is ready, or the capture does not contain the handshake.
    Ready,
}

/// Tracks the handshake.
pub(super) struct Handshake<'r, 'p> {
    reader: &'r Reader<'p>,
    state: State,
    /// Whether sessions begin with a hello.
    played: bool,
}

impl<'r, 'p> Handshake<'r, 'p> {
    pub(super) fn new(reader: &'r Reader<'p>) -> Self {
        let is_played = |kind| !matches!(reader.protocol.session.role(kind), RolePlayer::Off);
        let played = is_played(RoleKind::Hello);
        let state = match (played, is_played(RoleKind::Greeting)) {
            (true, true) => State::Connected,
            (true, false) => State::Begun,
            (false, _) => State::Ready,
        };
        Self {
            reader,
            state,
            played,
        }
    }

    /// Takes the next message. Returns whether it starts a connection.
    pub(super) fn take(&mut self, from: Side, candidate: &Candidate, line: &mut Line) -> bool {
        match (from, candidate.role) {
            (Side::Server, Some(RoleKind::Greeting)) => {
                self.state = State::Begun;
                return true;
            }
            (Side::Client, Some(RoleKind::Hello)) => {
                let is_greeted = self.state == State::Begun;
                if self.state == State::Connected {
                    self.complain("the greeting must come first", line);
                }
                let is_answered = !matches!(
                    self.reader.protocol.session.role(RoleKind::Ready),
                    RolePlayer::Off
                );
                self.state = match is_answered {
                    true => State::Asked,
                    false => State::Ready,
                };
                // A connection begins with the greeting, if there is one.
                return !(is_greeted && self.has_greeting());
            }
            // A connection without a hello begins with it.
            (Side::Client, Some(RoleKind::Resume)) if !self.played => return true,
            (Side::Server, Some(RoleKind::Ready)) => {
                match self.state {
                    State::Connected | State::Begun => {
                        self.complain("the hello it answers is missing", line);
                    }
                    State::Ready if self.played => {
                        self.complain("the session is already ready", line)
                    }
                    _ => {}
                }
                self.state = State::Ready;
            }
            (Side::Server, Some(RoleKind::Refuse)) => {
                if matches!(self.state, State::Connected | State::Begun) {
                    self.complain("the hello it answers is missing", line);
                }
                self.state = match self.has_greeting() {
                    true => State::Connected,
                    false => State::Begun,
                };
            }
            _ if self.state == State::Ready || self.is_early(from, candidate) => {}
            (Side::Client, _) => {
                self.complain("the hello must come first", line);
                self.state = State::Ready;
            }
            (Side::Server, _) => {
                self.complain("the session is not ready", line);
                self.state = State::Ready;
            }
        }
        false
    }

    fn has_greeting(&self) -> bool {
        !matches!(
            self.reader.protocol.session.role(RoleKind::Greeting),
            RolePlayer::Off
        )
    }

    /// Whether a message is allowed before ready: a client may send after its hello, and a server may report errors.
    fn is_early(&self, from: Side, candidate: &Candidate) -> bool {
        let named = &self.reader.protocol.session.phases.before_ready;
        let is_named = candidate.message.is_some_and(|id| named.contains(&id));
        // The encoding is agreed on before the hello.
        if candidate.role == Some(RoleKind::Negotiate) && self.state == State::Begun {
            return true;
        }
        let of_session = match from {
            Side::Client => self.state == State::Asked,
            Side::Server => matches!(
                candidate.role,
                Some(RoleKind::Error | RoleKind::Ping | RoleKind::Pong)
            ),
        };
        is_named || of_session
    }

    fn complain(&self, words: &str, line: &mut Line) {
        line.problems
            .push(problem(ProblemKind::Session, words.to_owned()));
    }
}
