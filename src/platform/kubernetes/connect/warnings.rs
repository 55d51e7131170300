//! What the API server warns of in the headers of its answers: pods that a stricter level of Pod
//! Security would refuse, annotations and fields that are deprecated (RFC 9110 and RFC 7234, section
//! 5.5; Kubernetes documentation, API deprecation warnings).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::WARNING;

/// The code of a warning that is about the request itself, and the only one that API servers send.
const MISCELLANEOUS: &str = "299";

/// The warnings of all answers, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Warnings(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    all: BTreeSet<String>,
    untold: Vec<String>,
}

impl Warnings {
    /// Takes note of the warnings of an answer.
    pub(super) fn note(&self, headers: &HeaderMap) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for value in headers.get_all(WARNING) {
            let text = String::from_utf8_lossy(value.as_bytes());
            for warning in texts(&text) {
                if heard.all.insert(warning.clone()) {
                    heard.untold.push(warning);
                }
            }
        }
    }

    /// Those that came since they were last taken, in the order in which they came. The same words
    /// are never given twice.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut heard.untold)
    }
}

/// From `299 - "a text", 299 agent "another \"text\""`; other codes are about caches.
fn texts(header: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((before, quoted)) = rest.split_once('"') {
        let (text, after) = unquoted(quoted);
        let code = before
            .trim_start_matches([',', ' ', '\t'])
            .split(' ')
            .next();
        if code == Some(MISCELLANEOUS) && !text.trim().is_empty() {
            found.push(text.trim().to_owned());
        }
        // A date may follow, in quotes of its own: it has no code before it.
        rest = after;
    }
    found
}

/// The text up to the closing quote, and what follows it.
fn unquoted(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.extend(letters.next().map(|(_, escaped)| escaped)),
            other => text.push(other),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn answer(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WARNING, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn every_warning_is_given_once() {
        let warnings = Warnings::default();
        warnings.note(&answer(&[
            r#"299 - "one""#,
            r#"299 - "two", 299 x "three""#,
        ]));
        warnings.note(&answer(&[r#"299 - "one""#]));
        assert_eq!(warnings.take(), ["one", "two", "three"]);
        warnings.note(&answer(&[r#"299 - "two""#, r#"299 - "four""#]));
        assert_eq!(warnings.take(), ["four"]);
        assert_eq!(warnings.take(), [""; 0]);
    }

    #[test]
    fn quotes_dates_and_other_codes_are_read_as_they_are_meant() {
        let table: [(&str, &[&str]); 6] = [
            (
                r#"299 - "would violate PodSecurity \"restricted:latest\": a, b" "Wed, 21 Oct 2026 07:28:00 GMT""#,
                &[r#"would violate PodSecurity "restricted:latest": a, b"#],
            ),
            (r#"110 cache "Response is stale""#, &[]),
            (r#"110 cache "stale", 299 - "new""#, &["new"]),
            (r#"299 - "not closed"#, &["not closed"]),
            ("299 - bare", &[]),
            ("", &[]),
        ];
        for (header, expected) in table {
            assert_eq!(texts(header), expected, "{header}");
        }
    }
}
