//! The service account: whom the pods are.

use serde_json::{Value, json};

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
        let account = kubernetes.service_account.as_ref()?;
        let mut annotations = account.annotations.clone();
        let role = kubernetes.role.iter();
        annotations.extend(role.map(|role| (ROLE.to_owned(), role.to_string())));
        let name = account.name.to_string();
        let mut object = self.object(Kind::ServiceAccount, name, annotations, None);
        let secrets = account.pull_secrets.iter();
        let secrets: Vec<Value> = secrets
            .map(|name| json!({ "name": name.as_str() }))
            .collect();
        let manifest = &mut object.manifest;
        if !secrets.is_empty() && manifest.get("imagePullSecrets").is_none() {
            manifest["imagePullSecrets"] = json!(secrets);
        }
        let patched = manifest.get("automountServiceAccountToken").is_some();
        if let Some(automount) = account.automount_token.filter(|_| !patched) {
            manifest["automountServiceAccountToken"] = json!(automount);
        }
        Some(object)
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
