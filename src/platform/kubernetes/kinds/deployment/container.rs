//! One container of a pod.

use serde_json::{Map, Value, json};

use super::volumes;
use crate::platform::kubernetes::kinds::render::{seconds, secrets, transport};
use crate::platform::kubernetes::kinds::service::ports;
use crate::spec::{Check, Container, HealthCheck, KubeService, Probe, Resources, user_ids};

/// What a container is to its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The one that the service is about.
    Main,
    /// It runs beside the main one.
    Sidecar,
    /// It runs beside the main one and starts before it.
    Early {
        /// Whether the others wait until it is healthy.
        healthy: bool,
    },
    /// It runs to its end before the others start.
    Task,
}

impl Part {
    /// The part of a container that starts together with the main one, which may be it.
    pub(super) fn of(service: &KubeService, container: &Container) -> Self {
        if container.name == service.main().name {
            Self::Main
        } else {
            Self::Sidecar
        }
    }
}

/// A container as manifests have it.
pub(super) fn container(service: &KubeService, container: &Container, part: Part) -> Value {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        let empty = match &value {
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            value => value.is_null(),
        };
        if !empty {
            fields.insert(key.to_owned(), value);
        }
    };
    put("name", json!(container.name.as_str()));
    put("image", json!(container.image.as_str()));
    // Else a node that has the tag already would go on with what it had.
    put(
        "imagePullPolicy",
        json!(container.image.can_move().then_some("Always")),
    );
    put("command", plain(&container.entrypoint));
    put("args", plain(&container.command));
    put("workingDir", json!(container.working_dir));
    put("ports", ports_of(container, part));
    put("env", env(service, container));
    put("envFrom", json!(secrets::env_from(service, container)));
    put("resources", resources(service, container, part));
    put("securityContext", security(container));
    put("volumeMounts", volumes::mounts(container));
    if matches!(part, Part::Early { .. }) {
        put("restartPolicy", json!("Always"));
    }
    let drain = seconds(service.own.drain);
    if matches!(part, Part::Main | Part::Sidecar) && drain > 0 {
        put(
            "lifecycle",
            json!({ "preStop": { "sleep": { "seconds": drain } } }),
        );
    }
    for (key, probe) in probes(service, container, part) {
        put(key, probe);
    }
    Value::Object(fields)
}

/// A text that means itself: `$(NAME)` would be replaced, and `$$` become one dollar (Kubernetes
/// documentation, dependent environment variables).
pub(super) fn literal(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        found.push(c);
        if c == '$' && matches!(rest.peek(), Some('$' | '(')) {
            found.push('$');
        }
    }
    found
}

fn plain(words: &[String]) -> Value {
    let words: Vec<String> = words.iter().map(|word| literal(word)).collect();
    json!(words)
}

/// The first one of the main container, to which the Service sends, has a name.
fn ports_of(container: &Container, part: Part) -> Value {
    let ports = container.ports.iter().enumerate().map(|(index, port)| {
        let mut fields =
            json!({ "containerPort": port.number, "protocol": transport(port.protocol) });
        if index == 0 && part == Part::Main {
            fields["name"] = json!(ports::NAME);
        } else if let Some(name) = port.name.as_deref().filter(|name| fits(name)) {
            fields["name"] = json!(name);
        }
        if let Some(host) = port.host {
            fields["hostPort"] = json!(host);
        }
        fields
    });
    Value::Array(ports.collect())
}

/// Whether a port can be called so: at most 15 lower-case letters, digits and `-`, with a letter among them
/// (Kubernetes API reference, Container, ports).
fn fits(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let joined = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    name.len() <= 15
        && name.chars().all(plain)
        && name.chars().any(|c| c.is_ascii_lowercase())
        && !joined
        && name != ports::NAME
}

fn env(service: &KubeService, container: &Container) -> Value {
    let literals = container.env.iter();
    let mut all: Vec<Value> = literals
        .map(|(name, value)| json!({ "name": name, "value": literal(value.expose()) }))
        .collect();
    all.extend(secrets::env(service, container));
    Value::Array(all)
}

