//! The namespace, which is no object of one service: made where the target says so.

use serde_json::json;

use super::{Facts, Id, Kind, Lies};
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::{MANAGER, key};
use crate::spec::KubePlace;

pub(super) static FACTS: Facts = Facts {
    lies: Lies::Outside,
    ..Facts::of("", "v1", "namespaces", |_| Vec::new())
};

/// The namespace, where the place says that it is made.
pub(crate) fn namespace(place: &KubePlace) -> Option<Object> {
    let kind = Kind::Namespace;
    let name = place.namespace.to_string();
    place.create_namespace.then(|| Object {
        manifest: json!({
            "apiVersion": kind.api_version(),
            "kind": kind.as_str(),
            "metadata": { "name": name, "labels": { key::MANAGED_BY: MANAGER } },
        }),
        id: Id { kind, name },
        place: None,
    })
}
