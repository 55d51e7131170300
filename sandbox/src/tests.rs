//! Drives the sandbox with the real SDKs, in process and under paused time.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, Compatibility, ContainerDefinition, Deployment, DeploymentCircuitBreaker,
    DeploymentConfiguration, HealthCheck, LaunchType, LogConfiguration, LogDriver,
    NetworkConfiguration, NetworkMode, PortMapping, Service, ServiceDeployment,
    ServiceDeploymentStatus as Status, Task,
};
use jiff::{SignedDuration, Timestamp};

use super::{Now, Sandbox, World};

mod api_rules;
mod breaker;
mod eks;
mod endings;
mod files;
mod identity;
mod journal;
mod laws;
mod one_off;
mod placement;
mod realms;
mod refusals;
mod rollouts;
mod scaling;
mod shifting;
mod stopping;
mod tags_and_pages;
mod tasks;
mod wire_faults;

/// A moment like any other, at which every world here begins.
const BEGIN: &str = "2026-01-02T03:04:05Z";

/// A target group; any would do.
const GROUP: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/0123456789abcdef";

/// The clock of a paused test: `BEGIN` and what tokio says has passed since.
#[expect(clippy::disallowed_methods, reason = "tests own their clock")]
fn paused_clock() -> Now {
    let begin: Timestamp = BEGIN.parse().unwrap();
    let start = tokio::time::Instant::now();
    Arc::new(move || {
        let passed = SignedDuration::try_from(start.elapsed()).unwrap();
        begin.checked_add(passed).unwrap()
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "under paused time a sleep only moves the clock"
)]
async fn sleep(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// A world, and the clients of its cloud.
struct Cloud {
    sandbox: Sandbox,
    ecs: aws_sdk_ecs::Client,
}

/// A client of any SDK crate, on this sandbox.
macro_rules! client {
    ($sdk:ident, $sandbox:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(crate::tests::BehaviorVersion::latest())
                .region(crate::tests::Region::new("us-east-1"))
                .credentials_provider(crate::tests::Credentials::for_tests())
                .retry_config(crate::tests::RetryConfig::disabled())
                .http_client($sandbox.http_client())
                .build(),
        )
    };
}
use client;

fn world() -> World {
    World::new(1, BEGIN.parse().unwrap())
}

impl Cloud {
    fn new() -> Self {
        Self::of(world())
    }

    fn of(world: World) -> Self {
        let sandbox = Sandbox::in_memory(world, paused_clock());
        let ecs = client!(aws_sdk_ecs, sandbox);
        Self { sandbox, ecs }
    }

    fn change(&self, f: impl FnOnce(&mut World)) {
        self.sandbox.with_world(f).unwrap();
    }

    /// Registers `api` with this image and gives the ARN.
    async fn register(&self, image: &str) -> String {
        self.register_with(container(image)).await
    }

    async fn register_with(&self, container: ContainerDefinition) -> String {
        let output = self
            .ecs
            .register_task_definition()
            .family("api")
            .network_mode(NetworkMode::Awsvpc)
            .requires_compatibilities(Compatibility::Fargate)
            .cpu("512")
            .memory("1024")
            .execution_role_arn("arn:aws:iam::123456789012:role/execution")
            .container_definitions(container)
            .send()
            .await
            .unwrap();
        output.task_definition.unwrap().task_definition_arn.unwrap()
    }

    fn creation(
        &self,
        definition: &str,
    ) -> aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder {
        self.ecs
            .create_service()
            .cluster("main")
            .service_name("api")
            .task_definition(definition)
            .desired_count(2)
            .launch_type(LaunchType::Fargate)
            .network_configuration(network())
            .deployment_configuration(breaker(true))
    }

    fn updating(&self) -> UpdateServiceFluentBuilder {
        self.ecs.update_service().cluster("main").service("api")
    }

    /// Creates the service with this image and returns its first deployment's id.
    async fn create(&self, image: &str) -> String {
        let definition = self.register(image).await;
        let output = self.creation(&definition).send().await.unwrap();
        primary(&output.service.unwrap()).id.clone().unwrap()
    }

    /// Rolls the service to this image and returns the new deployment's id.
    async fn deploy(&self, image: &str) -> String {
        let definition = self.register(image).await;
        let output = self
            .updating()
            .task_definition(definition)
            .send()
            .await
            .unwrap();
        primary(&output.service.unwrap()).id.clone().unwrap()
    }

    /// Creates a healthy service and waits until it is COMPLETED.
    async fn settled(&self) -> String {
        let id = self.create("api:v1").await;
        sleep(10_000).await;
        assert_eq!(self.rollout().await, "COMPLETED");
        id
    }

    async fn service(&self) -> Service {
        let output = self
            .ecs
            .describe_services()
            .cluster("main")
            .services("api")
            .send()
            .await;
        output.unwrap().services.unwrap().remove(0)
    }

    async fn rollout(&self) -> String {
        let service = self.service().await;
        primary(&service)
            .rollout_state
            .clone()
            .unwrap()
            .as_str()
            .to_owned()
    }

    async fn image(&self) -> String {
        let definition = self.service().await.task_definition.unwrap();
        let output = self
            .ecs
            .describe_task_definition()
            .task_definition(definition)
            .send()
            .await;
        let containers = output
            .unwrap()
            .task_definition
            .unwrap()
            .container_definitions
            .unwrap();
        containers[0].image.clone().unwrap()
    }

    /// The service deployment that began as this classic deployment, once it is listed.
    async fn record(&self, id: &str) -> ServiceDeployment {
        let number = id.trim_start_matches("ecs-svc/").to_owned();
        for _ in 0..100 {
            let listed = self
                .ecs
                .list_service_deployments()
                .cluster("main")
                .service("api")
                .send();
            let listed = listed.await.unwrap().service_deployments.unwrap();
            let mine = listed.iter().find(|brief| {
                brief
                    .target_service_revision_arn
                    .as_ref()
                    .unwrap()
                    .ends_with(&format!("/{number}"))
            });
            if let Some(brief) = mine {
                return self
                    .record_of(brief.service_deployment_arn.as_ref().unwrap())
                    .await;
            }
            sleep(50).await;
        }
        panic!("no record of {id}");
    }

    async fn record_of(&self, arn: &str) -> ServiceDeployment {
        let output = self
            .ecs
            .describe_service_deployments()
            .service_deployment_arns(arn)
            .send();
        output.await.unwrap().service_deployments.unwrap().remove(0)
    }

    /// Waits for a status of a deployment's record, at most five minutes of paused time.
    async fn wait(&self, id: &str, status: Status) -> ServiceDeployment {
        for _ in 0..6_000 {
            let record = self.record(id).await;
            if record.status.as_ref() == Some(&status) {
                return record;
            }
            sleep(50).await;
        }
        panic!("{id} never became {status:?}: {:?}", self.record(id).await);
    }

    async fn tasks(&self, status: &str) -> Vec<Task> {
        let listed = self.ecs.list_tasks().cluster("main").service_name("api");
        let arns = listed
            .desired_status(status.into())
            .send()
            .await
            .unwrap()
            .task_arns
            .unwrap();
        if arns.is_empty() {
            return Vec::new();
        }
        let described = self
            .ecs
            .describe_tasks()
            .cluster("main")
            .set_tasks(Some(arns))
            .send();
        described.await.unwrap().tasks.unwrap()
    }

    async fn events(&self) -> Vec<String> {
        let events = self.service().await.events.unwrap();
        events
            .into_iter()
            .map(|event| event.message.unwrap())
            .collect()
    }
}

fn container(image: &str) -> ContainerDefinition {
    ContainerDefinition::builder()
        .name("api")
        .image(image)
        .port_mappings(PortMapping::builder().container_port(8080).build())
        .log_configuration(
            LogConfiguration::builder()
                .log_driver(LogDriver::Awslogs)
                .options("awslogs-group", "/ecs/api")
                .options("awslogs-region", "us-east-1")
                .options("awslogs-stream-prefix", "ecs")
                .build()
                .unwrap(),
        )
        .build()
}

fn checked(image: &str) -> ContainerDefinition {
    let check = HealthCheck::builder()
        .command("CMD-SHELL")
        .command("true")
        .start_period(60);
    let mut container = container(image);
    container.health_check = Some(check.build().unwrap());
    container
}

fn network() -> NetworkConfiguration {
    let vpc = AwsVpcConfiguration::builder()
        .subnets("subnet-0a")
        .build()
        .unwrap();
    NetworkConfiguration::builder()
        .awsvpc_configuration(vpc)
        .build()
}

fn breaker(rollback: bool) -> DeploymentConfiguration {
    let breaker = DeploymentCircuitBreaker::builder()
        .enable(true)
        .rollback(rollback)
        .build();
    DeploymentConfiguration::builder()
        .deployment_circuit_breaker(breaker)
        .build()
}

fn primary(service: &Service) -> &Deployment {
    let deployments = service.deployments.as_ref().unwrap();
    let mut found = deployments
        .iter()
        .filter(|d| d.status.as_deref() == Some("PRIMARY"));
    let first = found.next().unwrap();
    assert!(found.next().is_none(), "two PRIMARY deployments");
    first
}
