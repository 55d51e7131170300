//! Volumes of a task, and where its containers have them.

use super::*;
use crate::import::{EcsSource, Source, import};
use crate::platform::ecs::settings::unmanaged;

const DATA: &str = r#"
[service.api.volumes]
cache = { scratch = true }
data = { efs = "fs-0123456789abcdef0", root = "/api", access_point = "fsap-0123456789abcdef0", iam = true }
[service.api.mounts]
"/cache" = "cache"
"/data" = { volume = "data", read_only = true }
"#;

fn service(more: &str) -> EcsService {
    services_of(&spec(&format!("{DEPLOY}{more}"), TARGET)).remove(0)
}

#[test]
fn a_task_definition_has_the_volumes_and_its_containers_their_mounts() {
    let setting = crate::platform::ecs::settings::render::Setting {
        tenant: &tenant(),
        place: &place_of(&spec(DEPLOY, TARGET)),
        origin: &Origin::default(),
    };
    let desired = crate::platform::ecs::settings::render::render(&service(DATA), &setting);
    let definition = serde_json::json!(desired.task_definition);
    assert_eq!(
        definition["volumes"],
        serde_json::json!([
            {"name": "cache"},
            {"name": "data", "efsVolumeConfiguration": {
                "fileSystemId": "fs-0123456789abcdef0",
                "rootDirectory": "/api",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "ENABLED"},
            }},
        ])
    );
    let made = unmanaged::merge(&desired.task_definition, None).unwrap();
    let mounts = made.container_definitions()[0].mount_points();
    assert_eq!(mounts[1].container_path(), Some("/data"));
    assert_eq!(mounts[1].read_only(), Some(true));
    let efs = made.volumes()[1].efs_volume_configuration().unwrap();
    assert_eq!(efs.root_directory(), Some("/api"));
}

#[tokio::test(start_paused = true)]
async fn volumes_are_compared_and_go_with_their_words() {
    let cloud = Cloud::new().await;
    let with = service(DATA);
    let rolled_out = async |service: &EcsService| {
        let plan = cloud.plan(service).await.unwrap().plan;
        cloud.perform(&plan).await.unwrap();
        cloud.rest().await;
        cloud.settle(&plan).await.unwrap();
        shown(&plan)
    };
    rolled_out(&with).await;
    assert!(cloud.plan(&with).await.unwrap().plan.is_empty());
    let other = service(&DATA.replace("\"cache\"\n", "{ volume = \"cache\", read_only = true }\n"));
    let told = rolled_out(&other).await;
    assert!(
        told.iter().any(|line| line.contains("mountPoints./cache")),
        "{told:?}"
    );
    let told = rolled_out(&service("")).await;
    assert!(
        told.iter().any(|line| line.contains("volumes.data")),
        "{told:?}"
    );
    assert!(cloud.plan(&service("")).await.unwrap().plan.is_empty());
}

const EBS: &str = r#"
[service.api.volumes]
work = { ebs = { size = "20GiB", type = "gp3", throughput = 250, filesystem = "ext4", role = "arn:aws:iam::123456789012:role/ecs-infrastructure" } }
[service.api.mounts]
"/work" = "work"
"#;

/// The volumes on EBS that the service has, and the volumes of its tasks.
fn launched(cloud: &Cloud) -> [serde_json::Value; 2] {
    let there = cloud
        .sandbox
        .with_world(|world| world.service("main/api-service"));
    let workload = &there.unwrap()["workload"];
    let volumes = &workload["taskDefinition"]["volumes"];
    let all = [&workload["volumeConfigurations"], volumes];
    all.map(|list| serde_json::json!(list.as_array().cloned().unwrap_or_default()))
}

#[tokio::test(start_paused = true)]
async fn a_volume_on_ebs_is_said_with_the_service_and_goes_with_its_word() {
    let cloud = Cloud::new().await;
    let rolled_out = async |more: &str| {
        let service = service(more);
        let plan = cloud.plan(&service).await.unwrap().plan;
        cloud.perform(&plan).await.unwrap();
        cloud.rest().await;
        cloud.settle(&plan).await.unwrap();
        let next = cloud.plan(&service).await.unwrap().plan;
        assert!(next.is_empty(), "{:?}", shown(&next));
    };
    rolled_out(EBS).await;
    let wanted = serde_json::json!([{ "name": "work", "managedEBSVolume": {
        "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure",
        "sizeInGiB": 20,
        "volumeType": "gp3",
        "throughput": 250,
        "filesystemType": "ext4",
    }}]);
    let made = |name: &str| serde_json::json!([{ "name": name, "configuredAtLaunch": true }]);
    assert_eq!(launched(&cloud), [wanted.clone(), made("work")]);
    // Another name takes the place of the first, since a task has one such volume.
    rolled_out(
        &EBS.replace("work = {", "scratchpad = {")
            .replace("\"work\"", "\"scratchpad\""),
    )
    .await;
    let mut renamed = wanted;
    renamed[0]["name"] = "scratchpad".into();
    assert_eq!(launched(&cloud), [renamed, made("scratchpad")]);
    rolled_out("").await;
    let none = serde_json::json!([]);
    assert_eq!(launched(&cloud), [none.clone(), none]);
}

/// What `init` writes of it asks for just the same.
#[test]
fn a_volume_on_ebs_comes_in_by_its_word() {
    let asked = super::elsewhere::requests(&service(EBS), TARGET);
    let source = Source::Ecs(vec![EcsSource {
        task: asked["taskDefinition"].clone(),
        service: Some(asked["service"].clone()),
        ..EcsSource::default()
    }]);
    let imported = import(&source, &"production".parse().unwrap()).unwrap();
    assert_eq!(imported.patched, []);
    assert!(
        !imported
            .losses
            .iter()
            .any(|loss| loss.path.contains("olume")),
        "{:?}",
        imported.losses
    );
    for word in ["\"20GiB\"", "\"gp3\"", "role/ecs-infrastructure\""] {
        assert!(imported.deploy.contains(word), "{}", imported.deploy);
    }
}
