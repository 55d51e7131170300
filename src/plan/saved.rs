//! A plan in a file: reviewed today, performed exactly as it was tomorrow, or refused.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::names::TargetName;
use crate::whole::{self, Readers};

/// The form of the file; another form is refused, not guessed at.
const FORMAT: u32 = 2;

/// Whatever is larger is no plan.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Plans in a file. They may hold literals that are secret, since they hold what they perform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Saved<P> {
    format: u32,
    /// When it was made.
    pub(crate) made: Timestamp,
    /// At which target it is performed.
    pub(crate) target: TargetName,
    /// `--set` when it was made: what the files ask for to find the same place again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) set: BTreeMap<String, String>,
    /// One for each service.
    pub(crate) plans: Vec<P>,
}

/// A plan could not be saved or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SavedError {
    /// The file could not be made.
    #[error("could not write the plan to {path}")]
    Write {
        /// The file that was meant.
        path: PathBuf,
        /// The error underneath says why.
        source: io::Error,
    },
    /// The file could not be read.
    #[error("could not read the plan in {path}")]
    Read {
        /// The file that was meant.
        path: PathBuf,
        /// The error underneath says why.
        source: io::Error,
    },
    /// It is no plan.
    #[error("{path} is not a saved plan: make one with `deployer plan --out {path}`")]
    NotAPlan {
        /// The file that was meant.
        path: PathBuf,
        /// The error underneath says why.
        source: serde_json::Error,
    },
    /// It was made by another version.
    #[error("{path} has format {found}, this version reads {FORMAT}: make the plan again")]
    Format {
        /// The file that was meant.
        path: PathBuf,
        /// The format that the file says it has.
        found: u32,
    },
}

impl<P: Serialize + DeserializeOwned> Saved<P> {
    /// A plan to be saved.
    pub(crate) fn new(made: Timestamp, target: TargetName, plans: Vec<P>) -> Self {
        Self {
            format: FORMAT,
            made,
            target,
            set: BTreeMap::new(),
            plans,
        }
    }

    /// Made with these values for variables.
    #[must_use]
    pub(crate) fn with_set(mut self, set: BTreeMap<String, String>) -> Self {
        self.set = set;
        self
    }

    /// Writes it to a new file that only its owner may read. A file that is there is replaced
    /// only once the new one is whole.
    pub(crate) fn write(&self, path: &Path) -> Result<(), SavedError> {
        let failed = |source| SavedError::Write {
            path: path.to_owned(),
            source,
        };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        whole::replace(path, &text, Readers::Owner).map_err(failed)
    }

    /// Reads a saved plan from this file.
    pub(crate) fn read(path: &Path) -> Result<Self, SavedError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let read = |source| SavedError::Read {
            path: path.to_owned(),
            source,
        };
        let not = |source| SavedError::NotAPlan {
            path: path.to_owned(),
            source,
        };
        let mut text = Vec::new();
        let file = File::open(path).map_err(read)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut text)
            .map_err(read)?;
        if text.len() as u64 > LARGEST {
            return Err(read(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is larger than 16 MiB, which no plan is",
            )));
        }
        let head: Head = serde_json::from_slice(&text).map_err(not)?;
        if head.format != FORMAT {
            return Err(SavedError::Format {
                path: path.to_owned(),
                found: head.format,
            });
        }
        serde_json::from_slice(&text).map_err(not)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Simple = Saved<String>;

    fn saved() -> Simple {
        Saved::new(
            Timestamp::UNIX_EPOCH,
            "ecs".parse().unwrap(),
            vec!["plan".to_owned()],
        )
    }

    fn directory(name: &str) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("deployer-saved-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it_also_when_it_replaces_an_open_one() {
        use std::os::unix::fs::PermissionsExt;
        let directory = directory("mode");
        let path = directory.join("plan.json");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        saved().write(&path).unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(Simple::read(&path).unwrap(), saved());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_a_regular_file_is_replaced() {
        let directory = directory("regular");
        let (path, other) = (directory.join("plan.json"), directory.join("other"));
        std::fs::write(&other, "keep").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(matches!(
            saved().write(&path),
            Err(SavedError::Write { .. })
        ));
        assert!(saved().write(&directory).is_err());
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "keep");
        assert!(std::fs::symlink_metadata(&path).unwrap().is_symlink());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_file_larger_than_any_plan_is_refused_and_not_read_to_its_end() {
        let directory = directory("large");
        let path = directory.join("plan.json");
        let file = File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        let error = Simple::read(&path).unwrap_err();
        assert!(
            matches!(&error, SavedError::Read { source, .. } if source.to_string().contains("16 MiB"))
        );
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_is_no_plan_or_of_another_format_is_refused() {
        let directory = directory("format");
        let path = directory.join("plan.json");
        std::fs::write(&path, r#"{"format": 99}"#).unwrap();
        assert!(matches!(
            Simple::read(&path),
            Err(SavedError::Format { found: 99, .. })
        ));
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(
            Simple::read(&path),
            Err(SavedError::NotAPlan { .. })
        ));
        std::fs::remove_dir_all(directory).unwrap();
    }
}
