//! How a rollout goes: its percentages, the circuit breaker, the alarms that trip it, and how traffic moves.
//! Pure.

pub(crate) mod shift;

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder as Create;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder as Update;
use aws_sdk_ecs::types as ecs;
use serde::{Deserialize, Serialize};

use self::shift::Shift;
use super::setting::{Beside, ServiceSetting};
use crate::plan::Effect;
use crate::platform::Failed;
use crate::platform::ecs::settings::fields::Fields;
use crate::platform::ecs::settings::sdk::whole;
use crate::platform::ecs::settings::sdk::{incomplete, word};
use crate::spec::{Breaker, EcsPlace, EcsService, Threshold};

/// How a rollout goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deployment {
    /// Always complete where we ask for it: on an update a part that is left out is kept, or set to
    /// a default, by rules of its own for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deployment_configuration: Option<DeploymentConfiguration>,
}

/// Percentages, breaker, alarms, and how traffic moves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeploymentConfiguration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deployment_circuit_breaker: Option<CircuitBreaker>,
    /// Rounded down; absent: 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) maximum_percent: Option<i32>,
    /// Rounded up; absent: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) minimum_healthy_percent: Option<i32>,
    /// Alarms that trip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) alarms: Option<Alarms>,
    /// How traffic moves to what is new.
    #[serde(flatten)]
    pub(crate) shift: Shift,
}

/// The deployment circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CircuitBreaker {
    /// On or off.
    pub(crate) enable: bool,
    /// Whether a trip goes back to the last completed deployment.
    pub(crate) rollback: bool,
    /// Absent: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reset_on_healthy_task: Option<bool>,
    /// Absent: `BOUNDED_PERCENT`, 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) threshold_configuration: Option<ThresholdConfiguration>,
}

/// How many failures trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThresholdConfiguration {
    /// `BOUNDED_PERCENT`, `UNBOUNDED_PERCENT` or `COUNT`.
    pub(crate) r#type: String,
    /// Percent, or a count.
    pub(crate) value: i32,
}

/// Alarms that trip a rollout.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alarms {
    /// Their names.
    pub(crate) alarm_names: Vec<String>,
    /// On or off.
    pub(crate) enable: bool,
    /// Whether they go back.
    pub(crate) rollback: bool,
}

impl ServiceSetting for Deployment {
    const GROUPS: &'static [&'static str] = &["deployment"];

    fn rendered(service: &EcsService, _: &EcsPlace) -> Self {
        let ecs = &service.own;
        let breaker = &service.rollout.breaker;
        Self {
            deployment_configuration: Some(DeploymentConfiguration {
                deployment_circuit_breaker: Some(circuit_breaker(breaker)),
                maximum_percent: Some(whole(ecs.maximum_percent)),
                minimum_healthy_percent: Some(whole(ecs.minimum_healthy_percent)),
                alarms: (!ecs.alarms.is_empty()).then(|| Alarms {
                    alarm_names: ecs.alarms.clone(),
                    enable: true,
                    rollback: breaker.rollback,
                }),
                shift: Shift::rendered(&ecs.shift),
            }),
        }
    }

    fn received(read: &ecs::Service) -> Self {
        let read = read.deployment_configuration.as_ref();
        Self {
            deployment_configuration: read.map(|read| DeploymentConfiguration {
                deployment_circuit_breaker: read.deployment_circuit_breaker.as_ref().map(breaker),
                maximum_percent: read.maximum_percent,
                minimum_healthy_percent: read.minimum_healthy_percent,
                alarms: read.alarms.as_ref().map(|alarms| Alarms {
                    alarm_names: alarms.alarm_names.clone(),
                    enable: alarms.enable,
                    rollback: alarms.rollback,
                }),
                shift: Shift::received(read),
            }),
        }
    }

    fn put(&self, _: Beside, fields: &mut Fields) {
        let quiet = Effect::Invisible;
        let nothing_said = DeploymentConfiguration::default();
        let deployment = self.deployment_configuration.as_ref();
        let deployment = deployment.unwrap_or(&nothing_said);
        fields.put_or(
            "deployment.maximumPercent",
            deployment.maximum_percent,
            "200",
            quiet,
        );
        fields.put_or(
            "deployment.minimumHealthyPercent",
            deployment.minimum_healthy_percent,
            "100",
            quiet,
        );
        put_breaker(fields, deployment.deployment_circuit_breaker.as_ref());
        put_alarms(fields, deployment.alarms.as_ref());
        deployment.shift.put(fields);
    }

    fn create(&self, call: Create) -> Result<Create, Failed> {
        Ok(call.set_deployment_configuration(self.to_sdk()?))
    }

    fn update(&self, call: Update) -> Result<Update, Failed> {
        Ok(call.set_deployment_configuration(self.to_sdk()?))
    }
}

