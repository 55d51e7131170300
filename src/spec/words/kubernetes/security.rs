//! What the pods and their containers may do: security contexts, by the standard "restricted" or field by
//! field.

use k8s_openapi::api::core::v1::SELinuxOptions;
use serde_json::{Map as Object, Value as Json, json};

use crate::spec::findings::Findings;
use crate::spec::problem::{Problem, Spot};
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Shape, Table, table, word};
use crate::spec::tree::{Node, Value};
use crate::spec::words::capabilities::CapabilitiesTable;
use crate::spec::words::patch::api_form::{ApiForm, tree};

/// No user and no group has a larger number (Kubernetes documentation, security context for a pod).
const LARGEST_ID: u32 = i32::MAX.unsigned_abs();

table! {
    /// What a container may do.
    "security" SecurityTable {
        /// "restricted": beside what is said here, all that this Pod Security Standard asks for, of the pod and of
        /// every container.
        standard: Standard,
        /// Whether it may not run as root.
        run_as_non_root: bool,
        /// The number of the user, where `user` does not say it.
        run_as_user: Whole<0, LARGEST_ID>,
        /// The number of the group, where `user` does not say it.
        run_as_group: Whole<0, LARGEST_ID>,
        /// Calls to the kernel: `RuntimeDefault`, "Unconfined" or "localhost/PROFILE".
        seccomp: Filled,
        /// The labels of `SELinux`, in the API's form.
        se_linux: ApiForm<SELinuxOptions>,
        /// Capabilities of Linux: those that `drop`, such as "ALL", and those that `add` says.
        capabilities: CapabilitiesTable,
        /// Whether it may do what the node may. Default: false.
        privileged: bool,
        /// Whether what it starts may do more than itself. Default: true.
        allow_privilege_escalation: bool,
        /// How it sees /proc: "Default" or "Unmasked".
        proc_mount: Filled,
    }
}

table! {
    /// What holds for all containers of a pod, where theirs says nothing else.
    "pod_security" PodSecurityTable {
        /// Whether none may run as root.
        run_as_non_root: bool,
        /// The number of the user.
        run_as_user: Whole<0, LARGEST_ID>,
        /// The number of the group.
        run_as_group: Whole<0, LARGEST_ID>,
        /// The number of the group that volumes belong to.
        fs_group: Whole<0, LARGEST_ID>,
        /// When volumes are given to that group: `OnRootMismatch` or "Always".
        fs_group_change_policy: Filled,
        /// Further groups of the processes.
        supplemental_groups: Vec<At<Whole<0, LARGEST_ID>>>,
        /// Calls to the kernel: `RuntimeDefault`, "Unconfined" or "localhost/PROFILE".
        seccomp: Filled,
        /// The labels of `SELinux`, in the API's form.
        se_linux: ApiForm<SELinuxOptions>,
        /// Settings of the kernel: { "net.core.somaxconn" = "1024" }.
        sysctls: Map<Filled>,
    }
}

/// A Pod Security Standard (Kubernetes documentation, Pod Security Standards).
#[derive(Clone, Copy)]
pub(in crate::spec) struct Standard;

impl Shape for Standard {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        word(node, "a standard", &["restricted"], findings).map(|_| Self)
    }

    fn schema() -> Json {
        json!({ "enum": ["restricted"] })
    }
}

/// The word of a standard, or fields.
pub(in crate::spec) enum WrittenSecurity {
    Standard,
    Fields(Box<SecurityTable>),
}

impl Shape for WrittenSecurity {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if matches!(node.value, Value::Table(_)) {
            return SecurityTable::read(node, findings).map(|table| Self::Fields(Box::new(table)));
        }
        if node.word().is_none() {
            findings.wrong_type(node, "\"restricted\", or a table", None);
            return None;
        }
        Standard::read(node, findings).map(|_| Self::Standard)
    }

    fn schema() -> Json {
        json!({ "anyOf": [Standard::schema(), SecurityTable::schema()] })
    }
}

impl WrittenSecurity {
    fn is_restricted(&self) -> bool {
        match self {
            Self::Standard => true,
            Self::Fields(fields) => fields.standard.is_some(),
        }
    }
}

/// What "restricted" asks of a pod.
fn restricted_pod() -> Json {
    json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } })
}

