//! What is a difference and what is none.

use proptest::prelude::*;

use super::super::origin::Origin;
use super::*;
use crate::platform::ecs::live::definition;
use crate::platform::ecs::settings::container::environment::KeyValue;
use crate::platform::ecs::settings::container::image::ContainerImage;
use crate::platform::ecs::settings::fields;
use crate::platform::ecs::settings::fields::definition::same;
use crate::platform::ecs::settings::render::{Setting, render};
use crate::platform::ecs::settings::unmanaged;
use crate::platform::ecs::settings::{Tag, TaskDefinition};

fn rendered(service: &EcsService) -> crate::platform::ecs::settings::Desired {
    let setting = Setting {
        tenant: &tenant(),
        place: &place_of(&spec(DEPLOY, TARGET)),
        origin: &Origin::default(),
    };
    render(service, &setting)
}

#[tokio::test(start_paused = true)]
async fn nothing_differs_right_after_a_deployment() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let planned = cloud.plan(&service()).await.unwrap();
    assert_eq!(shown(&planned.plan), Vec::<String>::new());
    assert_eq!(words(&planned.plan), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_told_by_its_field_and_its_effect() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let changed = service_with(&[
        ("api:v1", "api:v2"),
        ("\"abc\"", "\"def\""),
        ("max = 20", "max = 30"),
        ("team = \"checkout\"", "owner = \"ada\""),
        ("family = ", "exec = true\nmaximum_percent = 150\nfamily = "),
    ]);
    let planned = cloud.plan(&changed).await.unwrap();
    assert_eq!(
        shown(&planned.plan),
        [
            "task definition containers.api.environment.SESSION_TOKEN: (masked) -> (masked), another value (restarts)",
            "task definition containers.api.image: api:v1 -> api:v2 (restarts)",
            "service tags.owner: - -> ada (nothing visible)",
            "service tags.team: checkout -> - (nothing visible)",
            "service deployment.maximumPercent: 200 -> 150 (nothing visible)",
            "service enableExecuteCommand: false -> true (restarts)",
            "autoscaling max: 20 -> 30 (scales)",
        ]
    );
    assert_eq!(
        words(&planned.plan),
        [
            "register task definition api-service",
            "tag service api-service",
            "remove tags of service api-service",
            "update service api-service",
            "set autoscaling bounds of api-service",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_count_that_an_autoscaler_set_is_no_difference() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let update = cloud
        .ecs
        .ecs()
        .update_service()
        .cluster("main")
        .service("api-service")
        .desired_count(7);
    update.send().await.unwrap();
    cloud.rest().await;
    assert!(cloud.plan(&service()).await.unwrap().plan.is_empty());
    let changed = service_with(&[("api:v1", "api:v2")]);
    let plan = cloud.plan(&changed).await.unwrap().plan;
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert_eq!(started.desired, 7);
}

#[tokio::test(start_paused = true)]
async fn without_an_autoscaler_the_files_count_holds() {
    let cloud = Cloud::new().await;
    let scaling = "scaling = { min = 2, max = 20, cpu = 70 }\n";
    let fixed = service_with(&[(scaling, "")]);
    cloud.deploy(&fixed).await;
    let more = service_with(&[(scaling, ""), ("replicas = 2", "replicas = 3")]);
    let plan = cloud.plan(&more).await.unwrap().plan;
    assert_eq!(shown(&plan), ["service desiredCount: 2 -> 3 (scales)"]);
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert!(started.ours.count_only.is_some());
    assert!(cloud.plan(&more).await.unwrap().plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_count_left_to_others_is_no_difference_and_stays() {
    let cloud = Cloud::new().await;
    let scaling = "scaling = { min = 2, max = 20, cpu = 70 }\n";
    let external = |image: &'static str| {
        service_with(&[
            (scaling, ""),
            ("replicas = 2", "replicas = \"external\""),
            ("api:v1", image),
        ])
    };
    cloud.deploy(&external("api:v1")).await;
    let somebody = cloud.ecs.ecs().update_service();
    let somebody = somebody.cluster("main").service("api-service");
    somebody.desired_count(5).send().await.unwrap();
    cloud.rest().await;
    let planned = cloud.plan(&external("api:v1")).await.unwrap().plan;
    assert!(planned.is_empty());
    assert!(
        planned
            .notes
            .iter()
            .all(|note| note.code != "scaled_by_others")
    );
    let plan = cloud.plan(&external("api:v2")).await.unwrap().plan;
    let started = cloud.perform(&plan).await.unwrap().unwrap();
    assert_eq!(started.desired, 5);
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_that_leaves_the_count_to_others_leaves_it_as_it_is() {
    let cloud = Cloud::new().await;
    cloud.deploy(&service()).await;
    let somebody = cloud.ecs.ecs().update_service();
    let somebody = somebody.cluster("main").service("api-service");
    somebody.desired_count(5).send().await.unwrap();
    cloud.rest().await;
    let scaling = "scaling = { min = 2, max = 20, cpu = 70 }\n";
    let external = service_with(&[(scaling, ""), ("replicas = 2", "replicas = \"external\"")]);
    let plan = cloud.plan(&external).await.unwrap().plan;
    let shown = shown(&plan);
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].starts_with("autoscaling"), "{shown:?}");
}

#[test]
fn what_the_file_has_no_word_for_is_carried_over() {
    let wanted = rendered(&service()).task_definition;
    let mut base = unmanaged::merge(&wanted, None).unwrap();
    base.enable_fault_injection = Some(true);
    let container = &mut base.container_definitions.as_mut().unwrap()[0];
    container.disable_networking = Some(true);
    container.port_mappings.as_mut().unwrap()[0].name = Some("http".into());
    let changed = rendered(&service_with(&[("api:v1", "api:v2")])).task_definition;
    let merged = unmanaged::merge(&changed, Some(&base)).unwrap();
    let container = &merged.container_definitions()[0];
    assert_eq!(merged.enable_fault_injection, Some(true));
    assert_eq!(container.disable_networking, Some(true));
    assert_eq!(container.port_mappings()[0].name(), Some("http"));
    assert_eq!(container.image.as_deref(), Some("api:v2"));
    let left = unmanaged::residue(&merged);
    let paths: Vec<&str> = left.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        ["enableFaultInjection", "containers.api.disableNetworking"]
    );
}

#[test]
fn what_aws_fills_in_is_no_difference() {
    let wanted = rendered(&service()).task_definition;
    let mut read = unmanaged::merge(&wanted, None).unwrap();
    read.revision = 7;
    read.runtime_platform = Some(
        aws_sdk_ecs::types::RuntimePlatform::builder()
            .cpu_architecture("X86_64".into())
            .operating_system_family("LINUX".into())
            .build(),
    );
    read.volumes = Some(Vec::new());
    let container = &mut read.container_definitions.as_mut().unwrap()[0];
    container.essential = None;
    container.mount_points = Some(Vec::new());
    container.port_mappings.as_mut().unwrap()[0].host_port = Some(8080);
    container.version_consistency = Some("enabled".into());
    container.privileged = Some(false);
    let read_back = definition::config(&read, &[]);
    assert!(same(&read_back, &wanted));
    assert_eq!(unmanaged::residue(&read), []);
}

#[test]
fn a_secret_is_never_shown() {
    let shown = |value: &str| {
        let mut definition = rendered(&service()).task_definition;
        definition.container_definitions[0].environment.environment = vec![KeyValue {
            name: "DB_PASSWORD".into(),
            value: value.into(),
            sensitive: false,
        }];
        fields::definition::fields(&definition)
    };
    let differences = shown("hunter2").differences(&shown("hunter3"));
    let views = crate::platform::ecs::plan::draft::views("task definition", &differences);
    assert_eq!(views[0].from.as_deref(), Some("(masked)"));
    assert_eq!(views[0].to.as_deref(), Some("(masked), another value"));
}

fn definitions() -> impl Strategy<Value = TaskDefinition> {
    let environment = proptest::collection::btree_map("[A-Z]{1,6}", ".{0,12}", 0..6);
    let tags = proptest::collection::btree_map("[a-z]{1,6}", "[a-z]{0,6}", 0..4);
    let command = proptest::collection::vec("[a-z -]{0,8}", 0..4);
    (environment, tags, command, 0_i32..4096, any::<bool>()).prop_map(
        |(environment, tags, command, cpu, essential)| {
            let mut definition = rendered(&service()).task_definition;
            let container = &mut definition.container_definitions[0];
            container.environment.environment = environment
                .into_iter()
                .map(|(name, value)| KeyValue {
                    name,
                    value,
                    sensitive: false,
                })
                .collect();
            container.process.command = command;
            container.size.cpu = Some(cpu);
            container.image.essential = Some(essential);
            let sidecar = crate::platform::ecs::settings::ContainerDefinition {
                name: "proxy".into(),
                image: ContainerImage {
                    image: "proxy:1".into(),
                    essential: None,
                },
                ..Default::default()
            };
            definition.container_definitions.push(sidecar);
            definition.tags = tags
                .into_iter()
                .map(|(key, value)| Tag { key, value })
                .collect();
            definition
        },
    )
}

proptest! {
    #[test]
    fn what_is_read_back_is_what_was_asked_for(definition in definitions()) {
        let sent = unmanaged::merge(&definition, None).unwrap();
        prop_assert!(same(&definition::config(&sent, &[]), &definition));
    }

    #[test]
    fn order_is_no_difference(definition in definitions()) {
        let mut other = definition.clone();
        other.container_definitions.reverse();
        for container in &mut other.container_definitions {
            container.environment.environment.reverse();
            container.ports.port_mappings.reverse();
            container.environment.secrets.reverse();
        }
        prop_assert!(same(&definition, &other));
    }

    #[test]
    fn another_value_is_a_difference(definition in definitions(), value in ".{1,12}") {
        let mut other = definition.clone();
        let command = &mut other.container_definitions[0].process.command;
        command.push(value);
        prop_assert!(!same(&definition, &other));
    }
}
