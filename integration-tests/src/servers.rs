//! Other people's servers, started when the first test asks for them, and what to say when a machine forbids them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::aws::Aws;
use crate::host;
use crate::program;
use crate::trial::{Outcome, Stop, fail};

/// The account that every server is set up with.
pub const ACCOUNT: &str = "123456789012";
/// The region that the tests speak of.
pub const REGION: &str = "us-east-1";

/// Exit codes of the scripts that start servers, by their own first lines.
const FORBIDDEN: i32 = 77;
const UNAVAILABLE: i32 = 75;

/// ECS whose tasks are real containers.
#[derive(Debug, Clone)]
pub struct Ministack {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    engine: String,
}

/// Application Auto Scaling, and ECS that remembers what it was asked but runs nothing.
#[derive(Debug, Clone)]
pub struct Moto {
    /// `http://127.0.0.1:PORT`
    pub url: String,
}

/// The AWS CLI and a Python with boto3, in an environment of their own.
#[derive(Debug, Clone)]
pub struct Clients {
    bin: PathBuf,
}

/// Starts ministack, or takes the one that runs.
pub fn ministack() -> Outcome<Ministack> {
    let mut known = up("ministack")?;
    Ok(Ministack {
        url: take(&mut known, "MINISTACK_URL")?,
        engine: take(&mut known, "ENGINE_PID")?,
    })
}

/// Starts moto, or takes the one that runs.
pub fn moto() -> Outcome<Moto> {
    Ok(Moto {
        url: take(&mut up("moto")?, "MOTO_URL")?,
    })
}

/// Installs the AWS CLI and boto3, or takes what is there.
pub fn clients() -> Outcome<Clients> {
    Ok(Clients {
        bin: take(&mut up("clients")?, "CLIENTS_BIN")?.into(),
    })
}

/// Other times of day for one process, whose monotonic clock stays as it is.
#[derive(Debug, Clone)]
pub struct OtherTime {
    library: String,
}

/// Installs what shows a process other times, or takes what is there.
pub fn other_time() -> Outcome<OtherTime> {
    Ok(OtherTime {
        library: take(&mut up("faketime")?, "FAKETIME_LIBRARY")?,
    })
}

impl OtherTime {
    /// Lets the clock that `command` sees be off by what `file` says, such as `+11m`, whenever it says so.
    pub fn within(&self, command: &mut Command, file: &Path) {
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAKETIME_TIMESTAMP_FILE", file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }
}

impl Ministack {
    /// What the container at `address` answers on port 80, asked from inside the engine's own network.
    pub fn fetch(&self, address: &str) -> Outcome<String> {
        let output = Command::new("nsenter")
            .args(["-t", &self.engine, "-n", "curl", "-fsS", "--max-time", "5"])
            .arg(format!("http://{address}/"))
            .output()?;
        if !output.status.success() {
            return Err(fail(format_args!(
                "{address}: {}",
                String::from_utf8_lossy(&output.stderr)
            )));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Moto {
    /// A subnet that the server knows; it refuses all others.
    pub fn subnet(&self) -> Outcome<String> {
        Aws::at(&self.url).ec2_first("DescribeSubnets", "subnetId")
    }

    /// A security group that the server knows; it refuses all others.
    pub fn security_group(&self) -> Outcome<String> {
        Aws::at(&self.url).ec2_first("DescribeSecurityGroups", "groupId")
    }
}

impl Clients {
    /// The AWS CLI, pointed at `endpoint`.
    pub fn aws(&self, endpoint: &str) -> Command {
        let mut command = self.command("aws", endpoint);
        command.env("AWS_PAGER", "").args(["--output", "json"]);
        command
    }

    /// A script of `integration-tests/clients/`, run by the Python that has boto3.
    pub fn python(&self, script: &str, endpoint: &str) -> Command {
        let mut command = self.command("python", endpoint);
        command.arg(
            program::repository()
                .join("integration-tests/clients")
                .join(script),
        );
        command
    }

    fn command(&self, program: &str, endpoint: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .env_clear()
            .env("PATH", host::search_path())
            .env("HOME", "/nonexistent")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "somebody")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            // Nothing is to appear beside the scripts.
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// Stops the servers, if this process was the one that started them.
pub fn down() {
    if started()
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .we_started
    {
        drop(script("down", &[]));
    }
}

/// What `servers.sh` leaves in its file of that name.
type Endpoints = HashMap<String, String>;

/// Why a server did not start: the exit code of the script that was to start it, and what it said.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) code: i32,
    pub(crate) said: String,
}

#[derive(Default)]
struct Started {
    we_started: bool,
    known: HashMap<String, Result<Endpoints, Refusal>>,
}

fn started() -> &'static Mutex<Started> {
    static STARTED: OnceLock<Mutex<Started>> = OnceLock::new();
    STARTED.get_or_init(Mutex::default)
}

/// The endpoints after starting `name`, asked of the script once a process.
fn up(name: &str) -> Outcome<Endpoints> {
    let mut started = started().lock().unwrap_or_else(PoisonError::into_inner);
    if !started.known.contains_key(name) {
        if started.known.is_empty() {
            started.we_started = !script("status", &[])?.1.contains(" runs ");
        }
        let (code, said) = script("up", &[name])?;
        let answer = if code == 0 {
            Ok(endpoints()?)
        } else {
            Err(Refusal { code, said })
        };
        started.known.insert(name.to_owned(), answer);
    }
    match &started.known[name] {
        Ok(endpoints) => Ok(endpoints.clone()),
        Err(refusal) => Err(refusal.clone().into()),
    }
}

/// A machine that forbids a server costs its tests; one that merely lacks it must not pass unseen in CI.
impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        let reason = refusal.said.lines().last().unwrap_or_default().to_owned();
        match refusal.code {
            FORBIDDEN => Self::Skip(reason),
            UNAVAILABLE if !host::is_ci() => Self::Skip(reason),
            _ => Self::Fail(refusal.said),
        }
    }
}

fn directory() -> Outcome<PathBuf> {
    match host::chosen_servers_dir() {
        Some(chosen) => Ok(chosen),
        None => program::target("servers"),
    }
}

/// Runs the script; its exit code and what it said.
fn script(verb: &str, names: &[&str]) -> Outcome<(i32, String)> {
    let output = Command::new("bash")
        .arg(program::repository().join("integration-tests/servers/servers.sh"))
        .arg(verb)
        .args(names)
        .env("SERVERS_DIR", directory()?)
        .output()
        .map_err(|error| fail(format_args!("bash, to start the servers: {error}")))?;
    let code = output.status.code().unwrap_or(1);
    Ok((
        code,
        String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned(),
    ))
}

fn endpoints() -> Outcome<Endpoints> {
    let text = std::fs::read_to_string(directory()?.join("endpoints"))?;
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect())
}

fn take(known: &mut Endpoints, key: &str) -> Outcome<String> {
    known
        .remove(key)
        .ok_or_else(|| fail(format_args!("servers.sh left no {key}")))
}
