//! The text of the files: the order and the style of deploy.example.toml. Pure.

use std::fmt::Write as _;

use super::{Draft, ServiceDraft};

/// Keys with their values, in the order of the file.
pub(super) type Words = Vec<(String, Word)>;

/// A value in the files.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A text; its dollars are written twice.
    Text(String),
    /// `${NAME}`.
    Variable(String),
    /// A number, true or false, as it is.
    Plain(String),
    List(Vec<Self>),
    Table(Words),
}

impl Word {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and switches, most of which are made on the spot"
    )]
    pub(super) fn plain(value: impl ToString) -> Self {
        Self::Plain(value.to_string())
    }

    pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// What stands in the platform's own spelling.
    pub(super) fn api(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::List(items.iter().map(Self::api).collect()),
            Value::Object(members) => {
                let said = members.iter().filter(|(_, value)| !value.is_null());
                Self::Table(
                    said.map(|(key, value)| (key.clone(), Self::api(value)))
                        .collect(),
                )
            }
            plain => Self::plain(plain),
        }
    }

    /// The same, on one line.
    fn inline(&self) -> String {
        match self {
            Self::Text(text) => quoted(&text.replace('$', "$$")),
            Self::Variable(name) => format!("\"${{{name}}}\""),
            Self::Plain(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::inline).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(words) if words.is_empty() => "{}".to_owned(),
            Self::Table(words) => {
                let each = words.iter();
                let each: Vec<String> = each
                    .map(|(key, word)| format!("{} = {}", key_text(key), word.inline()))
                    .collect();
                format!("{{ {} }}", each.join(", "))
            }
        }
    }
}

/// Adds a word where there is one to say.
pub(super) fn say(words: &mut Words, key: &str, word: Option<Word>) {
    words.extend(word.map(|word| (key.to_owned(), word)));
}

/// Says the environment of a container, and which names in it are vouched for.
pub(super) fn say_environment(words: &mut Words, env: Words, secrets: Words, vouched: &[String]) {
    let some = |table: Words| (!table.is_empty()).then_some(Word::Table(table));
    say(words, "env", some(env));
    say(words, "secrets", some(secrets));
    let vouched = (!vouched.is_empty()).then(|| Word::texts(vouched));
    say(words, "allow_plain", vouched);
}

/// A number of MiB.
pub(super) fn mebibytes(size: u64) -> Word {
    Word::text(if size.is_multiple_of(1024) {
        format!("{}GiB", size / 1024)
    } else {
        format!("{size}MiB")
    })
}

/// The escapes of JSON are TOML's, but for one character.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.replace('\u{7f}', "\\u007f")
}

fn key_text(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// What a line says where its key alone says too little.
const COMMENTS: &[(&str, &str)] = &[
    ("project", "a label and a tag on everything that is made"),
    ("cpu", "vCPU of one task, or pod"),
    ("memory", "of one task, or pod"),
    ("replicas", "at creation; for ever where nothing scales it"),
    ("account", "refused elsewhere, before any write"),
    ("family", "the task definition's"),
    ("execution_role", "pulls, reads secrets, writes logs"),
    ("task_role", "the program's own"),
    ("log_group", "of every container"),
    ("allow_plain", "names in `env` that are vouched for"),
];

/// Comments stand here, unless the line is longer.
const COLUMN: usize = 44;

/// No table is written on one line that is longer.
const LONGEST: usize = 100;

fn lines(words: &Words, comments: bool) -> String {
    let widths = words.iter().map(|(key, _)| key_text(key).len());
    let width = widths.max().unwrap_or_default();
    let mut text = String::new();
    for (key, word) in words {
        let line = format!("{:width$} = {}", key_text(key), several_lines(word));
        let comment = COMMENTS.iter().find(|(of, _)| comments && of == key);
        match comment {
            Some((_, comment)) if line.len() < COLUMN => {
                let _ = writeln!(text, "{line:<COLUMN$}# {comment}");
            }
            Some((_, comment)) => {
                let _ = writeln!(text, "{line}   # {comment}");
            }
            None => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

/// A word as it stands behind its key: a long list has its items on lines of their own.
fn several_lines(word: &Word) -> String {
    let inline = word.inline();
    match word {
        Word::List(items) if inline.len() > LONGEST => {
            let items = items.iter().map(|item| format!("  {},\n", item.inline()));
            format!("[\n{}]", items.collect::<String>())
        }
        _ => inline,
    }
}

/// Whether a word gets headings of its own: a long table, or a long list of tables.
fn is_long(word: &Word) -> bool {
    let is_table = |word: &Word| matches!(word, Word::Table(_));
    let has_tables = match word {
        Word::List(items) => !items.is_empty() && items.iter().all(is_table),
        word => is_table(word),
    };
    has_tables && word.inline().len() > LONGEST
}

/// A table under its heading; tables in it that are long get a heading of their own.
fn table(heading: &str, words: &Words, comments: bool) -> String {
    body((&format!("[{heading}]"), heading), words, comments)
}

fn body((line, heading): (&str, &str), words: &Words, comments: bool) -> String {
    let (long, short): (Words, Words) = words.iter().cloned().partition(|(_, word)| is_long(word));
    let mut text = String::new();
    // One of a list is there by its heading alone.
    if !short.is_empty() || long.is_empty() || line.starts_with("[[") {
        let _ = write!(text, "\n{line}\n{}", lines(&short, comments));
    }
    for (key, word) in &long {
        let heading = format!("{heading}.{}", key_text(key));
        match word {
            Word::Table(words) => text += &table(&heading, words, false),
            Word::List(items) => {
                for item in items {
                    if let Word::Table(words) = item {
                        text += &body((&format!("[[{heading}]]"), &heading), words, false);
                    }
                }
            }
            _ => {}
        }
    }
    text
}

/// The text of deploy.toml.
pub(super) fn deploy(draft: &Draft) -> String {
    let mut text = format!(
        "#:schema ./config/schema/deploy.schema.json\n# This file says what runs. Where it runs is said in config/NAME.toml, one file per target.\n\n{}",
        lines(
            &vec![("project".to_owned(), Word::text(&draft.project))],
            true
        )
    );
    for service in &draft.services {
        let heading = format!("service.{}", key_text(&service.name));
        text += &table(&heading, &service.words, true);
        for (name, words) in &service.sidecars {
            text += &table(
                &format!("{heading}.sidecar.{}", key_text(name)),
                words,
                false,
            );
        }
        text += &own(service, &heading, &service.own);
    }
    text
}

/// The text of the target's file.
pub(super) fn target(draft: &Draft) -> String {
    let mut text = format!(
        "#:schema ./schema/target.schema.json\n# This file says where the services run.\n{}",
        lines(&draft.target, true)
    );
    for service in &draft.services {
        let heading = format!("service.{}", key_text(&service.name));
        text += &own(service, &heading, &service.here);
    }
    text
}

fn own(service: &ServiceDraft, heading: &str, words: &Words) -> String {
    if words.is_empty() {
        return String::new();
    }
    table(&format!("{heading}.{}", service.own_table), words, true)
}
