//! What the containers of a service, and whom they run as, ask of Kubernetes.

use super::super::findings::Findings;
use super::super::model::{KubePlace, SecretRef, SecretStore, user_ids};
use super::super::problem::Problem;
use super::super::raw::kubernetes as table;
use super::super::shape::{At, Table};
use super::arns;
use super::kubernetes::Scene;
use crate::names::KubeName;

/// Checks secrets, users and the role.
pub(super) fn check(
    raw: &table::Kubernetes,
    scene: &Scene<'_>,
    secret: &KubeName,
    findings: &mut Findings,
) {
    references(scene, secret, findings);
    users(scene, findings);
    role(raw, scene.place, findings);
}

/// Whether what `secrets` refers to can get into the Secret.
fn references(scene: &Scene<'_>, secret: &KubeName, findings: &mut Findings) {
    let all: Vec<_> = scene
        .containers
        .iter()
        .flat_map(|placed| &placed.secrets)
        .collect();
    // Keys of a Secret (Kubernetes documentation, Secrets, constraints on names and data).
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    for (name, at) in &all {
        let is_key = !matches!(at.value, SecretRef::Kubernetes { key: Some(_), .. });
        if is_key && !name.chars().all(plain) {
            let message = "on Kubernetes such a name has letters, digits and `-_.`";
            findings.bad_value(at.head, message);
        }
    }
    arns::secrets(scene.containers, scene.place.into(), findings);
    let kept = |one: &&Reference| matches!(one.1.value, SecretRef::Kubernetes { .. });
    let referred: Vec<_> = all.into_iter().filter(|one| !kept(one)).collect();
    match &scene.place.secret_store {
        Some(store) => one_service(&referred, store, findings),
        None => by_hand(&referred, secret, findings),
    }
}

type Reference = (String, At<SecretRef>);

/// A store of the External Secrets Operator reads from one of AWS's services.
fn one_service(all: &[&Reference], store: &SecretStore, findings: &mut Findings) {
    let parameter = |at: &At<SecretRef>| matches!(at.value, SecretRef::Parameter(_));
    let Some((_, first)) = all.first() else {
        return;
    };
    let mut others = all.iter().map(|(_, at)| at);
    if let Some(at) = others.find(|at| parameter(at) != parameter(first)) {
        findings.problem(
            Problem::new(
                "conflict",
                "one store cannot fill a Secret from both services",
            )
            .at(at.spot)
            .also(first.spot, "this one is in the other service")
            .help("keep all of a service's secrets in Secrets Manager, or all in Parameter Store"),
        );
    } else if parameter(first) {
        let message = format!("the store `{}` must be one of Parameter Store", store.name);
        findings.note("parameter-store", message);
    }
}

/// Without a store nobody reads what is referred to.
fn by_hand(all: &[&Reference], secret: &KubeName, findings: &mut Findings) {
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        let message = format!(
            "the target has no `secret_store`: the Secret `{secret}` must exist, and what `secrets` refers to ({}) is not read",
            names.join(", ")
        );
        findings.note("secret-by-hand", message);
    }
}

fn users(scene: &Scene<'_>, findings: &mut Findings) {
    for at in scene
        .containers
        .iter()
        .filter_map(|placed| placed.user.as_ref())
    {
        if user_ids(&at.value).is_none() {
            let message =
                "on Kubernetes a user is a number: \"1000\", or \"1000:1000\" with a group";
            findings.bad_value(at.spot, message);
        }
    }
}

fn role(raw: &table::Kubernetes, place: &KubePlace, findings: &mut Findings) {
    let Some(role) = &raw.role else { return };
    arns::kind(role, "iam", "role/", "a role", findings);
    arns::home("role", &role.value, place.into(), findings);
    if !raw.has(&["service_account"]) {
        findings.problem(
            Problem::new("missing-key", "`service_account` is missing")
                .at(role.head)
                .label("pods get this role through a service account")
                .help("service_account = \"api-sa\""),
        );
    }
}
