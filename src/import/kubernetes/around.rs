//! The words of the files for what stands around the pods: target groups, and a network policy.

use serde_json::{Value, json};

use super::family::{self, Family, items, text};
use super::gateway;
use super::labels::{Labels, annotations, table_at};
use crate::import::write::{Word, Words, say};
use crate::names::Arn;
use crate::spec::{Binding, NAMESPACE};

/// Whether this makes pods of a Service of that name targets of a load balancer.
pub(super) fn binds(object: &Value, service: &str) -> bool {
    family::kind(object) == "TargetGroupBinding" && text(object, "/spec/serviceRef/name") == service
}

/// Whether the words say all of a binding; else it is carried along as it is.
pub(super) fn is_binding(object: &Value) -> bool {
    let known = ["serviceRef", "targetGroupARN", "targetType", "networking"];
    let spec = object.get("spec").and_then(Value::as_object);
    text(object, "/apiVersion") == "elbv2.k8s.aws/v1beta1"
        && spec.is_some_and(|spec| spec.keys().all(|key| known.contains(&key.as_str())))
        && text(object, "/spec/targetGroupARN").parse::<Arn>().is_ok()
        && !text(object, "/spec/targetType").is_empty()
}

/// `target_group`, or `target_groups`.
pub(super) fn bindings(family: &Family, labels: &Labels, words: &mut Words) {
    let name = family::name(&family.deployment);
    let first = family
        .service
        .as_ref()
        .and_then(|own| own.pointer("/spec/ports/0/port"));
    let all = family.bindings.iter().map(|binding| {
        let arn = text(binding, "/spec/targetGroupARN");
        let mut words = vec![("arn".to_owned(), Word::text(arn))];
        let port = binding.pointer("/spec/serviceRef/port");
        let port = port.filter(|port| Some(*port) != first);
        say(&mut words, "port", port.map(Word::api));
        let kind = text(binding, "/spec/targetType");
        say(&mut words, "type", (kind != "ip").then(|| Word::text(kind)));
        let networking = binding.pointer("/spec/networking");
        say(&mut words, "networking", networking.map(Word::api));
        let called = family::name(binding);
        let other = called != Binding::usual_name(name, arn);
        say(&mut words, "name", other.then(|| Word::text(called)));
        say(&mut words, "labels", labels.own(binding));
        say(&mut words, "annotations", annotations(binding, &[]));
        words
    });
    let mut all: Vec<Words> = all.collect();
    match all.as_mut_slice() {
        [] => {}
        [one] if one.len() == 1 => {
            words.extend(one.pop().map(|(_, arn)| ("target_group".to_owned(), arn)));
        }
        all => {
            let all = all.iter().cloned().map(Word::Table);
            say(words, "target_groups", Some(Word::List(all.collect())));
        }
    }
}

/// Says what the API fills in: the directions that a policy is about, in their usual order.
pub(super) fn modern(policy: &mut Value) {
    let Some(spec) = policy.get_mut("spec").filter(|spec| spec.is_object()) else {
        return;
    };
    let said: Option<Vec<String>> = spec
        .get("policyTypes")
        .and_then(|types| serde_json::from_value(types.clone()).ok());
    let egress = items(spec, "/egress").next().is_some();
    let is_about = |kind: &str| match &said {
        Some(types) => types.iter().any(|one| one == kind),
        None => kind == "Ingress" || egress,
    };
    let types: Vec<&str> = ["Ingress", "Egress"]
        .into_iter()
        .filter(|kind| is_about(kind))
        .collect();
    spec["policyTypes"] = json!(types);
    for list in ["ingress", "egress"] {
        let rules = spec.get_mut(list).and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten() {
            let ports = rule.get_mut("ports").and_then(Value::as_array_mut);
            for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
                port.entry("protocol").or_insert_with(|| json!("TCP"));
            }
        }
    }
}

/// `network_policy`; `None`: there is none, or the words do not say it.
pub(super) fn policy(policy: &Value, name: &str, labels: &Labels) -> Option<Word> {
    let spec = policy.get("spec")?;
    let known = ["podSelector", "policyTypes", "ingress", "egress"];
    if !spec
        .as_object()?
        .keys()
        .all(|key| known.contains(&key.as_str()))
    {
        return None;
    }
    let mut words = Words::new();
    for (kind, key, side, ports, peers) in [
        ("Ingress", "ingress", "from", "ports", "from"),
        ("Egress", "egress", "to", "to_ports", "to"),
    ] {
        let rules: Vec<&Value> = items(spec, &format!("/{key}")).collect();
        let mut types = items(spec, "/policyTypes");
        match (types.any(|one| one == kind), rules.as_slice()) {
            (false, []) => {}
            (false, _) => return None,
            (true, []) => say(&mut words, peers, Some(Word::List(Vec::new()))),
            (true, [one]) if one.as_object().is_some_and(|one| !one.is_empty()) => {
                words.extend(rule(one, side, (peers, ports))?);
            }
            (true, all) => {
                let all = all
                    .iter()
                    .map(|one| rule(one, side, ("peers", "ports")).map(Word::Table));
                let all = all.collect::<Option<Vec<Word>>>()?;
                say(&mut words, key, Some(Word::List(all)));
            }
        }
    }
    let called = family::name(policy);
    say(
        &mut words,
        "name",
        (called != name).then(|| Word::text(called)),
    );
    let selector = "/spec/podSelector/matchLabels";
    let selects = labels.select(policy.pointer(selector));
    let selector = (!selects).then(|| table_at(policy, selector)).flatten();
    say(&mut words, "selector", selector);
    say(&mut words, "labels", labels.own(policy));
    say(&mut words, "annotations", annotations(policy, &[]));
    Some(Word::Table(words))
}

