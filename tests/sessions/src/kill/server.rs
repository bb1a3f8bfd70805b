//! The server as a process, which is killed.

use super::PATIENCE;
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// A folder that is removed when this is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(seed: u64) -> io::Result<Self> {
        let name = format!("handfast-sessions-{}-{seed}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Keeps it.
    pub(crate) fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // What cannot be removed is left to the system.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// One life of the server. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) pid: u32,
    pub(crate) run: u64,
    pub(crate) address: SocketAddr,
    _out: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it at a port; 0 is any.
    pub(crate) async fn start(port: u16, run: u64, ledger: &Path) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .args(["serve", &port.to_string(), &run.to_string()])
            .arg(ledger)
            .stdout(Stdio::piped())
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
        let address = line.trim().strip_prefix("ready ");
        let address = address.and_then(|address| address.parse().ok());
        Ok(Self {
            address: address.ok_or_else(|| format!("the server says `{}`", line.trim()))?,
            child,
            pid,
            run,
            _out: out,
        })
    }

    /// Kills it with SIGKILL, and waits until it is gone.
    pub(crate) async fn kill(&mut self) -> Result<(), String> {
        let killed = self.child.start_kill();
        killed.map_err(|error| format!("the server ended by itself: {error}"))?;
        let status = timeout(PATIENCE, self.child.wait()).await;
        let status = status.map_err(|_| "a killed server does not end")?;
        let status = status.map_err(|error| error.to_string())?;
        // A server that had ended already, by a panic for example, has a code.
        match status.code() {
            None => Ok(()),
            Some(code) => Err(format!("the server ended by itself, with {code}")),
        }
    }
}
