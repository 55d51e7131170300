//! ARNs: of the right kind, and of the target's account and Region.

use super::super::findings::Findings;
use super::super::model::{EcsPlace, SecretRef};
use super::super::problem::Problem;
use super::super::raw::ecs as raw;
use super::super::shape::At;
use super::ecs::Scene;
use crate::names::Arn;

/// An ARN must be of the kind that its key asks for, and had better be of the target's account.
pub(super) fn check(raw: &raw::Ecs, scene: &Scene<'_>, findings: &mut Findings) {
    let roles = [
        ("execution_role", &raw.execution_role),
        ("task_role", &raw.task_role),
    ];
    for (key, arn) in roles {
        if let Some(at) = arn {
            kind(at, "iam", "role/", "a role", findings);
            home(key, &at.value, scene.place, findings);
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
        home("load_balancer", &at.value, scene.place, findings);
    }
    for placed in scene.containers {
        for (name, secret) in &placed.secrets {
            let arn = match secret {
                SecretRef::SecretsManager { arn, .. } => Some(arn.clone()),
                SecretRef::Parameter(name) => name.parse().ok(),
            };
            if let Some(arn) = arn {
                home(name, &arn, scene.place, findings);
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
pub(super) fn home(key: &str, arn: &Arn, place: &EcsPlace, findings: &mut Findings) {
    let account = place.account.as_ref().map(crate::names::AccountId::as_str);
    if !arn.account().is_empty() && account.is_some_and(|account| account != arn.account()) {
        findings.note(
            "other-account",
            format!(
                "`{key}` is in account {}, not in the target's",
                arn.account()
            ),
        );
    }
    if !arn.region().is_empty() && arn.region() != place.region.as_str() {
        findings.note(
            "other-region",
            format!(
                "`{key}` is in {}, not in the target's {}",
                arn.region(),
                place.region
            ),
        );
    }
}