/// The peers and ports of a rule, under these keys.
fn rule(rule: &Value, side: &str, (peers, ports): (&str, &str)) -> Option<Words> {
    let mut words = Words::new();
    let all = items(rule, &format!("/{side}"))
        .map(peer)
        .collect::<Option<Vec<Word>>>()?;
    let all = (!all.is_empty()).then_some(Word::List(all));
    say(&mut words, peers, all);
    let all = items(rule, "/ports")
        .map(port)
        .collect::<Option<Vec<Word>>>()?;
    let all = (!all.is_empty()).then_some(Word::List(all));
    say(&mut words, ports, all);
    Some(words)
}

fn port(port: &Value) -> Option<Word> {
    let said = port.get("port")?;
    let udp = match text(port, "/protocol") {
        "TCP" => false,
        "UDP" => true,
        _ => return None,
    };
    let (number, last) = (said.as_u64(), port.get("endPort").and_then(Value::as_u64));
    let ports = match (number, last) {
        (Some(number), None) if !udp => return Some(Word::plain(number)),
        (Some(number), None) => number.to_string(),
        (Some(number), Some(last)) => format!("{number}-{last}"),
        (None, _) => said.as_str()?.to_owned(),
    };
    Some(Word::text(if udp { format!("{ports}/udp") } else { ports }))
}

fn peer(peer: &Value) -> Option<Word> {
    let mut words = Words::new();
    for (key, value) in peer.as_object()? {
        match key.as_str() {
            "ipBlock" => {
                say(&mut words, "cidr", value.get("cidr").map(Word::api));
                say(&mut words, "except", value.get("except").map(Word::api));
            }
            "podSelector" => words.push(("pods".to_owned(), selector(value)?)),
            "namespaceSelector" => match selector(value)? {
                Word::Table(labels) => match labels.as_slice() {
                    [(key, name)] if key == NAMESPACE => {
                        words.push(("namespace".to_owned(), name.clone()));
                    }
                    _ => words.push(("namespaces".to_owned(), Word::Table(labels))),
                },
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(Word::Table(words))
}

/// The labels of a selector that has nothing else.
fn selector(selector: &Value) -> Option<Word> {
    let members = selector.as_object()?;
    match (members.len(), members.get("matchLabels")) {
        (0, _) => Some(Word::Table(Words::new())),
        (1, Some(labels)) if labels.as_object().is_some_and(|labels| !labels.is_empty()) => {
            Some(Word::api(labels))
        }
        _ => None,
    }
}

impl Family {
    /// Takes what stands around its pods and can be said, unless it is an earlier one's already.
    pub(super) fn gather(&mut self, manifests: &[Value], earlier: &[Self]) {
        let service = self
            .service
            .as_ref()
            .map(|one| family::name(one).to_owned());
        if let Some(service) = &service {
            let leads = |one: &&Value| gateway::leads(one, service) && gateway::is_sayable(one);
            self.route = manifests.iter().find(leads).cloned();
            let bound = |one: &&Value| binds(one, service) && is_binding(one);
            self.bindings = manifests.iter().filter(bound).cloned().collect();
        }
        let is_taken = |one: &Value| {
            let mut others = earlier.iter().filter_map(|other| other.policy.as_ref());
            others.any(|other| family::name(other) == family::name(one))
        };
        let labels = Labels::of(self);
        self.policy = manifests.iter().find_map(|one| {
            let mut own = one.clone();
            modern(&mut own);
            let fits =
                self.is_restricted_by(one) && !is_taken(one) && policy(&own, "", &labels).is_some();
            fits.then(|| one.clone())
        });
        let own = self.route.iter().chain(&self.bindings).chain(&self.policy);
        let own: Vec<Value> = own.cloned().collect();
        self.sources.extend(own);
        self.route.iter_mut().for_each(gateway::modern);
        self.policy.iter_mut().for_each(modern);
        self.gather_keda(manifests, earlier);
    }

    /// Whether a policy names its pods by their labels.
    fn is_restricted_by(&self, object: &Value) -> bool {
        let labels = self.deployment.pointer("/spec/template/metadata/labels");
        let selector = object
            .pointer("/spec/podSelector/matchLabels")
            .and_then(Value::as_object);
        let only = object
            .pointer("/spec/podSelector")
            .and_then(Value::as_object);
        family::kind(object) == "NetworkPolicy"
            && only.is_some_and(|only| only.len() == 1)
            && selector.is_some_and(|selector| {
                let mut all = selector.iter();
                !selector.is_empty()
                    && all.all(|(key, value)| {
                        labels.and_then(|labels| labels.get(key)) == Some(value)
                    })
            })
    }

    /// Whether an object is about it, also one that no word says.
    pub(super) fn concerns(&self, object: &Value) -> bool {
        let service = self.service.as_ref().map(family::name);
        service.is_some_and(|name| gateway::leads(object, name) || binds(object, name))
            || self.is_restricted_by(object)
    }
}
