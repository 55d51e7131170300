//! ARNs: of the right kind, and of the target's account and Region.

use super::super::findings::Findings;
use super::super::model::{EcsPlace, KubePlace, SecretRef};
use super::super::problem::Problem;
use super::super::raw::ecs as raw;
use super::super::shape::At;
use super::container::Placed;
use super::ecs::Scene;
use crate::names::{AccountId, Arn, Region};

/// Whose ARNs are at home at a place, as far as the target says.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    account: Option<&'a AccountId>,
    region: Option<&'a Region>,
}

impl<'a> From<&'a EcsPlace> for Home<'a> {
    fn from(place: &'a EcsPlace) -> Self {
        Self {
            account: place.account.as_ref(),
            region: Some(&place.region),
        }
    }
}

impl<'a> From<&'a KubePlace> for Home<'a> {
    fn from(place: &'a KubePlace) -> Self {
        Self {
            account: place.account.as_ref(),
            region: place.region.as_ref(),
        }
    }
}

/// An ARN must be of the kind that its key asks for, and had better be of the target's account.
pub(super) fn check(raw: &raw::Ecs, scene: &Scene<'_>, findings: &mut Findings) {
    let roles = [
        ("execution_role", &raw.execution_role),
        ("task_role", &raw.task_role),
    ];
    for (key, arn) in roles {
        if let Some(at) = arn {
            kind(at, "iam", "role/", "a role", findings);
            home(key, &at.value, scene.place.into(), findings);
        }
    }
    if let Some(at) = &raw.load_balancer {
        let what = "an Application Load Balancer";
        kind(
            at,
            "elasticloadbalancing",
            "loadbalancer/app/",
            what,
            findings,
        );
        home("load_balancer", &at.value, scene.place.into(), findings);
    }
    secrets(scene.containers, scene.place.into(), findings);
    of_kubernetes(scene.containers, findings);
}

/// ECS fills nothing from a Secret of Kubernetes.
fn of_kubernetes(containers: &[Placed], findings: &mut Findings) {
    for (name, at) in containers.iter().flat_map(|placed| &placed.secrets) {
        if matches!(at.value, SecretRef::Kubernetes { .. }) {
            let message = format!("`{name}` is in a Secret of Kubernetes, and this target is ECS");
            findings.problem(Problem::new("conflict", message).at(at.spot).help(
                "name a secret of Secrets Manager, { arn = \"arn:…:secret:NAME\", key = \"KEY\" }, here or in \
                 the target's own file",
            ));
        }
    }
}

/// Secrets had better be of the target's account and Region.
pub(super) fn secrets(containers: &[Placed], place: Home<'_>, findings: &mut Findings) {
    for placed in containers {
        for (name, at) in &placed.secrets {
            let arn = match &at.value {
                SecretRef::SecretsManager { arn, .. } => Some(arn.clone()),
                SecretRef::Parameter(name) => name.parse().ok(),
                SecretRef::Kubernetes { .. } => None,
            };
            if let Some(arn) = arn {
                home(name, &arn, place, findings);
            }
        }
    }
}

/// Checks the service and the resource of an ARN.
pub(super) fn kind(
    at: &At<Arn>,
    service: &str,
    resource: &str,
    what: &str,
    findings: &mut Findings,
) {
    if at.value.service() != service || !at.value.resource().starts_with(resource) {
        let message = format!("this is not the ARN of {what}");
        let help = format!("it looks like `arn:aws:{service}:…:{resource}…`");
        findings.problem(Problem::new("bad-value", message).at(at.spot).help(help));
    }
}

/// Another account or Region may be meant (a shared role or secret), so it is a note.
pub(super) fn home(key: &str, arn: &Arn, place: Home<'_>, findings: &mut Findings) {
    let account = place.account.map(AccountId::as_str);
    if !arn.account().is_empty() && account.is_some_and(|account| account != arn.account()) {
        findings.note(
            "other-account",
            format!(
                "`{key}` is in account {}, not in the target's",
                arn.account()
            ),
        );
    }
    if let Some(region) = place.region
        && !arn.region().is_empty()
        && arn.region() != region.as_str()
    {
        findings.note(
            "other-region",
            format!(
                "`{key}` is in {}, not in the target's {region}",
                arn.region()
            ),
        );
    }
}
