//! An ECS cluster, and how tasks are wired up there.

use crate::names::{AccountId, BadName, EcsName, Region};
use crate::spec::endpoint::Owner;
use crate::spec::findings::Findings;
use crate::spec::problem::Spot;
use crate::spec::scalar::{Plain, parsed};
use crate::spec::shape::{At, Table};
use crate::spec::words::network::{Network, network};
use crate::spec::words::target::TargetTable;

/// An ECS cluster and how tasks are wired up there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EcsPlace {
    /// In another account every command is refused before it writes. With `None` nothing is checked.
    pub(crate) account: Option<AccountId>,
    /// The Region of every call and of derived names.
    pub(crate) region: Region,
    /// The services run in the cluster of this name.
    pub(crate) cluster: EcsName,
    /// For emulators: takes the place of every AWS endpoint.
    pub(crate) endpoint: Option<String>,
    /// The network that tasks in awsvpc mode are attached to; `None`: none may need it.
    pub(crate) network: Option<Network>,
}

/// What the embedded cloud has without being told.
pub(in crate::spec) const SANDBOX: [(&str, &str); 3] = [
    ("account", "123456789012"),
    ("region", "us-east-1"),
    ("cluster", "main"),
];

/// Any ECS cluster will do where only the shape of a service is asked for.
pub(in crate::spec) fn some_cluster() -> Option<EcsPlace> {
    let [_, (_, region), (_, cluster)] = SANDBOX;
    Some(EcsPlace {
        account: None,
        region: region.parse().ok()?,
        cluster: cluster.parse().ok()?,
        endpoint: None,
        network: Some(Network::default()),
    })
}

/// A name whose form depends on the platform.
pub(in crate::spec) fn name<T: std::str::FromStr<Err = BadName>>(
    at: &At<Plain>,
    findings: &mut Findings,
) -> Option<T> {
    parsed(&at.value.text, &at.value.variables, at.spot, findings)
}

pub(in crate::spec) fn ecs_place(
    raw: TargetTable,
    sandbox: bool,
    findings: &mut Findings,
) -> Option<EcsPlace> {
    let network_given = raw.has(&["network"]);
    let endpoint = raw.endpoint.map(|at| {
        endpoint(&at.value.0, at.spot, sandbox, findings);
        at.value.0
    });
    let network = match raw.network {
        Some(at) => Some(network(at, findings)?),
        // What is wrong with it was told where it was read.
        None if network_given => return None,
        None => sandbox.then(|| Network {
            subnets: vec!["subnet-sandbox".to_owned()],
            ..Network::default()
        }),
    };
    let [account, region, cluster] = SANDBOX.map(|(_, value)| value);
    let own = raw.account.map(|at| at.value);
    let account = own.or(stand_in(sandbox, account));
    let own = raw.region.map(|at| at.value);
    let region = own.or(stand_in(sandbox, region));
    let cluster = match &raw.cluster {
        Some(at) => name(at, findings),
        None => stand_in(sandbox, cluster),
    };
    Some(EcsPlace {
        account,
        region: region?,
        cluster: cluster?,
        endpoint,
        network,
    })
}

/// What the sandbox has where its file says nothing.
fn stand_in<T: std::str::FromStr>(sandbox: bool, value: &str) -> Option<T> {
    value.parse().ok().filter(|_| sandbox)
}

pub(in crate::spec) fn endpoint(url: &str, spot: Spot, sandbox: bool, findings: &mut Findings) {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
        findings.bad_value(spot, "this is not a URL such as \"http://127.0.0.1:4566\"");
    } else if sandbox {
        findings.bad_value(spot, "the sandbox is embedded: it has no endpoint");
    } else if !Owner::of(url).may_have_credentials() {
        findings.note(
            "endpoint_untrusted",
            "`endpoint` is neither https nor on this machine, so requests there are signed with made-up credentials, not with yours.",
        );
    }
}
