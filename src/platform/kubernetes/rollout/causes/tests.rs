//! The words that kubelets, runtimes, registries and admission really say, and what they mean.

use super::Waiting::{OnItsWay, Stuck, Untold};
use super::*;

const IMAGE: &str = "registry.example.com/shop/api:v9";

const PULLS: &[(&str, Cause)] = &[
    // containerd
    (
        "rpc error: code = NotFound desc = failed to pull and unpack image \"docker.io/library/api:v9\": failed to resolve reference \"docker.io/library/api:v9\": docker.io/library/api:v9: not found",
        Cause::ImageNotFound,
    ),
    (
        "failed to pull and unpack image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v9\": failed to resolve reference \"123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v9\": 123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v9: not found",
        Cause::ImageNotFound,
    ),
    (
        "failed to pull and unpack image \"x/api:v9\": no match for platform in manifest: not found",
        Cause::ImageNotFound,
    ),
    (
        "rpc error: code = Unknown desc = failed to pull and unpack image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v9\": failed to resolve reference \"…\": unexpected status from HEAD request to https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/api/manifests/v9: 403 Forbidden",
        Cause::PullDenied,
    ),
    (
        "failed to pull and unpack image \"docker.io/shop/api:v9\": failed to resolve reference \"docker.io/shop/api:v9\": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
        Cause::PullDenied,
    ),
    (
        "failed to resolve reference \"ghcr.io/shop/api:v9\": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Ashop%2Fapi%3Apull&service=ghcr.io: 401 Unauthorized",
        Cause::PullDenied,
    ),
    (
        "failed to resolve reference \"docker.io/library/api:v9\": failed to do request: Head \"https://registry-1.docker.io/v2/library/api/manifests/v9\": net/http: TLS handshake timeout",
        Cause::RegistryTrouble,
    ),
    (
        "failed to resolve reference \"docker.io/library/api:v9\": failed to do request: Head \"https://registry-1.docker.io/v2/library/api/manifests/v9\": dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host",
        Cause::RegistryTrouble,
    ),
    (
        "failed to pull and unpack image \"docker.io/library/api:v9\": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/api/manifests/sha256:0a: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit.",
        Cause::RegistryTrouble,
    ),
    (
        "failed to resolve reference \"registry.example.com/shop/api:v9\": unexpected status from HEAD request to https://registry.example.com/v2/shop/api/manifests/v9: 503 Service Unavailable",
        Cause::RegistryTrouble,
    ),
    (
        "failed to resolve reference \"127.0.0.1:5999/api:v1\": failed to do request: Head \"https://127.0.0.1:5999/v2/api/manifests/v1\": dial tcp 127.0.0.1:5999: connect: connection refused",
        Cause::RegistryTrouble,
    ),
    (
        "failed to do request: Head \"https://registry.example.com/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
        Cause::RegistryTrouble,
    ),
    // CRI-O
    (
        "reading manifest v9 in docker.io/library/api: manifest unknown",
        Cause::ImageNotFound,
    ),
    (
        "initializing source docker://shop/api:v9: reading manifest v9 in docker.io/shop/api: errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required",
        Cause::PullDenied,
    ),
    (
        "initializing source docker://registry.example.com/shop/api:v9: pinging container registry registry.example.com: Get \"https://registry.example.com/v2/\": dial tcp 10.1.2.3:443: i/o timeout",
        Cause::RegistryTrouble,
    ),
    // Docker
    (
        "Error response from daemon: manifest for registry.example.com/shop/api:v9 not found: manifest unknown: manifest unknown",
        Cause::ImageNotFound,
    ),
    (
        "Error response from daemon: pull access denied for api, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
        Cause::PullDenied,
    ),
    (
        "Error response from daemon: Get \"https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/api/manifests/v9\": no basic auth credentials",
        Cause::PullDenied,
    ),
    ("pull QPS exceeded", Cause::RegistryTrouble),
    // Nobody has seen this one.
    ("it is raining", Cause::RegistryTrouble),
];

