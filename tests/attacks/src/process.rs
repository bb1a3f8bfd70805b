//! A server as a process: started, looked at from outside, and ended.

use crate::server::Setup;
use serde_json::Value;
use std::{
    fs,
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// How long anything that has to happen may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a peer may take to begin what it does, and to end it when the attack is over. A machine may be slow; a mistake in an attack is reported all
/// the same.
pub(crate) const BEGIN: Duration = Duration::from_secs(30);

/// How long is waited between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// A server that runs. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    pid: u32,
    /// Where it serves.
    pub(crate) address: SocketAddr,
    /// Where it tells how it is.
    side: SocketAddr,
    /// Read on, so that nothing it prints can stop it.
    _out: BufReader<ChildStdout>,
}

/// How much of a machine a server has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// What its allocator has given out, in bytes.
    pub(crate) memory: u64,
    pub(crate) sockets: usize,
    pub(crate) tasks: u64,
    /// Sessions that wait to be resumed.
    pub(crate) detached: u64,
}

impl Process {
    pub(crate) async fn start(setup: &Setup) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .arg("serve")
            .args(setup.arguments())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("the server does not start: {error}"))?;
        let pid = child.id().ok_or("the server ended at once")?;
        let out = child.stdout.take().ok_or("its output is there")?;
        let mut out = BufReader::new(out);
        let mut line = String::new();
        timeout(PATIENCE, out.read_line(&mut line))
            .await
            .map_err(|_| "the server does not get ready")?
            .map_err(|error| error.to_string())?;
        let mut words = line.split_whitespace().skip(1).map(str::parse);
        let (Some(Ok(address)), Some(Ok(side))) = (words.next(), words.next()) else {
            return Err(format!("the server says `{}`", line.trim()));
        };
        Ok(Self {
            child,
            pid,
            address,
            side,
            _out: out,
        })
    }

    /// The most that its allocator has given out since this was asked before, in bytes.
    pub(crate) async fn peak(&self) -> Result<u64, String> {
        let body = self.ask("POST /peak").await?;
        body.trim().parse().map_err(|_| format!("a peak of {body}"))
    }

    pub(crate) fn sockets(&self) -> usize {
        let Ok(files) = fs::read_dir(format!("/proc/{}/fd", self.pid)) else {
            return 0;
        };
        files
            .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    }

    /// How many of its connections wait for it to close them (CLOSE_WAIT).
    pub(crate) fn hung_up(&self) -> usize {
        let ours = format!(":{:04X}", self.address.port());
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.pid)).unwrap_or_default();
        table
            .lines()
            .filter(|line| {
                let mut columns = line.split_whitespace().skip(1);
                columns.next().is_some_and(|local| local.ends_with(&ours))
                    && columns.nth(1) == Some("08")
            })
            .count()
    }

    /// What the server says of itself: tasks, connections, log lines.
    pub(crate) async fn state(&self) -> Result<Value, String> {
        let body = self.ask("GET /state").await?;
        serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))
    }

    /// Tells it to go away.
    pub(crate) async fn stop(&self) -> Result<(), String> {
        self.ask("POST /stop").await.map(drop)
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, within: Duration) -> bool {
        timeout(within, self.child.wait()).await.is_ok()
    }

    async fn ask(&self, what: &str) -> Result<String, String> {
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.side
        );
        let exchange = async {
            let mut stream = TcpStream::connect(self.side).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = timeout(PATIENCE, exchange)
            .await
            .map_err(|_| "the server does not say how it is")?
            .map_err(|error| format!("the server does not say how it is: {error}"))?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        Ok(body.unwrap_or_default().to_owned())
    }

    pub(crate) async fn usage(&self) -> Result<Usage, String> {
        let state = self.state().await?;
        Ok(Usage {
            memory: state["memory"].as_u64().unwrap_or_default(),
            sockets: self.sockets(),
            tasks: state["tasks"].as_u64().unwrap_or_default(),
            detached: state["detached"].as_u64().unwrap_or_default(),
        })
    }

    /// Waits until there are no more sockets, tasks and bytes than there were, and no session to be resumed. Gives what there is in
    /// the end, and how long it took.
    pub(crate) async fn settle(
        &self,
        before: Usage,
        within: Duration,
    ) -> Result<(Usage, Duration), String> {
        let start = Instant::now();
        loop {
            let now = self.usage().await?;
            let is_back = now.sockets <= before.sockets
                && now.tasks <= before.tasks
                && now.detached == 0
                && now.memory <= before.memory;
            if is_back || start.elapsed() > within {
                return Ok((now, start.elapsed()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
