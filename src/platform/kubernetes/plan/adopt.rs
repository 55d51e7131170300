//! Whose an object is, and how one that is not ours becomes ours. Pure.

use serde_json::Value;

use crate::plan::{ChangeView, Note};
use crate::platform::TakesOver;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::fields::Path;
use crate::platform::kubernetes::fields::compare::Difference;
use crate::platform::kubernetes::fields::ownership::{Entry, entries};
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::{MANAGER, key};
pub(crate) use crate::platform::owner::Owner;
use crate::platform::owner::{Marks, Tenant};
use crate::spec::KubeService;

/// Who writes manifests for people, under the names that these tools give themselves. What they
/// own becomes ours when an object is adopted, so that what the file does not have goes away. The
/// fields of controllers are never taken.
const TOOLS: [&str; 22] = [
    "HashiCorp",
    "Helm",
    "Terraform",
    "argocd-application-controller",
    "argocd-controller",
    "before-first-apply",
    "flux",
    "flux-client-side-apply",
    "helm",
    "helm-controller",
    "kapp",
    "kapp-server",
    "kubectl",
    "kubectl-client-side-apply",
    "kubectl-create",
    "kubectl-edit",
    "kubectl-last-applied",
    "kubectl-patch",
    "kubectl-replace",
    "kubectl-set",
    "kustomize-controller",
    "pulumi-resource-kubernetes",
];

/// Pulumi puts a random word behind its name where it applies on the server (Pulumi documentation,
/// server-side apply, field managers).
const PULUMI: &str = "pulumi-kubernetes";

/// Those among them that run in the cluster and apply what they know again and again.
const RECONCILERS: [&str; 4] = [
    "argocd-application-controller",
    "argocd-controller",
    "helm-controller",
    "kustomize-controller",
];

/// Annotations that say more exactly whose an object is than an earlier version did. One that is
/// missing is no reason to write: it goes along with the object's next change.
const HANDED_OVER: [&str; 2] = [key::TARGET, key::PROJECT];

impl<'a> Owner<'a> {
    /// Of a service; `label` is what a label can hold of the project's name.
    pub(crate) fn of(service: &'a KubeService, tenant: &'a Tenant, label: &'a str) -> Self {
        Self {
            project: label,
            exact: (label != tenant.project).then_some(&tenant.project),
            target: tenant.target.as_str(),
            service: service.name.as_str(),
        }
    }

    /// Whether an object carries our marks.
    pub(crate) fn has(&self, object: &Value) -> bool {
        self.is_named_by(&marks(object))
    }

    /// Whether this object is ours. What lies outside of namespaces is not of one service alone.
    pub(crate) fn holds(&self, id: &Id, object: &Value) -> bool {
        if id.kind.is_namespaced() {
            return self.has(object);
        }
        object["metadata"]["labels"][key::MANAGED_BY] == MANAGER
    }

    /// Whether an object carries all of our marks.
    pub(crate) fn surely_has(&self, object: &Value) -> bool {
        self.is_named_in_full_by(&marks(object))
    }

    /// What is annotated to every object beside its labels.
    pub(crate) fn annotations(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let exact = self.exact.map(|exact| (key::PROJECT, exact));
        exact.into_iter().chain([(key::TARGET, self.target)])
    }

    /// Annotates it to an object that was asked for earlier.
    pub(crate) fn mark(&self, manifest: &mut Value) {
        for (key, value) in self.annotations() {
            manifest["metadata"]["annotations"][key] = Value::from(value);
        }
    }
}

fn marks(object: &Value) -> Marks<'_> {
    let word = |within: &str, key: &str| object["metadata"][within][key].as_str();
    Marks {
        project: word("labels", key::PROJECT),
        exact: word("annotations", key::PROJECT),
        target: word("annotations", key::TARGET),
        service: word("labels", key::SERVICE),
    }
}

/// Whether two objects are one owner's, as far as both tell.
pub(crate) fn same_owner(one: &Value, other: &Value) -> bool {
    let (one, other) = (marks(one), marks(other));
    let told =
        |one: Option<&str>, other: Option<&str>| one.is_none() || other.is_none() || one == other;
    (one.project, one.service) == (other.project, other.service)
        && told(one.exact, other.exact)
        && told(one.target, other.target)
}

/// Whether this adds no more than a mark that an earlier version did not know.
pub(crate) fn is_mere_mark(difference: &Difference) -> bool {
    let mark = |key: &&str| difference.path == Path::of(&["metadata", "annotations", key]);
    difference.from.is_none() && HANDED_OVER.iter().any(mark)
}

/// Whether the fields of this entry become ours when the object is adopted.
pub(crate) fn is_taken_over(entry: &Entry) -> bool {
    let name = entry.manager.as_str();
    entry.subresource.is_empty() && (TOOLS.contains(&name) || name.starts_with(PULUMI))
}

