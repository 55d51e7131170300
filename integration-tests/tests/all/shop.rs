//! The service that the tests deploy, and the bench it is deployed on.

use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::host;
use integration_tests::program::{Finished, Running};
use integration_tests::project::{Project, unique};
use integration_tests::proxy::Proxy;
use integration_tests::servers::{self, Ministack};
use integration_tests::trial::{Outcome, fail};
use serde_json::{Value, json};

/// An api of two tasks whose image is chosen by `TAG`. `EXTRA` stands for more keys of the service.
const DEPLOY: &str = r#"
project = "shop"

[service.api]
image    = "localhost/web:${TAG:-v1}"
port     = 80
replicas = 2
cpu      = 0.25
memory   = "512MiB"
rollout  = { deadline = "90s" }
EXTRA
[service.api.ecs]
family         = "FAMILY"
execution_role = "arn:aws:iam::${target.account}:role/ecsTaskExecutionRole"
"#;

/// `deploy.toml` for a family name of its own.
pub(crate) fn deploy(family: &str, extra: &str) -> String {
    DEPLOY.replace("FAMILY", family).replace("EXTRA", extra)
}

/// A cluster of its own on ministack, with a logging proxy between it and the program.
pub(crate) struct Bench {
    pub(crate) project: Project,
    pub(crate) proxy: Proxy,
    pub(crate) aws: Aws,
    pub(crate) ministack: Ministack,
    pub(crate) cluster: String,
    pub(crate) family: String,
}

impl Bench {
    /// A bench with nothing deployed.
    pub(crate) fn new() -> Outcome<Self> {
        let ministack = servers::ministack()?;
        let proxy = Proxy::before(&ministack.url)?;
        // Where the emulator shows failed deployments for ever, AWS does not.
        proxy.like_aws();
        let aws = Aws::at(&ministack.url);
        let (cluster, family) = (unique("bench"), unique("api"));
        aws.ecs("CreateCluster", &json!({"clusterName": cluster}))?;
        let project = Project::new(&deploy(&family, ""))?;
        project.ecs_target("bench", &proxy.url, &cluster)?;
        Ok(Self {
            project,
            proxy,
            aws,
            ministack,
            cluster,
            family,
        })
    }

    /// A bench on which `tag` serves already, and whose log is empty.
    pub(crate) fn serving(tag: &str) -> Outcome<Self> {
        let bench = Self::new()?;
        let first = bench.apply(tag)?;
        assert_eq!(first.exit, 0, "{first}");
        bench.proxy.forget();
        Ok(bench)
    }

    /// Deploys an image to its end.
    pub(crate) fn apply(&self, tag: &str) -> Outcome<Finished> {
        self.run(&format!("apply --yes --set TAG={tag}"))
    }

    /// Starts deploying an image, and returns once the request `operation` has been answered.
    pub(crate) fn apply_until(&self, tag: &str, operation: &str) -> Outcome<Running> {
        let words = format!("apply --yes --set TAG={tag} --target bench --output json");
        let running = self.project.start(&words)?;
        let answered = || {
            self.proxy
                .calls_of(operation)
                .iter()
                .any(|call| call.status.is_some())
        };
        match host::poll(Duration::from_secs(30), || answered().then_some(())) {
            Some(()) => Ok(running),
            None => Err(fail(format_args!(
                "{operation} was never called: {:?}",
                self.proxy.writes()
            ))),
        }
    }

    /// Runs a verb against the bench, with events on standard output.
    pub(crate) fn run(&self, words: &str) -> Outcome<Finished> {
        self.project
            .run(&format!("{words} --target bench --output json"))
    }

    /// What each running container answers, sorted.
    pub(crate) fn versions(&self) -> Outcome<Vec<String>> {
        let mut versions = Vec::new();
        for task in self.aws.tasks(&self.cluster, "api")? {
            let details = task["attachments"][0]["details"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let address = details
                .iter()
                .find(|detail| detail["name"] == "privateIPv4Address");
            let address = address.and_then(|detail| detail["value"].as_str());
            versions.push(
                self.ministack
                    .fetch(address.ok_or_else(|| fail("a task without an address"))?)?,
            );
        }
        versions.sort();
        Ok(versions)
    }

    /// The service as it is now.
    pub(crate) fn service(&self) -> Outcome<Value> {
        self.aws.service(&self.cluster, "api")
    }

    /// Somebody else deploys something of their own over ours.
    pub(crate) fn rival_deploys(&self) -> Outcome {
        let container = json!({"name": "rival", "image": "localhost/web:v2", "essential": true});
        let definition = json!({"family": unique("rival"), "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [container]});
        let registered = self.aws.ecs("RegisterTaskDefinition", &definition)?;
        let revision = &registered["taskDefinition"]["taskDefinitionArn"];
        self.aws.ecs(
            "UpdateService",
            &json!({"cluster": self.cluster, "service": "api", "taskDefinition": revision}),
        )?;
        Ok(())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Its containers would slow the other tests down; a service that was never made is no loss.
        drop(self.aws.ecs(
            "DeleteService",
            &json!({"cluster": self.cluster, "service": "api", "force": true}),
        ));
    }
}

/// Fails unless the program ended in this verdict, with the exit code in both places.
pub(crate) fn assert_verdict(
    finished: &Finished,
    verdict: &str,
    rolled_back: Option<bool>,
    exit: i32,
) -> Outcome {
    assert_eq!(
        finished.verdict("api")?,
        (verdict.to_owned(), rolled_back, i64::from(exit)),
        "{finished}"
    );
    assert_eq!(finished.exit, exit, "{finished}");
    Ok(())
}
