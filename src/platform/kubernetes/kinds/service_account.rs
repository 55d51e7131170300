//! The service account: whom the pods are.

use serde_json::Value;

use super::render::Maker;
use super::{Facts, Kind};
use crate::plan::Note;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::{Fields, Path};

/// The annotation that names its IAM role (Amazon EKS user guide, IAM roles for service accounts).
const ROLE: &str = "eks.amazonaws.com/role-arn";

pub(super) static FACTS: Facts = Facts {
    used_as_it_is: Some(used_as_it_is),
    ..Facts::of("", "v1", "serviceaccounts", |maker| {
        Vec::from_iter(maker.service_account())
    })
};

impl Maker<'_> {
    fn service_account(&self) -> Option<Object> {
        let kubernetes = &self.service.own;
        let name = kubernetes.service_account.as_ref()?.to_string();
        let role = kubernetes.role.iter();
        let annotations = role.map(|role| (ROLE.to_owned(), role.to_string()));
        Some(self.object(Kind::ServiceAccount, name, annotations.collect(), None))
    }
}

/// One that somebody else made.
fn used_as_it_is(wanted: &Object, live: &Value) -> Note {
    let path = Path::of(&["metadata", "annotations", ROLE]);
    let role = |account: &Value| Fields::of(account).get(&path).cloned();
    let wants = role(&wanted.manifest);
    let text = format!("{} is not ours and is used as it is", wanted.id);
    if wants.is_some() && wants != role(live) {
        Note::warning(
            "service_account_without_role",
            format!("{text}: it does not have the IAM role that the file names."),
        )
    } else {
        Note::info("service_account_not_ours", format!("{text}."))
    }
}
