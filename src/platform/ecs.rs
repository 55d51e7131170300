//! Amazon ECS: services of Fargate tasks that roll under ECS's own eye.
//!
//! `render` says what ECS is asked for, `live` what is there, `diff` what to do about it, and `perform`
//! does that and no more. No SDK type leaves this module.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use self::live::definition::Definition;
use self::origin::Origin;
use self::settings::Desired;
use self::settings::render::{Setting, render};
use crate::clock::Clock;
use crate::platform::aws::{Connection, Renewing, Requests, ServerTime, Whole};
use crate::platform::owner::Tenant;
use crate::platform::send::write;
use crate::platform::{Failed, FailureKind};
use crate::spec::{EcsPlace, EcsService};

mod answer;
pub(crate) mod history;
pub(crate) mod live;
pub(crate) mod logs;
pub(crate) mod plan;
pub(crate) mod rollback;
pub(crate) mod rollout;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) use crate::platform::origin;
pub(crate) mod perform;
mod platform;
pub(crate) mod status;

#[cfg(test)]
mod tests;

/// One cluster, with the clients that reach it.
#[derive(Debug)]
pub(crate) struct Ecs {
    api: aws_sdk_ecs::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    sts: aws_sdk_sts::Client,
    balancers: aws_sdk_elasticloadbalancingv2::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    place: EcsPlace,
    tenant: Tenant,
    origin: Origin,
    clock: Clock,
    time: ServerTime,
    credentials: Option<Renewing>,
    /// Revisions by ARN; they never change.
    definitions: Mutex<BTreeMap<String, Definition>>,
}

impl Ecs {
    /// A cluster, reached like this.
    pub(crate) fn new(
        connection: &Connection,
        place: &EcsPlace,
        tenant: &Tenant,
        origin: Origin,
        clock: Clock,
    ) -> Self {
        // Whichever is asked first shows the server's clock.
        macro_rules! client {
            ($sdk:ident) => {{
                let settings = $sdk::config::Builder::from(&connection.settings)
                    .interceptor(connection.time.clone())
                    .interceptor(Whole)
                    .interceptor(Requests::new(clock))
                    .retry_classifier(Whole);
                $sdk::Client::from_conf(settings.build())
            }};
        }
        Self {
            api: client!(aws_sdk_ecs),
            scaling: client!(aws_sdk_applicationautoscaling),
            sts: client!(aws_sdk_sts),
            balancers: client!(aws_sdk_elasticloadbalancingv2),
            logs: client!(aws_sdk_cloudwatchlogs),
            place: place.clone(),
            tenant: tenant.clone(),
            origin,
            clock,
            time: connection.time.clone(),
            credentials: connection.credentials.clone(),
            definitions: Mutex::default(),
        }
    }

    /// The ECS client.
    pub(crate) fn ecs(&self) -> &aws_sdk_ecs::Client {
        &self.api
    }

    /// The Application Auto Scaling client.
    pub(crate) fn scaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        &self.scaling
    }

    /// The STS client, for the one question whose credentials these are.
    pub(crate) fn sts(&self) -> &aws_sdk_sts::Client {
        &self.sts
    }

    /// The load-balancer client, for reads that may be refused.
    pub(crate) fn balancers(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        &self.balancers
    }

    /// The CloudWatch Logs client, for reads that may be refused.
    pub(crate) fn logs(&self) -> &aws_sdk_cloudwatchlogs::Client {
        &self.logs
    }

    /// Where services run.
    pub(crate) fn place(&self) -> &EcsPlace {
        &self.place
    }

    /// The clock that waits between two attempts.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What ECS is asked for.
    pub(crate) fn desired(&self, service: &EcsService) -> Desired {
        let setting = Setting {
            tenant: &self.tenant,
            place: &self.place,
            origin: &self.origin,
        };
        render(service, &setting)
    }

    /// The cluster's name.
    pub(crate) fn cluster(&self) -> &str {
        self.place.cluster.as_str()
    }

    /// The name that Application Auto Scaling has for a service.
    pub(crate) fn resource_id(&self, service: &str) -> String {
        format!("service/{}/{service}", self.place.cluster)
    }

    /// Sends a write; see [`write()`].
    async fn write<T>(
        &self,
        passing: &[FailureKind],
        send: impl AsyncFn() -> Result<T, Failed>,
        look: impl AsyncFn() -> Result<Option<T>, Failed>,
    ) -> Result<T, Failed> {
        write(*self.clock(), passing, send, look).await
    }

    fn known_definition(&self, arn: &str) -> Option<Definition> {
        let known = self
            .definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.get(arn).cloned()
    }

    fn remember(&self, definition: &Definition) {
        let mut known = self
            .definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(definition.arn.clone(), definition.clone());
    }
}
