//! What others made of a Service so that it is reached from outside of the cluster: a load balancer, or a
//! port on every node. A file that asks for another type takes it away from whoever comes that way. Nobody
//! loses that unasked. Pure.

use serde_json::Value;

use super::INSIDE;
use crate::plan::Note;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::kinds::{Id, Kind};

/// How a Service is reached from outside (Kubernetes documentation, Service, type).
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// By a load balancer, at these addresses.
    Balancer(Vec<String>),
    /// By a port on every node.
    NodePort,
}

impl Way {
    /// `None`: it is not reached from outside.
    fn of(live: &Value) -> Option<Self> {
        match live.pointer("/spec/type")?.as_str()? {
            "NodePort" => Some(Self::NodePort),
            "LoadBalancer" => {
                let given = live.pointer("/status/loadBalancer/ingress");
                let given = given.and_then(Value::as_array).into_iter().flatten();
                let addresses = given.filter_map(|one| {
                    let address = one["hostname"].as_str().or(one["ip"].as_str())?;
                    Some(address.to_owned())
                });
                Some(Self::Balancer(addresses.collect()))
            }
            _ => None,
        }
    }

    /// Whether a Service of this type is reached that way too: whatever has a load balancer has a port on
    /// every node.
    fn stays(&self, kind: &str) -> bool {
        match self {
            Self::Balancer(_) => kind == "LoadBalancer",
            Self::NodePort => kind != INSIDE,
        }
    }

    /// What goes with it, as a sentence without its end.
    fn goes(&self) -> String {
        match self {
            Self::Balancer(at) if at.is_empty() => {
                "its load balancer goes, and with it its address".into()
            }
            Self::Balancer(at) => format!(
                "its load balancer goes, and with it its address ({})",
                at.join(", ")
            ),
            Self::NodePort => "its port on every node goes".into(),
        }
    }
}

/// What becomes of the way to a Service from outside: refused, unless what others manage is taken by
/// `force`; then a note.
pub(crate) fn gate(
    id: &Id,
    live: &Value,
    wanted: &Value,
    force: bool,
) -> Result<Option<Note>, Failed> {
    let becomes = wanted.pointer("/spec/type").and_then(Value::as_str);
    let becomes = becomes.unwrap_or(INSIDE);
    let goes = |way: &Way| id.kind == Kind::Service && !way.stays(becomes);
    let Some(way) = Way::of(live).filter(goes) else {
        return Ok(None);
    };
    let was = live["spec"]["type"].as_str().unwrap_or_default();
    let goes = way.goes();
    if force {
        let text = format!("{id} becomes a {becomes} instead of a {was}: {goes}.");
        return Ok(Some(Note::warning("outside_goes", text)));
    }
    Err(Failed::new(
        format!("change {id}"),
        FailureKind::Refused,
        format!(
            "it is a {was}, and would become a {becomes}: {goes}. `service = {{ type = \"{was}\" }}` in \
             [service.NAME.kubernetes] keeps it; or let a Service of another name, or an Ingress (`expose`), take \
             its traffic first; then `--force-conflicts` lets it go"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(kind: &str, addresses: &Value) -> Value {
        json!({"spec": {"type": kind}, "status": {"loadBalancer": {"ingress": addresses}}})
    }

    #[test]
    fn no_way_from_outside_goes_unasked() {
        let id = |kind| Id {
            kind,
            name: "api".into(),
        };
        let none = json!(null);
        let wanted = service(INSIDE, &none);
        let table = [
            ("NodePort", json!(null), "its port on every node goes"),
            (
                "LoadBalancer",
                json!([]),
                "its load balancer goes, and with it its address",
            ),
            (
                "LoadBalancer",
                json!([{"hostname": "a.example.com"}, {"ip": "203.0.113.7"}]),
                "with it its address (a.example.com, 203.0.113.7)",
            ),
        ];
        for (kind, addresses, words) in table {
            let live = service(kind, &addresses);
            let refused = gate(&id(Kind::Service), &live, &wanted, false).unwrap_err();
            assert_eq!(refused.kind, FailureKind::Refused);
            assert!(refused.message.contains(words), "{}", refused.message);
            let note = gate(&id(Kind::Service), &live, &wanted, true).unwrap();
            let text = note.unwrap().text;
            assert!(text.contains(words), "{text}");
            let kept = gate(&id(Kind::Service), &live, &live, false).unwrap();
            assert_eq!(kept, None);
        }
        for kind in [INSIDE, "ExternalName"] {
            let live = service(kind, &none);
            let silent = gate(&id(Kind::Service), &live, &wanted, false).unwrap();
            assert_eq!(silent, None);
        }
    }
}
