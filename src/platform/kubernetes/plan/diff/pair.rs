//! One object that is there and wanted: how it differs, and whose is what of it. Pure.

use serde_json::Value;

use super::Wish;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::compare::{Difference, Ownership, differences};
use crate::platform::kubernetes::fields::ownership::{Owned, entries};
use crate::platform::kubernetes::fields::{Fields, Path};
use crate::platform::kubernetes::plan::adopt;
use crate::platform::kubernetes::plan::rivals::{Held, Sides};

/// One object that is there and wanted.
pub(super) struct Pair<'a> {
    /// As it is there.
    pub(super) live: &'a Value,
    /// Whose its fields are.
    pub(super) ownership: Ownership,
    /// Managers whose fields become ours.
    pub(super) takes_over: Vec<String>,
    /// Where it differs.
    pub(super) differences: Vec<Difference>,
    /// Parts of others that become ours first, so that they make room.
    pub(super) claims: Vec<Path>,
    /// Parts of others that would have to make room, and that nobody allowed to take.
    pub(super) rivals: Vec<Held>,
    /// What left the file and stays, since others manage it too.
    pub(super) shared: Vec<Held>,
    /// What never was ours and stays when the rest is taken over.
    pub(super) staying: Vec<Held>,
}

impl<'a> Pair<'a> {
    /// What is there, against what is asked for.
    pub(super) fn of(wish: &Wish<'_>, object: &Object, live: &'a Value) -> Self {
        let foreign = !wish.owner.holds(&object.id, live);
        let mut ownership = Ownership::of(live, |entry| foreign && adopt::is_taken_over(entry));
        let (wanted, there) = (Fields::of(&object.manifest), Fields::of(live));
        let entries = entries(live);
        let sides = Sides {
            wanted: &wanted,
            live: &there,
            entries: &entries,
            ownership: &ownership,
        };
        let (mut shared, staying) = (sides.shared(), sides.staying());
        let force = wish.force;
        let (rivals, mut room): (Vec<Held>, Vec<Held>) = sides
            .rivals()
            .into_iter()
            .partition(|one| !force && !one.managers.is_empty());
        if force {
            room.append(&mut shared);
        }
        let claims: Vec<Path> = room.into_iter().map(|one| one.claim).collect();
        ownership.claimed = Owned::of(claims.iter().cloned());
        let mut differences = differences(&wanted, &there, &ownership);
        if !foreign && differences.iter().all(adopt::is_mere_mark) {
            differences.clear();
        }
        Self {
            differences,
            takes_over: if foreign {
                adopt::taken_from(live)
            } else {
                Vec::new()
            },
            staying: if foreign { staying } else { Vec::new() },
            claims,
            rivals,
            shared,
            ownership,
            live,
        }
    }

    /// Whether anything is to be done about it.
    pub(super) fn differs(&self) -> bool {
        !self.differences.is_empty() || !self.shared.is_empty()
    }
}
