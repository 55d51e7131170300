//! The journal beside a snapshot: the requests since, one line each. Its first line names the
//! snapshot it belongs to; a journal with another name is what a crash left of a former one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{beside, private};
use super::{Request, SandboxError};

/// A request, and when it was performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// On the sandbox's clock.
    pub(super) at: i64,
    pub(super) request: Request,
}

impl Entry {
    pub(super) fn new(at: i64, request: &Request) -> Self {
        let request = request.clone();
        Self { at, request }
    }
}

/// The journal of one snapshot.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// The first line.
    name: String,
}

impl Journal {
    pub(super) fn of(snapshot: &Path, epoch: &str) -> Self {
        Self {
            path: beside(snapshot, ".log"),
            name: format!("{epoch}\n"),
        }
    }

    fn length(&self) -> u64 {
        u64::try_from(self.name.len()).unwrap_or(0)
    }

    /// The file, behind its first line; `None` where it is another snapshot's, or not there.
    fn open(&self) -> Option<File> {
        let mut file = File::open(&self.path).ok()?;
        let mut name = vec![0; self.name.len()];
        file.read_exact(&mut name).ok()?;
        (name == self.name.as_bytes()).then_some(file)
    }

    /// How many bytes of entries there are.
    pub(super) fn end(&self) -> u64 {
        let length = self.open().and_then(|file| file.metadata().ok());
        length.map_or(0, |found| found.len().saturating_sub(self.length()))
    }

    /// The entries from this place on, each with the place behind it. The last line may be cut off
    /// by a crash: nobody was told that it was performed.
    pub(super) fn after(&self, place: u64) -> Result<Vec<(Entry, u64)>, SandboxError> {
        let failed = |source| SandboxError::Read {
            path: self.path.clone(),
            source,
        };
        let Some(mut file) = self.open().filter(|_| self.end() > place) else {
            return Ok(Vec::new());
        };
        file.seek(SeekFrom::Start(self.length() + place))
            .map_err(failed)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let mut entries = Vec::new();
        let mut end = place;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let whole = line.ends_with(b"\n");
            let Some(entry) = serde_json::from_slice(line).ok().filter(|_| whole) else {
                break;
            };
            end += u64::try_from(line.len()).unwrap_or(0);
            entries.push((entry, end));
        }
        Ok(entries)
    }

    /// Adds an entry at this place, over whatever a crash has left there; gives the place behind it.
    pub(super) fn add(&self, place: u64, entry: &Entry) -> Result<u64, SandboxError> {
        let mut text = serde_json::to_vec(entry).map_err(SandboxError::Encode)?;
        text.push(b'\n');
        let end = place + u64::try_from(text.len()).unwrap_or(0);
        let written = if self.open().is_some() {
            self.write_at(self.length() + place, &text)
        } else {
            let mut whole = self.name.clone().into_bytes();
            whole.append(&mut text);
            self.write_at(0, &whole)
        };
        written.map_err(|source| SandboxError::Write {
            path: self.path.clone(),
            source,
        })?;
        Ok(end)
    }

    fn write_at(&self, offset: u64, text: &[u8]) -> std::io::Result<()> {
        let mut open = private();
        let mut file = open
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.path)?;
        if file.metadata()?.len() > offset {
            file.set_len(offset)?;
        }
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(text)
    }
}
