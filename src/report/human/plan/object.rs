//! One object of a plan: made or deleted as a block, or its changed fields by container.

use std::borrow::Cow;

use super::path;
use super::{Sign, counted};
use crate::plan::{ChangeView, Effect};
use crate::report::text::{Line, Tone, columns, middle};

/// So many changed fields of one parent are told one below the other on a terminal; of more of
/// them only the names are, or a change of all variables would not fit one screen.
const LISTED: usize = 12;
/// The columns that a value of an object that is made has at most on a terminal.
const WIDEST: usize = 72;

/// All views of one object, in their order.
pub(super) struct Object<'a> {
    name: &'a str,
    views: Vec<&'a ChangeView>,
}

/// The changed fields of one container, or those of no container.
struct Group<'a> {
    container: Option<(&'static str, &'a str)>,
    fields: Vec<Field<'a>>,
}

/// A changed field by its path within its group.
struct Field<'a> {
    path: &'a str,
    view: &'a ChangeView,
}

/// The objects of a plan, each with its views.
pub(super) fn objects(changes: &[ChangeView]) -> Vec<Object<'_>> {
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

impl<'a> Object<'a> {
    /// Made or deleted as a whole; `Changed` where only fields of it differ.
    pub(super) fn sign(&self) -> Sign {
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

    /// How many fields of it change, where it is neither made nor deleted.
    pub(super) fn changed_fields(&self) -> usize {
        match self.sign() {
            Sign::Changed => self.views.len(),
            Sign::Made | Sign::Deleted => 0,
        }
    }

    /// Its lines, for a screen of so many columns.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<Line> {
        match self.sign() {
            Sign::Changed => self.changed(width),
            sign => self.whole(sign, width),
        }
    }

    fn changed(&self, width: Option<usize>) -> Vec<Line> {
        let heaviest = heaviest(&self.views);
        let head = Line::at(2).add(Tone::Strong, self.name);
        let mut lines = vec![head.join(effect(heaviest))];
        for group in self.groups() {
            lines.extend(group.lines(heaviest, width));
        }
        lines
    }

    /// Fields of no container first, then container by container.
    fn groups(&self) -> Vec<Group<'a>> {
        let mut groups = vec![Group {
            container: None,
            fields: Vec::new(),
        }];
        for view in &self.views {
            let (container, path) = match path::container(&view.path) {
                Some((kind, name, rest)) => (Some((kind, name)), rest),
                None => (None, view.path.as_str()),
            };
            let field = Field { path, view };
            match groups.iter_mut().find(|g| g.container == container) {
                Some(group) => group.fields.push(field),
                None => groups.push(Group {
                    container,
                    fields: vec![field],
                }),
            }
        }
        groups.retain(|group| !group.fields.is_empty());
        for group in &mut groups {
            group.fields.sort_by(|a, b| path::natural(a.path, b.path));
        }
        groups
    }

    fn whole(&self, sign: Sign, width: Option<usize>) -> Vec<Line> {
        let (tone, mark) = sign.mark();
        let mut head = Line::at(2).add(tone, format!("{mark} {}", self.name));
        if let Some(view) = self.views.iter().find(|v| v.path.is_empty()) {
            let value = value(view, sign);
            // A platform may have the name in the object's own already.
            if !self.name.ends_with(&format!(" {value}")) {
                head = head.plain(" ").plain(&value);
            }
            head = head.hang(6);
        }
        let mut lines = vec![head];
        for group in self.groups() {
            let named = group.container.map(|(kind, name)| format!("{kind} {name}"));
            for (parent, fields) in group.by_parent() {
                let title = match (&named, parent) {
                    (Some(container), "") => format!("{container}: "),
                    (Some(container), parent) => format!("{container}, {parent}: "),
                    (None, "") => String::new(),
                    (None, parent) => format!("{parent}: "),
                };
                let line = Line::at(6).hang(8).add(Tone::Strong, title);
                lines.push(line.join(side_by_side(&fields, sign, width)));
            }
        }
        lines
    }
}

impl<'a> Group<'a> {
    /// `heaviest` is said of the whole object already.
    fn lines(&self, heaviest: Effect, width: Option<usize>) -> Vec<Line> {
        let Some((kind, name)) = self.container else {
            return self.rows(4, width);
        };
        if let Some(line) = self.as_one(kind, name, width) {
            return vec![line];
        }
        let own = self::heaviest(&self.views());
        let mut head = Line::at(4).add(Tone::Strong, format!("{kind} {name}"));
        if own != heaviest {
            head = head.join(effect(own));
        }
        let mut lines = vec![head];
        lines.extend(self.rows(6, width));
        lines
    }

