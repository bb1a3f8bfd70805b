//! Runs the Autobahn test suite against both ends of `handfast::transport::WebSocket`, and reads its reports.

mod client;
mod echo;
mod handshake;
mod report;
mod server;

use serde_json::{Value, json};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
};
use tokio::process::Command;

const USAGE: &str = "\
handfast-autobahn PYTHON FOLDER [CASE…]
  PYTHON   an interpreter that has the packages of requirements.txt
  FOLDER   where the reports go
  CASE     cases by id, such as 7.3.1 or 7.*; all of them where none is named";

/// Left out: they are of compression, which is not spoken here.
const EXCLUDED: [&str; 2] = ["12.*", "13.*"];

/// How many cases are left.
const CASES: usize = 301;

/// What both ends take: the largest message of the suite.
const LIMIT: usize = 16 * 1024 * 1024;

/// What the reports call what is tested.
const AGENT: &str = "handfast";

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [python, folder, cases @ ..] = arguments.as_slice() else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let run = Run {
        python,
        folder: Path::new(folder),
        cases,
    };
    match run.all().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What is asked for.
struct Run<'a> {
    python: &'a str,
    folder: &'a Path,
    cases: &'a [String],
}

impl Run<'_> {
    async fn all(&self) -> Result<bool> {
        let expected = self.cases.is_empty().then_some(CASES);
        let mut is_good = true;
        for (end, run) in [("server", true), ("client", false)] {
            let folder = self.folder.join(end);
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            println!(
                "testing the {end}; its log is {}",
                folder.join("log.txt").display()
            );
            if run {
                self.server(&folder).await?;
            } else {
                self.client(&folder).await?;
            }
            is_good &= report::tell(end, &folder, expected)?;
        }
        Ok(is_good)
    }

    /// The suite is the client.
    async fn server(&self, folder: &Path) -> Result<()> {
        let server = server::start().await?;
        let url = format!("ws://{}", server.address);
        let spec = self.spec(
            folder,
            json!({ "servers": [{ "url": url, "agent": AGENT }] }),
        )?;
        let log = File::create(folder.join("log.txt"))?;
        let status = self
            .python("client", &spec)
            .stdout(log.try_clone()?)
            .stderr(log)
            .status()
            .await?;
        if !status.success() {
            return Err(
                format!("the suite's client ended with {status}; its log tells why").into(),
            );
        }
        Ok(())
    }

    /// The suite is the server.
    async fn client(&self, folder: &Path) -> Result<()> {
        let spec = self.spec(folder, json!({}))?;
        let mut suite = self
            .python("server", &spec)
            .stdout(Stdio::piped())
            .stderr(File::create(folder.join("errors.txt"))?)
            .spawn()?;
        let output = suite.stdout.take().ok_or("a program without output")?;
        let done = client::run(output, File::create(folder.join("log.txt"))?).await;
        suite.kill().await?;
        done
    }

    /// Writes what the suite is told.
    fn spec(&self, folder: &Path, more: Value) -> Result<PathBuf> {
        let mut spec = more;
        spec["outdir"] = json!(folder.display().to_string());
        spec["cases"] = match self.cases {
            [] => json!(["*"]),
            cases => json!(cases),
        };
        spec["exclude-cases"] = json!(EXCLUDED);
        spec["exclude-agent-cases"] = json!({});
        let path = folder.join("spec.json");
        fs::write(&path, spec.to_string())?;
        Ok(path)
    }

    fn python(&self, side: &str, spec: &Path) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzzing.py");
        let mut command = Command::new(self.python);
        command
            .arg("-u")
            .arg(script)
            .arg(side)
            .arg(spec)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}
