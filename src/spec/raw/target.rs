//! config/NAME.toml: where services run.

use crate::names::{AccountId, KubeLabel, KubeName, Region};
use crate::spec::model::Approve;
use crate::spec::scalar::{Filled, Plain};
use crate::spec::shape::{At, Map, table, words};

use super::Service;
use crate::spec::findings::Findings;
use crate::spec::shape::Shape;
use crate::spec::tree::Node;

words!(Approve, "an approval", "ask" => Approve::Ask, "yes" => Approve::Yes);

/// What is laid over a service: it has any of its keys and needs none. It is read only after it
/// was laid over.
pub(in crate::spec) struct Overlay(pub(in crate::spec) Node);

impl Shape for Overlay {
    fn read(node: &Node, _findings: &mut Findings) -> Option<Self> {
        Some(Self(node.clone()))
    }

    fn schema() -> serde_json::Value {
        let mut schema = Service::schema();
        lift_requirements(&mut schema);
        schema
    }
}

fn lift_requirements(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(map) => {
            // `required` is also a thinkable name of a property; that one is no array.
            if map.get("required").is_some_and(serde_json::Value::is_array) {
                map.remove("required");
            }
            map.values_mut().for_each(lift_requirements);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(lift_requirements),
        _ => {}
    }
}

/// The platforms that a target can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum Platform {
    Ecs,
    Sandbox,
    Eks,
    Kubernetes,
}
words!(
    Platform, "a platform",
    "ecs" => Platform::Ecs,
    "eks" => Platform::Eks,
    "kubernetes" => Platform::Kubernetes,
    "sandbox" => Platform::Sandbox,
);

/// Kinds of External Secrets stores, spelt as Kubernetes does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::spec) enum StoreKind {
    Namespaced,
    Cluster,
}
words!(
    StoreKind, "a kind of store",
    "SecretStore" => StoreKind::Namespaced,
    "ClusterSecretStore" => StoreKind::Cluster,
);

table! {
    /// config/NAME.toml: where services run.
    "config/NAME.toml" Target {
        /// "ecs", "eks", "kubernetes" for a cluster in a kubeconfig, or "sandbox" for the embedded ECS.
        platform: Platform = required,
        /// The AWS account; any other is refused before anything is written. In quotes.
        account: AccountId,
        /// The AWS Region.
        region: Region,
        /// The cluster's name; of a kubeconfig: any other is refused before anything is written.
        cluster: Plain,
        /// How tasks are wired up on ECS.
        network: Network,
        /// URL that takes the place of every AWS endpoint, for emulators. One that is neither https nor on this machine gets made-up credentials.
        endpoint: Filled,
        /// The kubeconfig; one inside the repository runs no login plugin without `--allow-exec`. Default: KUBECONFIG, else ~/.kube/config, else the pod that this runs in.
        kubeconfig: Filled,
        /// The context in the kubeconfig. Default: the current one.
        context: Filled,
        /// The namespace of everything on Kubernetes.
        namespace: KubeLabel,
        /// Whether the namespace is made where it is missing. Default: false.
        create_namespace: bool,
        /// The External Secrets store that fills Secrets. Default: they must exist already.
        secret_store: SecretStore,
        /// Values for ${NAME} in both files.
        vars: Map<String>,
        /// Whether `apply` asks before it writes. Default: ask; the sandbox does not.
        approve: Approve,
        /// What is true of a service only here; laid over deploy.toml, table by table.
        service: Map<Overlay>,
    }
}

table! {
    /// An External Secrets store.
    "secret_store" SecretStore {
        /// `SecretStore` or `ClusterSecretStore`. Default: `SecretStore`.
        kind: StoreKind,
        /// The name of the store.
        name: KubeName = required,
    }
}

table! {
    /// How tasks are wired up (awsvpc).
    "network" Network {
        /// 1 to 16 subnets.
        subnets: Vec<At<Filled>> = required,
        /// At most 5 security groups. Default: the VPC's own.
        security_groups: Vec<At<Filled>>,
        /// Whether tasks get a public address. Default: false.
        public_ip: bool,
    }
}
