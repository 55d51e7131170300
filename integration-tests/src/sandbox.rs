//! The binary serving its embedded cloud on loopback, for clients that other people wrote.

use std::time::Duration;

use tempfile::TempDir;

use crate::program::Running;
use crate::project::Project;
use crate::trial::Outcome;

/// A sandbox that serves until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    _running: Running,
    _home: TempDir,
}

/// Starts `deployer sandbox --listen` on a free port with a fresh world.
pub fn serve() -> Outcome<Sandbox> {
    serve_world("")
}

/// The same with a world that this world file describes.
pub fn serve_world(world: &str) -> Outcome<Sandbox> {
    let project = Project::empty()?;
    project.write("world.toml", world)?;
    let mut command = project.command()?;
    command.args([
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--world",
        "world.toml",
    ]);
    let mut running = Running::start(command)?;
    let url = running.line(Duration::from_secs(20), |line| {
        line.strip_prefix("listening on ")
            .map(|url| url.trim().to_owned())
    })?;
    Ok(Sandbox {
        url,
        _running: running,
        _home: project.into_dir(),
    })
}
