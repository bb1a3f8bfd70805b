//! The network of one client: passes bytes on to the server, or does with them what networks do.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// The bytes of a connection that are kept from its beginning: the upgrade and the ready message are among them.
const HEAD: usize = 2048;

/// What the kernel holds for a proxy that does not read, so that little is needed to be a slow reader.
const RECEIVE_BUFFER: u32 = 8192;

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    /// From the client to the server.
    Up,
    Down,
}

/// What becomes of the bytes of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are passed on.
    Pass,
    /// They are read and dropped, as behind a router that has forgotten the connection.
    Swallow,
    /// They are read and kept, until they may pass.
    Hold,
    /// They are not read.
    Pause,
}

/// Where a connection is lost: after so many bytes of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) direction: Direction,
    pub(crate) at: u64,
}

/// What is done with a connection.
#[derive(Clone, Copy, Debug)]
struct Rules {
    up: Mode,
    down: Mode,
    delay: Duration,
    /// Whether the client's side is open.
    near: bool,
    /// Whether the server's side is open.
    far: bool,
}

const OPEN: Rules = Rules {
    up: Mode::Pass,
    down: Mode::Pass,
    delay: Duration::ZERO,
    near: true,
    far: true,
};

impl Rules {
    fn mode(&self, direction: Direction) -> Mode {
        match direction {
            Direction::Up => self.up,
            Direction::Down => self.down,
        }
    }

    fn set(&mut self, direction: Direction, mode: Mode) {
        match direction {
            Direction::Up => self.up = mode,
            Direction::Down => self.down = mode,
        }
    }
}

/// What went through a connection.
#[derive(Clone, Default)]
pub(crate) struct Passed {
    pub(crate) up: u64,
    pub(crate) down: u64,
    /// How many bytes are held.
    pub(crate) held: u64,
    head: Vec<u8>,
    /// When the first byte came from the server.
    answered: Option<Instant>,
    /// When the last byte went through, in either direction.
    last: Option<Instant>,
}

