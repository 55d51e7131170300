//! One container of a pod.

use serde_json::{Map, Value, json};

use super::volumes;
use crate::platform::kubernetes::kinds::render::{seconds, secrets, transport};
use crate::platform::kubernetes::kinds::service::ports;
use crate::spec::{
    Check, Container, EnvRef, Hook, HttpProbe, KubePart, KubeService, Literal, Probe, PullPolicy,
    Resources, user_ids,
};

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
    let own = service.own.part(container.name.as_str());
    // Else a node that has the tag already would go on with what it had.
    let moves = container.image.can_move().then_some("Always");
    let policy = own.pull_policy.map(PullPolicy::as_str);
    put("imagePullPolicy", json!(policy.or(moves)));
    put("command", plain(&container.entrypoint));
    put("args", plain(&container.command));
    put("workingDir", json!(container.working_dir));
    put("ports", ports_of(container, part));
    put("env", env(service, container));
    put("envFrom", json!(secrets::env_from(service, container)));
    put("resources", resources(own));
    put("securityContext", security(container, own));
    put("volumeMounts", volumes::mounts(container));
    if matches!(part, Part::Early { .. }) {
        put("restartPolicy", json!("Always"));
    }
    if matches!(part, Part::Main | Part::Sidecar) {
        put("lifecycle", lifecycle(service, own));
    }
    for (key, probe) in probes(own, container, part) {
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

/// The first one of the main container, to which the Service sends, has a name in any case.
fn ports_of(container: &Container, part: Part) -> Value {
    let ports = container.ports.iter().enumerate().map(|(index, port)| {
        let mut fields =
            json!({ "containerPort": port.number, "protocol": transport(port.protocol) });
        let is_first = index == 0 && part == Part::Main;
        let usual = is_first.then_some(ports::NAME);
        if let Some(name) = ports::said(port).or(usual) {
            fields["name"] = json!(name);
        }
        if let Some(host) = port.host {
            fields["hostPort"] = json!(host);
        }
        fields
    });
    Value::Array(ports.collect())
}

fn env(service: &KubeService, container: &Container) -> Value {
    let literals = container.env.iter();
    let mut all: Vec<Value> = literals
        .map(|(name, value)| json!({ "name": name, "value": said(value) }))
        .collect();
    let refs = container.env_refs.iter();
    all.extend(refs.map(|(name, from)| json!({ "name": name, "valueFrom": filled(name, from) })));
    all.extend(secrets::env(service, container));
    Value::Array(all)
}

/// A text that means itself, unless it is to be filled in.
fn said(value: &Literal) -> String {
    if value.expands() {
        value.expose().to_owned()
    } else {
        literal(value.expose())
    }
}

fn filled(name: &str, from: &EnvRef) -> Value {
    match from {
        EnvRef::Field(path) => json!({ "fieldRef": { "fieldPath": path } }),
        EnvRef::Resource {
            resource,
            container,
            divisor,
        } => {
            let mut fields = json!({ "resource": resource });
            if let Some(container) = container {
                fields["containerName"] = json!(container.as_str());
            }
            if let Some(divisor) = divisor {
                fields["divisor"] = json!(divisor);
            }
            json!({ "resourceFieldRef": fields })
        }
        EnvRef::Config {
            name: config,
            key,
            optional,
        } => {
            let key = key.as_deref().unwrap_or(name);
            let mut fields = json!({ "name": config.as_str(), "key": key });
            if *optional {
                fields["optional"] = json!(true);
            }
            json!({ "configMapKeyRef": fields })
        }
    }
}

fn resources(own: &KubePart) -> Value {
    let mut fields = Map::new();
    for (key, amounts) in [("requests", &own.requests), ("limits", &own.limits)] {
        let amounts = amount(amounts);
        if !amounts.is_empty() {
            fields.insert(key.to_owned(), Value::Object(amounts));
        }
    }
    Value::Object(fields)
}

/// Amounts as the API server writes them itself: in the largest unit that leaves them whole.
fn amount(resources: &Resources) -> Map<String, Value> {
    let cpu = resources.cpu.map(|millis| match millis % 1000 {
        0 => (millis / 1000).to_string(),
        _ => format!("{millis}m"),
    });
    let both = [
        ("cpu", cpu),
        ("memory", resources.memory.map(bytes)),
        ("ephemeral-storage", resources.ephemeral_storage.map(bytes)),
    ];
    let said = both
        .into_iter()
        .filter_map(|(key, amount)| Some((key.to_owned(), json!(amount?))));
    let extended = resources.extended.iter();
    let extended = extended.map(|(name, count)| (name.clone(), json!(count.to_string())));
    said.chain(extended).collect()
}

/// An amount as the API server writes it itself: in the largest unit that leaves it whole.
pub(super) fn bytes(bytes: u64) -> String {
    let units: [(u64, &str); 5] = [
        (1 << 30, "Gi"),
        (1 << 20, "Mi"),
        (1 << 10, "Ki"),
        (1_000_000, "M"),
        (1000, "k"),
    ];
    let whole = units
        .into_iter()
        .find(|(unit, _)| bytes.is_multiple_of(*unit));
    let (unit, name) = whole.unwrap_or((1, ""));
    format!("{}{name}", bytes / unit)
}

fn security(container: &Container, own: &KubePart) -> Value {
    let mut fields = own.security.as_object().cloned().unwrap_or_default();
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

/// What it does at the turns of its life: it drains, unless something else is said.
fn lifecycle(service: &KubeService, own: &KubePart) -> Value {
    let mut fields = Map::new();
    let drain = Some(service.own.drain).filter(|drain| !drain.is_zero());
    let drain = drain.map(Hook::Sleep);
    if let Some(stop) = own.pre_stop.as_ref().or(drain.as_ref()) {
        fields.insert("preStop".to_owned(), hook(stop));
    }
    if let Some(start) = &own.post_start {
        fields.insert("postStart".to_owned(), hook(start));
    }
    Value::Object(fields)
}

fn hook(hook: &Hook) -> Value {
    match hook {
        Hook::Exec(argv) => json!({ "exec": { "command": plain(argv) } }),
        Hook::Command(line) => json!({ "exec": { "command": shell(line) } }),
        Hook::Http(http) => json!({ "httpGet": get(http) }),
        Hook::Sleep(time) => json!({ "sleep": { "seconds": seconds(*time) } }),
    }
}

/// What runs to its end is not asked; what the others wait for must have become healthy.
fn probes(own: &KubePart, container: &Container, part: Part) -> Vec<(&'static str, Value)> {
    if part == Part::Task {
        return Vec::new();
    }
    let healthy = (part == Part::Early { healthy: true }).then_some(&own.liveness);
    let waited = healthy.and_then(Option::as_ref);
    let waited = waited.filter(|_| container.health.is_some());
    let all = [
        ("readinessProbe", own.readiness.as_ref()),
        ("livenessProbe", own.liveness.as_ref()),
        ("startupProbe", own.startup.as_ref().or(waited)),
    ];
    let said = all.into_iter();
    said.filter_map(|(key, probe)| Some((key, value(probe?))))
        .collect()
}

fn shell(line: &str) -> Value {
    json!(["/bin/sh", "-c", literal(line)])
}

fn get(http: &HttpProbe) -> Value {
    let mut fields = json!({ "path": http.path, "port": http.port });
    if let Some(scheme) = http.scheme {
        fields["scheme"] = json!(scheme.as_str());
    }
    if let Some(host) = &http.host {
        fields["host"] = json!(host);
    }
    if !http.headers.is_empty() {
        let headers = http.headers.iter();
        let headers = headers.map(|(name, value)| json!({ "name": name, "value": value }));
        fields["httpHeaders"] = headers.collect();
    }
    fields
}

fn value(probe: &Probe) -> Value {
    let mut fields = match &probe.check {
        Check::Http(http) => json!({ "httpGet": get(http) }),
        Check::Command(line) => json!({ "exec": { "command": shell(line) } }),
        Check::Exec(argv) => json!({ "exec": { "command": plain(argv) } }),
        Check::Tcp(port) => json!({ "tcpSocket": { "port": port } }),
        Check::Grpc { port, service } => {
            let mut grpc = json!({ "port": port });
            if let Some(service) = service {
                grpc["service"] = json!(service);
            }
            json!({ "grpc": grpc })
        }
    };
    if !probe.delay.is_zero() {
        fields["initialDelaySeconds"] = json!(seconds(probe.delay));
    }
    fields["periodSeconds"] = json!(seconds(probe.period));
    fields["timeoutSeconds"] = json!(seconds(probe.timeout));
    fields["failureThreshold"] = json!(probe.failures);
    if let Some(successes) = probe.successes {
        fields["successThreshold"] = json!(successes);
    }
    if let Some(grace) = probe.termination_grace {
        fields["terminationGracePeriodSeconds"] = json!(seconds(grace));
    }
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
