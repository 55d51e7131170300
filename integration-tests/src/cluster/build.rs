//! The binaries of the control plane, built when the first test asks for them.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::host;
use crate::program;
use crate::servers::Refusal;
use crate::trial::{Outcome, fail};

/// Builds what is not built; `what` is nothing or `node`, as `build.sh` tells. The script is asked once a process.
pub(super) fn built(what: &'static str) -> Outcome<PathBuf> {
    static KNOWN: OnceLock<Mutex<HashMap<&str, Option<Refusal>>>> = OnceLock::new();
    let dir = match host::chosen_control_plane_dir() {
        Some(chosen) => chosen,
        None => program::target("control-plane")?,
    };
    let known = KNOWN.get_or_init(Mutex::default);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.contains_key(what) {
        let mut command = Command::new("bash");
        command
            .arg(script("build.sh"))
            .args((!what.is_empty()).then_some(what))
            .env("CONTROL_PLANE_DIR", &dir);
        known.insert(what, refusal(command)?);
    }
    match &known[what] {
        None => Ok(dir),
        Some(refusal) => Err(refusal.clone().into()),
    }
}

/// A file of `control-plane/`.
pub(super) fn script(name: &str) -> PathBuf {
    program::repository()
        .join("integration-tests/control-plane")
        .join(name)
}

/// Runs the script and passes on what it says, which is why somebody waits for minutes.
fn refusal(mut command: Command) -> Outcome<Option<Refusal>> {
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| fail(format_args!("bash, to build the control plane: {error}")))?;
    let mut said = String::new();
    for line in child
        .stderr
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufRead::lines)
    {
        let line = line?;
        drop(writeln!(std::io::stderr(), "{line}"));
        said = format!("{said}{line}\n");
    }
    let code = child.wait()?.code().unwrap_or(1);
    let said = said.trim_end().to_owned();
    Ok((code != 0).then_some(Refusal { code, said }))
}
