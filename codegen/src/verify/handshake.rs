//! What may be sent before a session is ready.

use super::message::{Candidate, Reader};
use super::requests::problem;
use super::{Line, ProblemKind};
use handfast_spec::model::{RoleKind, RolePlayer, Side};

/// How far a session is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody said hello.
    Begun,
    /// The hello is not answered.
    Asked,
    /// The session is ready, or what came showed that the capture does not begin where the session does.
    Ready,
}

/// Follows how a session begins.
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
        let state = match played {
            true => State::Begun,
            false => State::Ready,
        };
        Self {
            reader,
            state,
            played,
        }
    }

    /// Takes the next message. True where it begins a connection.
    pub(super) fn take(&mut self, from: Side, candidate: &Candidate, line: &mut Line) -> bool {
        match (from, candidate.role) {
            (Side::Client, Some(RoleKind::Hello)) => {
                let is_answered = !matches!(
                    self.reader.protocol.session.role(RoleKind::Ready),
                    RolePlayer::Off
                );
                self.state = match is_answered {
                    true => State::Asked,
                    false => State::Ready,
                };
                return true;
            }
            (Side::Server, Some(RoleKind::Ready)) => {
                match self.state {
                    State::Begun => self.complain("the hello that it answers is missing", line),
                    State::Ready if self.played => {
                        self.complain("the session is ready already", line)
                    }
                    _ => {}
                }
                self.state = State::Ready;
            }
            (Side::Server, Some(RoleKind::Refuse)) => {
                if self.state == State::Begun {
                    self.complain("the hello that it answers is missing", line);
                }
                self.state = State::Begun;
            }
            _ if self.state == State::Ready || self.is_early(from, candidate) => {}
            (Side::Client, _) => {
                self.complain("the hello comes first", line);
                self.state = State::Ready;
            }
            (Side::Server, _) => {
                self.complain("the session is not ready", line);
                self.state = State::Ready;
            }
        }
        false
    }

    /// Whether a message is legal before ready: a client may send behind its hello, and a server says what it did not take.
    fn is_early(&self, from: Side, candidate: &Candidate) -> bool {
        let named = &self.reader.protocol.session.phases.before_ready;
        let is_named = candidate.message.is_some_and(|id| named.contains(&id));
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
