//! The manual of the format, key by key: what the schemas say, for people.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::raw::{TABLES, Told};

/// What stands above the tables.
const HEAD: &str = "\
# The format, key by key

This page is printed by `deployer schema format` from what the program itself reads. The daily words, each in its
place and with its reasons, are in [deploy.example.toml](../deploy.example.toml).

A key that is left out means its default. In deploy.toml, `[defaults]` holds any keys of a service, for all of
them; a service that is `like` another has that one's keys; and `[service.NAME]` in a target's file is laid over
both. There, `KEY = false` takes away what was said before, unless `false` is a value of the key.
";

/// The manual, as Markdown.
pub(crate) fn manual() -> String {
    let mut text = HEAD.to_owned();
    for table in TABLES {
        section(table, &mut text);
    }
    text
}

fn section(table: &Told, text: &mut String) {
    let about: Vec<&str> = table.about.iter().map(|line| line.trim()).collect();
    let _ = write!(
        text,
        "\n## `{}`\n\n{}\n\n| Key | Takes | What it is |\n| --- | --- | --- |\n",
        table.written,
        about.join(" ")
    );
    let schema = (table.schema)();
    for key in table.keys {
        let property = &schema["properties"][key];
        let description = property["description"].as_str().unwrap_or_default();
        let needed = if table.required.contains(key) {
            " **Needed.**"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| `{key}` | {} | {}{needed} |",
            takes(property),
            cell(description)
        );
    }
}

/// A text within a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// What a key takes, in a few words.
fn takes(schema: &Json) -> String {
    let mut words = Vec::new();
    kinds(schema, &mut words);
    words.join(", ")
}

fn kinds(schema: &Json, words: &mut Vec<String>) {
    let mut say = |word: String| {
        if !words.contains(&word) {
            words.push(word);
        }
    };
    if let Some(forms) = schema["anyOf"].as_array() {
        // A variable may stand for any of the others.
        let told = |form: &&Json| {
            let is_variable = form["pattern"]
                .as_str()
                .is_some_and(|form| form.contains("\\$\\{"));
            !is_variable || form.get("enum").is_some()
        };
        let several = forms.iter().filter(told).count();
        for form in forms.iter().filter(|form| several == 0 || told(form)) {
            kinds(form, words);
        }
        return;
    }
    let values = schema["enum"].as_array().into_iter().flatten();
    let mut values = values.chain(schema.get("const")).peekable();
    if values.peek().is_some() {
        values.for_each(|value| say(format!("`{value}`")));
        return;
    }
    match schema["type"].as_str() {
        Some("string") => say("text".into()),
        Some("integer") => say("whole number".into()),
        Some("number") => say("number".into()),
        Some("boolean") => say("`true`, `false`".into()),
        Some("array") => say(format!("list of {}", plural(&schema["items"]))),
        Some("object") => say("table".into()),
        _ if schema["pattern"].is_string() => say("text".into()),
        _ => say("value".into()),
    }
}

/// What is in a list.
fn plural(items: &Json) -> &'static str {
    match items["type"].as_str() {
        Some("object") => "tables",
        Some("string") => "texts",
        _ => "values",
    }
}
