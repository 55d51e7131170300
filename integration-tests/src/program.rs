//! The real binary: found, started, watched, signalled, and read.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use serde_json::Value;

use crate::host::{self, Since};
use crate::trial::{Outcome, fail};

const BUILD: &str = "build it first: cargo build --workspace --all-targets";

/// The top of the checkout.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A directory of the target directory that this binary was built in.
pub(crate) fn target(name: &str) -> Outcome<PathBuf> {
    // …/target/debug/deps/all-0123 → …/target
    let executable = std::env::current_exe()?;
    let target = executable.ancestors().nth(3).unwrap_or(Path::new("target"));
    Ok(target.join(name))
}

/// The binary that was built beside this one, or the one that `DEPLOYER_BIN` names.
///
/// One that is older than its sources is refused: it would pass or fail for a program that is no longer there.
pub fn binary() -> Outcome<PathBuf> {
    if let Some(chosen) = host::chosen_program() {
        return Ok(chosen);
    }
    // …/target/debug/deps/all-0123 → …/target/debug/deployer
    let executable = std::env::current_exe()?;
    let profile = executable
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("target/debug"));
    let binary = profile.join("deployer");
    let built =
        modified(&binary).ok_or_else(|| fail(format_args!("no {}; {BUILD}", binary.display())))?;
    let sources = std::fs::read_to_string(profile.join("deployer.d")).unwrap_or_default();
    let newer = sources
        .split_whitespace()
        .skip(1)
        .find(|path| modified(Path::new(path)) > Some(built));
    match newer {
        Some(source) => Err(fail(format_args!(
            "{} is older than {source}; {BUILD}",
            binary.display()
        ))),
        None => Ok(binary),
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|data| data.modified())
        .ok()
}

/// The program while it runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    since: Since,
    stdout: Stream,
    stderr: Stream,
}

/// What the program left behind.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `128 + n` where signal `n` ended it, as a shell counts.
    pub exit: i32,
    /// Everything written to standard output.
    pub stdout: String,
    /// Everything written to standard error.
    pub stderr: String,
    /// From start to exit.
    pub took: Duration,
    /// The most memory it was seen to hold, in KiB; nothing where it was gone before the first look, or where the kernel
    /// does not tell.
    pub peak_memory: Option<u64>,
}

impl Running {
    /// Starts `command` with nothing on its standard input, and reads both of its outputs as they come.
    pub fn start(command: Command) -> Outcome<Self> {
        Self::start_onto(command, Stdio::piped(), Stdio::piped())
    }

    /// The same with other outputs: those that are no pipes of ours are not read.
    pub fn start_onto(
        mut command: Command,
        stdout: impl Into<Stdio>,
        stderr: impl Into<Stdio>,
    ) -> Outcome<Self> {
        let since = Since::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|error| fail(format_args!("{}: {error}", command.get_program().display())))?;
        let stdout = Stream::read(child.stdout.take());
        let stderr = Stream::read(child.stderr.take());
        Ok(Self {
            child,
            since,
            stdout,
            stderr,
        })
    }

    /// Waits until standard output has a line that `find` makes something of.
    pub fn line<T>(&mut self, within: Duration, find: impl Fn(&str) -> Option<T>) -> Outcome<T> {
        let found = host::poll(within, || {
            let ended = self.child.try_wait().ok().flatten().is_some();
            let found = self.stdout.text().lines().find_map(&find);
            if found.is_none() && ended {
                Some(None)
            } else {
                found.map(Some)
            }
        });
        found.flatten().ok_or_else(|| {
            fail(format_args!(
                "the awaited line never came\n{}",
                self.so_far()
            ))
        })
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Outcome {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        Ok(kill_process(
            id.ok_or_else(|| fail("no such process"))?,
            signal,
        )?)
    }

    /// Waits for the end; one that does not come in time is a failure that quotes the output so far.
    pub fn wait(mut self, within: Duration) -> Outcome<Finished> {
        let mut peak = None;
        let status = host::poll(within, || {
            peak = peak_memory(self.child.id()).or(peak);
            self.child.try_wait().transpose()
        });
        match status {
            Some(status) => Ok(self.finished(status?, peak)),
            None => Err(fail(format_args!(
                "still running after {within:?}\n{}",
                self.so_far()
            ))),
        }
    }

    fn finished(&mut self, status: ExitStatus, peak_memory: Option<u64>) -> Finished {
        let took = self.since.elapsed();
        let signalled = status.signal().map(|number| 128 + number);
        Finished {
            exit: status.code().or(signalled).unwrap_or(-1),
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            took,
            peak_memory,
        }
    }

    /// What it printed until now.
    pub fn so_far(&self) -> String {
        format!(
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout.text(),
            self.stderr.text()
        )
    }
}

/// The high-water mark of a process's memory in KiB, as Linux keeps it. One that has ended has none.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone is what we want.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Finished {
    /// Both outputs, for looking for words.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Whether any of the outputs has these words, whatever the case of their letters.
    pub fn says(&self, words: &str) -> bool {
        self.text().to_lowercase().contains(&words.to_lowercase())
    }

    /// The events of `--output json`. A line of standard output that is not JSON is a failure.
    pub fn events(&self) -> Outcome<Vec<Value>> {
        let lines = self.stdout.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| {
                serde_json::from_str(line)
                    .map_err(|error| fail(format_args!("not NDJSON: {error}: {line}")))
            })
            .collect()
    }

    /// The one event of this kind about a service: its `outcome`, its `post_mortem`.
    pub fn event(&self, kind: &str, service: &str) -> Outcome<Value> {
        let mut found = self.events()?;
        found.retain(|event| event["event"] == kind && event["service"] == service);
        match found.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err(fail(format_args!(
                "{} {kind} events of {service}, not one\n{self}",
                found.len()
            ))),
        }
    }

    /// The verdict, whether it was rolled back, and the exit code, as the `outcome` event of a service has them.
    pub fn verdict(&self, service: &str) -> Outcome<(String, Option<bool>, i64)> {
        let outcome = self.event("outcome", service)?;
        let verdict = outcome["verdict"].as_str().unwrap_or_default().to_owned();
        Ok((
            verdict,
            outcome["rolled_back"].as_bool(),
            outcome["exit"].as_i64().unwrap_or(-1),
        ))
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "exit {} after {:.1?}", self.exit, self.took)?;
        writeln!(
            out,
            "--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        )
    }
}

/// One output of a process, read by a thread so that neither side ever waits for the other.
#[derive(Debug)]
struct Stream {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Stream {
    fn read(source: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let reader = source.map(|source| {
            let text = Arc::clone(&text);
            std::thread::spawn(move || {
                let mut source = BufReader::new(source);
                let mut line = Vec::new();
                while source
                    .read_until(b'\n', &mut line)
                    .is_ok_and(|length| length > 0)
                {
                    lock(&text).push_str(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            })
        });
        Self { text, reader }
    }

    fn text(&self) -> String {
        lock(&self.text).clone()
    }

    /// Everything, once the process has ended.
    fn finish(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            drop(reader.join());
        }
        self.text()
    }
}

fn lock(text: &Mutex<String>) -> std::sync::MutexGuard<'_, String> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}
