//! The process of a cluster that a test started, and its directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, kill_process};
use tempfile::TempDir;

use super::{Options, build};
use crate::host;
use crate::program::Signal;
use crate::trial::{Outcome, fail};

/// Several times what it takes with all cores busy.
const START: Duration = Duration::from_mins(2);
/// Longer than containers take to be buried.
const END: Duration = Duration::from_secs(15);

/// A running control plane. It ends when its standard input closes: on drop, and with this process whatever ends that.
#[derive(Debug)]
pub(super) struct Own {
    child: Child,
    dir: TempDir,
}

impl Own {
    /// Starts `cp up` with simulated nodes, and waits until it is ready.
    pub(super) fn simulated(options: &Options) -> Outcome<Self> {
        let dir = directory()?;
        let mut command = Command::new(build::built("")?.join("cp"));
        command
            .args(["up", "--until-stdin-closes", "--dir"])
            .arg(dir.path())
            .args(flags(options));
        Self::begin(command, dir)
    }

    /// Starts `node.sh`, and waits until its control plane is ready.
    pub(super) fn real() -> Outcome<Self> {
        let dir = directory()?;
        let mut command = Command::new("bash");
        command
            .env("CONTROL_PLANE_DIR", build::built("node")?)
            .arg(build::script("node.sh"))
            .arg(dir.path());
        Self::begin(command, dir)
    }

    fn begin(mut command: Command, dir: TempDir) -> Outcome<Self> {
        let log = std::fs::File::create(dir.path().join("up.log"))?;
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| fail(format_args!("{}: {error}", command.get_program().display())))?;
        let mut own = Self { child, dir };
        let ready = host::poll(START, || {
            let ended = own.child.try_wait().ok().flatten().is_some();
            let ready = own.file("ready").exists();
            (ready || ended).then_some(ready)
        });
        match ready {
            Some(true) => Ok(own),
            _ => Err(fail(format_args!(
                "the control plane did not start\n{}",
                own.log("up.log")
            ))),
        }
    }

    /// A file of the cluster's directory.
    pub(super) fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The text of a file of the cluster's directory, as far as it can be read.
    pub(super) fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    /// The number of a process of the cluster.
    pub(super) fn process(&self, name: &str) -> Outcome<i32> {
        let path = self.file("pids").join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| fail(format_args!("{}: {error}", path.display())))?;
        Ok(text.trim().parse()?)
    }

    /// Sends a signal to a component.
    pub(super) fn signal(&self, component: &str, signal: Signal) -> Outcome {
        let id = Pid::from_raw(self.process(component)?);
        Ok(kill_process(
            id.ok_or_else(|| fail("no such process"))?,
            signal,
        )?)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if host::poll(END, || self.child.try_wait().ok().flatten()).is_none() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Short, because the paths of sockets may not be long; never below a `TMPDIR` that is.
fn directory() -> Outcome<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("deployer-k8s-")
        .tempdir_in("/tmp")?)
}

fn flags(options: &Options) -> Vec<String> {
    let mut flags = Vec::new();
    if options.nodes > 0 {
        flags.push(format!("--nodes={}", options.nodes));
    }
    let more = [
        ("user", &options.users),
        ("apiserver-flag", &options.apiserver_flags),
        ("controllers-flag", &options.controllers_flags),
    ];
    for (name, values) in more {
        flags.extend(values.iter().map(|value| format!("--{name}={value}")));
    }
    if let Some(after) = options.restart_after {
        flags.push(format!("--restart-after={}ms", after.as_millis()));
    }
    if let Some(eks) = &options.eks {
        flags.push(format!("--eks-cluster={}", eks.cluster));
        flags.push(format!("--eks-token-age={}ms", eks.token_age.as_millis()));
        flags.extend(eks.users.iter().map(|user| format!("--aws-user={user}")));
    }
    flags
}
