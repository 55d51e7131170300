//! A Deployment, or what else runs pods, and the objects that belong to it.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use serde_json::{Value, json};

use crate::spec::Misfit;
use crate::spec::WorkloadKind;
use crate::spec::patch::kube_json::misfits;

pub(super) use crate::spec::manifests::text;

/// What runs pods, with what belongs to it, ports said by number.
#[derive(Default)]
pub(super) struct Family {
    /// The service's name in the files: the main container's, or where others are called so too the
    /// Deployment's.
    pub(super) name: String,
    /// The main container's name.
    pub(super) main: String,
    /// A Deployment, a `StatefulSet` or a `DaemonSet`.
    pub(super) deployment: Value,
    pub(super) service: Option<Value>,
    pub(super) ingress: Option<Value>,
    pub(super) scaler: Option<Value>,
    pub(super) budget: Option<Value>,
    pub(super) account: Option<Value>,
    pub(super) route: Option<Value>,
    pub(super) bindings: Vec<Value>,
    pub(super) policy: Option<Value>,
    /// What KEDA scales it by.
    pub(super) keda: Option<Value>,
    /// By which KEDA asks.
    pub(super) authentications: Vec<Value>,
    /// What stands in the Deployment that the API does not know, and drops.
    pub(super) unknown: Vec<String>,
    /// As they were.
    pub(super) sources: Vec<Value>,
}

