//! Scripts of `tests/typescript/peers`, run by Node.

use serde_json::Value;
use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../typescript")
}

/// A process of Node, which ends with this value.
pub struct Node {
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Node {
    pub fn start<'a>(script: &str, arguments: impl IntoIterator<Item = &'a str>) -> Outcome<Self> {
        let mut child = Command::new("node")
            .current_dir(scripts())
            .arg(format!("peers/{script}"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("it has an output")?;
        Ok(Self {
            child,
            lines: BufReader::new(output).lines(),
        })
    }

    pub async fn line(&mut self) -> Outcome<Value> {
        let line = self.lines.next_line().await?.ok_or("it ended")?;
        Ok(serde_json::from_str(&line)?)
    }

    pub async fn expect(&mut self, expected: Value) -> Outcome {
        let line = self.line().await?;
        assert_eq!(line, expected);
        Ok(())
    }
}
