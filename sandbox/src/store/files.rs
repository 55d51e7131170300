//! The snapshot of a world, and the lock beside it.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{SandboxError, World};

/// The layout of the snapshot. The first one had no journal and is read as well.
const FORMAT: u32 = 2;
/// The head of a snapshot is within so many bytes.
const HEAD: u64 = 200;

/// A world and the speed of its clock. The order of the fields is that of the file, which begins
/// with what a [`Head`] needs.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    format: u32,
    /// Names this snapshot; its journal carries the same name.
    #[serde(default)]
    pub(super) epoch: String,
    /// The snapshot before it and how much of its journal is in here; nothing where more than
    /// requests has changed the world.
    #[serde(default)]
    pub(super) former: String,
    /// At `wall` the sandbox's clock stood at `base`.
    wall: Timestamp,
    base: Timestamp,
    pub(super) speed: f64,
    pub(super) world: World,
}

/// What a snapshot is, without the world.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) epoch: String,
    pub(super) former: String,
}

impl Snapshot {
    pub(super) fn new(world: World, speed: f64, wall: Timestamp) -> Self {
        let base = world.now();
        Self {
            format: FORMAT,
            epoch: epoch(),
            former: String::new(),
            wall,
            base,
            speed,
            world,
        }
    }

    /// Where the sandbox's clock stands when the real one says `wall`.
    pub(super) fn now(&self, wall: Timestamp) -> Timestamp {
        let passed = wall.duration_since(self.wall).as_secs_f64().max(0.0) * self.speed;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::ZERO);
        self.base.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// The clock goes on from where it stands, at another speed.
    pub(super) fn set_speed(&mut self, speed: f64, wall: Timestamp) {
        self.base = self.now(wall);
        self.wall = wall;
        self.speed = speed;
    }
}

/// A name that no other snapshot has: the standard library's seed of a hash map is random.
pub(super) fn epoch() -> String {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

pub(super) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(extension);
    PathBuf::from(name)
}

/// Makes the directory of a state file, and those above it, for nobody else; one that is there
/// stays as it is.
pub(super) fn make_directory(path: &Path) -> Result<(), SandboxError> {
    let parent = path.parent();
    let Some(directory) = parent.filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(directory);
    made.map_err(|source| SandboxError::CreateDirectory {
        path: directory.to_owned(),
        source,
    })
}

/// A world holds the values of environment variables: nobody else may read its files.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The lock is a file of its own: the state file is replaced by each snapshot.
pub(super) fn lock(path: &Path) -> Result<File, SandboxError> {
    let path = beside(path, ".lock");
    let open = private()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let locked = open.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| SandboxError::Lock { path, source })
}

fn unreadable(path: &Path, source: std::io::Error) -> SandboxError {
    SandboxError::Read {
        path: path.to_owned(),
        source,
    }
}

/// The head of the snapshot; `None` where there is no snapshot with one.
pub(super) fn head(path: &Path) -> Result<Option<Head>, SandboxError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    let mut text = Vec::new();
    let read = file.take(HEAD).read_to_end(&mut text);
    read.map_err(|error| unreadable(path, error))?;
    Ok(parse_head(&String::from_utf8_lossy(&text)))
}

/// `{"format":2,"epoch":"…","former":"…",`
fn parse_head(text: &str) -> Option<Head> {
    let rest = text.strip_prefix(&format!("{{\"format\":{FORMAT},\"epoch\":\""))?;
    let (epoch, rest) = rest.split_once("\",\"former\":\"")?;
    let (former, _) = rest.split_once('"')?;
    Some(Head {
        epoch: epoch.to_owned(),
        former: former.to_owned(),
    })
}

/// The snapshot and its size; one of the first format is brought up to date.
pub(super) fn read(path: &Path) -> Result<Option<(Snapshot, u64)>, SandboxError> {
    #[derive(Deserialize)]
    struct Layout {
        format: u32,
    }
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    let corrupt = |source| SandboxError::Corrupt {
        path: path.to_owned(),
        source,
    };
    let layout: Layout = serde_json::from_slice(&text).map_err(corrupt)?;
    if !(1..=FORMAT).contains(&layout.format) {
        return Err(SandboxError::Format {
            path: path.to_owned(),
            found: layout.format,
        });
    }
    let mut snapshot: Snapshot = serde_json::from_slice(&text).map_err(corrupt)?;
    let mut size = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if snapshot.format < FORMAT || snapshot.epoch.is_empty() {
        snapshot.format = FORMAT;
        snapshot.epoch = epoch();
        snapshot.world.remember_to_forget();
        size = write(path, &snapshot)?;
    }
    Ok(Some((snapshot, size)))
}

/// Writes beside and renames, so that a reader, or a crash, never meets half a file; gives the size.
pub(super) fn write(path: &Path, snapshot: &Snapshot) -> Result<u64, SandboxError> {
    let text = serde_json::to_vec(snapshot).map_err(SandboxError::Encode)?;
    let draft = beside(path, ".new");
    // One that a crash left may be anybody's to read.
    let cleared = match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let written = cleared
        .and_then(|()| private().write(true).create_new(true).open(&draft))
        .and_then(|mut file| file.write_all(&text));
    let written = written.and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|source| SandboxError::Write {
        path: path.to_owned(),
        source,
    })?;
    Ok(u64::try_from(text.len()).unwrap_or(u64::MAX))
}

/// Removes a file; `false` when there was none.
pub(super) fn remove(path: &Path) -> Result<bool, SandboxError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(SandboxError::Remove {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_snapshot_is_found_without_reading_the_world() {
        let world = World::new(1, Timestamp::UNIX_EPOCH);
        let mut snapshot = Snapshot::new(world, 1.0, Timestamp::UNIX_EPOCH);
        snapshot.former = format!("{}:{}", epoch(), u64::MAX);
        let text = serde_json::to_string(&snapshot).unwrap();
        let head = parse_head(text.get(..200).unwrap()).unwrap();
        assert_eq!((head.epoch, head.former), (snapshot.epoch, snapshot.former));
        assert_eq!(parse_head("{\"format\":1,\"wall\":"), None);
    }
}
