//! Accounts and regions.

use aws_sdk_ecs::config::{Credentials, Region};

use super::super::{Options, Sandbox, WorldFile};
use super::files::{Scratch, hand_clock};
use super::{BEGIN, Cloud, paused_clock};

fn reached(sandbox: &Sandbox, key: &str, region: &str) -> aws_sdk_ecs::Client {
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(super::BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .http_client(sandbox.http_client());
    aws_sdk_ecs::Client::from_conf(config.build())
}

async fn families(ecs: &aws_sdk_ecs::Client) -> Vec<String> {
    let listed = ecs.list_task_definitions().send().await.unwrap();
    listed.task_definition_arns.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_made_in_one_region_is_not_there_in_another() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let other = reached(&cloud.sandbox, "x", "eu-west-1");
    assert_eq!(families(&other).await, Vec::<String>::new());
    let asked = other.describe_services().cluster("main").services("api");
    assert_eq!(asked.send().await.unwrap().failures.unwrap().len(), 1);
    let clusters = other.list_clusters().send().await.unwrap().cluster_arns;
    assert_eq!(
        clusters.unwrap(),
        ["arn:aws:ecs:eu-west-1:123456789012:cluster/main"]
    );
    assert_eq!(cloud.service().await.running_count, 2);
    assert!(cloud.image().await.ends_with("v1"));
}

#[tokio::test(start_paused = true)]
async fn an_access_key_that_is_an_account_number_is_that_account() {
    let cloud = Cloud::new();
    cloud.register("api:v1").await;
    let theirs = reached(&cloud.sandbox, "111122223333", "us-east-1");
    assert_eq!(families(&theirs).await, Vec::<String>::new());
    let same = reached(&cloud.sandbox, "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    assert_eq!(
        families(&same).await,
        ["arn:aws:ecs:us-east-1:123456789012:task-definition/api:1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_takes_the_account_of_its_target() {
    let scratch = Scratch::new("account");
    let (_, now) = hand_clock();
    let options = Options {
        account: Some("444455556666".to_owned()),
        ..Options::default()
    };
    let sandbox = Sandbox::open(&scratch.state(), &options, now).unwrap();
    let sts = super::client!(aws_sdk_sts, sandbox);
    let caller = sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account.as_deref(), Some("444455556666"));
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_is_where_the_first_request_goes() {
    let file: WorldFile = toml::from_str(
        r#"
        [[before]]
        service = "ecs"
        operation = "RegisterTaskDefinition"
        input = { family = "api", containerDefinitions = [{ name = "api", image = "api:v1" }] }
        "#,
    )
    .unwrap();
    let world = file.into_world(1, BEGIN.parse().unwrap()).unwrap();
    let sandbox = Sandbox::in_memory(world, paused_clock());
    let ecs = reached(&sandbox, "x", "eu-central-1");
    assert_eq!(
        families(&ecs).await,
        ["arn:aws:ecs:eu-central-1:123456789012:task-definition/api:1"]
    );
}
