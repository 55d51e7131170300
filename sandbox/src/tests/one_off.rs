//! Tasks that no service keeps, and operations that clear up.

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::{
    Compatibility, ContainerOverride, LaunchType, NetworkMode, TaskDefinitionStatus, TaskOverride,
};

use super::super::Behaviour;
use super::{Cloud, container, network, sleep};

fn running(
    cloud: &Cloud,
    definition: &str,
) -> aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder {
    let call = cloud.ecs.run_task().cluster("main");
    let call = call.launch_type(LaunchType::Fargate);
    call.network_configuration(network())
        .task_definition(definition)
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_does_its_work_and_ends_without_a_service() {
    let cloud = Cloud::new();
    cloud.change(|world| world.set_image("*:migrate", Behaviour::Completes));
    let definition = cloud.register("api:migrate").await;
    let mine = ContainerOverride::builder().name("api").command("migrate");
    let ran = running(&cloud, &definition)
        .count(2)
        .started_by("ci")
        .overrides(
            TaskOverride::builder()
                .container_overrides(mine.build())
                .build(),
        );
    let tasks = ran.send().await.unwrap().tasks.unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(tasks[0].group.as_deref(), Some("family:api"));
    let overrides = tasks[0].overrides.as_ref().unwrap();
    let command = overrides.container_overrides()[0].command();
    assert_eq!(command, ["migrate"]);
    let listed = cloud.ecs.list_tasks().cluster("main").started_by("ci");
    assert_eq!(listed.send().await.unwrap().task_arns.unwrap().len(), 2);
    sleep(5_000).await;
    let arn = tasks[0].task_arn.as_ref().unwrap();
    let described = cloud.ecs.describe_tasks().cluster("main").tasks(arn);
    let task = described.send().await.unwrap().tasks.unwrap().remove(0);
    assert_eq!(task.last_status.as_deref(), Some("STOPPED"));
    assert_eq!(task.containers()[0].exit_code, Some(0));
    assert_eq!(
        task.stopped_reason.as_deref(),
        Some("Essential container in task exited")
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_no_service_keeps_can_be_stopped_and_is_no_service_task() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let definition = cloud.register("api:v1").await;
    let ran = running(&cloud, &definition).send().await.unwrap();
    let arn = ran.tasks.unwrap().remove(0).task_arn.unwrap();
    sleep(3_000).await;
    assert_eq!(cloud.service().await.running_count, 2);
    let stopped = cloud
        .ecs
        .stop_task()
        .cluster("main")
        .task(&arn)
        .reason("enough");
    stopped.send().await.unwrap();
    sleep(3_000).await;
    let described = cloud.ecs.describe_tasks().cluster("main").tasks(&arn);
    let task = described.send().await.unwrap().tasks.unwrap().remove(0);
    assert_eq!(task.last_status.as_deref(), Some("STOPPED"));
    assert_eq!(task.stopped_reason.as_deref(), Some("enough"));
    let refused = running(&cloud, &definition).count(11).send().await;
    assert_eq!(
        refused.unwrap_err().code(),
        Some("InvalidParameterException")
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_is_refused_as_where_no_agent_runs() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let task = cloud.tasks("RUNNING").await[0].task_arn.clone().unwrap();
    let execute = cloud.ecs.execute_command().cluster("main").task(task);
    let refused = execute.command("sh").interactive(true).send().await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
    assert!(
        refused
            .message()
            .unwrap()
            .contains("execute command was not enabled")
    );
}

#[tokio::test(start_paused = true)]
async fn only_an_inactive_revision_is_deleted() {
    let cloud = Cloud::new();
    cloud.register("api:v1").await;
    cloud.register("api:v2").await;
    let deregister = cloud.ecs.deregister_task_definition();
    deregister.task_definition("api:1").send().await.unwrap();
    let delete = cloud.ecs.delete_task_definitions();
    let delete = delete.task_definitions("api:1").task_definitions("api:2");
    let deleted = delete.send().await.unwrap();
    let gone = deleted.task_definitions.unwrap();
    assert_eq!((gone.len(), gone[0].revision), (1, 1));
    assert_eq!(gone[0].status, Some(TaskDefinitionStatus::DeleteInProgress));
    let kept = deleted.failures.unwrap().remove(0);
    assert!(kept.reason.unwrap().contains("still in ACTIVE status"));
    let listed = cloud.ecs.list_task_definitions();
    let listed = listed.status(TaskDefinitionStatus::Inactive).send().await;
    assert_eq!(listed.unwrap().task_definition_arns.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_deleted_only_when_nothing_runs_in_it() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let delete = || cloud.ecs.delete_cluster().cluster("main").send();
    let refused = delete().await.unwrap_err().into_service_error();
    assert!(refused.is_cluster_contains_services_exception());
    let service = cloud.ecs.delete_service().cluster("main").service("api");
    service.force(true).send().await.unwrap();
    sleep(10_000).await;
    let definition = cloud.register("api:v1").await;
    running(&cloud, &definition).send().await.unwrap();
    let refused = delete().await.unwrap_err().into_service_error();
    assert!(refused.is_cluster_contains_tasks_exception());
    let task = cloud.ecs.list_tasks().cluster("main").send().await.unwrap();
    let task = task.task_arns.unwrap().remove(0);
    let stop = cloud.ecs.stop_task().cluster("main").task(task);
    stop.send().await.unwrap();
    sleep(5_000).await;
    let deleted = delete().await.unwrap().cluster.unwrap();
    assert_eq!(deleted.status.as_deref(), Some("INACTIVE"));
    let listed = cloud.ecs.list_clusters().send().await.unwrap();
    assert_eq!(listed.cluster_arns.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn tags_of_a_task_and_of_a_cluster_can_be_written() {
    let cloud = Cloud::new();
    cloud.settled().await;
    let task = cloud.tasks("RUNNING").await[0].task_arn.clone().unwrap();
    let cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/main".to_owned();
    for arn in [task, cluster] {
        let tag = aws_sdk_ecs::types::Tag::builder().key("a").value("1");
        let write = cloud.ecs.tag_resource().resource_arn(&arn);
        write.tags(tag.build()).send().await.unwrap();
        let listed = || cloud.ecs.list_tags_for_resource().resource_arn(&arn).send();
        assert_eq!(listed().await.unwrap().tags.unwrap().len(), 1);
        let remove = cloud.ecs.untag_resource().resource_arn(&arn);
        remove.tag_keys("a").send().await.unwrap();
        assert_eq!(listed().await.unwrap().tags.unwrap().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn many_tasks_are_started_in_bursts() {
    let cloud = Cloud::new();
    let registered = cloud.ecs.register_task_definition().family("api");
    let registered = registered
        .network_mode(NetworkMode::Awsvpc)
        .requires_compatibilities(Compatibility::Fargate)
        .cpu("256")
        .memory("512")
        .execution_role_arn("role")
        .container_definitions(container("api:v1"));
    registered.send().await.unwrap();
    let created = cloud.creation("api").desired_count(350);
    created.send().await.unwrap();
    assert_eq!(cloud.service().await.pending_count, 100);
    sleep(10_000).await;
    assert_eq!(cloud.service().await.running_count, 350);
    assert_eq!(cloud.rollout().await, "COMPLETED");
}
