//! Fields that somebody else manages, as the API server names them when it refuses to overwrite
//! them (Kubernetes documentation, server-side apply, conflicts). Pure.

use std::collections::BTreeMap;

use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::kinds::Id;

/// The reason of such a cause in a `Status`.
const REASON: &str = "FieldManagerConflict";

/// One field that somebody else manages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// `.spec.replicas`.
    pub(crate) field: String,
    /// Who: `kubectl-edit`, `kubectl (scale)`.
    pub(crate) manager: String,
}

/// The conflicts for which an apply was refused; empty: it was not for conflicts.
pub(crate) fn conflicts(error: &kube::Error) -> Vec<Conflict> {
    let kube::Error::Api(status) = error else {
        return Vec::new();
    };
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes
        .filter(|cause| cause.reason == REASON)
        .map(|cause| Conflict {
            field: cause.field.clone(),
            manager: manager(&cause.message),
        })
        .collect()
}

/// From `conflict with "kubectl" with subresource "scale" using apps/v1`.
fn manager(message: &str) -> String {
    let mut quoted = message.split('"').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(name), Some(subresource)) => format!("{name} ({subresource})"),
        (Some(name), None) => name.to_owned(),
        _ => message.to_owned(),
    }
}

/// The refusal, with the choices that there are.
pub(crate) fn refused(found: &[(Id, Vec<Conflict>)]) -> Failed {
    let objects: Vec<String> = found.iter().map(|(id, _)| id.to_string()).collect();
    let words: Vec<String> = found
        .iter()
        .map(|(id, conflicts)| {
            let mut by_manager: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for conflict in conflicts {
                by_manager
                    .entry(&conflict.manager)
                    .or_default()
                    .push(conflict.field.trim_start_matches('.'));
            }
            let parts: Vec<String> = by_manager
                .iter()
                .map(|(manager, fields)| format!("{manager} manages {}", fields.join(", ")))
                .collect();
            format!("of {id}, {}", parts.join("; "))
        })
        .collect();
    let mut fields = found.iter().flat_map(|(_, conflicts)| conflicts);
    let leave = if fields.any(|one| one.field.trim_start_matches('.') == "spec.replicas") {
        "leave it to them: `replicas = \"external\"`, and any other field out of the file"
    } else {
        "leave it to them and out of the file"
    };
    Failed::new(
        format!("change {}", objects.join(" and ")),
        FailureKind::Refused,
        format!(
            "{}; `apply --force-conflicts` takes it over, or {leave}",
            words.join("; ")
        ),
    )
    .with_code(Some(REASON))
}

#[cfg(test)]
mod tests {
    use kube::core::response::{Status, StatusCause, StatusDetails};

    use super::*;
    use crate::platform::kubernetes::kinds::Kind as ObjectKind;

    fn error(causes: &[(&str, &str)]) -> kube::Error {
        let causes = causes.iter().map(|(message, field)| StatusCause {
            reason: REASON.into(),
            message: (*message).into(),
            field: (*field).into(),
        });
        let details = StatusDetails {
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            uid: String::new(),
            causes: causes.collect(),
            retry_after_seconds: 0,
        };
        let status = Status::failure("Apply failed with conflicts", "Conflict").with_code(409);
        kube::Error::Api(status.with_details(details).boxed())
    }

    #[test]
    fn field_and_manager_are_named_and_the_choices() {
        let found = conflicts(&error(&[
            (
                "conflict with \"kubectl-set\" using apps/v1",
                ".spec.template.spec.containers[name=\"api\"].image",
            ),
            (
                "conflict with \"kubectl\" with subresource \"scale\" using apps/v1",
                ".spec.replicas",
            ),
        ]));
        let id = Id {
            kind: ObjectKind::Deployment,
            name: "api".into(),
        };
        let refused = refused(&[(id, found)]);
        assert_eq!(refused.kind, FailureKind::Refused);
        assert_eq!(
            refused.to_string(),
            "could not change Deployment api: of Deployment api, kubectl (scale) manages spec.replicas; \
             kubectl-set manages spec.template.spec.containers[name=\"api\"].image; `apply --force-conflicts` \
             takes it over, or leave it to them: `replicas = \"external\"`, and any other field out of \
             the file (FieldManagerConflict)"
        );
    }

    #[test]
    fn another_refusal_names_none() {
        let status = Status::failure("the object has been modified", "Conflict").with_code(409);
        assert_eq!(conflicts(&kube::Error::Api(status.boxed())), []);
    }
}