fn resources(service: &KubeService, container: &Container, part: Part) -> Value {
    let (requests, limits) = if part == Part::Main {
        (service.own.requests, service.own.limits)
    } else {
        let memory = container.memory;
        let requests = Resources {
            cpu: container.cpu.map(Resources::millis),
            memory,
        };
        (requests, Resources { cpu: None, memory })
    };
    let mut fields = Map::new();
    for (key, amounts) in [("requests", requests), ("limits", limits)] {
        let amounts = amount(amounts);
        if !amounts.is_empty() {
            fields.insert(key.to_owned(), Value::Object(amounts));
        }
    }
    Value::Object(fields)
}

/// Amounts as the API server writes them itself: in the largest unit that leaves them whole.
fn amount(resources: Resources) -> Map<String, Value> {
    let cpu = resources.cpu.map(|millis| match millis % 1000 {
        0 => (millis / 1000).to_string(),
        _ => format!("{millis}m"),
    });
    let memory = resources.memory.map(|mebibytes| match mebibytes % 1024 {
        0 => format!("{}Gi", mebibytes / 1024),
        _ => format!("{mebibytes}Mi"),
    });
    let both = [("cpu", cpu), ("memory", memory)];
    let said = both
        .into_iter()
        .filter_map(|(key, amount)| Some((key.to_owned(), json!(amount?))));
    said.collect()
}

fn security(container: &Container) -> Value {
    let mut fields = Map::new();
    if container.read_only_root {
        fields.insert("readOnlyRootFilesystem".into(), json!(true));
    }
    if let Some((user, group)) = container.user.as_deref().and_then(user_ids) {
        fields.insert("runAsUser".into(), json!(user));
        if let Some(group) = group {
            fields.insert("runAsGroup".into(), json!(group));
        }
    }
    Value::Object(fields)
}

/// Those of the main container are resolved; a sidecar's follow from its check: what stays unhealthy is
/// started anew, and an essential one keeps its pod from being ready.
fn probes(service: &KubeService, container: &Container, part: Part) -> Vec<(&'static str, Value)> {
    let kubernetes = &service.own;
    if part == Part::Main {
        let own = [
            ("readinessProbe", &kubernetes.readiness),
            ("livenessProbe", &kubernetes.liveness),
            ("startupProbe", &kubernetes.startup),
        ];
        let said = own
            .into_iter()
            .filter_map(|(key, probe)| Some((key, value(probe.as_ref()?))));
        return said.collect();
    }
    let Some(health) = container.health.as_ref().filter(|_| part != Part::Task) else {
        return Vec::new();
    };
    let check = value(&check(health));
    let mut found = vec![("livenessProbe", check.clone())];
    if container.essential {
        found.push(("readinessProbe", check.clone()));
    }
    if part == (Part::Early { healthy: true }) {
        found.push(("startupProbe", check));
    }
    found
}

fn check(health: &HealthCheck) -> Probe {
    Probe {
        check: Check::Command(health.command.clone()),
        delay: health.grace,
        period: health.interval,
        timeout: health.timeout,
        failures: health.retries,
    }
}

fn value(probe: &Probe) -> Value {
    let mut fields = match &probe.check {
        Check::Http(http) => json!({ "httpGet": { "path": http.path, "port": http.port } }),
        Check::Command(line) => json!({ "exec": { "command": ["/bin/sh", "-c", literal(line)] } }),
        Check::Tcp(port) => json!({ "tcpSocket": { "port": port } }),
    };
    if !probe.delay.is_zero() {
        fields["initialDelaySeconds"] = json!(seconds(probe.delay));
    }
    fields["periodSeconds"] = json!(seconds(probe.period));
    fields["timeoutSeconds"] = json!(seconds(probe.timeout));
    fields["failureThreshold"] = json!(probe.failures);
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::literal;

    /// What Kubernetes makes of `$` (Kubernetes documentation, dependent environment variables): `$(NAME)`
    /// is replaced where NAME is known, and `$$` is one dollar.
    fn expanded(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
            } else if rest.starts_with('(') && rest.contains(')') {
                out.push_str("REPLACED");
                rest = &rest[rest.find(')').unwrap() + 1..];
            } else {
                out.push('$');
            }
        }
        out + rest
    }

    proptest! {
        #[test]
        fn a_literal_stays_what_it_is(text in "[$()A a]{0,12}") {
            prop_assert_eq!(expanded(&literal(&text)), text);
        }
    }
}
