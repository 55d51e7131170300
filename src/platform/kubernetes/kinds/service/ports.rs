//! How a Service finds the port of a pod: by a name that each pod resolves for itself, so that pods
//! that listen on different ports serve side by side while one takes the place of the other. Pure.
//!
//! A number means the same to all pods. It stays where it is right for the pods that are there and
//! for those that come: a load balancer's controller may make a new target group when a target port
//! changes (AWS Load Balancer Controller, target group names).

mod names;

use serde_json::{Value, json};

pub(crate) use self::names::{name_as_there, said};
use crate::plan::Note;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::kinds::Id;
use crate::platform::kubernetes::plan::replicas;

/// What a pod calls the port that its Service sends to, where nothing that is there has another
/// name for it.
pub(crate) const NAME: &str = "service";

/// How the Service gets to its new target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Passage {
    /// With this target the pods that are there are served, and those that come.
    Open(Value),
    /// With none: the pods that are there do not name their port, and the new ones have another.
    Cut {
        /// The port of the pods that are there.
        from: u64,
        /// The port of the new ones.
        to: u64,
    },
}

/// What is there of a service, and what is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Both<'a> {
    /// The Service that is there.
    pub(crate) live: &'a Value,
    /// The Deployment whose pods are there.
    pub(crate) pods: &'a Value,
    /// The Service that is to be.
    pub(crate) wanted: &'a Value,
    /// The Deployment whose pods are to be.
    pub(crate) coming: &'a Value,
}

impl Both<'_> {
    /// How the Service's first port, the one that clients use, gets there. `None`: there is nothing
    /// to get past.
    pub(crate) fn passage(&self) -> Option<Passage> {
        let (was, is) = (counterpart(self.live, self.wanted)?, first(self.wanted)?);
        let protocol = protocol(is);
        let (before, after) = (target(was), target(is));
        let old =
            resolve(&before, self.pods, protocol).filter(|_| replicas::replicas(self.pods) > 0);
        let new = resolve(&after, self.coming, protocol)?;
        let Some(old) = old else {
            return Some(Passage::Open(after));
        };
        let serves = |target: &Value| {
            resolve(target, self.pods, protocol) == Some(old)
                && resolve(target, self.coming, protocol) == Some(new)
        };
        let number = json!(new);
        let open = [before, after, number].into_iter().find(serves);
        Some(open.map_or(Passage::Cut { from: old, to: new }, Passage::Open))
    }
}

/// Why a plan that would cut clients off is refused, and what to do.
pub(crate) fn refuse_cut(service: &Id, from: u64, to: u64) -> Failed {
    Failed::new(
        format!("change {service}"),
        FailureKind::Refused,
        format!(
            "the pods that serve do not name their port {from} as those do that are to come, so nobody \
             would be served while pods that listen on {to} take their place; deploy once with `port = {{ port = \
             {from}, name = \"http\" }}`, which names it, and change the number then"
        ),
    )
}

/// That the pods of somebody else's Deployment serve nobody while ours take their place.
pub(crate) fn cuts(from: u64, to: u64) -> Note {
    Note::warning(
        "port_moves",
        format!(
            "The pods that are there do not name their port {from}: from the first change on until the \
             new pods are ready on port {to}, requests fail. Without that: adopt it with `port = {{ port = {from}, \
             name = \"http\" }}` first."
        ),
    )
}

/// The Service with another target of its first port.
#[must_use]
pub(crate) fn sending_to(mut service: Value, target: &Value) -> Value {
    service["spec"]["ports"][0]["targetPort"] = target.clone();
    service
}

/// The port that clients use.
fn first(service: &Value) -> Option<&Value> {
    service.pointer("/spec/ports/0")
}

/// The port of the Service that is there which the first wanted one takes the place of.
fn counterpart<'a>(live: &'a Value, wanted: &Value) -> Option<&'a Value> {
    let is = first(wanted)?;
    let mut all = live.pointer("/spec/ports")?.as_array()?.iter();
    let same = |was: &&Value| was["port"] == is["port"] && protocol(was) == protocol(is);
    all.find(same)
        .or_else(|| first(live).filter(|was| protocol(was) == protocol(is)))
}

/// Where it sends to: its own number, unless said otherwise (Kubernetes API reference,
/// `ServicePort`).
fn target(port: &Value) -> Value {
    let said = port.get("targetPort").filter(|said| !said.is_null());
    said.unwrap_or(&port["port"]).clone()
}

fn protocol(port: &Value) -> &str {
    port.get("protocol")
        .and_then(Value::as_str)
        .unwrap_or("TCP")
}

/// The number that a target means to the pods of a Deployment; `None`: they have no such name.
fn resolve(target: &Value, deployment: &Value, protocol: &str) -> Option<u64> {
    if let Some(number) = target.as_u64() {
        return Some(number);
    }
    let name = target.as_str()?;
    let is_it = |port: &&Value| port["name"] == name && self::protocol(port) == protocol;
    ports(deployment).find(is_it)?["containerPort"].as_u64()
}

