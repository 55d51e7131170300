//! As whom triggers ask: the specification of a `TriggerAuthentication`, in the API's form. The types only
//! tell what there is in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map as Object, Value as Json};

use crate::names::KubeName;
use crate::spec::shape::{At, Map};
use crate::spec::words::patch::api_form::ApiForm;

/// KEDA documentation, authentication; `TriggerAuthenticationSpec` of its API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "serde tells the fields to whoever holds a table against them"
)]
pub(in crate::spec) struct Authentication {
    pod_identity: Option<PodIdentity>,
    secret_target_ref: Option<Vec<Target>>,
    config_map_target_ref: Option<Vec<Target>>,
    env: Option<Vec<Variable>>,
    file_path: Option<String>,
    hashi_corp_vault: Option<Object<String, Json>>,
    azure_key_vault: Option<Object<String, Json>>,
    gcp_secret_manager: Option<Object<String, Json>>,
    aws_secret_manager: Option<Object<String, Json>>,
    bound_service_account_token: Option<Vec<Token>>,
    oauth2: Option<Object<String, Json>>,
}

/// `AuthPodIdentity`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "serde tells the fields to whoever holds a table against them"
)]
struct PodIdentity {
    provider: String,
    identity_id: Option<String>,
    identity_tenant_id: Option<String>,
    identity_authority_host: Option<String>,
    role_arn: Option<String>,
    #[serde(rename = "externalID")]
    external_id: Option<String>,
    identity_owner: Option<String>,
}

/// `AuthTargetRef`.
#[derive(Deserialize)]
#[expect(
    dead_code,
    reason = "serde tells the fields to whoever holds a table against them"
)]
struct Target {
    parameter: String,
    name: String,
    key: String,
}

/// `AuthEnvironment`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "serde tells the fields to whoever holds a table against them"
)]
struct Variable {
    parameter: String,
    name: String,
    container_name: Option<String>,
}

/// `BoundServiceAccountToken`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "serde tells the fields to whoever holds a table against them"
)]
struct Token {
    parameter: String,
    service_account_name: String,
}

/// Each under its name.
pub(super) fn authentications(
    raw: Option<At<Map<ApiForm<Authentication>, KubeName>>>,
) -> BTreeMap<String, Json> {
    let all = raw.map(|at| at.value.0).unwrap_or_default().into_iter();
    all.map(|(name, at)| (name, at.value.tree)).collect()
}