/// What "restricted" asks of a container.
fn restricted() -> Json {
    json!({ "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } })
}

/// The security context of the pods, in the API's form; empty: none.
pub(in crate::spec) fn of_pod(
    raw: Option<At<PodSecurityTable>>,
    main: Option<&At<WrittenSecurity>>,
    findings: &mut Findings,
) -> Json {
    let standard = main.filter(|at| at.value.is_restricted());
    let mut context = standard.map_or_else(|| json!({}), |_| restricted_pod());
    let Some(own) = raw.map(|at| at.value) else {
        return context;
    };
    let mut fields = Object::new();
    let mut put = |key: &str, value: Option<Json>| {
        fields.extend(value.map(|value| (key.to_owned(), value)));
    };
    put(
        "runAsNonRoot",
        own.run_as_non_root.map(|at| json!(at.value)),
    );
    put("runAsUser", own.run_as_user.map(|at| json!(at.value.0)));
    put("runAsGroup", own.run_as_group.map(|at| json!(at.value.0)));
    put("fsGroup", own.fs_group.map(|at| json!(at.value.0)));
    let policy = own.fs_group_change_policy;
    let policies = ["OnRootMismatch", "Always"];
    put("fsGroupChangePolicy", one_of(policy, &policies, findings));
    let groups = own.supplemental_groups.map(|at| at.value);
    let groups = groups.map(|all| all.iter().map(|at| json!(at.value.0)).collect());
    put("supplementalGroups", groups);
    put("seccompProfile", seccomp(own.seccomp.as_ref(), findings));
    put("seLinuxOptions", tree(own.se_linux));
    let sysctls = own.sysctls.map(|at| at.value.0).map(|all| {
        let each = all.into_iter();
        each.map(|(name, at)| json!({ "name": name, "value": at.value.0 }))
            .collect()
    });
    put("sysctls", sysctls);
    lay_over(&mut context, fields);
    context
}

/// The security context of a container, in the API's form; empty: none. `main`: what is said of the main
/// container, where this is another one.
pub(in crate::spec) fn of_container(
    raw: Option<&At<WrittenSecurity>>,
    main: Option<&At<WrittenSecurity>>,
    user: Option<Spot>,
    findings: &mut Findings,
) -> Json {
    let standard = raw.or(main).filter(|at| at.value.is_restricted());
    let mut context = standard.map_or_else(|| json!({}), |_| restricted());
    let Some(WrittenSecurity::Fields(own)) = raw.map(|at| &at.value) else {
        return context;
    };
    if let (Some(user), true) = (user, own.has(&["run_as_user", "run_as_group"])) {
        let message = "`user` says whom it runs as already";
        let at = own.run_as_user.as_ref().or(own.run_as_group.as_ref());
        let spot = at.map_or(user, |at| at.head);
        findings.problem(
            Problem::new("conflict", message)
                .at(spot)
                .also(user, "here"),
        );
    }
    if own.standard.is_some() {
        let more = [&own.privileged, &own.allow_privilege_escalation];
        for at in more.into_iter().flatten().filter(|at| at.value) {
            let message = "the standard \"restricted\" does not let a container do so";
            findings.problem(Problem::new("conflict", message).at(at.head));
        }
    }
    let mut fields = Object::new();
    let mut put = |key: &str, value: Option<Json>| {
        fields.extend(value.map(|value| (key.to_owned(), value)));
    };
    let flag = |at: &Option<At<bool>>| at.as_ref().map(|at| json!(at.value));
    let id = |at: &Option<At<Whole<0, LARGEST_ID>>>| at.as_ref().map(|at| json!(at.value.0));
    put("runAsNonRoot", flag(&own.run_as_non_root));
    put("runAsUser", id(&own.run_as_user));
    put("runAsGroup", id(&own.run_as_group));
    put("seccompProfile", seccomp(own.seccomp.as_ref(), findings));
    put(
        "seLinuxOptions",
        own.se_linux.as_ref().map(|at| at.value.tree.clone()),
    );
    put("capabilities", own.capabilities.as_ref().map(capabilities));
    put("privileged", flag(&own.privileged));
    put(
        "allowPrivilegeEscalation",
        flag(&own.allow_privilege_escalation),
    );
    let mount = own.proc_mount.clone();
    put(
        "procMount",
        one_of(mount, &["Default", "Unmasked"], findings),
    );
    lay_over(&mut context, fields);
    context
}

fn lay_over(context: &mut Json, fields: Object<String, Json>) {
    if let Json::Object(context) = context {
        context.extend(fields);
    }
}

fn capabilities(at: &At<CapabilitiesTable>) -> Json {
    let list = |raw: &Option<At<Vec<At<Filled>>>>| {
        let all = raw.iter().flat_map(|at| &at.value);
        all.map(|at| at.value.0.clone()).collect::<Vec<_>>()
    };
    let mut found = Object::new();
    for (key, names) in [("add", list(&at.value.add)), ("drop", list(&at.value.drop))] {
        if !names.is_empty() {
            found.insert(key.to_owned(), json!(names));
        }
    }
    Json::Object(found)
}

/// One of these words, as the API spells them.
fn one_of(raw: Option<At<Filled>>, known: &[&str], findings: &mut Findings) -> Option<Json> {
    let at = raw?;
    if !known.contains(&at.value.0.as_str()) {
        findings.bad_value(at.spot, format!("must be one of {}", known.join(", ")));
    }
    Some(json!(at.value.0))
}

/// A profile: of the runtime, none, or a file of the node.
fn seccomp(raw: Option<&At<Filled>>, findings: &mut Findings) -> Option<Json> {
    let at = raw?;
    let profile = at.value.0.as_str();
    if let Some(file) = profile.strip_prefix("localhost/") {
        return Some(json!({ "type": "Localhost", "localhostProfile": file }));
    }
    if !["RuntimeDefault", "Unconfined"].contains(&profile) {
        let message = "must be \"RuntimeDefault\", \"Unconfined\" or \"localhost/PROFILE\"";
        findings.bad_value(at.spot, message);
    }
    Some(json!({ "type": profile }))
}