/// The managers whose fields become ours.
pub(crate) fn taken_from(object: &Value) -> Vec<String> {
    let mut names: Vec<String> = entries(object)
        .into_iter()
        .filter(is_taken_over)
        .map(|entry| entry.manager)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Who may go on applying what was taken from it, as a note of the plan.
pub(crate) fn reconciled(id: &Id, managers: &[String]) -> Option<Note> {
    let goes_on = |name: &&String| RECONCILERS.contains(&name.as_str());
    let names: Vec<&str> = managers
        .iter()
        .filter(goes_on)
        .map(String::as_str)
        .collect();
    (!names.is_empty()).then(|| {
        Note::warning(
            "still_reconciled",
            format!(
                "{} applied {id}, and sets it back as long as it knows it: take it out of there first.",
                names.join(" and ")
            ),
        )
    })
}

/// Refuses objects that are not ours, unless they are to be adopted: how that is done.
pub(crate) fn refuse_foreign(
    foreign: &[(&Id, &Value)],
    owner: Owner<'_>,
    views: &[ChangeView],
    takes_over: TakesOver,
) -> Failed {
    let words: Vec<String> = foreign
        .iter()
        .map(|(id, object)| {
            let unmarked = || {
                if !id.kind.is_namespaced() {
                    let label = format!("{}={MANAGER}", key::MANAGED_BY);
                    return format!("{id} is not ours (it has no label {label})");
                }
                format!(
                    "{id} is not ours (it has no labels {}={} and {}={})",
                    key::PROJECT,
                    owner.project,
                    key::SERVICE,
                    owner.service
                )
            };
            let theirs = marks(object).whose();
            theirs.map_or_else(unmarked, |owner| format!("{id} belongs to {owner}"))
        })
        .collect();
    let way = match takes_over {
        TakesOver::Itself => format!(
            "--adopt takes over what is there and {}",
            resets(foreign.iter().map(|(id, _)| *id), views)
        ),
        TakesOver::ByApply => "`apply --adopt` takes over what is there".to_owned(),
    };
    Failed::new(
        format!("change service {}", owner.service),
        FailureKind::Refused,
        format!("{}; {way}", words.join("; ")),
    )
}

/// What an adoption resets, as a note of the plan.
pub(crate) fn note(foreign: &[&Id], views: &[ChangeView]) -> Note {
    let names: Vec<String> = foreign.iter().map(ToString::to_string).collect();
    Note::warning(
        "adopts",
        format!(
            "{} {} not ours; taking over {}.",
            names.join(", "),
            if names.len() == 1 { "was" } else { "were" },
            resets(foreign.iter().copied(), views)
        ),
    )
}

fn resets<'a>(foreign: impl Iterator<Item = &'a Id>, views: &[ChangeView]) -> String {
    let names: Vec<String> = foreign.map(ToString::to_string).collect();
    let paths: Vec<String> = views
        .iter()
        .filter(|view| names.contains(&view.object) && view.from.is_some())
        .map(|view| match names.len() {
            1 => view.path.clone(),
            _ => format!("{} of {}", view.path, view.object),
        })
        .collect();
    if paths.is_empty() {
        "resets nothing".into()
    } else {
        format!("resets {}", paths.join(", "))
    }
}

/// Why an object cannot be changed at all; `None`: it can.
pub(crate) fn what_hinders(id: &Id, live: &Value, differences: &[Difference]) -> Option<Failed> {
    let refuse = |why: &str| {
        Some(Failed::new(
            format!("change {id}"),
            FailureKind::Refused,
            why,
        ))
    };
    if is_leaving(live) {
        return refuse("it is being deleted; once it is gone, a new one can be made");
    }
    let changes = |field: &[&str]| differences.iter().any(|one| one.path.within(field));
    if id.kind.keeps_selector() && changes(&["spec", "selector"]) {
        return refuse(&other_selector(live));
    }
    let mut kept = id.kind.kept().iter();
    let (field, key) = kept.find(|(field, _)| changes(field))?;
    refuse(&format!(
        "Kubernetes never changes its {}: say `{key}` as it is there; or `kubectl delete {} {} --cascade=orphan`, \
         which leaves its pods and their volumes, and deploy again",
        field.last().copied().unwrap_or_default(),
        id.kind.as_str().to_lowercase(),
        id.name
    ))
}

/// That its selector is another one; with the line of the file that keeps it, where labels alone select.
fn other_selector(live: &Value) -> String {
    let selector = &live["spec"]["selector"];
    let labels = selector["matchLabels"].as_object();
    let labels = labels.filter(|_| selector.get("matchExpressions").is_none());
    let keeps = labels.map_or_else(String::new, |labels| {
        let quoted = |text: &str| Value::from(text).to_string();
        let labels = labels.iter().map(|(key, value)| {
            format!(
                "{} = {}",
                quoted(key),
                quoted(value.as_str().unwrap_or_default())
            )
        });
        let labels: Vec<String> = labels.collect();
        format!(
            "keep it with `selector = {{ {} }}` in [service.NAME.kubernetes], ",
            labels.join(", ")
        )
    });
    format!(
        "its selector is not ours, and Kubernetes never changes one; {keeps}delete it first, or choose \
         another `name`"
    )
}

#[cfg(test)]
mod tests;
