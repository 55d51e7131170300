//! What the form of a word is, said once: a reader asks the pattern before it looks at the meaning, and
//! the JSON Schema shows the same pattern to editors.

use std::sync::OnceLock;

use regex_lite::Regex;
use serde_json::{Value as Json, json};

/// A regular expression that the whole of a word must match. It is written in what the dialects of Rust
/// and of ECMAScript, which JSON Schema speaks, have in common: no `\d`, `\w` or look-around.
pub(crate) struct Pattern {
    text: &'static str,
    /// How many characters the word may have, where the expression cannot say it.
    longest: Option<usize>,
    /// The expression is compiled at its first use; `None` if it is no expression, which a test excludes.
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text,
            longest: None,
            compiled: OnceLock::new(),
        }
    }

    /// The same for words that may have this many characters, all of them ASCII, at most.
    pub(crate) const fn limited(text: &'static str, longest: usize) -> Self {
        Self {
            text,
            longest: Some(longest),
            compiled: OnceLock::new(),
        }
    }

    /// Whether a word has this form.
    pub(crate) fn holds(&self, word: &str) -> bool {
        let compile = || Regex::new(&self.anchored()).ok();
        let compiled = self.compiled.get_or_init(compile).as_ref();
        self.longest.is_none_or(|longest| word.len() <= longest)
            && compiled.is_some_and(|regex| regex.is_match(word))
    }

    /// The JSON Schema of a text of this form. A text with a variable in it has its form only after the
    /// variable was filled in, so the schema lets it pass.
    pub(crate) fn schema(&self) -> Json {
        let anchored = self.anchored();
        match self.longest {
            None => json!({ "type": "string", "pattern": format!("{anchored}|{VARIABLE}") }),
            Some(longest) => json!({
                "type": "string",
                "anyOf": [{ "pattern": anchored, "maxLength": longest }, { "pattern": VARIABLE }],
            }),
        }
    }

    /// The JSON Schema of a key of this form; variables are filled into values only.
    pub(crate) fn key_schema(&self) -> Json {
        let mut schema = json!({ "pattern": self.anchored() });
        if let Some(longest) = self.longest {
            schema["maxLength"] = json!(longest);
        }
        schema
    }

    fn anchored(&self) -> String {
        format!("^(?:{})$", self.text)
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &'static str {
        self.text
    }
}

/// How a text looks in which a variable is to be filled in.
pub(crate) const VARIABLE: &str = "\\$\\{";
