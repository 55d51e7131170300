//! Values that the API server fills in where a manifest says nothing: none of them is a
//! difference. Pure.
//!
//! A field that we apply ourselves needs no such knowledge, since the API server tells who owns
//! what. It is needed where ownership is coarser than fields: in a list that is taken as a whole,
//! and in what another tool is recorded to own because it wrote the whole object.

use serde_json::Value;

use super::{Path, text};

/// Field and value (Kubernetes API reference, "Defaults to …" of each field; External Secrets
/// Operator API reference for the last four).
const DEFAULTS: [(&str, &str); 30] = [
    ("dnsPolicy", "ClusterFirst"),
    ("failureThreshold", "3"),
    ("imagePullPolicy", "Always"),
    ("imagePullPolicy", "IfNotPresent"),
    ("internalTrafficPolicy", "Cluster"),
    ("ipFamilyPolicy", "SingleStack"),
    ("maxSurge", "25%"),
    ("maxUnavailable", "25%"),
    ("periodSeconds", "10"),
    ("progressDeadlineSeconds", "600"),
    ("protocol", "TCP"),
    ("resources", "{}"),
    ("restartPolicy", "Always"),
    ("revisionHistoryLimit", "10"),
    ("schedulerName", "default-scheduler"),
    ("scheme", "HTTP"),
    ("securityContext", "{}"),
    ("selectPolicy", "Max"),
    ("sessionAffinity", "None"),
    ("successThreshold", "1"),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("timeoutSeconds", "1"),
    ("type", "ClusterIP"),
    ("type", "RollingUpdate"),
    ("conversionStrategy", "Default"),
    ("decodingStrategy", "None"),
    ("metadataPolicy", "None"),
    ("nullBytePolicy", "Ignore"),
];

/// Whether the API server would put just this value there.
pub fn is_default(path: &Path, value: &Value) -> bool {
    let field = path.last_field();
    let text = text(path, value);
    DEFAULTS
        .iter()
        .any(|(name, default)| *name == field && *default == text)
}

/// Fields that the API server leaves out when they say nothing: those that are neither required nor
/// pointers in its own types.
const LEFT_OUT: [&str; 11] = [
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "initialDelaySeconds",
    "minReadySeconds",
    "paused",
    "publishNotReadyAddresses",
    "readOnly",
    "stdin",
    "tty",
    "value",
];

/// Whether the API server would not store just this value there.
pub fn is_left_out(path: &Path, value: &Value) -> bool {
    is_zero(value) && LEFT_OUT.contains(&path.last_field())
}

/// Whether a value is what the API server leaves out when it stores an object.
pub fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}
