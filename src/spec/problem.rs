//! What is wrong with the files and the arguments: collected, then told all at once.
//!
//! A problem never quotes a value that may be a secret, and the source lines drawn under it are
//! veiled first (see `veil`).

use std::fmt;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::ser::{Serialize, SerializeSeq, SerializeStruct, Serializer};

/// More than so many problems are counted, not drawn.
const DRAWN: usize = 50;

/// A stretch of one source file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    /// Index into the sources of the [`Problems`] it belongs to.
    pub(crate) file: usize,
    /// The stretch begins at this byte.
    pub(crate) start: usize,
    /// The stretch ends before this byte.
    pub(crate) end: usize,
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// A stable word for scripts, such as `unknown-key`.
    pub(crate) code: &'static str,
    /// What is wrong, in a sentence.
    pub(crate) message: String,
    /// Where; `None` for a problem of the command line.
    pub(crate) spot: Option<Spot>,
    /// The line and the column of the spot, counted from 1, in characters.
    pub(crate) position: Option<(usize, usize)>,
    /// Written at the caret; may be empty.
    pub(crate) label: String,
    /// Another place that has to do with it, and why.
    pub(crate) also: Option<(Spot, String)>,
    /// What the user can do about it.
    pub(crate) help: Option<String>,
}

impl Problem {
    /// A problem without a place, a label or help yet.
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            spot: None,
            position: None,
            label: String::new(),
            also: None,
            help: None,
        }
    }

    /// Says where the problem is.
    pub(super) fn at(mut self, spot: Spot) -> Self {
        self.spot = Some(spot);
        self
    }

    /// Says what is written at the caret.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at a second place that has to do with it.
    pub(super) fn also(mut self, spot: Spot, label: impl Into<String>) -> Self {
        self.also = Some((spot, label.into()));
        self
    }

    /// Says what the user can do about it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what to do about it, where that is known.
    pub(super) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// One file as it may be shown: values that may be secrets are stars, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The path, as the user would type it.
    pub(crate) path: PathBuf,
    pub(super) veiled: String,
}

/// Everything that is wrong, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problems {
    sources: Vec<Source>,
    list: Vec<Problem>,
}

impl Problems {
    /// Sorts by place and drops repetitions. `texts` are the sources as they are.
    pub(super) fn new(sources: Vec<Source>, texts: &[String], mut list: Vec<Problem>) -> Self {
        list.sort_by(|a, b| (a.spot, a.code, &a.message).cmp(&(b.spot, b.code, &b.message)));
        list.dedup();
        let mut cursor = Cursor::default();
        for problem in &mut list {
            problem.position = problem.spot.and_then(|spot| cursor.reach(texts, spot));
        }
        Self { sources, list }
    }

    /// The problems, each of them once; there is at least one.
    pub(crate) fn list(&self) -> &[Problem] {
        &self.list
    }

    /// The file that a problem is in.
    pub(crate) fn file(&self, problem: &Problem) -> Option<&Path> {
        let source = self.sources.get(problem.spot?.file)?;
        Some(&source.path)
    }

    /// All of them with file, line, a caret and the way out, as rustc draws them.
    pub(crate) fn render(&self, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(100);
        let drawn = self.list.iter().take(DRAWN);
        let mut parts: Vec<String> = drawn
            .map(|problem| renderer.render(&[self.group(problem)]))
            .collect();
        if self.list.len() > DRAWN {
            parts.push(format!("and {} more", self.list.len() - DRAWN));
        }
        parts.join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let title = Level::ERROR.primary_title(clean(&problem.message));
        let mut group = Group::with_title(title);
        if let Some(spot) = problem.spot {
            let also = problem.also.as_ref();
            let near = also.filter(|(other, _)| other.file == spot.file);
            let far = also.filter(|(other, _)| other.file != spot.file);
            group = group.element(self.snippet(spot, &problem.label, near));
            if let Some((other, label)) = far {
                group = group.element(self.snippet(*other, label, None));
            }
        }
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(clean(help))),
            None => group,
        }
    }

    fn snippet<'a>(
        &'a self,
        spot: Spot,
        label: &'a str,
        also: Option<&'a (Spot, String)>,
    ) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let source = &self.sources[spot.file];
        let caret = AnnotationKind::Primary
            .span(spot.start..spot.end)
            .label((!label.is_empty()).then(|| clean(label)));
        let context = also.map(|(other, label)| {
            AnnotationKind::Context
                .span(other.start..other.end)
                .label(clean(label))
        });
        Snippet::source(&source.veiled)
            .path(clean(&source.path.display().to_string()))
            .annotation(caret)
            .annotations(context)
    }
}

/// Goes through the texts once, from one spot to the next, and counts lines and characters.
#[derive(Default)]
struct Cursor {
    file: usize,
    at: usize,
    lines: usize,
    characters: usize,
}

impl Cursor {
    /// Line and column of the first byte of a spot, counted from 1; no spot may lie before the last.
    fn reach(&mut self, texts: &[String], spot: Spot) -> Option<(usize, usize)> {
        if spot.file != self.file {
            *self = Self {
                file: spot.file,
                ..Self::default()
            };
        }
        let passed = texts.get(spot.file)?.get(self.at..spot.start)?;
        self.at = spot.start;
        let line = passed.rsplit('\n').next().unwrap_or("");
        if line.len() < passed.len() {
            self.lines += passed.matches('\n').count();
            self.characters = 0;
        }
        self.characters += line.chars().count();
        Some((self.lines + 1, self.characters + 1))
    }
}

/// Control characters in words of the user's must not reach a terminal.
fn clean(text: &str) -> String {
    crate::harmless::one_line(text)
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// A list of `{code, message, file, line, column, label, help}`; absent things are `null`.
impl Serialize for Problems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.list.len()))?;
        for problem in &self.list {
            list.serialize_element(&Row {
                problem,
                file: self.file(problem),
            })?;
        }
        list.end()
    }
}

struct Row<'a> {
    problem: &'a Problem,
    file: Option<&'a Path>,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Problem {
            code,
            message,
            position,
            label,
            help,
            ..
        } = self.problem;
        let mut row = serializer.serialize_struct("Problem", 7)?;
        row.serialize_field("code", code)?;
        row.serialize_field("message", message)?;
        let file = self.file.map(|path| path.display().to_string());
        row.serialize_field("file", &file)?;
        row.serialize_field("line", &position.map(|(line, _)| line))?;
        row.serialize_field("column", &position.map(|(_, column)| column))?;
        row.serialize_field("label", &(!label.is_empty()).then_some(label))?;
        row.serialize_field("help", help)?;
        row.end()
    }
}
