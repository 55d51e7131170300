//! Where a world is kept between two requests: in memory, or in files that several processes may use
//! at once.
//!
//! Two files hold a world: a snapshot, and beside it a journal of the requests since. A world is a
//! function of its beginning, of the time and of the requests it got, so a request is kept by adding
//! it to the journal, whatever the size of the world, and who comes later performs it again. From time
//! to time, and when a process ends, a new snapshot takes the journal's place.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::wire::{self, LoggedRequest, Outcome, Request};
use super::world::World;
use super::world_file::WorldFile;
use super::{Options, SandboxError};

mod files;
mod journal;

use self::files::{Snapshot, beside};
use self::journal::{Entry, Journal};

/// The seed of a world that nobody gave one.
const SEED: u64 = 7;
/// So many events happen before the caller may attend to other things.
const EVENTS_AT_ONCE: usize = 32;
/// A journal grows at least to this size before a snapshot takes its place.
const JOURNAL_LEAST: u64 = 1 << 18;

/// How a request was answered, and what the log says of it.
pub(super) type Answered = (Outcome, LoggedRequest);

/// Where a world is kept.
#[derive(Debug)]
pub(super) enum Store {
    /// The world lives in this process and ends with it.
    Memory(Mutex<Box<World>>),
    /// The world is kept in files and outlives the process.
    Files(Files),
}

/// The files, and what this process has read of them.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
    held: Mutex<Option<Box<Held>>>,
}

/// A world as far as this process has followed it.
#[derive(Debug)]
struct Held {
    snapshot: Snapshot,
    /// So much of the journal has been performed.
    followed: u64,
    /// The size of the snapshot.
    size: u64,
}

fn check_speed(speed: f64) -> Result<f64, SandboxError> {
    if speed > 0.0 && speed <= 100_000.0 {
        Ok(speed)
    } else {
        Err(SandboxError::Speed(speed))
    }
}

/// Performs a request in a world that is at the present, and what is due at once.
fn perform(world: &mut World, request: &Request) -> Answered {
    let answered = wire::handle(world, request);
    world.tick(world.now());
    answered
}

impl Store {
    pub(super) fn memory(world: World) -> Self {
        Self::Memory(Mutex::new(Box::new(world)))
    }

    /// Opens a sandbox's files, or makes them.
    pub(super) fn open(
        path: &Path,
        options: &Options,
        wall: Timestamp,
    ) -> Result<Self, SandboxError> {
        let speed = options.speed.map(check_speed).transpose()?;
        files::make_directory(path)?;
        let files = Files {
            path: path.to_owned(),
            held: Mutex::default(),
        };
        {
            let _lock = files::lock(path)?;
            let mut held = files.held.lock().unwrap_or_else(PoisonError::into_inner);
            let other_speed = |found: &Held| {
                let usual = found.snapshot.speed;
                speed.is_some_and(|speed| speed.total_cmp(&usual).is_ne())
            };
            match Held::read(path)? {
                None => *held = Some(Box::new(Held::begin(path, options, wall)?)),
                Some(mut found) if other_speed(&found) => {
                    while !found.follow(path)? {}
                    found.snapshot.set_speed(speed.unwrap_or(1.0), wall);
                    found.save(path, false)?;
                    *held = Some(found);
                }
                Some(found) => *held = Some(found),
            }
        }
        Ok(Self::Files(files))
    }

    /// Answers a request at the present. `None` says that the world is still on its way there: the
    /// caller asks again when it has seen to whatever else it has to do.
    pub(super) fn request(
        &self,
        wall: Timestamp,
        request: &Request,
    ) -> Result<Option<Answered>, SandboxError> {
        match self {
            Self::Memory(world) => {
                let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
                let there = world.advance(wall, EVENTS_AT_ONCE);
                Ok(there.then(|| perform(&mut world, request)))
            }
            Self::Files(files) => files.request(wall, request),
        }
    }

    /// Lets `f` work on the world, ticked to the present.
    pub(super) fn with<R>(
        &self,
        wall: Timestamp,
        f: impl FnOnce(&mut World) -> R,
    ) -> Result<R, SandboxError> {
        let work = |world: &mut World, now| {
            world.tick(now);
            let result = f(world);
            world.tick(world.now());
            result
        };
        match self {
            Self::Memory(world) => {
                let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(work(&mut world, wall))
            }
            Self::Files(files) => {
                let _lock = files::lock(&files.path)?;
                let mut slot = files.held.lock().unwrap_or_else(PoisonError::into_inner);
                let mut held = Held::present(slot.take(), &files.path, wall)?;
                while !held.follow(&files.path)? {}
                let now = held.snapshot.now(wall);
                let result = work(&mut held.snapshot.world, now);
                held.save(&files.path, false)?;
                *slot = Some(held);
                Ok(result)
            }
        }
    }
}