#[test]
fn why_an_image_cannot_be_pulled() {
    for (message, cause) in PULLS {
        assert_eq!(pull(message, IMAGE), *cause, "{message}");
    }
}

#[test]
fn a_name_is_no_reason() {
    for name in [
        "registry.example.com/timeout/denied:403",
        "forbidden-unauthorized:v1",
        "x509",
    ] {
        let words = [
            format!("failed to resolve reference \"{name}\": {name}: not found"),
            format!("Error response from daemon: manifest for {name} not found"),
            format!("reading manifest: {name}: manifest unknown"),
        ];
        for message in words {
            assert_eq!(pull(&message, name), Cause::ImageNotFound, "{message}");
        }
    }
    let message = "failed to resolve reference \"shop/not-found:v1\": 403 Forbidden";
    assert_eq!(pull(message, "shop/not-found:v1"), Cause::PullDenied);
}

const WAITS: &[(&str, &str, Waiting)] = &[
    ("ContainerCreating", "", OnItsWay),
    ("PodInitializing", "", OnItsWay),
    (
        "CrashLoopBackOff",
        "back-off 10s restarting failed container",
        OnItsWay,
    ),
    (
        "RunContainerError",
        "exec: \"nope\": executable file not found in $PATH",
        OnItsWay,
    ),
    (
        "ErrImagePull",
        "manifest unknown",
        Stuck(Cause::ImageNotFound),
    ),
    (
        "ImagePullBackOff",
        "Back-off pulling image \"x/api:v9\"",
        Untold,
    ),
    (
        "ImagePullBackOff",
        "Back-off pulling image \"x/api:v9\": ErrImagePull: rpc error: code = NotFound desc = x/api:v9: not found",
        Stuck(Cause::ImageNotFound),
    ),
    ("ImagePullBackOff", "", Untold),
    (
        "InvalidImageName",
        "couldn't parse image name",
        Stuck(Cause::ImageNameInvalid),
    ),
    (
        "ErrImageNeverPull",
        "Container image is not present",
        Stuck(Cause::ImageNotFound),
    ),
    (
        "SignatureValidationFailed",
        "no signature",
        Stuck(Cause::Refused),
    ),
    (
        "CreateContainerConfigError",
        "secret \"api-secrets\" not found",
        Stuck(Cause::SecretMissing),
    ),
    (
        "CreateContainerConfigError",
        "configmap \"api\" not found",
        Stuck(Cause::SecretMissing),
    ),
    (
        "CreateContainerConfigError",
        "couldn't find key DATABASE_URL in Secret production/api-secrets",
        Stuck(Cause::SecretMissing),
    ),
    (
        "CreateContainerConfigError",
        "container has runAsNonRoot and image will run as root (pod: \"api\", container: api)",
        Stuck(Cause::Refused),
    ),
    (
        "CreateContainerConfigError",
        "failed to sync secret cache: timed out waiting for the condition",
        Stuck(Cause::Other),
    ),
    (
        "CreateContainerError",
        "failed to generate container spec: lstat /srv/data: no such file or directory",
        Stuck(Cause::ResourceMissing),
    ),
    (
        "CreateContainerError",
        "context deadline exceeded",
        Stuck(Cause::Other),
    ),
];

#[test]
fn why_a_container_waits() {
    for (reason, message, meaning) in WAITS {
        assert_eq!(
            waiting(reason, message, IMAGE),
            *meaning,
            "{reason}: {message}"
        );
    }
}

