//! A plan for people, field by field.
//!
//! An object that exists is shown as its changed fields, container by container, with the heaviest
//! effect behind its name. One that is made or deleted is shown as one block with every field in
//! it, those of the same parent together. On a terminal long values are cut in their middle;
//! elsewhere nothing is.

use crate::plan::{ChangeView, Note, Weight};
use crate::report::text::{Line, Tone};
use crate::report::words;

mod object;
mod path;

use self::object::{Object, objects};

/// The lines of a plan; `place` is `api at ecs`, `width` the columns of the screen.
pub(in crate::report) fn lines(
    place: &str,
    changes: &[ChangeView],
    notes: &[Note],
    (shortest, width): (Option<u64>, Option<usize>),
) -> Vec<Line> {
    let objects = objects(changes);
    let mut lines = vec![headline(place, changes, &objects)];
    for object in &objects {
        lines.extend(object.lines(width));
    }
    lines.extend(notes.iter().flat_map(note));
    if let Some(seconds) = shortest {
        let text = format!("done after {} at the earliest", words::duration(seconds));
        lines.push(Line::at(2).add(Tone::Quiet, text));
    }
    lines
}

/// The container whose image a change sets, and that image.
pub(in crate::report) fn image(view: &ChangeView) -> Option<(&str, &str)> {
    let (_, name, field) = path::container(&view.path)?;
    let image = view.to.as_deref()?;
    (field == "image").then_some((name, image))
}

/// What becomes of an object or a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Made,
    Changed,
    Deleted,
}

impl Sign {
    fn mark(self) -> (Tone, &'static str) {
        match self {
            Self::Made => (Tone::Good, "+"),
            Self::Changed => (Tone::Care, "~"),
            Self::Deleted => (Tone::Bad, "-"),
        }
    }

    fn of(view: &ChangeView) -> Self {
        match (&view.from, &view.to) {
            (None, Some(_)) => Self::Made,
            (Some(_), None) => Self::Deleted,
            _ => Self::Changed,
        }
    }
}

fn headline(place: &str, changes: &[ChangeView], objects: &[Object<'_>]) -> Line {
    let line = Line::at(0).add(Tone::Strong, place);
    if changes.is_empty() {
        return line.plain(": no changes; what is there is what the files say");
    }
    let whole = |sign| objects.iter().filter(|o| o.sign() == sign).count();
    let parts = [
        counted(whole(Sign::Made), "object to make", "objects to make"),
        counted(
            objects.iter().map(Object::changed_fields).sum(),
            "field to change",
            "fields to change",
        ),
        counted(
            whole(Sign::Deleted),
            "object to delete",
            "objects to delete",
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    line.plain(format!(": {}", parts.join(", ")))
}

fn counted(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}

/// What is to be pasted somewhere stands on lines of its own.
fn note(note: &Note) -> impl Iterator<Item = Line> {
    let (tone, mark) = match note.weight {
        Weight::Warning => (Tone::Care, "! "),
        Weight::Info => (Tone::Quiet, "· "),
    };
    note.text.lines().enumerate().map(move |(index, text)| {
        if index == 0 {
            Line::at(2).add(tone, mark).hang(4).plain(text)
        } else {
            Line::at(4).hang(6).plain(text)
        }
    })
}
