//! What whoever deploys must be allowed to do, looked up before the first write: whoever may do
//! half of it is told all that is missing, as rules for a Role, and nothing is written.
//!
//! The API server lists what we may do in one answer, which is asked for beside everything else
//! that is read. What is not listed is asked for one by one: some authorizers keep their rules to
//! themselves. Where nobody can tell, we go on: the write itself will show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use k8s_openapi::api::authorization::v1::ResourceRule;

use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::kinds::carried::is_wide;
use crate::spec::WorkloadKind;

mod needs;
mod review;

pub(crate) use self::needs::Needs;

/// What is done to an object, as rules name it, in the order in which they usually do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    /// Read one.
    Get,
    /// Read all.
    List,
    /// Be told of changes.
    Watch,
    /// Make one.
    Create,
    /// Change one.
    Patch,
    /// Take one away.
    Delete,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// Where the API server has objects, as rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Resource {
    /// The group; the core's is empty.
    pub(crate) group: &'static str,
    /// The plural, with what is beneath: `pods/log`.
    pub(crate) plural: &'static str,
}

impl Resource {
    /// The history, and what fills the environment.
    pub(crate) const SECRETS: Self = Self::of("", "secrets");
    pub(crate) const LEASES: Self = Self::of("coordination.k8s.io", "leases");
    /// What serves.
    pub(crate) const PODS: Self = Self::of("", "pods");
    /// What they print.
    pub(crate) const LOGS: Self = Self::of("", "pods/log");
    /// What is said about them.
    pub(crate) const EVENTS: Self = Self::of("", "events");

    /// What their revisions are kept in.
    pub(crate) fn sets(kind: WorkloadKind) -> Self {
        Self::of("apps", kind.facts().sets.1)
    }

    const fn of(group: &'static str, plural: &'static str) -> Self {
        Self { group, plural }
    }
}

impl From<Kind> for Resource {
    fn from(kind: Kind) -> Self {
        let (group, _, plural) = kind.place();
        Self { group, plural }
    }
}

/// One thing that somebody may do, or may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Right {
    /// To what.
    pub(crate) resource: Resource,
    /// What.
    pub(crate) verb: Verb,
    /// To the one of that name; `None`: the request names none.
    pub(crate) name: Option<String>,
}

impl Right {
    /// To do this to the object of that name.
    pub(crate) fn named(resource: impl Into<Resource>, verb: Verb, name: &str) -> Self {
        Self {
            resource: resource.into(),
            verb,
            name: Some(name.to_owned()),
        }
    }

    /// To do this to whatever object.
    pub(crate) fn any(resource: impl Into<Resource>, verb: Verb) -> Self {
        Self {
            resource: resource.into(),
            verb,
            name: None,
        }
    }

    /// Whether a rule grants it (Kubernetes documentation, using RBAC authorization).
    fn is_granted_by(&self, rule: &ResourceRule) -> bool {
        let has = |said: Option<&Vec<String>>, word: &str| {
            let mut said = said.into_iter().flatten();
            said.any(|one| one == "*" || one == word)
        };
        let plural = self.resource.plural;
        let beneath = plural.split_once('/').map(|(_, part)| format!("*/{part}"));
        let names = rule.resource_names.as_deref().unwrap_or_default();
        has(Some(&rule.verbs), self.verb.as_str())
            && has(rule.api_groups.as_ref(), self.resource.group)
            && (has(rule.resources.as_ref(), plural)
                || beneath.is_some_and(|beneath| has(rule.resources.as_ref(), &beneath)))
            && (names.is_empty() || self.name.as_ref().is_some_and(|name| names.contains(name)))
    }
}

/// What somebody may do in a namespace, as the API server lists it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Review {
    rules: Vec<ResourceRule>,
    /// Whether there may be more that it does not list.
    pub(crate) incomplete: bool,
}

impl Review {
    /// Which of these it does not grant.
    pub(crate) fn lacks<'a>(&self, rights: impl IntoIterator<Item = &'a Right>) -> BTreeSet<Right> {
        let granted = |right: &&Right| self.rules.iter().any(|rule| right.is_granted_by(rule));
        let lacking = rights.into_iter().filter(|right| !granted(right));
        lacking.cloned().collect()
    }
}

/// Rights as the rules that grant them, each on a line of its own, ready to be pasted into a Role.
#[derive(Debug)]
pub(crate) struct Rules<'a>(pub(crate) &'a BTreeSet<Right>);

impl fmt::Display for Rules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut verbs: BTreeMap<Resource, BTreeSet<Verb>> = BTreeMap::new();
        for right in self.0 {
            verbs.entry(right.resource).or_default().insert(right.verb);
        }
        let mut plurals: BTreeMap<(&str, BTreeSet<Verb>), Vec<&str>> = BTreeMap::new();
        for (resource, verbs) in verbs {
            let together = plurals.entry((resource.group, verbs)).or_default();
            together.push(resource.plural);
        }
        for ((group, verbs), plurals) in plurals {
            let group = if group.is_empty() { "\"\"" } else { group };
            let verbs: Vec<&str> = verbs.into_iter().map(Verb::as_str).collect();
            let (plurals, verbs) = (plurals.join(", "), verbs.join(", "));
            write!(
                f,
                "\n- {{apiGroups: [{group}], resources: [{plurals}], verbs: [{verbs}]}}"
            )?;
        }
        Ok(())
    }
}

