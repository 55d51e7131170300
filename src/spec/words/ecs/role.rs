//! A role by its ARN or by its name.

use serde_json::{Value as Json, json};

use crate::names::{Arn, Pattern, Patterned as _};
use crate::spec::findings::Findings;
use crate::spec::resolve::arns;
use crate::spec::shape::{At, Shape};
use crate::spec::tree::Node;
use crate::spec::words::target::cluster::EcsPlace;

/// A role as it is written.
#[derive(Clone)]
pub(in crate::spec) enum Role {
    Arn(Arn),
    Name(String),
}

/// A role's name, with its path where it has one (IAM API reference, `CreateRole`).
pub(in crate::spec) static ROLE: Pattern = Pattern::new("[A-Za-z0-9_+=,.@/-]{1,512}");

impl Shape for Role {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let name = node.word().filter(|text| ROLE.holds(text));
        match name {
            Some(name) => Some(Self::Name(name.to_owned())),
            None => Some(Self::Arn(Arn::read(node, findings)?)),
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [Arn::pattern().schema(), ROLE.schema()] })
    }
}

/// The role's ARN; its name alone where the target names no account, of which ECS makes the ARN itself.
pub(in crate::spec) fn role(
    key: &str,
    at: Option<At<Role>>,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Option<String> {
    let At { value, spot, head } = at?;
    match value {
        Role::Arn(arn) => {
            let at = At {
                value: arn,
                spot,
                head,
            };
            arns::kind(&at, "iam", "role/", "a role", findings);
            arns::home(key, &at.value, place.into(), findings);
            Some(at.value.to_string())
        }
        Role::Name(name) => Some(match &place.account {
            Some(account) => {
                let partition = partition(place.region.as_str());
                format!("arn:{partition}:iam::{account}:role/{name}")
            }
            None => name,
        }),
    }
}

/// The same where the API takes no name: without an account there is no ARN, and that is told.
pub(in crate::spec) fn full_role(
    key: &str,
    at: Option<At<Role>>,
    place: &EcsPlace,
    findings: &mut Findings,
) -> Option<String> {
    if let (
        Some(At {
            value: Role::Name(_),
            spot,
            ..
        }),
        None,
    ) = (&at, &place.account)
    {
        let message = "the ARN of this role is needed, since the target names no `account`";
        findings.bad_value(*spot, message);
    }
    role(key, at, place, findings)
}

/// The partition of a Region (AWS general reference, ARNs).
fn partition(region: &str) -> &'static str {
    let known = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
    ];
    let found = known.iter().find(|(begin, _)| region.starts_with(begin));
    found.map_or("aws", |(_, partition)| partition)
}