impl Deployment {
    /// As it goes with every update, whole: required members of its nested blocks that are left out
    /// are taken for false, and alarms that were on stay on unless they are set to off.
    #[must_use]
    pub(crate) fn complete(&self, there: &Self) -> Self {
        let mut complete = self.clone();
        let there = there.deployment_configuration.as_ref();
        let alarms = there.and_then(|deployment| deployment.alarms.as_ref());
        let set = alarms.is_some_and(|alarms| alarms.enable || !alarms.alarm_names.is_empty());
        if let Some(deployment) = complete.deployment_configuration.as_mut().filter(|_| set) {
            deployment.alarms.get_or_insert_with(Alarms::default);
        }
        if let (Some(deployment), Some(there)) = (&mut complete.deployment_configuration, there) {
            deployment.shift.complete(&there.shift);
        }
        complete
    }

    fn to_sdk(&self) -> Result<Option<ecs::DeploymentConfiguration>, Failed> {
        let Some(deployment) = &self.deployment_configuration else {
            return Ok(None);
        };
        let breaker = deployment.deployment_circuit_breaker.as_ref();
        let alarms = deployment.alarms.as_ref();
        let built = ecs::DeploymentConfiguration::builder()
            .set_maximum_percent(deployment.maximum_percent)
            .set_minimum_healthy_percent(deployment.minimum_healthy_percent)
            .set_deployment_circuit_breaker(breaker.map(breaker_to_sdk).transpose()?)
            .set_alarms(alarms.map(alarms_to_sdk).transpose()?);
        Ok(Some(deployment.shift.to_sdk(built).build()))
    }
}

fn circuit_breaker(breaker: &Breaker) -> CircuitBreaker {
    let (word, value) = match breaker.threshold {
        Threshold::BoundedPercent(percent) => ("BOUNDED_PERCENT", percent),
        Threshold::UnboundedPercent(percent) => ("UNBOUNDED_PERCENT", percent),
        Threshold::Count(count) => ("COUNT", count),
    };
    CircuitBreaker {
        enable: breaker.enabled,
        rollback: breaker.enabled && breaker.rollback,
        reset_on_healthy_task: Some(breaker.reset_on_healthy),
        threshold_configuration: Some(ThresholdConfiguration {
            r#type: word.into(),
            value: whole(value),
        }),
    }
}

fn breaker(read: &ecs::DeploymentCircuitBreaker) -> CircuitBreaker {
    let threshold = read.threshold_configuration.as_ref();
    CircuitBreaker {
        enable: read.enable,
        rollback: read.rollback,
        reset_on_healthy_task: read.reset_on_healthy_task,
        threshold_configuration: threshold.map(|threshold| ThresholdConfiguration {
            r#type: word(&threshold.r#type),
            value: threshold.value,
        }),
    }
}

fn breaker_to_sdk(breaker: &CircuitBreaker) -> Result<ecs::DeploymentCircuitBreaker, Failed> {
    let threshold = breaker
        .threshold_configuration
        .as_ref()
        .map(|threshold| {
            ecs::ThresholdConfiguration::builder()
                .r#type(threshold.r#type.as_str().into())
                .value(threshold.value)
                .build()
                .map_err(incomplete)
        })
        .transpose()?;
    Ok(ecs::DeploymentCircuitBreaker::builder()
        .enable(breaker.enable)
        .rollback(breaker.rollback)
        .set_reset_on_healthy_task(breaker.reset_on_healthy_task)
        .set_threshold_configuration(threshold)
        .build())
}

fn alarms_to_sdk(alarms: &Alarms) -> Result<ecs::DeploymentAlarms, Failed> {
    ecs::DeploymentAlarms::builder()
        .set_alarm_names(Some(alarms.alarm_names.clone()))
        .enable(alarms.enable)
        .rollback(alarms.rollback)
        .build()
        .map_err(incomplete)
}

/// A breaker that is off has no other settings that matter.
fn put_breaker(fields: &mut Fields, breaker: Option<&CircuitBreaker>) {
    let quiet = Effect::Invisible;
    let on = breaker.filter(|breaker| breaker.enable);
    fields.put_or("deployment.circuitBreaker", on.map(|_| "on"), "off", quiet);
    let Some(breaker) = on else { return };
    fields.put_or(
        "deployment.circuitBreaker.rollback",
        Some(breaker.rollback),
        "false",
        quiet,
    );
    fields.put_or(
        "deployment.circuitBreaker.resetOnHealthyTask",
        breaker.reset_on_healthy_task,
        "true",
        quiet,
    );
    fields.put_or(
        "deployment.circuitBreaker.threshold",
        breaker
            .threshold_configuration
            .as_ref()
            .map(|threshold| format!("{} {}", threshold.r#type, threshold.value)),
        "BOUNDED_PERCENT 50",
        quiet,
    );
}

/// Alarms that are off are none.
fn put_alarms(fields: &mut Fields, alarms: Option<&Alarms>) {
    let Some(alarms) = alarms.filter(|alarms| alarms.enable && !alarms.alarm_names.is_empty())
    else {
        return;
    };
    let mut names = alarms.alarm_names.clone();
    names.sort();
    fields.put("deployment.alarms", names.join(", "), Effect::Invisible);
    fields.put_or(
        "deployment.alarms.rollback",
        Some(alarms.rollback),
        "false",
        Effect::Invisible,
    );
}
