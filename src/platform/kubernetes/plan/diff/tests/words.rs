//! What the words that only Kubernetes has say is no difference once it is there.

use super::{Kind, desired, diff, id, planned, there, wish};
use crate::platform::kubernetes::kinds::service::ports::name_as_there;
use crate::platform::kubernetes::plan::tests::samples::uncounted;
use crate::spec::WorkloadKind;

#[test]
fn what_was_applied_is_no_difference() {
    let more = r#"
scaling = { min = 2, max = 6 }
expose = {}
env = { IP = { field = "status.podIP" }, URL = { expand = "http://$(IP)" } }
env_from = [{ config = "all" }]
[service.api.kubernetes]
labels = { team = "checkout" }
pod_labels = { tier = "front" }
annotations = { owner = "me" }
service = { name = "front", type = "LoadBalancer", ports = [{ port = 80, name = "http" }] }
disruption = { min = 1, name = "budget" }
autoscaler = { name = "scaler", metrics = [{ type = "Pods", pods = { metric = { name = "rps" }, target = { type = "AverageValue", averageValue = "100" } } }] }
security = "restricted"
pod_security = { fs_group = 2000 }
requests = { cpu = false, ephemeral_storage = "1Gi" }
liveness = { grpc = true }
pre_stop = { exec = ["quit"] }
node_selector = { disk = "ssd" }
tolerations = [{ key = "gpu", operator = "Exists" }]
spread = [{ maxSkew = 1, topologyKey = "zone", whenUnsatisfiable = "DoNotSchedule" }]
service_account = { name = "api", automount_token = false }
ingress = { path_type = "Exact", tls = [{ secret = "tls" }], default_backend = {} }
"#;
    let wanted = desired("shop/api:v1", more);
    assert_eq!(planned(&wanted, &there(&wanted)), Vec::<String>::new());
}

const STATEFUL: &str = "mounts = { \"/data\" = \"data\" }\n[service.api.kubernetes]\nkind = \"StatefulSet\"\n\
                        claims = { data = { size = \"10GiB\" } }\n";

#[test]
fn other_kinds_are_no_difference_once_they_are_there() {
    let daemon = "[service.api.kubernetes]\nkind = \"DaemonSet\"\n";
    for (more, kind, counted) in [
        (STATEFUL, WorkloadKind::StatefulSet, "replicas = 2\n"),
        (daemon, WorkloadKind::DaemonSet, ""),
    ] {
        let wanted = uncounted("shop/api:v1", &format!("{counted}{more}"));
        let mut there = there(&wanted);
        there.kind = kind;
        assert_eq!(planned(&wanted, &there), Vec::<String>::new());
        let next = uncounted("shop/api:v2", &format!("{counted}{more}"));
        let word = kind.as_str();
        assert_eq!(
            planned(&next, &there),
            [
                "record the revision".to_owned(),
                format!("update {word} api, rolls")
            ]
        );
    }
}

#[test]
fn what_never_changes_is_refused_with_words() {
    let wanted = uncounted("shop/api:v1", STATEFUL);
    let mut there = there(&wanted);
    there.kind = WorkloadKind::StatefulSet;
    let more = STATEFUL.replace("10GiB", "20GiB");
    let grown = uncounted("shop/api:v1", &more);
    let refused = diff(&wish(&grown), &there).unwrap_err();
    assert!(
        refused
            .message
            .contains("volumeClaimTemplates: say `claims`"),
        "{refused}"
    );
    // A kind is not changed in place either.
    let refused = diff(&wish(&desired("shop/api:v1", "")), &there).unwrap_err();
    let words = "StatefulSet api runs its pods, and becomes no Deployment";
    assert!(refused.message.contains(words), "{refused}");
}

#[test]
fn another_strategy_rolls_nothing() {
    let recreate = "[service.api.kubernetes]\nstrategy = \"recreate\"";
    let (before, after) = (desired("shop/api:v1", ""), desired("shop/api:v1", recreate));
    let changes = ["record the revision", "update Deployment api"];
    assert_eq!(planned(&after, &there(&before)), changes);
    assert_eq!(planned(&after, &there(&after)), Vec::<String>::new());
}

/// Nothing sends to the port, so that a name of ours would be worth no new pod.
#[test]
fn a_port_without_a_service_is_called_as_it_is_there() {
    let more = "[service.api.kubernetes]\nservice = false\n";
    for theirs in [None, Some("metrics")] {
        let mut wanted = desired("shop/api:v1", more);
        let mut there = there(&wanted);
        let live = there.objects.get_mut(&id(Kind::Deployment)).unwrap();
        let port = &mut live["spec"]["template"]["spec"]["containers"][0]["ports"][0];
        assert_eq!(port["name"], "service");
        port["name"] = theirs.map_or(serde_json::Value::Null, Into::into);
        name_as_there(&mut wanted.objects, &there, "api", false);
        let pods = wanted.object(Kind::Deployment).unwrap();
        let port = &pods.manifest["spec"]["template"]["spec"]["containers"][0]["ports"][0];
        assert_eq!(port.get("name").and_then(|name| name.as_str()), theirs);
    }
}
