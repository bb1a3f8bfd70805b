//! A folder with the files of a page, in which its commands run.

use crate::{
    Failure,
    page::{Command, Page, Step, is_as_shown},
};
use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command as Process, Stdio},
};

/// The address of the guide's servers.
const ADDRESS: &str = "127.0.0.1:8080";

/// A workspace in the target folder. The servers that its commands start end with it.
pub struct Workspace {
    folder: PathBuf,
    root: PathBuf,
    /// The target folder of Handfast's workspace, where cargo finds dependencies that it has compiled.
    target: PathBuf,
    /// Another one, for the programs of the pages: one of them is called `codegen`, as one of Handfast's is, which may be running.
    programs: PathBuf,
    /// What stands for [`ADDRESS`].
    address: String,
    servers: Vec<Child>,
}

impl Drop for Workspace {
    fn drop(&mut self) {
        for server in &mut self.servers {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Workspace {
    /// An empty workspace in the target folder. It is the same folder for all pages: cargo takes crates of one name in several folders
    /// of its targets for one another.
    pub fn new(root: &Path, target: &Path) -> Result<Self, Failure> {
        let folder = target.join("guide");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        // Nothing of the guide is released before another program takes the port; if one does, the server fails and says so.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let workspace = Self {
            folder,
            root: root.to_owned(),
            target: target.to_owned(),
            programs: target.join("guide-target"),
            address,
            servers: Vec::new(),
        };
        workspace.link_packages()?;
        Ok(workspace)
    }

    /// The npm packages that the pages install are those of the TypeScript tests.
    fn link_packages(&self) -> Result<(), Failure> {
        let packages = self.root.join("tests/typescript/node_modules");
        #[cfg(unix)]
        std::os::unix::fs::symlink(packages, self.folder.join("node_modules"))?;
        #[cfg(windows)]
        std::os::windows::fs::symlink_dir(packages, self.folder.join("node_modules"))?;
        Ok(())
    }

    /// Writes the files that a page builds on, and no commands run.
    pub fn write_files(&self, page: &Page) -> Result<(), Failure> {
        for step in &page.steps {
            if let Step::File { path, text } = step {
                self.write(path, text)?;
            }
        }
        Ok(())
    }

    /// Writes a page's files and runs its commands in the order in which a reader comes to them.
    pub fn run(&mut self, page: &Page) -> Result<(), Failure> {
        for step in &page.steps {
            match step {
                Step::File { path, text } => self.write(path, text)?,
                Step::Command(command) => self.command(command)?,
                Step::Excerpt { path, text } => self.excerpt(path, text)?,
            }
        }
        Ok(())
    }

    fn excerpt(&self, path: &str, text: &str) -> Result<(), Failure> {
        let whole = fs::read_to_string(self.folder.join(path))?;
        match text
            .split("\n\n")
            .find(|part| !whole.contains(part.trim_end()))
        {
            None => Ok(()),
            Some(part) => Err(format!("{path} does not contain:\n{part}").into()),
        }
    }

    pub fn write(&self, path: &str, text: &str) -> Result<(), Failure> {
        let file = self.folder.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut text = text.replace(ADDRESS, &self.address);
        for (package, folder) in [("handfast-codegen", "codegen"), ("handfast", "runtime")] {
            let path = self.root.join(folder);
            text = text.replace(
                &format!("{package} = {{ git = \"…\""),
                &format!("{package} = {{ path = '{}'", path.display()),
            );
        }
        // The pages may be built in the target folder of this workspace: without a table of its own, a package would count as one of its members.
        if path == "Cargo.toml" && !text.contains("[workspace]") {
            text.push_str("\n[workspace]\n");
        }
        Ok(fs::write(file, text)?)
    }

    /// Runs a command as the page shows it.
    pub fn command(&mut self, command: &Command) -> Result<(), Failure> {
        println!("  $ {}", command.line);
        if command.is_server {
            return self.server(command);
        }
        let output = self.process(&command.line)?.output()?;
        let printed = String::from_utf8(output.stdout)?.replace(&self.address, ADDRESS);
        if output.status.code() != Some(command.status) {
            let errors = String::from_utf8_lossy(&output.stderr);
            let ended = output.status;
            return Err(
                format!("`{}` ended with {ended}:\n{printed}{errors}", command.line).into(),
            );
        }
        let lines: Vec<&str> = printed.lines().collect();
        if is_as_shown(&command.output, &lines) {
            return Ok(());
        }
        let shown = command.output.join("\n");
        Err(format!(
            "`{}` is shown with:\n{shown}\nand prints:\n{printed}",
            command.line
        )
        .into())
    }

    /// Builds and starts a server, and waits for the lines that it prints first. It is not started by `cargo run`, which would not
    /// pass on that it has to end.
    fn server(&mut self, command: &Command) -> Result<(), Failure> {
        let package = command
            .line
            .strip_prefix("cargo run -p ")
            .ok_or("not a server of the workspace")?;
        self.command(&Command {
            line: format!("cargo build -p {package}"),
            is_server: false,
            status: 0,
            output: Vec::new(),
        })?;
        let program = format!("debug/{package}{}", std::env::consts::EXE_SUFFIX);
        let program = self.programs.join(program);
        let mut server = Process::new(program)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = server.stdout.take();
        self.servers.push(server);
        let mut lines = BufReader::new(output.ok_or("no output")?).lines();
        for shown in &command.output {
            let printed = lines
                .next()
                .transpose()?
                .unwrap_or_default()
                .replace(&self.address, ADDRESS);
            if printed != *shown {
                return Err(format!(
                    "`{}` is shown with {shown}, and prints {printed}",
                    command.line
                )
                .into());
            }
        }
        Ok(())
    }

    fn process(&self, line: &str) -> Result<Process, Failure> {
        let mut words = line.split(' ');
        let mut program = words.next().unwrap_or_default();
        let bin = self.root.join("tests/typescript/node_modules/.bin");
        if program == "npx" {
            program = words.next().unwrap_or_default();
        }
        let mut process = Process::new(program);
        if program == "cargo" {
            process = Process::new(env!("CARGO"));
        }
        let mut path = OsString::from(bin);
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(std::env::var_os("PATH").unwrap_or_default());
        process
            .args(words)
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", &self.programs)
            // Known since Rust 1.91: an older one compiles the dependencies again.
            .env("CARGO_BUILD_BUILD_DIR", &self.target)
            // As the dependencies of Handfast's workspace are compiled.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TERM_COLOR", "never")
            .env("GUIDE_ADDRESS", &self.address);
        Ok(process)
    }
}