    fn views(&self) -> Vec<&'a ChangeView> {
        self.fields.iter().map(|field| field.view).collect()
    }

    /// A container that comes or goes as a whole, in one line. Each one has an image.
    fn as_one(&self, kind: &str, name: &str, width: Option<usize>) -> Option<Line> {
        let image = self.fields.iter().find(|field| field.path == "image")?;
        let sign = Sign::of(image.view);
        if sign == Sign::Changed || self.fields.iter().any(|f| Sign::of(f.view) != sign) {
            return None;
        }
        let (tone, mark) = sign.mark();
        let head = Line::at(4)
            .hang(8)
            .add(tone, format!("{mark} {kind} {name} "))
            .plain(&*value(image.view, sign));
        if sign == Sign::Deleted {
            return Some(head);
        }
        let rest: Vec<&Field<'_>> = self.fields.iter().filter(|f| f.path != "image").collect();
        let mut line = head;
        for (parent, fields) in by_parent(&rest) {
            let parent = if parent.is_empty() {
                String::new()
            } else {
                format!("{parent}: ")
            };
            line = line.add(Tone::Quiet, " · ").add(Tone::Quiet, parent);
            line = line.join(side_by_side(&fields, sign, width));
        }
        Some(line)
    }

    fn by_parent(&self) -> Vec<(&'a str, Vec<&Field<'a>>)> {
        let own: Vec<&Field<'a>> = self.fields.iter().filter(|f| !f.path.is_empty()).collect();
        by_parent(&own)
    }

    /// One row a field; on a terminal, many of one parent share one.
    fn rows(&self, indent: usize, width: Option<usize>) -> Vec<Line> {
        let all: Vec<&Field<'_>> = self.fields.iter().collect();
        let (mut listed, mut shared) = (Vec::new(), Vec::new());
        for (parent, fields) in by_parent(&all) {
            if width.is_some() && !parent.is_empty() && fields.len() > LISTED {
                shared.push(packed(indent, parent, &fields));
            } else {
                listed.extend(fields);
            }
        }
        let names = listed.iter().map(|field| field.path.len()).max();
        let before = indent + 3 + names.unwrap_or(0).min(crate::report::text::WIDEST_COLUMN) + 2;
        let room = width.map(|columns| columns.saturating_sub(before).max(24));
        let rows: Vec<Vec<(Tone, String)>> = listed.iter().map(|f| row(f, room)).collect();
        let mut lines = columns(indent, &rows);
        lines.extend(shared);
        lines
    }
}

/// Fields without a parent come first.
fn by_parent<'f, 'a>(fields: &[&'f Field<'a>]) -> Vec<(&'a str, Vec<&'f Field<'a>>)> {
    let mut groups: Vec<(&'a str, Vec<&'f Field<'a>>)> = Vec::new();
    for field in fields {
        let (parent, _) = path::split(field.path);
        match groups.iter_mut().find(|(p, _)| *p == parent) {
            Some((_, fields)) => fields.push(field),
            None => groups.push((parent, vec![field])),
        }
    }
    groups.sort_by_key(|(parent, _)| !parent.is_empty());
    groups
}

/// `A 1 · B 2`
fn side_by_side(fields: &[&Field<'_>], sign: Sign, width: Option<usize>) -> Line {
    let mut line = Line::at(0);
    for (i, field) in fields.iter().enumerate() {
        line = line.add(Tone::Quiet, if i == 0 { "" } else { " · " });
        line = line.add(Tone::Quiet, format!("{} ", path::split(field.path).1));
        let value = value(field.view, sign);
        line = match width {
            Some(_) => line.plain(middle(&value, WIDEST)),
            None => line.plain(&*value),
        };
    }
    line
}

/// `environment, 49 fields: ~ A · + B · - C`: cut so short that they fit, values would tell nothing.
fn packed(indent: usize, parent: &str, fields: &[&Field<'_>]) -> Line {
    let count = counted(fields.len(), "field", "fields").unwrap_or_default();
    let mut line = Line::at(indent)
        .hang(indent + 3)
        .add(Tone::Strong, format!("{parent}, {count}: "));
    for (i, field) in fields.iter().enumerate() {
        let (tone, mark) = Sign::of(field.view).mark();
        line = line.add(Tone::Quiet, if i == 0 { "" } else { " · " });
        line = line.add(tone, mark).plain(" ");
        line = line.plain(path::split(field.path).1);
    }
    line.add(
        Tone::Quiet,
        " (their values: pipe the plan, or --output json)",
    )
}

fn row(field: &Field<'_>, room: Option<usize>) -> Vec<(Tone, String)> {
    let (tone, mark) = Sign::of(field.view).mark();
    let path = match field.path {
        "" => "(all of it)",
        path => path,
    };
    let cut = |text: &str, share: usize| match room {
        Some(room) => middle(&visible(text), (room - (share - 1) * " → ".len()) / share),
        None => visible(text).into_owned(),
    };
    let values = match (&field.view.from, &field.view.to) {
        (Some(from), Some(to)) => format!("{} → {}", cut(from, 2), cut(to, 2)),
        (Some(only), None) | (None, Some(only)) => cut(only, 1),
        (None, None) => String::new(),
    };
    vec![
        (tone, mark.to_owned()),
        (Tone::Plain, path.to_owned()),
        (Tone::Plain, values),
    ]
}

fn value(view: &ChangeView, sign: Sign) -> Cow<'_, str> {
    let value = match sign {
        Sign::Deleted => &view.from,
        Sign::Made | Sign::Changed => &view.to,
    };
    value.as_deref().map_or(Cow::Borrowed(""), visible)
}

/// In quotes where nobody would see where it begins or ends.
fn visible(text: &str) -> Cow<'_, str> {
    if text.is_empty() || text.trim() != text {
        Cow::Owned(format!("\"{text}\""))
    } else {
        Cow::Borrowed(text)
    }
}

fn heaviest(views: &[&ChangeView]) -> Effect {
    let effects = views.iter().map(|view| view.effect);
    effects.max().unwrap_or(Effect::Invisible)
}

fn effect(effect: Effect) -> Line {
    let tone = match effect {
        Effect::Invisible => Tone::Quiet,
        Effect::Scales | Effect::Restarts => Tone::Care,
        Effect::Replaces => Tone::Bad,
    };
    Line::at(0).add(tone, format!("  ({})", effect.words()))
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn a_value_whose_ends_nobody_sees_is_in_quotes() {
        assert_eq!(visible(""), "\"\"");
        assert_eq!(visible(" a"), "\" a\"");
        assert_eq!(visible("a b"), "a b");
    }
}