/// What somebody lacks, in words: what is of the namespace, and what no Role of it can grant.
pub(crate) fn words(who: &str, namespace: &str, lacking: &BTreeSet<Right>) -> String {
    let wide = Kind::ALL.iter().filter(|kind| !kind.is_namespaced());
    let outside = |right: &&Right| {
        let Resource { group, plural } = right.resource;
        let own = wide.clone().any(|kind| right.resource == (*kind).into());
        own || is_wide(group, plural)
    };
    let (wide, own): (Vec<&Right>, Vec<&Right>) = lacking.iter().partition(outside);
    let parts = [
        (
            own,
            format!("a Role of theirs in namespace {namespace} needs these rules, too:"),
        ),
        (
            wide,
            "a ClusterRole of theirs needs these rules, too:".to_owned(),
        ),
    ];
    let said = parts.into_iter().filter(|(rights, _)| !rights.is_empty());
    let said: Vec<String> = said
        .map(|(rights, words)| {
            let rights = rights.into_iter().cloned().collect();
            format!("{words}{}", Rules(&rights))
        })
        .collect();
    format!(
        "{who} may not do all that this takes; {}",
        said.join("\nand ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(groups: &[&str], resources: &[&str], verbs: &[&str], names: &[&str]) -> ResourceRule {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        ResourceRule {
            api_groups: Some(owned(groups)),
            resources: Some(owned(resources)),
            verbs: owned(verbs),
            resource_names: (!names.is_empty()).then(|| owned(names)),
        }
    }

    /// As RBAC does: any of several rules, each with wildcards and names of its own.
    #[test]
    fn a_rule_grants_what_rbac_would() {
        let patch = Right::named(Kind::Deployment, Verb::Patch, "api");
        let create = Right::any(Resource::SECRETS, Verb::Create);
        let logs = Right::any(Resource::LOGS, Verb::Get);
        let table = [
            (
                rule(&["apps"], &["deployments"], &["patch"], &[]),
                &patch,
                true,
            ),
            (rule(&["*"], &["*"], &["*"], &[]), &patch, true),
            (
                rule(&["apps"], &["deployments"], &["patch"], &["api"]),
                &patch,
                true,
            ),
            (
                rule(&["apps"], &["deployments"], &["patch"], &["web"]),
                &patch,
                false,
            ),
            (
                rule(&["apps"], &["deployments"], &["get"], &[]),
                &patch,
                false,
            ),
            (
                rule(&[""], &["deployments"], &["patch"], &[]),
                &patch,
                false,
            ),
            (
                rule(&["apps"], &["deployments/scale"], &["patch"], &[]),
                &patch,
                false,
            ),
            (rule(&[""], &["secrets"], &["create"], &[]), &create, true),
            // Making one bears no name that a rule could grant.
            (
                rule(&[""], &["secrets"], &["create"], &["a"]),
                &create,
                false,
            ),
            (rule(&[""], &["pods"], &["*"], &[]), &logs, false),
            (rule(&[""], &["pods/log"], &["get"], &[]), &logs, true),
            (rule(&[""], &["*/log"], &["get"], &[]), &logs, true),
            (rule(&[""], &["*"], &["get"], &[]), &logs, true),
        ];
        for (rule, right, granted) in table {
            let review = Review {
                rules: vec![rule.clone()],
                incomplete: false,
            };
            assert_eq!(review.lacks([right]).is_empty(), granted, "{rule:?}");
        }
    }

    #[test]
    fn what_is_missing_is_said_as_rules_that_can_be_pasted() {
        let lacking = BTreeSet::from([
            Right::named(Kind::Service, Verb::Create, "api"),
            Right::named(Kind::Service, Verb::Patch, "api"),
            Right::any(Resource::SECRETS, Verb::Create),
            Right::named(Resource::SECRETS, Verb::Patch, "deployer.api.v1"),
            Right::named(Kind::Deployment, Verb::Patch, "api"),
        ]);
        assert_eq!(
            words("alice", "production", &lacking),
            "alice may not do all that this takes; a Role of theirs in namespace production needs \
             these rules, too:\n\
             - {apiGroups: [\"\"], resources: [secrets, services], verbs: [create, patch]}\n\
             - {apiGroups: [apps], resources: [deployments], verbs: [patch]}"
        );
        let wide = BTreeSet::from([Right::named(Kind::Namespace, Verb::Create, "production")]);
        let words = words("alice", "production", &wide);
        assert!(words.contains("a ClusterRole of theirs"), "{words}");
    }
}
