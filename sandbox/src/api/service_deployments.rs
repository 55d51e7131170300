//! Service deployments and service revisions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, ApiError, page, read, services, short, time, time_if};
use crate::world::World;
use crate::world::agenda::Due;
use crate::world::deployment::{ServiceDeployment, ServiceRevision, Status};
use crate::world::shift::HookRun;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    service: String,
    cluster: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    created_at: Option<CreatedAt>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Deserialize)]
struct CreatedAt {
    before: Option<f64>,
    after: Option<f64>,
}

pub(super) fn list(world: &World, input: &Value) -> Answer {
    let input: List = read(input)?;
    let in_arn = input
        .service
        .rsplit('/')
        .nth(1)
        .filter(|_| input.service.starts_with("arn:"));
    let cluster = super::cluster(world, input.cluster.as_deref().or(in_arn))?;
    let key = format!("{cluster}/{}", short(&input.service));
    if !world.services.contains_key(&key) {
        return Err(services::not_found());
    }
    let fits = |record: &&ServiceDeployment| {
        let status = json!(record.status);
        let status = status.as_str().unwrap_or_default();
        let at = time(record.created_at).as_f64().unwrap_or(0.0);
        let timely = input.created_at.as_ref().is_none_or(|wanted| {
            wanted.after.is_none_or(|after| at >= after)
                && wanted.before.is_none_or(|before| at <= before)
        });
        record.visible_at <= world.now
            && timely
            && (input.status.is_empty() || input.status.iter().any(|wanted| wanted == status))
    };
    let mut found: Vec<&ServiceDeployment> = world.deployments_of(&key).filter(fits).collect();
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then(a.arn.cmp(&b.arn)));
    let briefs = found.into_iter().map(brief).collect();
    let size = input.max_results.or(Some(20));
    let (briefs, next) = page::<Value>(briefs, input.next_token.as_deref(), size, 100)?;
    Ok(json!({"serviceDeployments": briefs, "nextToken": next}))
}

