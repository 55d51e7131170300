//! Whom the pods are.

use serde_json::json;

use super::{Desired, desired, manifest};
use crate::platform::kubernetes::kinds::Kind;
use crate::platform::kubernetes::plan::tests::samples::said;

const EKS: &str = r#"
platform = "eks"
region = "us-east-1"
cluster = "main"
namespace = "shop"
"#;

fn on_eks(account: &str) -> Desired {
    let deploy = format!(
        r#"project = "the shop"
[service.api]
image = "api:v1"
cpu = 0.5
memory = "1GiB"
tags = {{ team = "a" }}
[service.api.kubernetes]
role = "arn:aws:iam::123456789012:role/api"
service_account = {account}
"#
    );
    desired(&said(&deploy, EKS))
}

#[test]
fn an_association_takes_the_place_of_the_annotation() {
    let found = on_eks(
        r#"{ name = "api", identity = "pod_identity", target_role = "arn:aws:iam::210987654321:role/far", disable_session_tags = true }"#,
    );
    let association = manifest(&found, Kind::PodIdentityAssociation);
    assert_eq!(
        association["spec"],
        json!({
            "roleArn": "arn:aws:iam::123456789012:role/api",
            "targetRoleArn": "arn:aws:iam::210987654321:role/far",
            "disableSessionTags": true,
        })
    );
    // Just the marks, and the tags of the file.
    assert_eq!(
        association["metadata"],
        json!({
            "name": "api",
            "labels": {
                "app.kubernetes.io/managed-by": "deployer",
                "deployer/project": "the_shop",
                "deployer/service": "api",
            },
            "annotations": {
                "deployer/project": "the shop", "deployer/target": "here", "team": "a",
            },
        })
    );
    let annotations = &manifest(&found, Kind::ServiceAccount)["metadata"]["annotations"];
    assert_eq!(annotations.get("eks.amazonaws.com/role-arn"), None);
    // The API server has no such kind.
    let space = "shop".parse().unwrap();
    let kinds = found.documents(&space);
    assert!(
        kinds
            .iter()
            .all(|one| one["kind"] != "PodIdentityAssociation")
    );
}

#[test]
fn without_it_the_account_is_annotated() {
    for account in ["\"api\"", "{ name = \"api\", identity = \"irsa\" }"] {
        let found = on_eks(account);
        assert_eq!(found.object(Kind::PodIdentityAssociation), None);
        let annotations = &manifest(&found, Kind::ServiceAccount)["metadata"]["annotations"];
        assert_eq!(
            annotations["eks.amazonaws.com/role-arn"],
            "arn:aws:iam::123456789012:role/api"
        );
    }
}