#[test]
fn why_a_pod_may_not_be_made() {
    let rows = [
        (
            "pods \"api-7d\" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3",
            Cause::Refused,
        ),
        (
            "pods \"api-7d\" is forbidden: failed quota: small: must specify limits.cpu for: api",
            Cause::Refused,
        ),
        (
            "pods \"api-7d\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false",
            Cause::Refused,
        ),
        (
            "admission webhook \"validate.kyverno.svc-fail\" denied the request: no latest tags",
            Cause::Refused,
        ),
        (
            "pods \"api-7d\" is forbidden: error looking up service account production/api-sa: serviceaccount \"api-sa\" not found",
            Cause::ResourceMissing,
        ),
        (
            "pods \"api-7d\" is forbidden: no PriorityClass with name high was found",
            Cause::ResourceMissing,
        ),
        (
            "Pod \"api-7d\" is invalid: spec.containers[0].resources.requests: Invalid value: \"1\": must be less than or equal to cpu limit",
            Cause::Refused,
        ),
        (
            "Internal error occurred: failed calling webhook \"mutate.example.com\": connect: connection refused",
            Cause::Other,
        ),
        ("etcdserver: request timed out", Cause::Other),
    ];
    for (message, cause) in rows {
        assert_eq!(refusal(message), cause, "{message}");
    }
}

#[test]
fn what_events_say_of_pods_that_do_not_start() {
    let rows = [
        (
            "FailedMount",
            "MountVolume.SetUp failed for volume \"keys\" : secret \"api-keys\" not found",
            Some(Cause::SecretMissing),
        ),
        (
            "FailedMount",
            "MountVolume.SetUp failed for volume \"conf\" : references non-existent config key: app.toml",
            Some(Cause::SecretMissing),
        ),
        (
            "FailedAttachVolume",
            "AttachVolume.Attach failed for volume \"pvc-1\" : rpc error: code = DeadlineExceeded",
            Some(Cause::Other),
        ),
        (
            "FailedCreatePodSandBox",
            "Failed to create pod sandbox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: failed to assign an IP address to container",
            Some(Cause::NoCapacity),
        ),
        (
            "Failed",
            "Failed to pull image \"x/api:v9\": x/api:v9: not found",
            Some(Cause::ImageNotFound),
        ),
        ("Failed", "Error: ErrImagePull", None),
        (
            "BackOff",
            "Back-off restarting failed container api in pod api-7d",
            None,
        ),
        ("Unhealthy", "Readiness probe failed: 503", None),
    ];
    for (reason, message, cause) in rows {
        assert_eq!(event(reason, message, IMAGE), cause, "{reason}: {message}");
    }
}

#[test]
fn how_containers_and_pods_end() {
    for (reason, cause) in [
        ("OOMKilled", Cause::OutOfMemory),
        ("Error", Cause::Exited),
        ("Completed", Cause::Exited),
        ("StartError", Cause::Exited),
        ("ContainerCannotRun", Cause::Exited),
        ("ContainerStatusUnknown", Cause::Other),
    ] {
        assert_eq!(ended(reason), cause, "{reason}");
    }
    for (reason, message, cause) in [
        (
            "Evicted",
            "The node was low on resource: memory. Container api was using 3Gi, which exceeds its request of 0.",
            Cause::NoCapacity,
        ),
        (
            "Evicted",
            "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
            Cause::Exited,
        ),
        (
            "OutOfcpu",
            "Node didn't have enough resource: cpu",
            Cause::NoCapacity,
        ),
        (
            "Terminated",
            "Pod was terminated in response to imminent node shutdown.",
            Cause::NoCapacity,
        ),
        (
            "DeadlineExceeded",
            "Pod was active on the node longer than the specified deadline",
            Cause::Other,
        ),
    ] {
        assert_eq!(pod(reason, message), cause, "{reason}: {message}");
    }
    let claim =
        "0/3 nodes are available: persistentvolumeclaim \"data\" not found. preemption: 0/3";
    assert_eq!(unschedulable(claim), Cause::ResourceMissing);
    assert_eq!(
        unschedulable("0/3 nodes are available: 3 Insufficient cpu."),
        Cause::NoCapacity
    );
}

#[test]
fn a_kill_for_a_probe_is_told_from_readiness() {
    assert!(is_probe_kill(
        "Unhealthy",
        "Liveness probe failed: HTTP probe failed with statuscode: 500"
    ));
    assert!(is_probe_kill(
        "Killing",
        "Container api failed startup probe, will be restarted"
    ));
    assert!(!is_probe_kill(
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503"
    ));
    assert!(!is_probe_kill("Killing", "Stopping container api"));
}
