//! Where a world is kept between two requests: in memory, or in a file that several processes may
//! use at once.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::world::World;
use super::world_file::WorldFile;
use super::{Options, SandboxError};

/// The layout of the state file; a file with another one is not read.
const FORMAT: u32 = 1;
/// The seed of a world that nobody gave one.
const SEED: u64 = 7;

/// A world and the speed of its clock.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    format: u32,
    /// At `wall` the sandbox's clock stood at `base`.
    wall: Timestamp,
    base: Timestamp,
    speed: f64,
    world: World,
}

impl State {
    fn new(world: World, speed: f64, wall: Timestamp) -> Self {
        let base = world.now();
        Self {
            format: FORMAT,
            wall,
            base,
            speed,
            world,
        }
    }

    /// Where the sandbox's clock stands when the real one says `wall`.
    fn now(&self, wall: Timestamp) -> Timestamp {
        let passed = wall.duration_since(self.wall).as_secs_f64().max(0.0) * self.speed;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::ZERO);
        self.base.checked_add(passed).unwrap_or(Timestamp::MAX)
    }

    /// The clock goes on from where it stands, at another speed.
    fn set_speed(&mut self, speed: f64, wall: Timestamp) {
        self.base = self.now(wall);
        self.wall = wall;
        self.speed = speed;
    }
}

/// Where a world is kept.
#[derive(Debug)]
pub(super) enum Store {
    /// In this process.
    Memory(Mutex<Box<World>>),
    /// In this file.
    File(PathBuf),
}

fn check_speed(speed: f64) -> Result<f64, SandboxError> {
    if speed > 0.0 && speed <= 100_000.0 {
        Ok(speed)
    } else {
        Err(SandboxError::Speed(speed))
    }
}

impl Store {
    pub(super) fn memory(world: World) -> Self {
        Self::Memory(Mutex::new(Box::new(world)))
    }

    /// Opens a state file, or makes one.
    pub(super) fn open(
        path: &Path,
        options: &Options,
        wall: Timestamp,
    ) -> Result<Self, SandboxError> {
        let speed = options.speed.map(check_speed).transpose()?;
        if let Some(directory) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            create_private(directory).map_err(|source| SandboxError::CreateDirectory {
                path: directory.to_owned(),
                source,
            })?;
        }
        let _lock = lock(path)?;
        match read(path)? {
            None => {
                let file = match &options.world_file {
                    Some(file) => WorldFile::read(file)?,
                    None => WorldFile::default(),
                };
                let speed = check_speed(speed.or(file.speed).unwrap_or(1.0))?;
                let world = file.into_world(options.seed.unwrap_or(SEED), wall)?;
                write(path, &State::new(world, speed, wall))?;
            }
            Some(mut state) => {
                if let Some(speed) = speed {
                    state.set_speed(speed, wall);
                    write(path, &state)?;
                }
            }
        }
        Ok(Self::File(path.to_owned()))
    }

    /// Lets `f` work on the world, ticked to the present.
    pub(super) fn with<R>(
        &self,
        wall: Timestamp,
        f: impl FnOnce(&mut World) -> R,
    ) -> Result<R, SandboxError> {
        match self {
            Self::Memory(world) => {
                let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
                world.tick(wall);
                let result = f(&mut world);
                let now = world.now();
                world.tick(now);
                Ok(result)
            }
            Self::File(path) => {
                let _lock = lock(path)?;
                let mut state = match read(path)? {
                    Some(state) => state,
                    None => State::new(World::new(SEED, wall), 1.0, wall),
                };
                let now = state.now(wall);
                state.world.tick(now);
                let result = f(&mut state.world);
                state.world.tick(now);
                write(path, &state)?;
                Ok(result)
            }
        }
    }
}

/// Removes a state file; `false` when there was none.
pub(super) fn reset(path: &Path) -> Result<bool, SandboxError> {
    if !path.exists() {
        return Ok(false);
    }
    let _lock = lock(path)?;
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(SandboxError::Remove {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A world holds the values of environment variables: nobody else may read its files.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a directory, and those above it, for nobody else; one that is there stays as it is.
fn create_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(extension);
    PathBuf::from(name)
}

/// The lock is a file of its own: the state file is replaced by each write.
fn lock(path: &Path) -> Result<File, SandboxError> {
    let path = beside(path, ".lock");
    let open = private()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let locked = open.and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| SandboxError::Lock { path, source })
}

fn read(path: &Path) -> Result<Option<State>, SandboxError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let own = || path.to_owned();
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(SandboxError::Read {
                path: own(),
                source,
            });
        }
    };
    let corrupt = |source| SandboxError::Corrupt {
        path: own(),
        source,
    };
    let head: Head = serde_json::from_slice(&text).map_err(corrupt)?;
    if head.format != FORMAT {
        return Err(SandboxError::Format {
            path: own(),
            found: head.format,
        });
    }
    serde_json::from_slice(&text).map(Some).map_err(corrupt)
}

/// Writes beside and renames, so that a reader, or a crash, never meets half a file.
fn write(path: &Path, state: &State) -> Result<(), SandboxError> {
    let text = serde_json::to_vec(state).map_err(SandboxError::Encode)?;
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
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_may_read_a_world() {
        let directory = std::env::temp_dir().join(format!("sandbox-mode-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        let path = directory.join("sandbox.json");
        let store = Store::open(&path, &Options::default(), Timestamp::UNIX_EPOCH).unwrap();
        // A draft that a crash left, for all to read.
        let draft = beside(&path, ".new");
        std::fs::write(&draft, "").unwrap();
        std::fs::set_permissions(&draft, PermissionsExt::from_mode(0o644)).unwrap();
        store.with(Timestamp::UNIX_EPOCH, |_| ()).unwrap();
        let mode = |path: &Path| {
            let held = std::fs::metadata(path).unwrap();
            held.permissions().mode() & 0o777
        };
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&directory), 0o700);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
