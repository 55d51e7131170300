//! The task definition that a manifest asks for. Pure.

use serde_json::{Map, Value, json};

use super::beside::{awslogs, firelens, router, storage};
use super::{Manifest, argv, pairs, plain, seconds, set};

/// The task definition.
pub(super) fn task(manifest: &mut Manifest) -> Value {
    let (account, name) = (manifest.account, manifest.full_name());
    let mut task = Map::new();
    let size = |manifest: &Manifest, key: &str, usual: &str| {
        manifest.get(key).map_or_else(|| usual.to_owned(), plain)
    };
    set(&mut task, "family", Some(json!(name)));
    set(&mut task, "networkMode", Some(json!("awsvpc")));
    set(
        &mut task,
        "requiresCompatibilities",
        Some(json!(["FARGATE"])),
    );
    set(&mut task, "cpu", Some(json!(size(manifest, "cpu", "256"))));
    set(
        &mut task,
        "memory",
        Some(json!(size(manifest, "memory", "512"))),
    );
    set(
        &mut task,
        "executionRoleArn",
        Some(json!(format!(
            "arn:aws:iam::{account}:role/{name}-ExecutionRole"
        ))),
    );
    set(
        &mut task,
        "taskRoleArn",
        Some(json!(format!(
            "arn:aws:iam::{account}:role/{name}-TaskRole"
        ))),
    );
    set(&mut task, "runtimePlatform", platform(manifest));
    let scratch = manifest.at("/storage/ephemeral").and_then(Value::as_i64);
    let scratch = scratch
        .filter(|gib| *gib > 20)
        .map(|gib| json!({ "sizeInGiB": gib }));
    set(&mut task, "ephemeralStorage", scratch);
    let (volumes, mounts) = storage(manifest);
    set(&mut task, "volumes", Some(volumes));
    let mut all = vec![main(manifest, mounts)];
    let sidecars = manifest.get("sidecars").and_then(Value::as_object);
    for (name, sidecar) in sidecars.cloned().unwrap_or_default() {
        all.push(self::sidecar(&name, &sidecar, manifest));
    }
    all.extend(router(manifest));
    task.insert("containerDefinitions".to_owned(), Value::Array(all));
    Value::Object(task)
}

/// `linux/arm64`, or a table of both.
fn platform(manifest: &mut Manifest) -> Option<Value> {
    let platform = manifest.get("platform")?.clone();
    let part = |key: &str| platform.get(key).map(plain);
    let (system, architecture) = match &platform {
        Value::String(text) => match text.split_once('/') {
            Some((system, architecture)) => (system.to_owned(), architecture.to_owned()),
            None => (String::new(), text.clone()),
        },
        _ => (part("osfamily")?, part("architecture")?),
    };
    match (
        system.to_ascii_lowercase().as_str(),
        architecture.to_ascii_lowercase().as_str(),
    ) {
        ("linux", "amd64" | "x86_64") => None,
        ("linux", "arm" | "arm64") => {
            Some(json!({ "cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX" }))
        }
        (system, _) if system.starts_with("windows") => {
            let family = match system {
                "windows_server_2019_full" => "WINDOWS_SERVER_2019_FULL",
                "windows_server_2022_core" => "WINDOWS_SERVER_2022_CORE",
                "windows_server_2022_full" => "WINDOWS_SERVER_2022_FULL",
                _ => "WINDOWS_SERVER_2019_CORE",
            };
            Some(json!({ "cpuArchitecture": "X86_64", "operatingSystemFamily": family }))
        }
        _ => {
            manifest
                .note("the manifest's platform is none that Copilot knows: linux/amd64 is taken");
            None
        }
    }
}

fn main(manifest: &mut Manifest, mounts: Vec<Value>) -> Value {
    let image = manifest.get("image").cloned().unwrap_or_default();
    let own = manifest.all.clone();
    let mut container = process(&manifest.name.clone(), &own, manifest);
    set(
        &mut container,
        "image",
        Some(json!(image.get("location").map(plain).unwrap_or_default())),
    );
    set(&mut container, "essential", Some(json!(true)));
    if let Some(port) = image.get("port").and_then(Value::as_i64) {
        let mut mapping = json!({ "containerPort": port, "protocol": "tcp" });
        if manifest
            .at("/network/connect")
            .is_some_and(|connect| *connect != false)
        {
            mapping["name"] = json!("target");
        }
        set(&mut container, "portMappings", Some(json!([mapping])));
    }
    let secret = image
        .get("credentials")
        .map(|name| json!({ "credentialsParameter": plain(name) }));
    set(&mut container, "repositoryCredentials", secret);
    of_image(&image, &mut container, manifest);
    let read_only = manifest.at("/storage/readonly_fs") == Some(&json!(true));
    set(
        &mut container,
        "readonlyRootFilesystem",
        read_only.then_some(Value::Bool(true)),
    );
    set(&mut container, "mountPoints", Some(Value::Array(mounts)));
    let to = manifest
        .at("/logging/destination")
        .or(manifest.at("/logging/image"));
    let logs = if to.is_some() {
        firelens(manifest)
    } else {
        awslogs(manifest)
    };
    set(&mut container, "logConfiguration", Some(logs));
    Value::Object(container)
}

