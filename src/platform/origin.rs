//! Who deploys, from which commit and why: carried as tags of the task definition, so that any
//! machine reads the same history.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::digest::digest;

/// The longest value of a tag (Amazon ECS developer guide, tagging).
const LONGEST: usize = 256;

/// Tag keys of ours. `aws:` is reserved, `deployer:` is not.
pub mod key {
    /// The project that owns it.
    pub const PROJECT: &str = "deployer:project";
    /// The same, exactly, where the other cannot hold it.
    pub const EXACT_PROJECT: &str = "deployer:exact-project";
    /// The target that it is deployed by.
    pub const TARGET: &str = "deployer:target";
    /// The service in deploy.toml that it belongs to.
    pub const SERVICE: &str = "deployer:service";
    /// The keys of the user's own tags, so that one that leaves the file can be removed.
    pub const TAGS: &str = "deployer:tags";
    /// Who registered it.
    pub const BY: &str = "deployer:by";
    /// From which commit.
    pub const COMMIT: &str = "deployer:commit";
    /// Why.
    pub const WHY: &str = "deployer:why";
}

/// Who deploys, from which commit and why, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// A person or a CI job.
    pub by: Option<String>,
    /// A commit id.
    pub commit: Option<String>,
    /// A sentence.
    pub why: Option<String>,
}

impl Origin {
    /// As tags, sanitised to what tags allow.
    pub fn tags(&self) -> BTreeMap<String, String> {
        [
            (key::BY, &self.by),
            (key::COMMIT, &self.commit),
            (key::WHY, &self.why),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), tag_value(value.as_deref()?))))
        .filter(|(_, value)| !value.is_empty())
        .collect()
    }
}

/// A text as a tag's value may hold it: letters, digits, spaces and `+ - = . _ : / @`, at most
/// 256 characters (Amazon ECS developer guide, tagging). Everything else becomes `_`.
pub fn tag_value(text: &str) -> String {
    let allowed = |c: char| {
        c.is_alphanumeric() || matches!(c, ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/' | '@')
    };
    let clean: String = text
        .trim()
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(LONGEST)
        .collect();
    clean.trim_end().to_owned()
}

/// A text that [`tag_value`] would change, in a way that no other text has: a character that a tag
/// cannot hold is `=` and two hexadecimal digits for each of its bytes; what is too long is a digest.
/// `None`: a tag holds it as it is.
pub fn exact_value(text: &str) -> Option<String> {
    if tag_value(text) == text {
        return None;
    }
    let as_is = |byte: u8| byte.is_ascii_alphanumeric() || b" +-._:/@".contains(&byte);
    let mut exact = String::new();
    for byte in text.bytes() {
        if as_is(byte) {
            exact.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(exact, "={byte:02X}");
        }
    }
    // A space at an end would not be kept.
    let fits = exact.len() <= LONGEST && exact.trim() == exact;
    Some(if fits {
        exact
    } else {
        format!("sha256:{}", digest(std::iter::once(text)))
    })
}

/// The keys of the user's tags as one tag's value, separated by spaces. Keys that do not fit, or
/// have a space in them, are left out: such a tag stays when it leaves the file.
pub fn own_keys<'a>(keys: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut list = String::new();
    for key in keys.filter(|key| !key.contains(' ') && tag_value(key) == **key) {
        if list.chars().count() + key.chars().count() < LONGEST {
            if !list.is_empty() {
                list.push(' ');
            }
            list.push_str(key);
        }
    }
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_keeps_what_aws_allows_and_no_more() {
        assert_eq!(tag_value("fix: 50% off!\n"), "fix: 50_ off_");
        assert_eq!(tag_value("Zoë <zoe@example.com>"), "Zoë _zoe@example.com_");
        assert_eq!(tag_value(&"x".repeat(300)).len(), 256);
    }

    #[test]
    fn what_a_tag_cannot_hold_is_told_apart_all_the_same() {
        assert_eq!(exact_value("team/a"), None);
        assert_eq!(exact_value("team#a").as_deref(), Some("team=23a"));
        assert_eq!(exact_value("é?").as_deref(), Some("=C3=A9=3F"));
        let long = |end: &str| exact_value(&format!("{}{end}", "p".repeat(300))).unwrap();
        assert_ne!(long("1"), long("2"));
        assert_ne!(exact_value("team "), exact_value(" team"));
        for text in ["team#a", "é?", "team "] {
            let exact = exact_value(text).unwrap();
            assert_eq!(tag_value(&exact), exact, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_tag() {
        let origin = Origin {
            commit: Some("abc123".into()),
            why: Some("  ".into()),
            ..Origin::default()
        };
        assert_eq!(
            origin.tags(),
            BTreeMap::from([("deployer:commit".to_owned(), "abc123".to_owned())])
        );
    }

    #[test]
    fn own_keys_leave_out_what_could_not_be_read_back() {
        assert_eq!(
            own_keys(["team", "cost center", "owner"].into_iter()).as_deref(),
            Some("team owner")
        );
        assert_eq!(own_keys(std::iter::empty()), None);
    }
}
