//! What only Kubernetes knows about a service.

use serde_json::{Value as Json, json};

use crate::names::{Arn, KubeLabel, KubeName, Pattern};
use crate::spec::findings::Findings;
use crate::spec::model::Share;
use crate::spec::scalar::{Filled, Whole, is_number, percentage};
use crate::spec::shape::{Map, Shape, table};
use crate::spec::tree::{Node, Value};
use crate::spec::units::{Mebibytes, Millis, Time};

table! {
    /// What only Kubernetes knows about a service.
    "[service.NAME.kubernetes]" Kubernetes {
        /// Name of the Deployment, the Service, the autoscaler and the disruption budget. Default: the service's own.
        name: KubeLabel,
        /// The service account of the pods; made where it is missing. Default: the namespace's own.
        service_account: KubeName,
        /// ARN of the IAM role of that service account (IRSA). Default: none.
        role: Arn,
        /// The Secret that fills the environment from `secrets`. Default: NAME-secrets.
        secret: KubeName,
        /// The port of the Service. Default: 80, or the service's own where that is UDP.
        service_port: Whole<1, 65_535>,
        /// What is reserved for the main container. Default: `cpu` and `memory` of the service, less the sidecars' shares.
        requests: Resources,
        /// What the main container may use at most. Default: `memory` as above, and any CPU.
        limits: Resources,
        /// When a pod counts as ready, or false. Default: `health` every 5s, else that the port is open.
        readiness: Switch<Probe>,
        /// When the container is started anew, or false. Default: as `health` says, else only when it exits.
        liveness: Switch<Probe>,
        /// Holds the other two back until it has passed once. Default: none.
        startup: Switch<Probe>,
        /// A pod counts as available once it was ready for so long. Default: 5s.
        min_ready: Time<0, 3600>,
        /// Most pods above the desired number during a rollout: a number or a share. Default: "25%".
        max_surge: Share,
        /// Most pods missing from the desired number during a rollout. Default: 0.
        max_unavailable: Share,
        /// Most pods that drained nodes may take away at once, or false. Default: 1.
        disruption: Switch<Share>,
        /// Whether pods are spread over zones and nodes as far as they can be. Default: true.
        spread: bool,
        /// A pod that ends goes on serving for so long, until nothing is sent to it any more. Default: 5s with a port, else 0s.
        drain: Time<0, 600>,
        /// The Ingress that `expose` asks for.
        ingress: Ingress,
        /// Annotations of the pods.
        pod_annotations: Map<String>,
    }
}

table! {
    /// CPU and memory.
    "requests and limits" Resources {
        /// In CPUs: 0.25, or "250m".
        cpu: Millis,
        /// "256MiB", or "256Mi".
        memory: Mebibytes,
    }
}

table! {
    /// What the kubelet asks a container, and how often.
    "a probe" Probe {
        /// Path of an HTTP check.
        path: Filled,
        /// A shell line that runs inside of the container.
        command: Filled,
        /// The port that is asked; without a `path` it must be open. Default: the service's own.
        port: Whole<1, 65_535>,
        /// Before the first. Default: 0s; of liveness: `health.grace`.
        delay: Time<0, 3600>,
        /// Between two. Default: 5s; of liveness: `health.interval`.
        period: Time<1, 3600>,
        /// How long one may take. Default: `health.timeout`.
        timeout: Time<1, 600>,
        /// Failures in a row that count. Default: `health.retries`; of startup: 60.
        retries: Whole<1, 1000>,
    }
}

table! {
    /// The Ingress that `expose` asks for.
    "ingress" Ingress {
        /// Its name. Default: NAME-ingress.
        name: KubeName,
        /// The class of the controller that serves it. Default: alb on EKS, elsewhere the cluster's own.
        class: KubeName,
        /// The path prefix that it takes. Default: /.
        path: Filled,
        /// Annotations beside, or in place of, the derived ones.
        annotations: Map<String>,
    }
}

/// Something that can be turned off with `false`.
pub(in crate::spec) enum Switch<T> {
    Off,
    On(T),
}

impl<T: Shape> Shape for Switch<T> {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.value {
            Value::Bool(false) => Some(Self::Off),
            Value::Bool(true) => {
                let help = Some("leave the key out for its default");
                findings.wrong_type(node, "a value, or false", help);
                None
            }
            _ => Some(Self::On(T::read(node, findings)?)),
        }
    }

    fn schema() -> Json {
        json!({ "anyOf": [T::schema(), { "enum": [false] }] })
    }
}

/// `0%` to `100%`.
pub(in crate::spec) static SHARE: Pattern = Pattern::new("(?:[1-9]?[0-9]|100) ?%");

impl Shape for Share {
    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        if is_number(node) {
            let Whole::<0, 5000>(pods) = Whole::read(node, findings)?;
            return Some(Self::Pods(pods));
        }
        if let Some(percent) = percentage(node, &SHARE) {
            Some(Self::Percent(percent))
        } else {
            let message = "this is not a share: write \"0%\" to \"100%\", or a number of pods";
            findings.bad_value(node.spot, message);
            None
        }
    }

    fn schema() -> Json {
        json!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 5000 },
                SHARE.schema(),
            ],
        })
    }
}
