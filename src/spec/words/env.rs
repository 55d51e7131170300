//! The environment whose values stand in the files. Literals that are surely secrets do not belong in a
//! file that everybody can read.

pub(in crate::spec) mod refs;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value as Json;

use crate::names::Pattern;
use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Plain};
use crate::spec::secrets;
use crate::spec::shape::{At, Key, Map};
use crate::spec::tree::{Node, Value};
use crate::spec::words::env::refs::{EnvRef, EnvValue};
use crate::spec::words::secret::Secret;

/// The name of an environment variable: whatever the kernel can carry.
pub(in crate::spec) struct EnvName;

pub(in crate::spec) static ENV_NAME: Pattern = Pattern::new("[^=\0]+");

impl Key for EnvName {
    fn refusal(word: &str) -> Option<String> {
        let why = "this cannot be the name of an environment variable";
        (!ENV_NAME.holds(word)).then(|| why.to_owned())
    }

    fn schema() -> Option<Json> {
        Some(ENV_NAME.key_schema())
    }
}

/// A literal environment value.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    value: String,
    sensitive: bool,
    expands: bool,
}

impl Literal {
    /// `sensitive` values are masked in everything that is printed.
    pub(crate) fn new(value: impl Into<String>, sensitive: bool) -> Self {
        Self {
            value: value.into(),
            sensitive,
            expands: false,
        }
    }

    /// Whether `$(NAME)` in it stands for another variable, which only Kubernetes knows.
    pub(crate) fn expands(&self) -> bool {
        self.expands
    }

    /// The value itself, for the request that sets it.
    pub(crate) fn expose(&self) -> &str {
        &self.value
    }

    /// Whether it may be a secret.
    pub(crate) fn is_sensitive(&self) -> bool {
        self.sensitive
    }
}

/// Never shows a value that may be a secret.
impl std::fmt::Debug for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.sensitive {
            f.write_str("(masked)")
        } else {
            self.value.fmt(f)
        }
    }
}

/// The code of the note about a literal that is masked.
pub(crate) const MASKED: &str = "masked";

/// The names that the user vouches for.
pub(in crate::spec) type Allowed = Vec<At<Filled>>;

fn allows(allowed: Option<&At<Allowed>>, name: &str) -> bool {
    let names = allowed.map(|at| at.value.as_slice()).unwrap_or_default();
    names.iter().any(|at| at.value.0 == name)
}

/// Looks through every string of a service but its environment, whose names matter as well.
pub(in crate::spec) fn check(node: &Node, allowed: Option<&At<Allowed>>, findings: &mut Findings) {
    for (key, entry) in node.entries() {
        if key != "env" && key != "secrets" && !allows(allowed, key) {
            within(key, entry, findings);
            check(entry, allowed, findings);
            if let Value::List(items) = &entry.value {
                for item in items {
                    check(item, allowed, findings);
                }
            }
        }
    }
}

fn within(key: &str, node: &Node, findings: &mut Findings) {
    match &node.value {
        Value::Text(text) => {
            if let Some(what) = secrets::surely(key, text) {
                findings.problem(literal(key, what, node.spot));
            }
        }
        Value::List(items) => {
            for item in items {
                within(key, item, findings);
            }
        }
        _ => {}
    }
}

fn literal(name: &str, what: &str, spot: Spot) -> Problem {
    Problem::new("secret-literal", format!("`{name}` holds {what}"))
        .at(spot)
        .label("whoever may look at the service could read it")
        .help(format!(
            "keep it in Secrets Manager and refer to it under `secrets`; if it is none: allow_plain = [\"{name}\"]"
        ))
}

/// The environment of one container: its literals, with what may be a secret marked, and what the platform
/// fills in.
pub(in crate::spec) struct Environment {
    pub(in crate::spec) literals: BTreeMap<String, Literal>,
    pub(in crate::spec) refs: BTreeMap<String, EnvRef>,
    /// What only Kubernetes fills in: where it stands.
    pub(in crate::spec) filled: Vec<Spot>,
}

/// The environment of one container.
pub(in crate::spec) fn environment(
    env: Option<At<Map<EnvValue, EnvName>>>,
    allowed: Option<&At<Allowed>>,
    findings: &mut Findings,
) -> Environment {
    let mut found = Environment {
        literals: BTreeMap::new(),
        refs: BTreeMap::new(),
        filled: Vec::new(),
    };
    for (name, at) in env.map(|at| at.value.0).unwrap_or_default() {
        let (Plain { text, variables }, expands) = match at.value {
            EnvValue::Plain(plain) => (plain, false),
            EnvValue::Expand(plain) => (plain, true),
            EnvValue::Ref(reference) => {
                found.filled.push(at.head);
                found.refs.insert(name, reference);
                continue;
            }
        };
        found.filled.extend(expands.then_some(at.head));
        if let Some(what) = secrets::surely(&name, &text)
            && !allows(allowed, &name)
        {
            findings.problem(literal(&name, what, at.spot));
        }
        // What a variable brought stands in no file, and a vouched name was thought of.
        if variables.is_empty() && !allows(allowed, &name) {
            say_masked(&name, &text, findings);
        }
        let promised = variables.iter().any(|variable| secrets::promises(variable));
        let sensitive = promised || secrets::maybe(&name, &text);
        let value = Literal {
            expands,
            ..Literal::new(text, sensitive)
        };
        found.literals.insert(name, value);
    }
    found
}

/// Says of a literal that nobody will see it, which surprises where it is none.
fn say_masked(name: &str, text: &str, findings: &mut Findings) {
    let Some(why) = secrets::why(name, text) else {
        return;
    };
    let service = findings.service.as_ref();
    let service = service.map_or_else(String::new, |name| format!("{name}: "));
    findings.note(
        MASKED,
        format!(
            "{service}the value of `{name}` in `env` is masked wherever it would be shown, since \
             {why}. A secret belongs under `secrets`; of what is none, `allow_plain = [\"{name}\"]` \
             says so."
        ),
    );
}

/// A name in `env` and in `secrets` leaves open which one the program would see.
pub(in crate::spec) fn twice(
    env: Option<&At<Map<EnvValue, EnvName>>>,
    secrets: Option<&At<Map<Secret, EnvName>>>,
    findings: &mut Findings,
) {
    let (Some(env), Some(secrets)) = (env, secrets) else {
        return;
    };
    let secrets = secrets.value.0.iter();
    let secrets: HashMap<&str, _> = secrets.map(|(name, at)| (name.as_str(), at)).collect();
    for (name, at) in &env.value.0 {
        if let Some(secret) = secrets.get(name.as_str()) {
            findings.problem(
                Problem::new(
                    "duplicate-name",
                    format!("`{name}` is both in `env` and in `secrets`"),
                )
                .at(secret.head)
                .also(at.head, "here too"),
            );
        }
    }
}
