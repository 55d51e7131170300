//! Whether a service has a count of tasks, or one on each instance of its cluster.

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::shape::words;
use crate::spec::words::ServiceTable;
use crate::spec::words::ecs::EcsTable;
use crate::spec::words::ecs::launch::LaunchType;

/// How many tasks ECS keeps running.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Scheduling {
    /// As many as `replicas` or `scaling` say.
    Replica,
    /// One on each instance.
    Daemon,
}

words!(
    Scheduling, "a scheduling",
    "replica" => Scheduling::Replica,
    "daemon" => Scheduling::Daemon,
);

/// Whether it has one task on each instance; what ECS does not take together with that is told (Amazon
/// ECS API reference, `CreateService`, `schedulingStrategy`).
pub(in crate::spec) fn daemon(
    raw: &EcsTable,
    common: &ServiceTable,
    launch: LaunchType,
    findings: &mut Findings,
) -> bool {
    let said = raw.scheduling.as_ref();
    let Some(at) = said.filter(|at| at.value == Scheduling::Daemon) else {
        return false;
    };
    let mut refuse = |spot: Option<Spot>, message: &str| {
        if let Some(spot) = spot {
            findings.problem(Problem::new("conflict", message).at(spot));
        }
    };
    let fargate = (launch == LaunchType::Fargate).then_some(at.spot);
    refuse(
        fargate,
        "Fargate has no instances: `scheduling = \"daemon\"` is for instances of your own",
    );
    refuse(
        common.replicas.as_ref().map(|at| at.spot),
        "a daemon has one task on each instance: leave `replicas` out",
    );
    refuse(
        common.scaling.as_ref().map(|at| at.head),
        "a daemon has one task on each instance: nothing scales it",
    );
    let placement = raw.placement.as_ref();
    let strategies = placement.and_then(|at| at.value.strategies.as_ref());
    refuse(
        strategies.map(|at| at.spot),
        "a daemon goes to each instance: there is nothing to choose by `strategies`",
    );
    let most = raw.maximum_percent.as_ref();
    refuse(
        most.filter(|at| at.value.0 != 100).map(|at| at.spot),
        "an instance has one task of a daemon at most: `maximum_percent` is 100",
    );
    let evens = raw.az_rebalancing.as_ref().filter(|at| at.value);
    refuse(
        evens.map(|at| at.spot),
        "a daemon is in each zone that has instances: there is nothing to even out",
    );
    true
}

/// Between which percentages a rollout goes where nothing is said (Amazon ECS API reference,
/// `DeploymentConfiguration`).
pub(crate) const fn usual_percentages(daemon: bool) -> (u32, u32) {
    if daemon { (0, 100) } else { (100, 200) }
}

/// Between which percentages a rollout goes.
pub(in crate::spec) fn percentages(
    raw: &EcsTable,
    daemon: bool,
    findings: &mut Findings,
) -> (u32, u32) {
    let usual = usual_percentages(daemon);
    let least = raw.minimum_healthy_percent.as_ref();
    let most = raw.maximum_percent.as_ref();
    let (low, high) = (
        least.map_or(usual.0, |at| at.value.0),
        most.map_or(usual.1, |at| at.value.0),
    );
    if low >= high
        && let Some(spot) = most.map(|at| at.spot).or(least.map(|at| at.spot))
    {
        let message =
            format!("a rollout within {low} % and {high} % of the tasks could never start one");
        let problem = Problem::new("conflict", message).at(spot);
        findings.problem(problem.help("`maximum_percent` must be above `minimum_healthy_percent`"));
    }
    (low, high)
}
