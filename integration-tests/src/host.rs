//! The machine the tests run on: its clock, its environment, and waiting.
//!
//! The program under test takes time as an argument. Tests of a process cannot, so the clock is read here and nowhere
//! else; every wait is a poll with a deadline.
#![expect(
    clippy::disallowed_methods,
    reason = "the one module of the tests that may read the clock and the environment"
)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long [`poll`] rests between two looks.
const REST: Duration = Duration::from_millis(20);

/// A moment that time is measured from.
#[derive(Debug, Clone, Copy)]
pub struct Since(Instant);

impl Since {
    /// Starts measuring.
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// The time gone by.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time, as Kubernetes writes it.
pub(crate) fn now() -> String {
    let now = k8s_openapi::jiff::Timestamp::now();
    format!("{now:.0}")
}

/// Looks again and again until `look` finds something, for `within` at most.
pub fn poll<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let since = Since::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if since.elapsed() >= within {
            return None;
        }
        std::thread::sleep(REST);
    }
}

/// Holds an answer back, as distance does.
pub(crate) async fn hold(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// Whether this is a CI run, where a test that could not run counts as failed.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}

/// The program under test, where `DEPLOYER_BIN` names one.
pub(crate) fn chosen_program() -> Option<PathBuf> {
    std::env::var_os("DEPLOYER_BIN").map(PathBuf::from)
}

/// The directory of the servers, where `SERVERS_DIR` names one.
pub(crate) fn chosen_servers_dir() -> Option<PathBuf> {
    std::env::var_os("SERVERS_DIR").map(PathBuf::from)
}

/// The directory of the control plane's binaries, where `CONTROL_PLANE_DIR` names one.
pub(crate) fn chosen_control_plane_dir() -> Option<PathBuf> {
    std::env::var_os("CONTROL_PLANE_DIR").map(PathBuf::from)
}

/// The cluster to test against, where `DEPLOYER_TEST_KUBECONFIG` names one.
pub(crate) fn chosen_kubeconfig() -> Option<PathBuf> {
    std::env::var_os("DEPLOYER_TEST_KUBECONFIG").map(PathBuf::from)
}

/// Whether a program of this name is there.
pub fn has_program(name: &str) -> bool {
    std::env::split_paths(&search_path()).any(|dir| dir.join(name).is_file())
}

/// Where programs are looked for.
pub(crate) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into())
}