impl Passed {
    /// Whether the server said that it resumes a session.
    pub(crate) fn is_resumed(&self) -> bool {
        String::from_utf8_lossy(&self.head).contains(r#""resumed":true"#)
    }

    /// Bytes up and down, when the first came from the server and the last in either direction, and what came at last, for people.
    pub(crate) fn shown(&self, began: Instant) -> String {
        let from = self.head.len().saturating_sub(80);
        let words = String::from_utf8_lossy(&self.head[from..]);
        let time = |at: Option<Instant>| {
            at.map_or_else(
                || "never".to_owned(),
                |at| format!("{:.3}", at.duration_since(began).as_secs_f64()),
            )
        };
        let (answered, last) = (time(self.answered), time(self.last));
        let (up, down) = (self.up, self.down);
        format!("up {up}, down {down}, answered {answered}, last {last}: {words:?}")
    }

    /// The token of the session.
    pub(crate) fn token(&self) -> Option<String> {
        let head = String::from_utf8_lossy(&self.head);
        let (_, rest) = head.split_once(r#""session":""#)?;
        Some(rest.split_once('"')?.0.to_owned())
    }
}

struct Connection {
    rules: watch::Sender<Rules>,
    /// Whether what follows the upgrade is held: the hello.
    holds_hello: bool,
    passed: Mutex<Passed>,
}

impl Connection {
    fn passed(&self) -> MutexGuard<'_, Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cut(&self) {
        self.rules.send_modify(|rules| {
            rules.near = false;
            rules.far = false;
        });
    }
}

struct State {
    /// Where the server is.
    to: SocketAddr,
    is_refusing: bool,
    /// What is done with new connections.
    rules: Rules,
    /// The number of the connection whose hello is held.
    late: Option<usize>,
    connections: Vec<Arc<Connection>>,
}

struct Shared {
    state: Mutex<State>,
    cuts: Vec<Option<Cut>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network of one client. Dropped, it loses every connection.
pub(crate) struct Network {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for Network {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Network {
    /// Begins to listen. `cuts` says where connections are lost, by their number.
    pub(crate) async fn start(to: SocketAddr, cuts: Vec<Option<Cut>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = State {
            to,
            is_refusing: false,
            rules: OPEN,
            late: None,
            connections: Vec::new(),
        };
        let state = Mutex::new(state);
        let shared = Arc::new(Shared { state, cuts });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// Leads new connections to another server.
    pub(crate) fn lead_to(&self, to: SocketAddr) {
        self.shared.state().to = to;
    }

    /// Says whether new connections are refused.
    pub(crate) fn refuse(&self, is_refusing: bool) {
        self.shared.state().is_refusing = is_refusing;
    }

    /// Loses every connection, at both ends.
    pub(crate) fn cut(&self) {
        for connection in &self.shared.state().connections {
            connection.cut();
        }
    }

    /// Loses every connection at the end of the client; the server does not notice.
    pub(crate) fn cut_near(&self) {
        for connection in &self.shared.state().connections {
            connection.rules.send_modify(|rules| rules.near = false);
        }
    }

    /// Says what becomes of the bytes of the connections there are.
    pub(crate) fn set(&self, directions: &[Direction], mode: Mode) {
        for connection in &self.shared.state().connections {
            for &direction in directions {
                connection
                    .rules
                    .send_modify(|rules| rules.set(direction, mode));
            }
        }
    }

    /// Holds the hello of a connection that is made later, by its number.
    pub(crate) fn hold_hello(&self, number: usize) {
        self.shared.state().late = Some(number);
    }

    /// Delays whatever is passed on, on new connections, too.
    pub(crate) fn delay(&self, delay: Duration) {
        let mut state = self.shared.state();
        state.rules.delay = delay;
        for connection in &state.connections {
            connection.rules.send_modify(|rules| rules.delay = delay);
        }
    }

    /// What went through each connection.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        let state = self.shared.state();
        let passed = state.connections.iter().map(|one| one.passed().clone());
        passed.collect()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((near, _)) = listener.accept().await {
        let (to, rules) = {
            let state = shared.state();
            if state.is_refusing {
                continue;
            }
            (state.to, state.rules)
        };
        let (number, connection) = {
            let mut state = shared.state();
            let number = state.connections.len();
            let connection = Arc::new(Connection {
                rules: watch::Sender::new(rules),
                holds_hello: state.late == Some(number),
                passed: Mutex::default(),
            });
            state.connections.push(connection.clone());
            (number, connection)
        };
        let cut = shared.cuts.get(number).copied().flatten();
        tokio::spawn(pass(near, to, connection, cut));
    }
}

async fn pass(near: TcpStream, to: SocketAddr, connection: Arc<Connection>, cut: Option<Cut>) {
    let Ok(far) = dial(to).await else { return };
    // Where a delay cannot be switched off, the cuts are at the same bytes.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let pipe = |direction, from, to| Pipe {
        direction,
        from: Some(from),
        to: Some(to),
        held: Vec::new(),
        cut: cut
            .filter(|cut| cut.direction == direction)
            .map(|cut| cut.at),
        connection: connection.clone(),
    };
    let up = pipe(Direction::Up, near_read, far_write);
    let down = pipe(Direction::Down, far_read, near_write);
    tokio::join!(up.run(), down.run());
}

async fn dial(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.connect(to).await
}

/// One direction of a connection.
struct Pipe {
    direction: Direction,
    from: Option<OwnedReadHalf>,
    to: Option<OwnedWriteHalf>,
    held: Vec<u8>,
    cut: Option<u64>,
    connection: Arc<Connection>,
}

impl Pipe {
    async fn run(mut self) {
        let mut rules = self.connection.rules.subscribe();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let now = *rules.borrow_and_update();
            let mode = now.mode(self.direction);
            let (from_is_open, to_is_open) = match self.direction {
                Direction::Up => (now.near, now.far),
                Direction::Down => (now.far, now.near),
            };
            if !from_is_open {
                self.from = None;
            }
            if !to_is_open {
                self.to = None;
            }
            if !from_is_open && !to_is_open {
                return;
            }
            if mode == Mode::Pass {
                let held = std::mem::take(&mut self.held);
                if !held.is_empty() && !self.write(&held, now.delay).await {
                    continue;
                }
                // The end is what comes last.
                if self.from.is_none() && from_is_open {
                    self.connection.cut();
                    continue;
                }
            }
            let read = match &mut self.from {
                Some(from) if mode != Mode::Pause => tokio::select! {
                    biased;
                    changed = rules.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                    read = from.read(&mut buffer) => read,
                },
                _ => match rules.changed().await {
                    Ok(()) => continue,
                    Err(_) => return,
                },
            };
            match read {
                Ok(0) | Err(_) => self.from = None,
                Ok(length) => match mode {
                    Mode::Swallow => {}
                    Mode::Hold => self.hold(&buffer[..length]),
                    // The upgrade has been answered.
                    Mode::Pass if self.is_hello() => {
                        self.hold(&buffer[..length]);
                        let hold = |rules: &mut Rules| rules.up = Mode::Hold;
                        self.connection.rules.send_modify(hold);
                    }
                    Mode::Pass | Mode::Pause => {
                        self.write(&buffer[..length], now.delay).await;
                    }
                },
            }
        }
    }

    fn is_hello(&self) -> bool {
        let passed = self.connection.passed();
        self.connection.holds_hello
            && self.direction == Direction::Up
            && passed.down > 0
            && passed.held == 0
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.connection.passed().held += bytes.len() as u64;
    }

    /// Passes bytes on, and loses the connection where it is to be lost. Returns whether it goes on.
    async fn write(&mut self, bytes: &[u8], delay: Duration) -> bool {
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let (bytes, is_lost) = {
            let mut passed = self.connection.passed();
            let before = match self.direction {
                Direction::Up => passed.up,
                Direction::Down => passed.down,
            };
            let end = before + bytes.len() as u64;
            let is_lost = self.cut.is_some_and(|at| end >= at);
            let end = if is_lost {
                self.cut.unwrap_or(end)
            } else {
                end
            };
            let bytes = &bytes[..(end - before) as usize];
            let now = Instant::now();
            passed.last = Some(now);
            match self.direction {
                Direction::Up => passed.up = end,
                Direction::Down => {
                    passed.down = end;
                    passed.answered.get_or_insert(now);
                    let room = HEAD.saturating_sub(passed.head.len());
                    passed.head.extend(bytes.iter().take(room));
                }
            }
            (bytes, is_lost)
        };
        let mut is_written = false;
        if let Some(to) = &mut self.to {
            is_written = to.write_all(bytes).await.is_ok();
        }
        if is_lost || (!is_written && self.to.is_some()) {
            self.connection.cut();
            return false;
        }
        true
    }
}
