//! What can go wrong with a sandbox itself, as opposed to what it plays.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A failure of the sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The directory of the state file could not be made.
    #[error("could not create the directory {}", path.display())]
    CreateDirectory {
        /// The directory that was to be made.
        path: PathBuf,
        /// The error underneath says why.
        source: std::io::Error,
    },
    /// The lock beside the state file could not be taken.
    #[error("could not lock {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The error underneath says why.
        source: std::io::Error,
    },
    /// The state file could not be read.
    #[error("could not read {}", path.display())]
    Read {
        /// The state file.
        path: PathBuf,
        /// The error underneath says why.
        source: std::io::Error,
    },
    /// The state file holds no world.
    #[error("{} is not a sandbox's state; `deployer sandbox reset` starts afresh", path.display())]
    Corrupt {
        /// The state file.
        path: PathBuf,
        /// The error underneath says why.
        source: serde_json::Error,
    },
    /// The state file was written by another version of the program.
    #[error("{} was written by another version (format {found}); `deployer sandbox reset` starts afresh", path.display())]
    Format {
        /// The state file.
        path: PathBuf,
        /// The format it says it has.
        found: u32,
    },
    /// The state could not be put into words.
    #[error("could not encode the sandbox's state")]
    Encode(#[source] serde_json::Error),
    /// The state file could not be written.
    #[error("could not write {}", path.display())]
    Write {
        /// The path of the file in question.
        path: PathBuf,
        /// The error underneath says why.
        source: std::io::Error,
    },
    /// The state file could not be removed.
    #[error("could not remove {}", path.display())]
    Remove {
        /// The path of the file in question.
        path: PathBuf,
        /// The error underneath says why.
        source: std::io::Error,
    },
    /// A world file could not be read.
    #[error("could not read the world file {}", path.display())]
    ReadWorldFile {
        /// The path of the file in question.
        path: PathBuf,
        /// The error underneath says why.
        source: std::io::Error,
    },
    /// A world file in TOML is wrong.
    #[error("the world file {} is wrong", path.display())]
    WorldFileToml {
        /// The path of the file in question.
        path: PathBuf,
        /// The error underneath says why.
        source: Box<toml::de::Error>,
    },
    /// A world file in JSON is wrong.
    #[error("the world file {} is wrong", path.display())]
    WorldFileJson {
        /// The path of the file in question.
        path: PathBuf,
        /// The error underneath says why.
        source: serde_json::Error,
    },
    /// A request that a world file begins with was refused.
    #[error("the request {operation} of the world file was refused: {code}: {message}")]
    WorldFileRequest {
        /// The operation that was asked for.
        operation: String,
        /// AWS's error code.
        code: String,
        /// The message as AWS would word it.
        message: String,
    },
    /// The clock cannot go at this speed.
    #[error("a speed of {0} is not possible: it must be above 0 and at most 100000")]
    Speed(f64),
    /// The sandbox has no credentials to check, so it only listens to its own machine.
    #[error(
        "{0} can be reached from other machines; the sandbox only listens on loopback addresses such as 127.0.0.1"
    )]
    NotLoopback(SocketAddr),
    /// The listening socket failed.
    #[error("could not accept connections")]
    Listen(#[source] std::io::Error),
}
