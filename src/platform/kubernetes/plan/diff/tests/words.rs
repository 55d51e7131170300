//! What the words that only Kubernetes has say is no difference once it is there.

use super::{desired, planned, there};

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

#[test]
fn another_strategy_rolls_nothing() {
    let recreate = "[service.api.kubernetes]\nstrategy = \"recreate\"";
    let (before, after) = (desired("shop/api:v1", ""), desired("shop/api:v1", recreate));
    let changes = ["record the revision", "update Deployment api"];
    assert_eq!(planned(&after, &there(&before)), changes);
    assert_eq!(planned(&after, &there(&after)), Vec::<String>::new());
}