/// The ports of all containers of a Deployment's pods.
fn ports(deployment: &Value) -> impl Iterator<Item = &Value> {
    let spec = &deployment["spec"]["template"]["spec"];
    ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| spec.get(list)?.as_array())
        .flatten()
        .filter_map(|container| container.get("ports")?.as_array())
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::kubernetes::api::object::Object;
    use crate::platform::kubernetes::kinds::Kind;
    use crate::platform::kubernetes::plan::observe::Observed;

    fn service(target: &Value) -> Value {
        json!({ "spec": { "ports": [{ "port": 80, "protocol": "TCP", "targetPort": target }] } })
    }

    fn pods(number: u64, name: Option<&str>) -> Value {
        let mut port = json!({ "containerPort": number, "protocol": "TCP" });
        if let Some(name) = name {
            port["name"] = json!(name);
        }
        json!({ "spec": { "replicas": 2, "template": { "spec": { "containers": [{ "name": "api", "ports": [port] }] } } } })
    }

    type Side = (Value, u64, Option<&'static str>);

    fn passage(was: &Side, is: &Side) -> Option<Passage> {
        Both {
            live: &service(&was.0),
            pods: &pods(was.1, was.2),
            wanted: &service(&is.0),
            coming: &pods(is.1, is.2),
        }
        .passage()
    }

    #[test]
    fn a_target_serves_the_pods_that_are_there_and_those_that_come() {
        let named = |number| (json!("service"), number, Some("service"));
        let table: [(Side, Side, Passage); 7] = [
            // Each pod resolves the name for itself.
            (named(8080), named(9090), Passage::Open(json!("service"))),
            // A number from before ports had names stays while it is right.
            (
                (json!(8080), 8080, None),
                named(8080),
                Passage::Open(json!(8080)),
            ),
            (
                (json!(8080), 8080, Some("service")),
                named(8080),
                Passage::Open(json!(8080)),
            ),
            // All pods have the name by the time that the number moves.
            (
                (json!(8080), 8080, Some("service")),
                named(9090),
                Passage::Open(json!("service")),
            ),
            // Two names for one number.
            (
                (json!("http"), 8080, Some("http")),
                named(8080),
                Passage::Open(json!(8080)),
            ),
            // There and back again.
            (named(9090), named(8080), Passage::Open(json!("service"))),
            (
                (json!(8080), 8080, None),
                named(9090),
                Passage::Cut {
                    from: 8080,
                    to: 9090,
                },
            ),
        ];
        for (was, is, expected) in table {
            assert_eq!(passage(&was, &is), Some(expected), "{was:?} {is:?}");
        }
    }

    #[test]
    fn where_no_pods_are_nothing_is_cut() {
        let mut none = pods(8080, None);
        none["spec"]["replicas"] = json!(0);
        let both = Both {
            live: &service(&json!(8080)),
            pods: &none,
            wanted: &service(&json!("service")),
            coming: &pods(9090, Some("service")),
        };
        assert_eq!(both.passage(), Some(Passage::Open(json!("service"))));
    }

    fn side() -> impl Strategy<Value = Side> {
        let name = || prop_oneof![Just(None), Just(Some("http")), Just(Some("service"))];
        (1_u64..4, name(), any::<bool>()).prop_map(|(number, name, by_name)| {
            let target = name
                .filter(|_| by_name)
                .map_or(json!(number), |name| json!(name));
            (target, number, name)
        })
    }

    proptest! {
        #[test]
        fn an_open_passage_leads_every_pod_to_its_own_port(was in side(), is in side()) {
            if let Some(Passage::Open(target)) = passage(&was, &is) {
                prop_assert_eq!(resolve(&target, &pods(was.1, was.2), "TCP"), Some(was.1));
                prop_assert_eq!(resolve(&target, &pods(is.1, is.2), "TCP"), Some(is.1));
            }
        }

        #[test]
        fn a_passage_is_cut_only_for_pods_without_a_name_for_their_port(was in side(), is in side()) {
            let mut objects = [
                object(Kind::Service, service(&is.0)),
                object(Kind::Deployment, pods(is.1, is.2)),
            ];
            let observed = Observed {
                objects: [
                    (id(Kind::Service), service(&was.0)),
                    (id(Kind::Deployment), pods(was.1, was.2)),
                ]
                .into(),
                ..Observed::default()
            };
            name_as_there(&mut objects, &observed, "api", true);
            let passage = Both {
                live: &service(&was.0),
                pods: &pods(was.1, was.2),
                wanted: &objects[0].manifest,
                coming: &objects[1].manifest,
            }
            .passage();
            let cut = matches!(passage, Some(Passage::Cut { .. }));
            prop_assert_eq!(cut, was.2.is_none() && was.1 != is.1);
        }
    }

    fn id(kind: Kind) -> Id {
        Id {
            kind,
            name: "api".into(),
        }
    }

    fn object(kind: Kind, manifest: Value) -> Object {
        Object {
            place: None,
            id: id(kind),
            manifest,
        }
    }
}
