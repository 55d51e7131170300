//! Where the files are. Reading enters as an argument, so that everything after it is pure.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::names::TargetName;

/// The target that needs no file.
pub(super) const SANDBOX: &str = "sandbox";

/// What the built-in sandbox's file would say.
pub(super) const SANDBOX_FILE: &str = "platform = \"sandbox\"\n";

/// Whatever is larger is no file of ours.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Reads texts and lists directories.
pub(crate) trait Files {
    /// The text of a file; `InvalidData` when it is not UTF-8.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// The names of the files in a directory.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<String> {
        let mut text = String::new();
        let file = std::fs::File::open(path)?;
        file.take(LARGEST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > LARGEST {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is larger than 4 MiB, which no deploy file is",
            ));
        }
        Ok(text)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let here = directory.as_os_str().is_empty();
        let directory = if here { Path::new(".") } else { directory };
        for entry in std::fs::read_dir(directory)? {
            names.extend(entry?.file_name().to_str().map(str::to_owned));
        }
        Ok(names)
    }
}

/// The file of a target: `config/NAME.toml` beside the deploy file.
pub(crate) fn target_file(deploy_file: &Path, target: &TargetName) -> PathBuf {
    config_directory(deploy_file).join(format!("{target}.toml"))
}

/// The targets that can be named: each file of `config/` beside the deploy file, and the sandbox.
pub(crate) fn targets(files: &dyn Files, deploy_file: &Path) -> Vec<TargetName> {
    let names = files
        .list(&config_directory(deploy_file))
        .unwrap_or_default();
    let mut found: Vec<TargetName> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".toml")?.parse().ok())
        .chain(SANDBOX.parse())
        .collect();
    found.sort();
    found.dedup();
    found
}

fn config_directory(deploy_file: &Path) -> PathBuf {
    deploy_file.parent().unwrap_or(Path::new("")).join("config")
}
