//! What the pods are made by, and how they make way for others.

use serde_json::json;

use super::{desired, manifest, small};
use crate::platform::kubernetes::kinds::Kind;

#[test]
fn all_pods_can_end_before_new_ones_start() {
    let recreate = "[service.api.kubernetes]\nstrategy = \"recreate\"\n";
    let found = desired(&small(recreate, ""));
    let deployment = manifest(&found, Kind::Deployment);
    assert_eq!(
        deployment["spec"]["strategy"],
        json!({ "type": "Recreate" })
    );
    assert_eq!(found.on_rollout[0].code, "recreates");
}
