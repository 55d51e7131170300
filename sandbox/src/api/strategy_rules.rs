//! How a service's deployments shift traffic, as requests say it, and what ECS refuses of that.

use serde::Deserialize;
use serde_json::Value;

use super::ApiError;
use crate::world::configuration::{Canary, DeploymentConfiguration, Linear, Workload};

/// The members of a `deploymentConfiguration` that are about it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StrategyInput {
    strategy: Option<String>,
    bake_time_in_minutes: Option<i64>,
    lifecycle_hooks: Option<Vec<Value>>,
    linear_configuration: Option<Linear>,
    canary_configuration: Option<Canary>,
}

const STAGES: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

/// Merges what was given into what is; an object is replaced whole, its missing members by their defaults.
pub(super) fn merge(
    into: &mut DeploymentConfiguration,
    given: &StrategyInput,
) -> Result<(), ApiError> {
    if let Some(strategy) = &given.strategy {
        if !["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"].contains(&strategy.as_str()) {
            return Err(ApiError::invalid("The deployment strategy is not valid."));
        }
        let begins = into.strategy != *strategy;
        if strategy == "BLUE_GREEN" && begins && given.bake_time_in_minutes.is_none() {
            return Err(ApiError::invalid(
                "bakeTimeInMinutes is required for the BLUE_GREEN deployment strategy.",
            ));
        }
        into.strategy.clone_from(strategy);
    }
    into.bake_time_in_minutes = given
        .bake_time_in_minutes
        .unwrap_or(into.bake_time_in_minutes);
    if let Some(hooks) = &given.lifecycle_hooks {
        into.lifecycle_hooks.clone_from(hooks);
    }
    let is = |word: &str| into.strategy == word;
    let (linear, canary) = (is("LINEAR"), is("CANARY"));
    if given.linear_configuration.is_some() && !linear {
        return Err(ApiError::invalid(
            "Linear configuration can only be present with LINEAR deployment strategy",
        ));
    }
    if given.canary_configuration.is_some() && !canary {
        return Err(ApiError::invalid(
            "Canary configuration can only be present with CANARY deployment strategy",
        ));
    }
    let given_linear = given.linear_configuration.clone();
    let given_canary = given.canary_configuration.clone();
    let was = (
        into.linear_configuration.take(),
        into.canary_configuration.take(),
    );
    into.linear_configuration = linear.then(|| given_linear.or(was.0).unwrap_or_default());
    into.canary_configuration = canary.then(|| given_canary.or(was.1).unwrap_or_default());
    check(into)
}

fn check(configuration: &DeploymentConfiguration) -> Result<(), ApiError> {
    let day = 0..=1440;
    let linear = configuration.linear_configuration.as_ref();
    let canary = configuration.canary_configuration.as_ref();
    let steps = linear.is_none_or(|linear| {
        (3.0..=100.0).contains(&linear.step_percent)
            && day.contains(&linear.step_bake_time_in_minutes)
    });
    let first = canary.is_none_or(|canary| {
        (0.1..=100.0).contains(&canary.canary_percent)
            && day.contains(&canary.canary_bake_time_in_minutes)
    });
    if !steps || !first || !day.contains(&configuration.bake_time_in_minutes) {
        return Err(ApiError::invalid(
            "A percentage or bake time of the deployment configuration is out of its range.",
        ));
    }
    let hooks = &configuration.lifecycle_hooks;
    let people = hooks.iter().filter(|hook| pauses(hook)).count();
    if people > 10 || hooks.len() - people > 10 {
        return Err(ApiError::invalid("There are too many lifecycle hooks."));
    }
    hooks.iter().try_for_each(check_hook)
}

fn pauses(hook: &Value) -> bool {
    hook.get("targetType").is_some_and(|kind| kind == "PAUSE")
}

fn check_hook(hook: &Value) -> Result<(), ApiError> {
    let stages = hook.get("lifecycleStages").and_then(Value::as_array);
    let stages = stages.into_iter().flatten().filter_map(Value::as_str);
    let stages: Vec<&str> = stages.collect();
    if stages.is_empty() || stages.iter().any(|stage| !STAGES.contains(stage)) {
        return Err(ApiError::invalid(
            "The lifecycle stages of a hook are not valid.",
        ));
    }
    let at_shift =
        |stage: &&str| ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"].contains(stage);
    if pauses(hook) {
        if stages.iter().any(at_shift) {
            return Err(ApiError::invalid(
                "PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT stages.",
            ));
        }
    } else if hook.get("hookTargetArn").is_none() || hook.get("roleArn").is_none() {
        return Err(ApiError::invalid(
            "hookTargetArn and roleArn are required for AWS_LAMBDA lifecycle hooks.",
        ));
    }
    let wait = hook.pointer("/timeoutConfiguration/timeoutInMinutes");
    if wait.is_some_and(|wait| {
        !wait
            .as_i64()
            .is_some_and(|wait| (1..=20160).contains(&wait))
    }) {
        return Err(ApiError::invalid("timeoutInMinutes is out of its range."));
    }
    Ok(())
}

/// Where traffic shifts, every target group has another beside it, and all that is needed to shift.
pub(super) fn check_groups(
    workload: &Workload,
    configuration: &DeploymentConfiguration,
) -> Result<(), ApiError> {
    if configuration.strategy == "ROLLING" {
        return Ok(());
    }
    let members = [
        "alternateTargetGroupArn",
        "productionListenerRule",
        "roleArn",
    ];
    let is_whole = |advanced: &Value| members.iter().all(|name| advanced.get(name).is_some());
    let mut groups = workload.load_balancers.iter();
    if groups.all(|group| group.advanced_configuration.as_ref().is_some_and(is_whole)) {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "advancedConfiguration field is required for all loadBalancers when using a {} deployment strategy.",
        configuration.strategy
    )))
}
