//! Files that are there whole or not at all.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Only its owner.
    Owner,
    /// Whoever the machine lets.
    All,
}

/// Writes a new file. One that is there is replaced only once the new one is whole, and only where it
/// is a regular one.
pub(crate) fn replace(path: &Path, text: &[u8], readers: Readers) -> io::Result<()> {
    if std::fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        let why = "what is there is no regular file, and only such a one is replaced";
        return Err(io::Error::other(why));
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    // One that was left behind may be readable by others.
    let _ = std::fs::remove_file(&new);
    let mut file = options.open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}