fn brief(record: &ServiceDeployment) -> Value {
    json!({
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service_arn,
        "clusterArn": record.cluster_arn,
        "startedAt": time_if(record.started_at),
        "createdAt": time(record.created_at),
        "finishedAt": time_if(record.finished_at),
        "targetServiceRevisionArn": record.target.arn,
        "status": record.status,
        "statusReason": record.reason,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    #[serde(default)]
    service_deployment_arns: Vec<String>,
}

pub(super) fn describe(world: &World, input: &Value) -> Answer {
    let input: Describe = read(input)?;
    if input.service_deployment_arns.is_empty() || input.service_deployment_arns.len() > 20 {
        return Err(ApiError::invalid(
            "Between 1 and 20 service deployment ARNs can be described.",
        ));
    }
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for arn in &input.service_deployment_arns {
        match world
            .deployments
            .get(arn)
            .filter(|record| record.visible_at <= world.now)
        {
            Some(record) => found.push(whole(world, record)),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

fn whole(world: &World, record: &ServiceDeployment) -> Value {
    let target = if record.status.is_final() {
        record.target.clone()
    } else {
        world.summary(&record.service, &record.target.arn)
    };
    let rollback = record.rollback.as_ref().map(|rollback| {
        json!({
            "reason": rollback.reason,
            "startedAt": time(rollback.started_at),
            "serviceRevisionArn": rollback.revision,
        })
    });
    let mut shown = json!({
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service_arn,
        "clusterArn": record.cluster_arn,
        "createdAt": time(record.created_at),
        "startedAt": time_if(record.started_at),
        "finishedAt": time_if(record.finished_at),
        "stoppedAt": time_if(record.stopped_at),
        "updatedAt": time(record.updated_at),
        "sourceServiceRevisions": record.sources,
        "targetServiceRevision": target,
        "status": record.status,
        "statusReason": record.reason,
        "deploymentConfiguration": record.configuration,
        "rollback": rollback,
        "deploymentCircuitBreaker": {
            "status": record.breaker,
            "failureCount": record.failures,
            "threshold": record.threshold,
        },
        "alarms": {
            "status": record.alarms,
            "alarmNames": record.configuration.alarms.alarm_names,
            "triggeredAlarmNames": record.triggered_alarms,
        },
    });
    if let Some(shift) = &record.shift {
        shown["lifecycleStage"] = shift.stage().into();
        shown["lifecycleHookDetails"] = shift.hooks.iter().map(asked).collect();
    }
    shown
}

fn asked(run: &HookRun) -> Value {
    json!({
        "hookId": run.id,
        "targetType": run.kind,
        "targetArn": run.target,
        "status": run.status,
        "expiresAt": time(run.expires),
        "timeoutAction": run.action,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GoOn {
    service_deployment_arn: String,
    hook_id: String,
    action: Option<String>,
}

/// `ContinueServiceDeployment`: answers a hook that waits for a person.
pub(super) fn go_on(world: &mut World, input: &Value) -> Answer {
    let input: GoOn = read(input)?;
    let arn = input.service_deployment_arn;
    if !world.deployments.contains_key(&arn) {
        return Err(ApiError::new(
            "ServiceDeploymentNotFoundException",
            "The service deployment does not exist.",
        ));
    }
    let goes_on = match input.action.as_deref() {
        None | Some("CONTINUE") => true,
        Some("ROLLBACK") => false,
        Some(_) => return Err(ApiError::invalid("The action is not valid.")),
    };
    let answered = world.answer_hook(&arn, &input.hook_id, goes_on);
    answered.ok_or_else(|| ApiError::invalid("The lifecycle hook is not awaiting an action."))?;
    Ok(json!({"serviceDeploymentArn": arn}))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revisions {
    #[serde(default)]
    service_revision_arns: Vec<String>,
}

pub(super) fn revisions(world: &World, input: &Value) -> Answer {
    let input: Revisions = read(input)?;
    if input.service_revision_arns.is_empty() || input.service_revision_arns.len() > 20 {
        return Err(ApiError::invalid(
            "Between 1 and 20 service revision ARNs can be described.",
        ));
    }
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for arn in &input.service_revision_arns {
        match world.revisions.get(arn) {
            Some(revision) => found.push(revision_view(revision)),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}

fn revision_view(revision: &ServiceRevision) -> Value {
    let images = revision.images.iter().map(|(name, image, digest)| {
        json!({"containerName": name, "image": image, "imageDigest": digest})
    });
    let mut view = json!(revision.workload);
    if let Some(view) = view.as_object_mut() {
        let more = [
            ("serviceRevisionArn", json!(revision.arn)),
            ("serviceArn", json!(revision.service_arn)),
            ("clusterArn", json!(revision.cluster_arn)),
            ("platformVersion", json!("1.4.0")),
            ("platformFamily", json!("Linux")),
            ("containerImages", Value::Array(images.collect())),
            ("guardDutyEnabled", json!(false)),
            ("createdAt", time(revision.created_at)),
        ];
        view.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    view
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stop {
    service_deployment_arn: String,
    stop_type: Option<String>,
}

pub(super) fn stop(world: &mut World, input: &Value) -> Answer {
    let input: Stop = read(input)?;
    let (now, wait) = (world.now, world.timings.stop_request_ms);
    if input.stop_type.as_deref().unwrap_or("ROLLBACK") != "ROLLBACK" {
        return Err(ApiError::invalid(
            "The stop type is not supported. The supported value is ROLLBACK.",
        ));
    }
    let arn = input.service_deployment_arn;
    let Some(record) = world.deployments.get_mut(&arn) else {
        return Err(ApiError::new(
            "ServiceDeploymentNotFoundException",
            "The service deployment does not exist.",
        ));
    };
    match record.status {
        Status::Pending | Status::InProgress => {
            record.status = Status::RollbackRequested;
            record.updated_at = now;
            world.later(
                wait,
                Due::StopRequested {
                    deployment: arn.clone(),
                },
            );
        }
        status if status.is_rolling_back() => {}
        status => {
            let status = json!(status);
            let status = status.as_str().unwrap_or_default();
            return Err(ApiError::new(
                "ConflictException",
                format!("The service deployment cannot be stopped because its status is {status}."),
            ));
        }
    }
    Ok(json!({"serviceDeploymentArn": arn}))
}
