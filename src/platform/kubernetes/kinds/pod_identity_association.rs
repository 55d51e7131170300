//! The association of the service account with an IAM role, which EKS keeps beside the cluster: read and
//! written through EKS, and an object like any other to everything above that.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::render::Maker;
use super::{Facts, Kind, Lies};
use crate::platform::kubernetes::api::associations::fits_a_tag;
use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::key;

pub(super) static FACTS: Facts = Facts {
    lies: Lies::Beside,
    ..Facts::of(
        "eks.amazonaws.com",
        "v1",
        "podidentityassociations",
        |maker| Vec::from_iter(maker.pod_identity_association()),
    )
};

impl Maker<'_> {
    /// Called as its service account is, of which it is the only one.
    fn pod_identity_association(&self) -> Option<Object> {
        let account = self.service.own.service_account.as_ref()?;
        let identity = account.pod_identity.as_ref()?;
        let mut spec = json!({ "roleArn": identity.role.as_str() });
        if let Some(target) = &identity.target_role {
            spec["targetRoleArn"] = json!(target.as_str());
        }
        if identity.disable_session_tags {
            spec["disableSessionTags"] = json!(true);
        }
        let name = account.name.to_string();
        let kind = Kind::PodIdentityAssociation;
        let mut object = self.object(kind, name, BTreeMap::new(), Some(spec));
        let metadata = &mut object.manifest["metadata"];
        let ours = [key::PROJECT, key::SERVICE, key::MANAGED_BY];
        keep(metadata, "labels", |name, _| ours.contains(&name));
        let marks = [key::PROJECT, key::TARGET];
        keep(metadata, "annotations", |name, value| {
            marks.contains(&name) || fits_a_tag(name, value)
        });
        Some(object)
    }
}

/// Of what is said of an object, what a tag is made of.
fn keep(metadata: &mut Value, part: &str, keeps: impl Fn(&str, &str) -> bool) {
    let all = metadata.get_mut(part).and_then(Value::as_object_mut);
    if let Some(all) = all {
        all.retain(|name, value| keeps(name, value.as_str().unwrap_or_default()));
    }
}
