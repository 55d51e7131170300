//! A service, flattened and normalised.
//!
//! Defaults are those of the Amazon ECS API reference, CreateService: platform version `LATEST`,
//! no public address, 200 and 100 percent, breaker off, threshold of 50 bounded percent that a
//! healthy task resets.

use super::Fields;
use crate::plan::Effect;
use crate::platform::ecs::settings::ServiceConfig;

/// The path of the count, which an autoscaler may own.
pub(crate) const COUNT: &str = "desiredCount";

/// The compared fields of a service. The task definition is compared by its own fields, tags one by
/// one.
pub(crate) fn fields(service: &ServiceConfig) -> Fields {
    let mut fields = Fields::default();
    if let Some(count) = service.desired_count {
        fields.put(COUNT, count.to_string(), Effect::Scales);
    }
    service.settings.put(&mut fields);
    fields
}

/// The same, with the count only where it is `counted`: where nothing else decides it.
pub(crate) fn compared(service: &ServiceConfig, counted: bool) -> Fields {
    fields(service).without(|path| path == COUNT && !counted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::ecs::settings::service::ServiceSettings;
    use crate::platform::ecs::settings::service::capacity::Launch;
    use crate::platform::ecs::settings::service::deployment::{
        Alarms, CircuitBreaker, Deployment, DeploymentConfiguration,
    };
    use crate::platform::ecs::settings::service::exec::Exec;
    use crate::platform::ecs::settings::service::health_grace::HealthGrace;
    use crate::platform::ecs::settings::service::platform_version::PlatformVersion;

    #[test]
    fn what_aws_fills_in_is_no_difference() {
        let asked = ServiceConfig::default();
        let settings = ServiceSettings {
            platform_version: PlatformVersion {
                platform_version: Some("LATEST".into()),
            },
            capacity: Launch {
                launch_type: Some("FARGATE".into()),
                ..Launch::default()
            },
            health_grace: HealthGrace {
                health_check_grace_period_seconds: Some(0),
            },
            exec: Exec {
                enable_execute_command: Some(false),
            },
            deployment: Deployment {
                deployment_configuration: Some(DeploymentConfiguration {
                    deployment_circuit_breaker: Some(CircuitBreaker {
                        enable: false,
                        rollback: false,
                        reset_on_healthy_task: Some(true),
                        threshold_configuration: None,
                    }),
                    maximum_percent: Some(200),
                    minimum_healthy_percent: Some(100),
                    alarms: Some(Alarms::default()),
                    ..DeploymentConfiguration::default()
                }),
            },
            ..ServiceSettings::default()
        };
        let read = ServiceConfig {
            settings,
            ..ServiceConfig::default()
        };
        assert_eq!(fields(&read).differences(&fields(&asked)), []);
    }
}
