//! ARNs: of the right kind, and of the target's account and Region.

use crate::names::{AccountId, Arn, Region};
use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::shape::At;
use crate::spec::words::target::cluster::EcsPlace;
use crate::spec::words::target::namespace::KubePlace;

/// Whose ARNs are at home at a place, as far as the target says.
#[derive(Clone, Copy)]
pub(in crate::spec) struct Home<'a> {
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

/// Checks the service and the resource of an ARN.
pub(in crate::spec) fn kind(
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
pub(in crate::spec) fn home(key: &str, arn: &Arn, place: Home<'_>, findings: &mut Findings) {
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
