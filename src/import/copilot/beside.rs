//! What stands beside the containers of a manifest: volumes, and where the logs go. Pure.

use serde_json::{Map, Value, json};

use super::containers::process;
use super::{Manifest, pairs, plain, set};

/// The router of Copilot's logging, and its image where none is named.
const ROUTER: &str = "log-router";
const ROUTER_IMAGE: &str = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";

/// Where a volume is mounted: read-only, unless it is said otherwise.
pub(super) fn mount(volume: &str, said: &Value) -> Value {
    json!({
        "sourceVolume": volume,
        "containerPath": said.get("path").map(plain).unwrap_or_default(),
        "readOnly": said.get("read_only") != Some(&json!(false)),
    })
}

/// The volumes of the task, and where the main container has them.
pub(super) fn storage(manifest: &mut Manifest) -> (Value, Vec<Value>) {
    let said = manifest.at("/storage/volumes").and_then(Value::as_object);
    let (mut volumes, mut mounts) = (Vec::new(), Vec::new());
    for (name, volume) in said.cloned().unwrap_or_default() {
        let mut made = Map::new();
        set(&mut made, "name", Some(json!(name)));
        let efs = volume.get("efs").filter(|efs| **efs != false).cloned();
        if let Some(efs) = efs {
            let id = efs.get("id").filter(|id| id.is_string()).map(plain);
            if id.is_none() {
                manifest.note(format!("Copilot made the file system of volume {name}: put its id in place of fs-0123456789abcdef0"));
            }
            let mut config = Map::new();
            set(
                &mut config,
                "fileSystemId",
                Some(json!(
                    id.unwrap_or_else(|| "fs-0123456789abcdef0".to_owned())
                )),
            );
            set(
                &mut config,
                "rootDirectory",
                efs.get("root_dir").map(|path| json!(plain(path))),
            );
            set(&mut config, "transitEncryption", Some(json!("ENABLED")));
            let auth = efs.get("auth");
            let mut authorization = Map::new();
            let point = auth.and_then(|auth| auth.get("access_point_id"));
            set(
                &mut authorization,
                "accessPointId",
                point.map(|id| json!(plain(id))),
            );
            let iam = auth.and_then(|auth| auth.get("iam")) == Some(&json!(true)) || efs == true;
            set(&mut authorization, "iam", iam.then(|| json!("ENABLED")));
            set(
                &mut config,
                "authorizationConfig",
                Some(Value::Object(authorization)),
            );
            made.insert("efsVolumeConfiguration".to_owned(), Value::Object(config));
        }
        volumes.push(Value::Object(made));
        if volume.get("path").is_some() {
            mounts.push(mount(&name, &volume));
        }
    }
    (Value::Array(volumes), mounts)
}

/// The group that Copilot makes for a service, and its prefix.
pub(super) fn awslogs(manifest: &Manifest) -> Value {
    json!({
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": format!("/copilot/{}", manifest.full_name()),
            "awslogs-region": manifest.region,
            "awslogs-stream-prefix": "copilot",
        },
    })
}

/// The main container's logs go through the router.
pub(super) fn firelens(manifest: &Manifest) -> Value {
    let table = |key: &str| {
        manifest
            .at(&format!("/logging/{key}"))
            .and_then(Value::as_object)
            .cloned()
    };
    let options: Map<String, Value> = table("destination")
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, json!(plain(&value))))
        .collect();
    let secrets = table("secretOptions").unwrap_or_default();
    let secrets = secrets
        .iter()
        .map(|(key, value)| (key.clone(), plain(value)));
    let mut logs = Map::new();
    set(&mut logs, "logDriver", Some(json!("awsfirelens")));
    set(&mut logs, "options", Some(Value::Object(options)));
    set(
        &mut logs,
        "secretOptions",
        Some(pairs("name", "valueFrom", secrets)),
    );
    Value::Object(logs)
}

/// Copilot's log router, where `logging` names a destination.
pub(super) fn router(manifest: &mut Manifest) -> Option<Value> {
    let logging = manifest.get("logging")?.clone();
    if logging.get("retention").is_some() {
        manifest.note("how long the log group keeps what it has is said of the group itself: `logging.retention`");
    }
    logging.get("destination").or(logging.get("image"))?;
    let mut container = process(ROUTER, &logging, manifest);
    let image = logging
        .get("image")
        .map_or_else(|| ROUTER_IMAGE.to_owned(), plain);
    set(&mut container, "image", Some(json!(image)));
    set(&mut container, "essential", Some(json!(true)));
    let metadata = logging.get("enableMetadata") != Some(&json!(false));
    let mut options = Map::new();
    set(
        &mut options,
        "enable-ecs-log-metadata",
        Some(json!(metadata.to_string())),
    );
    if let Some(path) = logging.get("configFilePath") {
        set(&mut options, "config-file-type", Some(json!("file")));
        set(&mut options, "config-file-value", Some(json!(plain(path))));
    }
    container.insert(
        "firelensConfiguration".into(),
        json!({ "type": "fluentbit", "options": options }),
    );
    set(&mut container, "logConfiguration", Some(awslogs(manifest)));
    Some(Value::Object(container))
}
