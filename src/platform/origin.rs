//! Who deploys, from which commit and why: carried as tags of the task definition, so that any
//! machine reads the same history.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::digest::digest;
use crate::answer::{Deployed, Ending};
use crate::plan::{ChangeView, Effect};

/// The longest value of a tag (Amazon ECS developer guide, tagging).
const LONGEST: usize = 256;

/// Tag keys of ours. `aws:` is reserved, `deployer:` is not.
pub(crate) mod key {
    /// The project that owns it.
    pub(crate) const PROJECT: &str = "deployer:project";
    /// The same, exactly, where the other cannot hold it.
    pub(crate) const EXACT_PROJECT: &str = "deployer:exact-project";
    /// The target that it is deployed by.
    pub(crate) const TARGET: &str = "deployer:target";
    /// The service in deploy.toml that it belongs to.
    pub(crate) const SERVICE: &str = "deployer:service";
    /// The keys of the user's own tags, so that one that leaves the file can be removed.
    pub(crate) const TAGS: &str = "deployer:tags";
    /// Who registered it.
    pub(crate) const BY: &str = "deployer:by";
    /// From which commit.
    pub(crate) const COMMIT: &str = "deployer:commit";
    pub(crate) const WHY: &str = "deployer:why";
    /// The verb that registered it, where that is not `apply`.
    pub(crate) const VERB: &str = "deployer:verb";
    /// Begins the key of a service's tag that says who started a rollout that registered nothing;
    /// the number of the rollout follows.
    pub(crate) const ROLLOUT: &str = "deployer:rollout:";
    /// Who set the count last, by `scale`.
    pub(crate) const SCALED: &str = "deployer:scaled";
}

/// Who deploys, from which commit and why, as far as that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// A person or a CI job.
    pub(crate) by: Option<String>,
    /// A commit id.
    pub(crate) commit: Option<String>,
    /// A sentence.
    pub(crate) why: Option<String>,
    /// The verb: `rollback`, `restart` or `scale`; `None`: `apply`.
    pub(crate) verb: Option<String>,
}

/// The verb of what says no other.
pub(crate) const APPLY: &str = "apply";

/// The verb that sets the count.
pub(crate) const SCALE: &str = "scale";

/// A count that was set by `scale`, which rolls nothing out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scaled {
    pub(crate) at: Timestamp,
    /// To how many.
    pub(crate) to: String,
    /// By whom and why.
    pub(crate) origin: Origin,
}

impl Scaled {
    /// What a plan of `scale` sets, where this is one; `None`: it sets no count.
    pub(crate) fn by(origin: &Origin, views: &[ChangeView], at: Timestamp) -> Option<Self> {
        let scales = |view: &&ChangeView| view.effect == Effect::Scales;
        let to = views.iter().find(scales)?.to.clone()?;
        (origin.verb.as_deref() == Some(SCALE)).then(|| Self {
            at,
            to,
            origin: origin.clone(),
        })
    }

    /// As one text, which a tag can hold.
    pub(crate) fn text(&self) -> String {
        let verb = Some(format!("{:.0} {}", self.at, self.to));
        Origin {
            verb,
            ..self.origin.clone()
        }
        .credit()
    }

    /// Reads [`Self::text`]; `None`: it is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let origin = Origin::credited(text);
        let (at, to) = origin.verb.as_deref()?.split_once(' ')?;
        Some(Self {
            at: at.parse().ok()?,
            to: to.to_owned(),
            origin: Origin {
                verb: Some(SCALE.to_owned()),
                ..origin
            },
        })
    }

    /// As the history tells it: it left the revision and its images as they were.
    pub(crate) fn told(self, revision: String) -> Deployed {
        Deployed {
            at: Some(self.at),
            finished: Some(self.at),
            id: String::new(),
            revision,
            images: BTreeMap::new(),
            verb: self.origin.verb,
            by: self.origin.by,
            commit: self.origin.commit,
            why: self.origin.why,
            outcome: Ending::Counted,
            status: format!("set to {}", self.to),
            reason: None,
            went_back_to: None,
            current: false,
        }
    }
}

impl Origin {
    /// All of it as the value of one tag.
    pub(crate) fn credit(&self) -> String {
        let parts = [
            ("by", &self.by),
            ("commit", &self.commit),
            ("why", &self.why),
        ];
        let mut credit = self.verb.as_deref().unwrap_or(APPLY).to_owned();
        for (name, value) in parts {
            if let Some(value) = value.as_deref().filter(|value| !value.trim().is_empty()) {
                // Writing to a String cannot fail.
                let _ = write!(credit, " {name}={}", value.trim());
            }
        }
        tag_value(&credit)
    }

    /// Reads [`Self::credit`].
    pub(crate) fn credited(text: &str) -> Self {
        let (rest, why) = apart(text, " why=");
        let (rest, commit) = apart(rest, " commit=");
        let (verb, by) = apart(rest, " by=");
        Self {
            by,
            commit,
            why,
            verb: Some(verb.to_owned()),
        }
    }

    /// As tags, sanitised to what tags allow.
    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        [
            (key::BY, &self.by),
            (key::COMMIT, &self.commit),
            (key::WHY, &self.why),
            (key::VERB, &self.verb),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), tag_value(value.as_deref()?))))
        .filter(|(_, value)| !value.is_empty())
        .collect()
    }
}

fn apart<'a>(text: &'a str, between: &str) -> (&'a str, Option<String>) {
    match text.split_once(between) {
        Some((before, after)) => (before, Some(after.to_owned())),
        None => (text, None),
    }
}

/// A text as a tag's value may hold it: letters, digits, spaces and `+ - = . _ : / @`, at most
/// 256 characters (Amazon ECS developer guide, tagging). Everything else becomes `_`.
pub(crate) fn tag_value(text: &str) -> String {
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
pub(crate) fn exact_value(text: &str) -> Option<String> {
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
pub(crate) fn own_keys<'a>(keys: impl Iterator<Item = &'a str>) -> Option<String> {
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
    fn a_credit_is_read_as_it_was_written() {
        let word = |text: &str| Some(text.to_owned());
        let whole = Origin {
            by: word("Ann Lee"),
            commit: word("abc123"),
            why: word("disk full: by=hand"),
            verb: word("rollback"),
        };
        let alone = Origin {
            verb: word("restart"),
            ..Origin::default()
        };
        for origin in [whole, alone] {
            assert_eq!(Origin::credited(&origin.credit()), origin);
        }
        assert_eq!(Origin::default().credit(), "apply");
    }

    #[test]
    fn a_scaling_is_read_as_it_was_written() {
        let origin = Origin {
            by: Some("ada".into()),
            why: Some("sale".into()),
            verb: Some(SCALE.into()),
            ..Origin::default()
        };
        let view = ChangeView {
            object: "service".into(),
            path: "desiredCount".into(),
            from: Some("2".into()),
            to: Some("5".into()),
            effect: Effect::Scales,
        };
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        let scaled = Scaled::by(&origin, std::slice::from_ref(&view), at).unwrap();
        assert_eq!(scaled.text(), "2026-01-02T03:04:05Z 5 by=ada why=sale");
        assert_eq!(Scaled::read(&scaled.text()), Some(scaled));
        assert_eq!(Scaled::read("else"), None);
        // `apply` may set a count, too, and is told by its own rollout.
        assert_eq!(Scaled::by(&Origin::default(), &[view], at), None);
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
