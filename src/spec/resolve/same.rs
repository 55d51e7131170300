//! Two services of one file that come to one object: each would take the other's away.

use std::collections::HashMap;

use super::super::findings::Findings;
use super::super::model::{Place, Service};
use super::super::problem::{Problem, Spot};

/// What a service is called where it runs: the kind of each object, and its name.
pub(in crate::spec) struct Named {
    head: Spot,
    objects: Vec<(&'static str, String)>,
}

/// The objects of a service that no other one may share.
pub(in crate::spec) fn names(service: &Service, place: &Place, head: Spot) -> Named {
    let objects = if place.ecs().is_some() {
        vec![("ECS service", service.ecs.service.to_string())]
    } else {
        let kubernetes = &service.kubernetes;
        let ingress = kubernetes.ingress.as_ref();
        let ingress = ingress.map(|ingress| ("Ingress", ingress.name.to_string()));
        let own = [("Deployment", kubernetes.name.to_string())];
        own.into_iter().chain(ingress).collect()
    };
    Named { head, objects }
}

/// Every object that an earlier service of the file has already is a problem.
pub(in crate::spec) fn refuse_the_same(services: &[Named], findings: &mut Findings) {
    let mut first: HashMap<&(&str, String), Spot> = HashMap::new();
    for service in services {
        for object in &service.objects {
            let earlier = *first.entry(object).or_insert(service.head);
            if earlier != service.head {
                let (kind, name) = object;
                let message = format!("another service of this file comes to {kind} `{name}` too");
                findings.problem(
                    Problem::new("same-object", message)
                        .at(service.head)
                        .also(earlier, "this one")
                        .help("each service needs a name of its own"),
                );
            }
        }
    }
}