/// The kind of an object.
pub(super) fn kind(object: &Value) -> &str {
    object
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The name of an object.
pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `Deployment api`.
pub(super) fn title(object: &Value) -> String {
    format!("{} {}", kind(object), name(object))
}

/// The items of a list at a pointer.
pub(super) fn items<'v>(object: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The containers of a Deployment's pods.
pub(super) const CONTAINERS: &str = "/spec/template/spec/containers";

/// The containers that run before those.
pub(super) const INIT: &str = "/spec/template/spec/initContainers";

/// All that runs pods, each with its own.
pub(super) fn families(manifests: &[Value]) -> Vec<Family> {
    let runs = |object: &&Value| {
        WorkloadKind::called(kind(object)).is_some() && items(object, CONTAINERS).next().is_some()
    };
    let mut found: Vec<Family> = manifests
        .iter()
        .filter(runs)
        .map(|one| Family::of(one, manifests))
        .collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for family in &found {
        *counts.entry(family.main.clone()).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut all: Vec<Family> = Vec::new();
    for mut family in found.drain(..) {
        if counts.get(&family.main).is_some_and(|count| *count > 1) {
            family.name = name(&family.deployment).replace('.', "-");
        }
        while !taken.insert(family.name.clone()) {
            family.name += "-2";
        }
        family.leave_to(&all);
        family.gather(manifests, &all);
        all.push(family);
    }
    all
}

/// Puts the number in the place of a port's name.
fn number(value: &mut Value, named: &[(Value, Value)]) {
    if let Some((_, number)) = named.iter().find(|(name, _)| name == value) {
        *value = number.clone();
    }
}

/// The name of the service account, under its present key or the one of old.
fn account_of(deployment: &Value) -> &str {
    let keys = ["serviceAccountName", "serviceAccount"].into_iter();
    let mut names = keys.map(|key| text(deployment, &format!("/spec/template/spec/{key}")));
    names.find(|name| !name.is_empty()).unwrap_or_default()
}

impl Family {
    fn of(deployment: &Value, manifests: &[Value]) -> Self {
        let labels = deployment.pointer("/spec/template/metadata/labels");
        let of = |wanted: &str, belongs: &dyn Fn(&Value) -> bool| {
            let mut all = manifests.iter();
            all.find(|object| kind(object) == wanted && belongs(object))
                .cloned()
        };
        let selects = |object: &Value, pointer: &str| {
            let selector = object.pointer(pointer).and_then(Value::as_object);
            selector.is_some_and(|selector| {
                let has = |(key, value): (&String, &Value)| {
                    labels.and_then(|labels| labels.get(key)) == Some(value)
                };
                !selector.is_empty() && selector.iter().all(has)
            })
        };
        let service = of("Service", &|object| selects(object, "/spec/selector"));
        let leads = |object: &Value| {
            let mut rules = items(object, "/spec/rules");
            service.as_ref().is_some_and(|service| {
                rules.any(|rule| {
                    let mut paths = items(rule, "/http/paths");
                    paths.any(|path| text(path, "/backend/service/name") == name(service))
                })
            })
        };
        let account = account_of(deployment);
        let scales = |object: &Value| {
            text(object, "/spec/scaleTargetRef/kind") == kind(deployment)
                && text(object, "/spec/scaleTargetRef/name") == name(deployment)
        };
        let all = [
            Some(deployment.clone()),
            service.clone(),
            of("Ingress", &leads),
            of("HorizontalPodAutoscaler", &scales),
            of("PodDisruptionBudget", &|object| {
                selects(object, "/spec/selector/matchLabels")
            }),
            of("ServiceAccount", &|object| name(object) == account),
        ];
        let sources = all.iter().flatten().cloned().collect();
        let [_, service, ingress, scaler, budget, account] = all;
        let main = text(main(deployment, service.as_ref()), "/name");
        let mut family = Self {
            name: main.to_owned(),
            main: main.to_owned(),
            deployment: deployment.clone(),
            service,
            ingress,
            scaler,
            budget,
            account,
            sources,
            // These are gathered once it is known what others have.
            ..Self::default()
        };
        family.drop_unknown();
        family.filled();
        family.number_ports();
        family.modern();
        family
    }

    /// All of them, as they were.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Value> {
        self.sources.iter()
    }

    /// Whether this object is one of them.
    pub(super) fn holds(&self, object: &Value) -> bool {
        self.sources.contains(object)
    }

    /// Takes away what the API does not know.
    fn drop_unknown(&mut self) {
        let misfits = match kind(&self.deployment) {
            "StatefulSet" => misfits::<StatefulSet>(&self.deployment),
            "DaemonSet" => misfits::<DaemonSet>(&self.deployment),
            _ => misfits::<Deployment>(&self.deployment),
        };
        for misfit in misfits {
            let Misfit::Unknown { path, .. } = misfit else {
                continue;
            };
            let (parent, key) = path.rsplit_once('.').unwrap_or(("", &path));
            let pointer = match parent {
                "" => String::new(),
                parent => format!("/{}", parent.replace('.', "/")),
            };
            let parent = self.deployment.pointer_mut(&pointer);
            let taken = parent
                .and_then(Value::as_object_mut)
                .and_then(|parent| parent.remove(key));
            self.unknown.extend(taken.map(|_| path.clone()));
        }
    }

    /// What several Deployments have in common is the first one's.
    fn leave_to(&mut self, earlier: &[Self]) {
        let is_taken = |own: &Option<Value>, of: fn(&Self) -> Option<&Value>| {
            let mut others = earlier.iter().filter_map(of);
            others.any(|other| own.as_ref().is_some_and(|own| name(own) == name(other)))
        };
        let mut taken = Vec::new();
        if is_taken(&self.service, |other| other.service.as_ref()) {
            taken.extend(self.service.take());
        }
        if is_taken(&self.ingress, |other| other.ingress.as_ref()) {
            taken.extend(self.ingress.take());
        }
        if is_taken(&self.budget, |other| other.budget.as_ref()) {
            taken.extend(self.budget.take());
        }
        let is_it = |one: &Value| taken.iter().any(|other| title(one) == title(other));
        self.sources.retain(|one| !is_it(one));
    }

    /// All of them, as they are compared.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Value> {
        let own = [
            &self.service,
            &self.ingress,
            &self.scaler,
            &self.budget,
            &self.account,
            &self.route,
            &self.policy,
            &self.keda,
        ];
        let own = own.into_iter().flatten().chain(&self.bindings);
        let own = own.chain(&self.authentications);
        std::iter::once(&self.deployment).chain(own)
    }

    /// The main container.
    pub(super) fn main(&self) -> &Value {
        let mut all = items(&self.deployment, CONTAINERS);
        all.find(|one| self.is_main(one)).unwrap_or(&Value::Null)
    }

    /// Whether its pods run one container and no other.
    pub(super) fn is_alone(&self) -> bool {
        let all = [CONTAINERS, INIT].into_iter();
        all.flat_map(|list| items(&self.deployment, list)).count() == 1
    }

    /// Whether this is the main container.
    pub(super) fn is_main(&self, container: &Value) -> bool {
        text(container, "/name") == self.main
    }

    /// How many ports of its containers are called so.
    pub(super) fn ports_named(&self, name: &str) -> usize {
        let all = [CONTAINERS, INIT].into_iter();
        let containers = all.flat_map(|list| items(&self.deployment, list));
        let ports = containers.flat_map(|one| items(one, "/ports"));
        ports.filter(|port| text(port, "/name") == name).count()
    }

    /// Names of ports are said by their numbers, since ours have other names.
    fn number_ports(&mut self) {
        let mut named = Vec::new();
        for container in items(&self.deployment, CONTAINERS) {
            for port in items(container, "/ports") {
                if let (Some(name), Some(number)) = (port.get("name"), port.get("containerPort")) {
                    named.push((name.clone(), number.clone()));
                }
            }
        }
        let containers = self
            .deployment
            .pointer_mut(CONTAINERS)
            .and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            for action in [
                "readinessProbe/httpGet",
                "readinessProbe/tcpSocket",
                "livenessProbe/httpGet",
                "livenessProbe/tcpSocket",
                "startupProbe/httpGet",
                "startupProbe/tcpSocket",
                "lifecycle/preStop/httpGet",
                "lifecycle/postStart/httpGet",
            ] {
                if let Some(port) = container.pointer_mut(&format!("/{action}/port")) {
                    number(port, &named);
                }
            }
        }
        self.number_targets(&named);
    }

    /// Where the Service and the Ingress send to.
    fn number_targets(&mut self, named: &[(Value, Value)]) {
        let mut of_service = Vec::new();
        let ports = self
            .service
            .as_mut()
            .and_then(|service| service.pointer_mut("/spec/ports"));
        for port in ports.and_then(Value::as_array_mut).into_iter().flatten() {
            if let (Some(name), Some(number)) = (port.get("name"), port.get("port")) {
                of_service.push((name.clone(), number.clone()));
            }
            let own = port.get("port").cloned();
            match port.get_mut("targetPort") {
                Some(target) => number(target, named),
                None => {
                    if let (Some(port), Some(own)) = (port.as_object_mut(), own) {
                        port.insert("targetPort".into(), own);
                    }
                }
            }
        }
        let service_name = self.service.as_ref().map(|one| name(one).to_owned());
        let rules = self
            .ingress
            .as_mut()
            .and_then(|ingress| ingress.pointer_mut("/spec/rules"));
        for rule in rules.and_then(Value::as_array_mut).into_iter().flatten() {
            let paths = rule
                .pointer_mut("/http/paths")
                .and_then(Value::as_array_mut);
            for path in paths.into_iter().flatten() {
                let to = path.pointer("/backend/service/name");
                if to.and_then(Value::as_str) != service_name.as_deref() {
                    continue;
                }
                let port = path.pointer_mut("/backend/service/port");
                let Some(port) = port else { continue };
                if let Some(mut name) = port.get("name").cloned() {
                    number(&mut name, &of_service);
                    if name.is_number() {
                        *port = json!({ "number": name });
                    }
                }
            }
        }
    }
}

/// The container that the Service sends to, else the first.
fn main<'v>(deployment: &'v Value, service: Option<&Value>) -> &'v Value {
    let port = service.and_then(|service| service.pointer("/spec/ports/0"));
    let target = port.and_then(|port| port.get("targetPort").or_else(|| port.get("port")));
    let listens = |container: &&Value| {
        let mut ports = items(container, "/ports");
        target.is_some()
            && ports.any(|port| port.get("containerPort") == target || port.get("name") == target)
    };
    let mut all = items(deployment, CONTAINERS);
    let found = items(deployment, CONTAINERS).find(listens);
    found.or_else(|| all.next()).unwrap_or(&Value::Null)
}
