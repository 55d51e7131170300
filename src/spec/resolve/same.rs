//! Two services of one file that come to one object: each would take the other's away.

use std::collections::HashMap;

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::resolve::Ground;
use crate::spec::words::service::Service;

/// What a service is called where it runs: the kind of each object, and its name.
pub(in crate::spec) struct Named {
    head: Spot,
    objects: Vec<(&'static str, String)>,
}

/// Not an object, but as little to be shared: the pods that have these labels.
pub(in crate::spec) const PODS: &str = "the pods with";

/// The objects of a service that no other one may share.
pub(in crate::spec) fn names<P: Ground>(service: &Service<P::Own>, head: Spot) -> Named {
    let objects = P::objects(&service.own);
    Named { head, objects }
}

/// Every object that an earlier service of the file has already is a problem.
pub(in crate::spec) fn refuse_the_same(services: &[Named], findings: &mut Findings) {
    let mut first: HashMap<&(&str, String), Spot> = HashMap::new();
    for service in services {
        let mut told = false;
        for object in &service.objects {
            let earlier = *first.entry(object).or_insert(service.head);
            // Without a word of its own a selector is its Deployment's name.
            if earlier != service.head && !(told && object.0 == PODS) {
                told = true;
                let (kind, name) = object;
                let message = format!("another service of this file comes to {kind} `{name}` too");
                let help = match *kind {
                    PODS => {
                        "two Deployments with one selector would take each other's pods: give one of them \
                             another `kubernetes.selector`"
                    }
                    _ => "each service needs a name of its own",
                };
                findings.problem(
                    Problem::new("same-object", message)
                        .at(service.head)
                        .also(earlier, "this one")
                        .help(help),
                );
            }
        }
    }
}
