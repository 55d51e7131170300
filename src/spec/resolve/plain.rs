//! Literals that are surely secrets do not belong in a file that everybody can read.

use std::collections::BTreeMap;

use super::super::findings::Findings;
use super::super::model::Literal;
use super::super::problem::{Problem, Spot};
use super::super::scalar::{Filled, Plain};
use super::super::secrets;
use super::super::shape::{At, Map};
use super::super::tree::{Node, Value};

/// The code of the note about a literal that is masked.
pub const MASKED: &str = "masked";

/// The names that the user vouches for.
pub(super) type Allowed = Vec<At<Filled>>;

fn allows(allowed: Option<&At<Allowed>>, name: &str) -> bool {
    let names = allowed.map(|at| at.value.as_slice()).unwrap_or_default();
    names.iter().any(|at| at.value.0 == name)
}

/// Looks through every string of a service but its environment, whose names matter as well.
pub(super) fn check(node: &Node, allowed: Option<&At<Allowed>>, findings: &mut Findings) {
    for (key, entry) in node.entries() {
        if key != "env" && key != "secrets" && !allows(allowed, key) {
            within(key, entry, findings);
            check(entry, allowed, findings);
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

/// The environment of one container, with what may be a secret marked.
pub(super) fn environment(
    env: Option<At<Map<Plain>>>,
    allowed: Option<&At<Allowed>>,
    findings: &mut Findings,
) -> BTreeMap<String, Literal> {
    let mut found = BTreeMap::new();
    for (name, at) in env.map(|at| at.value.0).unwrap_or_default() {
        variable_name(&name, at.head, findings);
        let Plain { text, variables } = at.value;
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
        found.insert(name, Literal::new(text, sensitive));
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

/// What the kernel cannot carry in an environment.
pub(super) fn variable_name(name: &str, spot: Spot, findings: &mut Findings) {
    if name.is_empty() || name.contains(['=', '\0']) {
        findings.bad_value(spot, "this cannot be the name of an environment variable");
    }
}