impl Files {
    fn request(
        &self,
        wall: Timestamp,
        request: &Request,
    ) -> Result<Option<Answered>, SandboxError> {
        let _lock = files::lock(&self.path)?;
        let mut slot = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // What fails half-way is read again by the next one.
        let mut held = Held::present(slot.take(), &self.path, wall)?;
        let now = held.snapshot.now(wall);
        let there = held.follow(&self.path)? && held.snapshot.world.advance(now, EVENTS_AT_ONCE);
        if !there {
            *slot = Some(held);
            return Ok(None);
        }
        let at = held.snapshot.world.now().as_millisecond();
        let answered = perform(&mut held.snapshot.world, request);
        let journal = Journal::of(&self.path, &held.snapshot.epoch);
        held.followed = journal.add(held.followed, &Entry::new(at, request))?;
        if held.followed > held.size.max(JOURNAL_LEAST) {
            held.save(&self.path, true)?;
        }
        *slot = Some(held);
        Ok(Some(answered))
    }
}

impl Drop for Files {
    /// The snapshot alone is the whole world when nobody uses it. Where that fails the journal still
    /// has the rest.
    fn drop(&mut self) {
        let held = self.held.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = held.as_mut().filter(|held| held.followed > 0) else {
            return;
        };
        if let Ok(_lock) = files::lock(&self.path)
            && held.is_newest(&self.path)
        {
            let _ = held.save(&self.path, true);
        }
    }
}

impl Held {
    /// A new world, in its first snapshot.
    fn begin(path: &Path, options: &Options, wall: Timestamp) -> Result<Self, SandboxError> {
        let file = match &options.world_file {
            Some(file) => WorldFile::read(file)?,
            None => WorldFile::default(),
        };
        let speed = check_speed(options.speed.or(file.speed).unwrap_or(1.0))?;
        let world = file.into_world(options.seed.unwrap_or(SEED), wall)?;
        let mut held = Self {
            snapshot: Snapshot::new(world, speed, wall),
            followed: 0,
            size: 0,
        };
        held.save(path, false)?;
        Ok(held)
    }

    fn read(path: &Path) -> Result<Option<Box<Self>>, SandboxError> {
        let read = files::read(path)?;
        Ok(read.map(|(snapshot, size)| {
            Box::new(Self {
                snapshot,
                followed: 0,
                size,
            })
        }))
    }

    /// What is held where the files have no other snapshot, else theirs.
    fn present(
        held: Option<Box<Self>>,
        path: &Path,
        wall: Timestamp,
    ) -> Result<Box<Self>, SandboxError> {
        if let Some(mut held) = held {
            let head = files::head(path)?;
            if head
                .as_ref()
                .is_some_and(|head| head.epoch == held.snapshot.epoch)
            {
                return Ok(held);
            }
            // It is a snapshot of this very world where it was made at the same place.
            let place = held.place();
            if let Some(head) = head.filter(|head| head.former == place) {
                held.snapshot.former = head.former;
                held.snapshot.epoch = head.epoch;
                held.followed = 0;
                return Ok(held);
            }
        }
        match Self::read(path)? {
            Some(found) => Ok(found),
            None => Self::begin(path, &Options::default(), wall).map(Box::new),
        }
    }

    /// A point in the world's course: a snapshot, and so much of its journal.
    fn place(&self) -> String {
        format!("{}:{}", self.snapshot.epoch, self.followed)
    }

    /// Whether nobody else has written since.
    fn is_newest(&self, path: &Path) -> bool {
        let head = files::head(path).ok().flatten();
        let same = head.is_some_and(|head| head.epoch == self.snapshot.epoch);
        same && Journal::of(path, &self.snapshot.epoch).end() == self.followed
    }

    /// Performs what others have added to the journal, so much at once; whether that is all.
    fn follow(&mut self, path: &Path) -> Result<bool, SandboxError> {
        let journal = Journal::of(path, &self.snapshot.epoch);
        let world = &mut self.snapshot.world;
        for (entry, end) in journal.after(self.followed)? {
            let at = Timestamp::from_millisecond(entry.at).unwrap_or(world.now());
            if !world.advance(at, EVENTS_AT_ONCE) {
                return Ok(false);
            }
            perform(world, &entry.request);
            self.followed = end;
        }
        Ok(true)
    }

    /// Puts a snapshot in the place of the former one and its journal. Who follows the journal to
    /// its present end has the same world, unless more than requests has changed it.
    fn save(&mut self, path: &Path, requests_only: bool) -> Result<(), SandboxError> {
        self.snapshot.former = if requests_only {
            self.place()
        } else {
            String::new()
        };
        self.snapshot.epoch = files::epoch();
        self.size = files::write(path, &self.snapshot)?;
        self.followed = 0;
        Ok(())
    }
}

/// Removes a sandbox's files; `false` when there were none.
pub(super) fn reset(path: &Path) -> Result<bool, SandboxError> {
    if !path.exists() {
        return Ok(false);
    }
    let _lock = files::lock(path)?;
    let removed = files::remove(path)?;
    files::remove(&beside(path, ".log"))?;
    Ok(removed)
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