/// What is said of an image or of a sidecar: health, order, labels.
fn of_image(image: &Value, container: &mut Map<String, Value>, manifest: &mut Manifest) {
    set(
        container,
        "healthCheck",
        image.get("healthcheck").and_then(health),
    );
    let before = image.get("depends_on").and_then(Value::as_object);
    let before = before
        .into_iter()
        .flatten()
        .map(|(name, condition)| (name.clone(), plain(condition).to_ascii_uppercase()));
    set(
        container,
        "dependsOn",
        Some(pairs("containerName", "condition", before)),
    );
    let labels = image.get("labels").and_then(Value::as_object);
    let labels: Option<Map<String, Value>> = labels.map(|labels| {
        labels
            .iter()
            .map(|(key, value)| (key.clone(), json!(plain(value))))
            .collect()
    });
    set(container, "dockerLabels", labels.map(Value::Object));
    if image.get("build").is_some() && image.get("location").is_none() {
        manifest.note("Copilot builds the image: build it in your pipeline, and give its name");
    }
}

/// The health check of a container; Copilot's own numbers where some are not said.
fn health(check: &Value) -> Option<Value> {
    let command = match check.get("command")? {
        Value::String(line) => vec!["CMD-SHELL".to_owned(), line.clone()],
        list => argv(list),
    };
    let time = |key: &str, usual: i64| check.get(key).and_then(seconds).unwrap_or(usual);
    Some(json!({
        "command": command,
        "interval": time("interval", 10),
        "timeout": time("timeout", 5),
        "retries": time("retries", 2),
        "startPeriod": time("start_period", 0),
    }))
}

/// Variables, secrets and what is started, of a service or of a sidecar.
pub(super) fn process(name: &str, of: &Value, manifest: &mut Manifest) -> Map<String, Value> {
    let mut container = Map::new();
    set(&mut container, "name", Some(json!(name)));
    let members = |key: &str| {
        of.get(key)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut literals = Vec::new();
    for (key, value) in members("variables") {
        if value.is_object() {
            manifest.lose(
                &format!("variables.{key}"),
                &value,
                "its value is another stack's: say it under `env`",
            );
        } else {
            literals.push((key, plain(&value)));
        }
    }
    set(
        &mut container,
        "environment",
        Some(pairs("name", "value", literals)),
    );
    let mut secrets = Vec::new();
    for (key, value) in members("secrets") {
        match value.get("secretsmanager") {
            Some(secret) => {
                secrets.push((key, manifest.secret(&plain(secret))));
            }
            None if value.is_object() => {
                manifest.lose(
                    &format!("secrets.{key}"),
                    &value,
                    "its name is another stack's: say it under `secrets`",
                );
            }
            None => secrets.push((key, plain(&value))),
        }
    }
    set(
        &mut container,
        "secrets",
        Some(pairs("name", "valueFrom", secrets)),
    );
    set(
        &mut container,
        "entryPoint",
        of.get("entrypoint").map(argv).map(|argv| json!(argv)),
    );
    set(
        &mut container,
        "command",
        of.get("command").map(argv).map(|argv| json!(argv)),
    );
    container
}

fn sidecar(name: &str, sidecar: &Value, manifest: &mut Manifest) -> Value {
    let mut container = process(name, sidecar, manifest);
    let image = sidecar.get("image").cloned().unwrap_or_default();
    let location = image.get("location").map_or_else(
        || {
            if image.is_string() {
                plain(&image)
            } else {
                String::new()
            }
        },
        plain,
    );
    set(&mut container, "image", Some(json!(location)));
    let essential = sidecar.get("essential") != Some(&json!(false));
    set(&mut container, "essential", Some(json!(essential)));
    if let Some(port) = sidecar.get("port").map(plain) {
        let (number, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
        let mapping = number
            .parse::<i64>()
            .ok()
            .map(|number| json!([{ "containerPort": number, "protocol": protocol }]));
        set(&mut container, "portMappings", mapping);
    }
    let secret = sidecar
        .get("credentialsParameter")
        .map(|name| json!({ "credentialsParameter": plain(name) }));
    set(&mut container, "repositoryCredentials", secret);
    of_image(sidecar, &mut container, manifest);
    let mounts = sidecar
        .get("mount_points")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let known = manifest.at("/storage/volumes").cloned().unwrap_or_default();
    let mut taken = Vec::new();
    for mount in mounts {
        let volume = mount.get("source_volume").map(plain).unwrap_or_default();
        if known.get(&volume).is_some() {
            taken.push(super::beside::mount(&volume, &mount));
        } else {
            manifest.note(format!("sidecar {name} mounts `{volume}`, which `storage` does not name: Copilot refuses it at this environment"));
        }
    }
    set(&mut container, "mountPoints", Some(Value::Array(taken)));
    if sidecar.get("env_file").is_some() {
        manifest.lose(
            &format!("sidecars.{name}.env_file"),
            &Value::Null,
            "Copilot puts the file into a bucket: say its variables under `env`",
        );
    }
    set(&mut container, "logConfiguration", Some(awslogs(manifest)));
    Value::Object(container)
}
