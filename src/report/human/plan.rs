//! A plan for people, field by field.
//!
//! An object that exists is shown as its changed fields. One that is made or deleted is shown as
//! one block with every field in it, those of the same parent together.

use crate::plan::{ChangeView, Effect, Note, Weight};
use crate::report::text::{Line, Tone, columns};
use crate::report::words;

/// The lines of a plan; `place` is `api at ecs`.
pub(super) fn lines(
    place: &str,
    changes: &[ChangeView],
    notes: &[Note],
    shortest: Option<u64>,
) -> Vec<Line> {
    let objects = objects(changes);
    let mut lines = vec![headline(place, changes, &objects)];
    for object in &objects {
        lines.extend(object.lines());
    }
    lines.extend(notes.iter().map(note));
    if let Some(seconds) = shortest {
        let text = format!("done after {} at the earliest", words::duration(seconds));
        lines.push(Line::at(2).add(Tone::Quiet, text));
    }
    lines
}

/// All views of one object, in their order.
struct Object<'a> {
    name: &'a str,
    views: Vec<&'a ChangeView>,
}

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

fn objects(changes: &[ChangeView]) -> Vec<Object<'_>> {
    let mut objects: Vec<Object<'_>> = Vec::new();
    for view in changes {
        match objects.iter_mut().find(|o| o.name == view.object) {
            Some(object) => object.views.push(view),
            None => objects.push(Object {
                name: &view.object,
                views: vec![view],
            }),
        }
    }
    objects
}

impl Object<'_> {
    /// Made or deleted as a whole; `Changed` where only fields of it differ.
    fn sign(&self) -> Sign {
        let whole = self.views.iter().all(|v| v.effect == Effect::Replaces)
            || self.views.iter().any(|v| v.path.is_empty());
        let all = |sign| self.views.iter().all(|v| Sign::of(v) == sign);
        if whole && all(Sign::Made) {
            Sign::Made
        } else if whole && all(Sign::Deleted) {
            Sign::Deleted
        } else {
            Sign::Changed
        }
    }

    fn lines(&self) -> Vec<Line> {
        match self.sign() {
            Sign::Changed => self.changed(),
            sign => self.whole(sign),
        }
    }

    fn changed(&self) -> Vec<Line> {
        let mut lines = vec![Line::at(2).add(Tone::Strong, self.name)];
        let rows: Vec<Vec<(Tone, String)>> = self.views.iter().map(|v| row(v)).collect();
        let behind = self.views.iter().map(|v| effect(v.effect));
        let fields = columns(4, &rows).into_iter().zip(behind);
        lines.extend(fields.map(|(line, effect)| line.join(effect)));
        lines
    }

    fn whole(&self, sign: Sign) -> Vec<Line> {
        let (tone, mark) = sign.mark();
        let mut head = Line::at(2).add(tone, format!("{mark} {}", self.name));
        if let Some(view) = self.views.iter().find(|v| v.path.is_empty()) {
            let value = value(view, sign);
            // A platform may have the name in the object's own already.
            if !self.name.ends_with(&format!(" {value}")) {
                head = head.plain(" ").plain(value);
            }
            head = head.hang(6);
        }
        let mut lines = vec![head];
        for (parent, views) in self.by_parent() {
            let mut line = Line::at(6).hang(8);
            if !parent.is_empty() {
                line = line.add(Tone::Strong, format!("{parent}: "));
            }
            for (i, view) in views.iter().enumerate() {
                line = line.add(Tone::Quiet, if i == 0 { "" } else { " · " });
                line = line.add(Tone::Quiet, format!("{} ", split(&view.path).1));
                line = line.plain(value(view, sign));
            }
            lines.push(line);
        }
        lines
    }

    fn by_parent(&self) -> Vec<(&str, Vec<&ChangeView>)> {
        let mut groups: Vec<(&str, Vec<&ChangeView>)> = Vec::new();
        for view in self.views.iter().filter(|v| !v.path.is_empty()) {
            let (parent, _) = split(&view.path);
            match groups.iter_mut().find(|(p, _)| *p == parent) {
                Some((_, views)) => views.push(view),
                None => groups.push((parent, vec![view])),
            }
        }
        groups
    }
}

/// The parent of a field and its own name; the parent of a top-level field is empty.
///
/// What stands in brackets is a name, dots and all: `labels[app.kubernetes.io/name]`.
fn split(path: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    let dot = path.char_indices().rev().find(|(_, c)| {
        match c {
            ']' => depth += 1,
            '[' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *c == '.' && depth == 0
    });
    match dot {
        Some((at, _)) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    }
}

fn value(view: &ChangeView, sign: Sign) -> &str {
    let value = match sign {
        Sign::Deleted => &view.from,
        Sign::Made | Sign::Changed => &view.to,
    };
    value.as_deref().unwrap_or("")
}

fn row(view: &ChangeView) -> Vec<(Tone, String)> {
    let sign = Sign::of(view);
    let (tone, mark) = sign.mark();
    let path = match view.path.as_str() {
        "" => "(all of it)",
        path => path,
    };
    let values = match (&view.from, &view.to) {
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (Some(only), None) | (None, Some(only)) => only.clone(),
        (None, None) => String::new(),
    };
    vec![
        (tone, mark.to_owned()),
        (Tone::Plain, path.to_owned()),
        (Tone::Plain, values),
    ]
}

fn effect(effect: Effect) -> Line {
    let tone = match effect {
        Effect::Invisible => Tone::Quiet,
        Effect::Scales | Effect::Restarts => Tone::Care,
        Effect::Replaces => Tone::Bad,
    };
    Line::at(0).add(tone, format!("  ({})", effect.words()))
}

fn headline(place: &str, changes: &[ChangeView], objects: &[Object<'_>]) -> Line {
    let line = Line::at(0).add(Tone::Strong, place);
    if changes.is_empty() {
        return line.plain(": no changes; what is there is what the files say");
    }
    let whole = |sign| objects.iter().filter(|o| o.sign() == sign).count();
    let fields = |o: &Object<'_>| match o.sign() {
        Sign::Changed => o.views.len(),
        Sign::Made | Sign::Deleted => 0,
    };
    let parts = [
        counted(whole(Sign::Made), "object to make", "objects to make"),
        counted(
            objects.iter().map(fields).sum(),
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

fn note(note: &Note) -> Line {
    match note.weight {
        Weight::Warning => Line::at(2).add(Tone::Care, "! ").hang(4).plain(&note.text),
        Weight::Info => Line::at(2).add(Tone::Quiet, "· ").hang(4).plain(&note.text),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_name_in_brackets_keeps_its_dots() {
        let split_at = [
            ("spec.template.image", ("spec.template", "image")),
            (
                "metadata.labels[app.kubernetes.io/name]",
                ("metadata", "labels[app.kubernetes.io/name]"),
            ),
            ("replicas", ("", "replicas")),
        ];
        for (path, parts) in split_at {
            assert_eq!(split(path), parts);
        }
    }
}
