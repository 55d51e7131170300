//! A place to deploy to: a server with a proxy before it, and a project that points there.

use std::process::Command;
use std::time::Duration;

use integration_tests::aws::Aws;
use integration_tests::host::Since;
use integration_tests::program::Finished;
use integration_tests::project::{Project, unique};
use integration_tests::proxy::{Call, Proxy};
use integration_tests::sandbox::{self, Sandbox};
use integration_tests::servers;
use integration_tests::trial::{Outcome, fail};
use serde_json::{Value, json};

/// An api of two tasks whose image is chosen by `TAG`; the containers of ministack know these images, and the sandbox
/// takes any.
const DEPLOY: &str = r#"
project = "shop"

[service.api]
image    = "localhost/web:${TAG:-v1}"
port     = 80
replicas = 2
cpu      = 0.25
memory   = "512MiB"
rollout  = { deadline = "90s" }

[service.api.ecs]
service        = "NAME"
family         = "NAME"
execution_role = "arn:aws:iam::${target.account}:role/ecsTaskExecutionRole"
"#;

/// The name of the target that points to the stage.
const TARGET: &str = "stage";

/// A server, the way to it, and a project.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) project: Project,
    pub(crate) proxy: Proxy,
    /// Looks at the server itself, past the proxy.
    pub(crate) aws: Aws,
    pub(crate) cluster: String,
    /// The service's name on the server.
    pub(crate) service: String,
    /// Ends with the stage.
    _sandbox: Option<Sandbox>,
}

impl Stage {
    /// The two tasks on an embedded cloud of their own.
    pub(crate) fn on_a_sandbox() -> Outcome<Self> {
        let sandbox = sandbox::serve()?;
        let url = sandbox.url.clone();
        Self::small(&url, "main".to_owned(), Some(sandbox))
    }

    /// The two tasks as real containers.
    pub(crate) fn on_ministack() -> Outcome<Self> {
        let url = servers::ministack()?.url;
        let cluster = unique("bench");
        Aws::at(&url).ecs("CreateCluster", &json!({"clusterName": cluster}))?;
        let stage = Self::small(&url, cluster, None)?;
        // Where the emulator shows failed deployments for ever, AWS does not.
        stage.proxy.like_aws();
        Ok(stage)
    }

    fn small(url: &str, cluster: String, sandbox: Option<Sandbox>) -> Outcome<Self> {
        let proxy = Proxy::before(url)?;
        let service = unique("api");
        let project = Project::new(&DEPLOY.replace("NAME", &service))?;
        project.ecs_target(TARGET, &proxy.url, &cluster)?;
        Ok(Self {
            project,
            proxy,
            aws: Aws::at(url),
            cluster,
            service,
            _sandbox: sandbox,
        })
    }

    /// The shipped example, with its autoscaling and its target group, on an embedded cloud of its own.
    pub(crate) fn of_the_example() -> Outcome<Self> {
        let sandbox = sandbox::serve()?;
        let proxy = Proxy::before(&sandbox.url)?;
        let project = Project::example()?;
        let target = std::fs::read_to_string(project.path().join("config/ecs.toml"))?;
        let target = format!("endpoint = \"{}\"\n{target}", proxy.url);
        project.write(&format!("config/{TARGET}.toml"), &target)?;
        Ok(Self {
            project,
            aws: Aws::at(&sandbox.url),
            proxy,
            cluster: "main".to_owned(),
            service: "api-service".to_owned(),
            _sandbox: Some(sandbox),
        })
    }

    /// The program with these words, pointed here.
    pub(crate) fn words(words: &str) -> String {
        format!("{words} --target {TARGET} --output json")
    }

    /// Deploys an image to its end, after forgetting the requests until now.
    pub(crate) fn apply(&self, tag: &str) -> Outcome<Finished> {
        self.proxy.forget();
        let words = Self::words(&format!("apply --yes --set TAG={tag}"));
        self.project.run(&words)
    }

    /// Deploys an image that must turn out healthy.
    pub(crate) fn serve(&self, tag: &str) -> Outcome<Finished> {
        let finished = self.apply(tag)?;
        if finished.exit == 0 {
            Ok(finished)
        } else {
            Err(fail(finished))
        }
    }

    /// The service as the server tells it.
    pub(crate) fn now(&self) -> Outcome<Value> {
        self.aws.service(&self.cluster, &self.service)
    }

    /// The id of the newest deployment; null where there is none.
    pub(crate) fn primary(&self) -> Outcome<Value> {
        Ok(self.now()?["deployments"][0]["id"].clone())
    }

    /// Whether another deployment than `before` is the newest and its service deployment SUCCESSFUL: the server's own
    /// last word, where it has one.
    pub(crate) fn is_successful(&self, before: &Value) -> Outcome<bool> {
        let primary = self.primary()?;
        if primary == *before {
            return Ok(false);
        }
        // `ecs-svc/N` rolls out the service revision whose ARN ends in `/N`.
        let number = primary.as_str().and_then(|id| id.rsplit('/').next());
        let asked = json!({"cluster": self.cluster, "service": self.service});
        let listed = self.aws.ecs("ListServiceDeployments", &asked)?;
        let ours = |one: &&Value| {
            let revision = one["targetServiceRevisionArn"].as_str();
            number.is_some() && revision.and_then(|arn| arn.rsplit('/').next()) == number
        };
        let found = listed["serviceDeployments"]
            .as_array()
            .and_then(|all| all.iter().find(ours));
        Ok(found.is_some_and(|one| one["status"] == "SUCCESSFUL"))
    }

    /// Whether another deployment than `before` is the only one, complete, with all its tasks.
    pub(crate) fn is_stable(&self, before: &Value) -> Outcome<bool> {
        let service = self.now()?;
        let deployments = service["deployments"].as_array();
        let one = deployments.is_some_and(|all| all.len() == 1);
        let newest = &service["deployments"][0];
        Ok(one
            && newest["id"] != *before
            && newest["rolloutState"] == "COMPLETED"
            && service["runningCount"] == service["desiredCount"])
    }

    /// The stopped tasks of the service that the server tells of.
    pub(crate) fn stopped(&self) -> Outcome<Vec<Value>> {
        let asked = json!({"cluster": self.cluster, "serviceName": self.service, "desiredStatus": "STOPPED"});
        let listed = self.aws.ecs("ListTasks", &asked)?;
        let arns = listed["taskArns"].as_array().cloned().unwrap_or_default();
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let described = self.aws.ecs(
            "DescribeTasks",
            &json!({"cluster": self.cluster, "tasks": arns}),
        )?;
        Ok(described["tasks"].as_array().cloned().unwrap_or_default())
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Its containers would slow down what is measured next.
        let asked = json!({"cluster": self.cluster, "service": self.service, "force": true});
        drop(self.aws.ecs("DeleteService", &asked));
    }
}

/// From the start of a command to its end, with no rest between two looks at it.
pub(crate) fn timed(mut command: Command) -> Outcome<Duration> {
    let since = Since::now();
    let output = command.output()?;
    let took = since.elapsed();
    if output.status.success() {
        Ok(took)
    } else {
        Err(fail(String::from_utf8_lossy(&output.stderr)))
    }
}

/// The calls up to the last write: what was asked before the rollout was only watched.
pub(crate) fn before_watching(calls: &[Call]) -> &[Call] {
    let last = calls.iter().rposition(Call::is_write);
    &calls[..last.map_or(0, |last| last + 1)]
}
