//! Kinds that every cluster serves, and where: of these nothing has to be found out (Kubernetes API
//! reference, 1.35).

/// Kind, plural, and whether it lies in a namespace.
type Row = (&'static str, &'static str, bool);

/// The group, its versions, and what it has.
type Group = (&'static str, &'static [&'static str], &'static [Row]);

const V1: &[&str] = &["v1"];

const GROUPS: &[Group] = &[
    (
        "",
        V1,
        &[
            ("ConfigMap", "configmaps", true),
            ("Endpoints", "endpoints", true),
            ("LimitRange", "limitranges", true),
            ("Namespace", "namespaces", false),
            ("PersistentVolume", "persistentvolumes", false),
            ("PersistentVolumeClaim", "persistentvolumeclaims", true),
            ("Pod", "pods", true),
            ("PodTemplate", "podtemplates", true),
            ("ReplicationController", "replicationcontrollers", true),
            ("ResourceQuota", "resourcequotas", true),
            ("Secret", "secrets", true),
            ("Service", "services", true),
            ("ServiceAccount", "serviceaccounts", true),
        ],
    ),
    (
        "admissionregistration.k8s.io",
        V1,
        &[
            (
                "MutatingWebhookConfiguration",
                "mutatingwebhookconfigurations",
                false,
            ),
            (
                "ValidatingWebhookConfiguration",
                "validatingwebhookconfigurations",
                false,
            ),
        ],
    ),
    (
        "apiextensions.k8s.io",
        V1,
        &[(
            "CustomResourceDefinition",
            "customresourcedefinitions",
            false,
        )],
    ),
    (
        "apiregistration.k8s.io",
        V1,
        &[("APIService", "apiservices", false)],
    ),
    (
        "apps",
        V1,
        &[
            ("DaemonSet", "daemonsets", true),
            ("Deployment", "deployments", true),
            ("ReplicaSet", "replicasets", true),
            ("StatefulSet", "statefulsets", true),
        ],
    ),
    (
        "autoscaling",
        &["v1", "v2"],
        &[("HorizontalPodAutoscaler", "horizontalpodautoscalers", true)],
    ),
    (
        "batch",
        V1,
        &[("CronJob", "cronjobs", true), ("Job", "jobs", true)],
    ),
    ("coordination.k8s.io", V1, &[("Lease", "leases", true)]),
    (
        "discovery.k8s.io",
        V1,
        &[("EndpointSlice", "endpointslices", true)],
    ),
    (
        "networking.k8s.io",
        V1,
        &[
            ("Ingress", "ingresses", true),
            ("IngressClass", "ingressclasses", false),
            ("NetworkPolicy", "networkpolicies", true),
        ],
    ),
    (
        "node.k8s.io",
        V1,
        &[("RuntimeClass", "runtimeclasses", false)],
    ),
    (
        "policy",
        V1,
        &[("PodDisruptionBudget", "poddisruptionbudgets", true)],
    ),
    (
        "rbac.authorization.k8s.io",
        V1,
        &[
            ("ClusterRole", "clusterroles", false),
            ("ClusterRoleBinding", "clusterrolebindings", false),
            ("Role", "roles", true),
            ("RoleBinding", "rolebindings", true),
        ],
    ),
    (
        "scheduling.k8s.io",
        V1,
        &[("PriorityClass", "priorityclasses", false)],
    ),
    (
        "storage.k8s.io",
        V1,
        &[
            ("CSIDriver", "csidrivers", false),
            ("StorageClass", "storageclasses", false),
        ],
    ),
];

fn rows() -> impl Iterator<Item = (&'static Group, &'static Row)> {
    let each = GROUPS.iter();
    each.flat_map(|group| group.2.iter().map(move |row| (group, row)))
}

/// The plural of a kind, and whether it lies in a namespace; `None`: not every cluster serves it.
pub(super) fn of(group: &str, version: &str, kind: &str) -> Option<(&'static str, bool)> {
    let mut rows = rows();
    let found = rows.find(|(of, row)| of.0 == group && of.1.contains(&version) && row.0 == kind);
    found.map(|(_, row)| (row.1, row.2))
}

/// The group of a kind that every cluster serves.
pub(super) fn group_of(kind: &str) -> Option<&'static str> {
    rows().find(|(_, row)| row.0 == kind).map(|(of, _)| of.0)
}

/// Whether what lies there lies outside of namespaces.
pub(super) fn is_wide(group: &str, plural: &str) -> bool {
    rows().any(|(of, row)| of.0 == group && row.1 == plural && !row.2)
}
