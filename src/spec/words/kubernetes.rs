//! What only Kubernetes knows about a service, with what it makes of the words of every platform.

pub(in crate::spec) mod account;
pub(in crate::spec) mod added;
pub(in crate::spec) mod around;
pub(in crate::spec) mod autoscaler;
mod basics;
pub(in crate::spec) mod bindings;
pub(in crate::spec) mod disruption;
pub(in crate::spec) mod hooks;
pub(in crate::spec) mod keda;
pub(in crate::spec) mod kind;
pub(in crate::spec) mod labels;
pub(in crate::spec) mod network_policy;
pub(in crate::spec) mod nodes;
pub(in crate::spec) mod part;
pub(in crate::spec) mod pods;
pub(in crate::spec) mod probe;
pub(in crate::spec) mod probes;
pub(in crate::spec) mod security;
pub(in crate::spec) mod service;
pub(in crate::spec) mod share;
pub(in crate::spec) mod stateful;
pub(in crate::spec) mod strategy;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map as Object, Value as Json};

use self::account::{Account, WrittenAccount, account};
use self::around::{Around, around};
use self::basics::{drain, min_ready, name, secret, size};
use self::labels::{Labels, selector};
use self::nodes::{WrittenNodes, for_fargate, pod_annotations};
use self::part::{KubePart, PullPolicy, main, sidecars};
use self::service::{KubeServiceOwn, KubeServiceTable, Pods, has_ports, service};
use crate::names::{Arn, KubeLabel, KubeName};
use crate::spec::findings::Findings;
use crate::spec::manifests::Manifest;
use crate::spec::resolve;
use crate::spec::resolve::Ground;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Switch, table};
use crate::spec::units::Time;
use crate::spec::words::ServiceTable;
use crate::spec::words::architecture::Architecture;
use crate::spec::words::gateway::WrittenGateway;
use crate::spec::words::ingress::{Ingress, IngressTable};
use crate::spec::words::kubernetes::added::Added;
use crate::spec::words::kubernetes::autoscaler::{AutoscalerTable, Autoscaling, autoscaling};
use crate::spec::words::kubernetes::bindings::BindingTable;
use crate::spec::words::kubernetes::disruption::{Disruption, WrittenDisruption, disruption};
use crate::spec::words::kubernetes::hooks::HookTable;
use crate::spec::words::kubernetes::keda::KedaTable;
use crate::spec::words::kubernetes::kind::{WorkloadKind, kind};
use crate::spec::words::kubernetes::network_policy::PolicyTable;
use crate::spec::words::kubernetes::pods::{
    Dns, HostAliases, Tolerations, WrittenAffinity, WrittenSpread, pod,
};
use crate::spec::words::kubernetes::probe::ProbeTable;
use crate::spec::words::kubernetes::probes::Health;
use crate::spec::words::kubernetes::security::{PodSecurityTable, WrittenSecurity};
use crate::spec::words::kubernetes::share::{Share, shares};
use crate::spec::words::kubernetes::stateful::{
    ClaimTable, PodManagement, RetentionTable, Stateful, stateful,
};
use crate::spec::words::kubernetes::strategy::{KubeStrategy, strategy};
use crate::spec::words::patch::kubernetes::{KubePatch, KubePatchTable, Made, patches};
use crate::spec::words::resources::ResourcesTable;
use crate::spec::words::tags::AnnotationKey;
use crate::spec::words::target::namespace::KubePlace;
use crate::spec::words::{size as sizes, user};

table! {
    /// What only Kubernetes knows about a service.
    "[service.NAME.kubernetes]" KubernetesTable {
        /// What makes its pods: "Deployment", `StatefulSet` for pods with names and volumes of their own, or `DaemonSet`
        /// for one on each node. Default: "Deployment".
        kind: WorkloadKind,
        /// Name of the Deployment, the Service, the autoscaler and the disruption budget. Default: the service's own.
        name: KubeLabel,
        /// The service account of the pods, by its name or with what it says itself; made where it is missing.
        /// Default: the namespace's own.
        service_account: WrittenAccount,
        /// ARN of the IAM role of that service account, which gets it as its `identity` says. Default: none.
        role: Arn,
        /// The Secret that fills the environment from `secrets`. Default: NAME-secrets.
        secret: KubeName,
        /// The port of the Service. Default: 80, or the service's own where that is UDP.
        service_port: Whole<1, 65_535>,
        /// The Service, or false. Default: one of type `ClusterIP` that sends to the service's ports.
        service: Switch<KubeServiceTable>,
        /// What is reserved for the main container, or false. Default: `cpu` and `memory` of the service, less the
        /// sidecars' shares.
        requests: Switch<ResourcesTable>,
        /// What the main container may use at most, or false. Default: `memory` as above, and any CPU.
        limits: Switch<ResourcesTable>,
        /// When a pod counts as ready, or false. Default: `health` every 5s, else that the port is open.
        readiness: Switch<ProbeTable>,
        /// When the container is started anew, or false. Default: as `health` says, else only when it exits.
        liveness: Switch<ProbeTable>,
        /// Holds the other two back until it has passed once. Default: none.
        startup: Switch<ProbeTable>,
        /// A pod counts as available once it was ready for so long. Default: 5s.
        min_ready: Time<0, 3600>,
        /// How pods make way for new ones: "rolling", a few at a time; of a Deployment "recreate", which ends all of
        /// them first; of the other kinds `on_delete`, each when somebody deletes it. Default: "rolling".
        strategy: KubeStrategy,
        /// Most pods above the desired number during a rollout: a number or a share. Default: "25%"; of a `DaemonSet` 0.
        max_surge: Share,
        /// Most pods missing from the desired number during a rollout. Default: 0; of the other kinds 1.
        max_unavailable: Share,
        /// Volumes that each pod of a `StatefulSet` has of its own, as `mounts` name them; they never change.
        claims: Map<ClaimTable, KubeLabel>,
        /// What becomes of the claims that no pod has any more. Default: they stay.
        claim_retention: RetentionTable,
        /// The Service under which each pod of a `StatefulSet` has a name of its own. Default: the service's.
        service_name: KubeLabel,
        /// In which order pods of a `StatefulSet` come and go: "ordered", or "parallel" for all at once. Default: "ordered".
        pod_management: PodManagement,
        /// Pods of a `StatefulSet` with a number below it stay as they are. Default: 0.
        partition: Whole<0, 5000>,
        /// Most pods that drained nodes may take away at once, a table that says more, or false. Default: 1.
        disruption: Switch<WrittenDisruption>,
        /// What the autoscaler knows besides `scaling`.
        autoscaler: AutoscalerTable,
        /// KEDA in its place: it scales by queues, schedules and other events, also to none.
        keda: KedaTable,
        /// Whether pods are spread over zones and nodes as far as they can be, or constraints in the API's form.
        /// Default: true.
        spread: WrittenSpread,
        /// A pod that ends goes on serving for so long, until nothing is sent to it any more. Default: 5s with a port, else 0s.
        drain: Time<0, 600>,
        /// The Ingress that `expose` asks for.
        ingress: IngressTable,
        /// The Gateway that `expose` asks for a route at, by its name or a table: an `HTTPRoute` instead of an Ingress,
        /// or beside one, where `ingress` is said too.
        gateway: WrittenGateway,
        /// ARN of a load balancer's target group that the pods become targets of (`TargetGroupBinding` of the AWS Load
        /// Balancer Controller).
        target_group: Arn,
        /// Several target groups instead of one, or more to say of one.
        target_groups: Vec<At<BindingTable>>,
        /// Who may reach the pods, and whom they may reach.
        network_policy: PolicyTable,
        /// Labels of every object of the service, and of its pods.
        labels: Map<String, AnnotationKey>,
        /// Labels of the pods beside those; false leaves one of `labels` off them.
        pod_labels: Map<Switch<String>, AnnotationKey>,
        /// Annotations of the Deployment.
        annotations: Map<String, AnnotationKey>,
        /// Annotations of the pods.
        pod_annotations: Map<String, AnnotationKey>,
        /// The labels by which the Deployment and the Service find the pods; they never change. Default: { app = NAME }.
        selector: Map<Filled, AnnotationKey>,
        /// What the main container may do: "restricted" for what this standard asks of it and of all others, or fields.
        security: WrittenSecurity,
        /// What holds for all containers, where theirs says nothing else.
        pod_security: PodSecurityTable,
        /// What the main container does before it is told to end, in place of `drain`.
        pre_stop: HookTable,
        /// What the main container does when it has started.
        post_start: HookTable,
        /// When the main container's image is pulled: "Always", `IfNotPresent` or "Never". Default: always where its
        /// tag can move.
        pull_policy: PullPolicy,
        /// Secrets with which images are pulled.
        pull_secrets: Vec<At<KubeName>>,
        /// Time between the wish that a pod ends and its end. Default: `drain` and the longest `stop_timeout`.
        termination_grace: Time<0, 86_400>,
        /// On which nodes of EKS they run: { capacity = "spot", pool = "general" }; "fargate" refuses what a Fargate
        /// profile cannot run, whose selectors take the pods. Default: any.
        nodes: WrittenNodes,
        /// Whether Karpenter lets them run to their end before it takes their node away. Default: false.
        do_not_disrupt: bool,
        /// Labels of the nodes that pods go to.
        node_selector: Map<String, AnnotationKey>,
        /// Which nodes and which pods they go beside, in the API's form.
        affinity: WrittenAffinity,
        /// Taints of nodes that they bear, in the API's form: [{ key = "gpu", operator = "Exists" }].
        tolerations: Tolerations,
        /// Their priority class.
        priority_class: KubeName,
        /// Their runtime class.
        runtime_class: KubeName,
        /// Who chooses their nodes. Default: the cluster's own scheduler.
        scheduler: KubeName,
        /// How they find names: `ClusterFirst`, `ClusterFirstWithHostNet`, "Default" or "None".
        dns_policy: Filled,
        /// How they find names, in the API's form: `nameservers`, `searches` and `options`.
        dns: Dns,
        /// Names that they know beside those, in the API's form: an `ip` and its `hostnames` each.
        host_aliases: HostAliases,
        /// Whether they are in the node's own network. Default: false.
        host_network: bool,
        /// Whether their containers see each other's processes. Default: false.
        share_processes: bool,
        /// Whether they get the token of their service account. Default: true.
        automount_token: bool,
        /// Whether they get variables for every Service of the namespace. Default: true.
        enable_service_links: bool,
        /// So many former revisions are kept by the cluster. Default: 10.
        revision_history: Whole<0, 1000>,
        /// What the Kubernetes API knows and this format has no word for, in the API's own spelling.
        patch: KubePatchTable,
        /// Files of manifests whose objects are carried along, relative to the deploy file: "k8s/*.yaml". `${NAME}` in them is left as it is.
        manifests: Vec<At<Filled>>,
    }
}

/// What only Kubernetes knows about a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KubeOwn {
    /// What makes its pods.
    pub(crate) kind: WorkloadKind,
    /// What only the pods of a `StatefulSet` have.
    pub(crate) stateful: Stateful,
    /// The name of the Deployment, the Service, the autoscaler and the disruption budget.
    pub(crate) name: KubeLabel,
    /// The service account of the pods; `None`: the namespace's own `default`.
    pub(crate) service_account: Option<Account>,
    /// The IAM role that the service account is annotated with (IRSA).
    pub(crate) role: Option<Arn>,
    /// The Secret that fills the environment from `secrets`.
    pub(crate) secret: KubeName,
    /// The Service; `None`: there is none.
    pub(crate) service: Option<KubeServiceOwn>,
    /// Pods go to nodes of this architecture only; `None`: to any.
    pub(crate) architecture: Option<Architecture>,
    /// What is said of the main container.
    pub(crate) main: KubePart,
    /// What is said of each sidecar.
    pub(crate) sidecars: BTreeMap<String, KubePart>,
    /// A pod counts as available once it was ready for so long, in whole seconds.
    pub(crate) min_ready: Duration,
    /// How pods make way for new ones.
    pub(crate) strategy: KubeStrategy,
    /// Most pods above the desired number during a rollout.
    pub(crate) max_surge: Share,
    /// Most pods missing from the desired number during a rollout.
    pub(crate) max_unavailable: Share,
    /// Most pods that an eviction (a drained node) may take away at once; `None`: no budget.
    pub(crate) disruption: Option<Disruption>,
    /// What moves the number of pods, besides the bounds and the shares of CPU and memory.
    pub(crate) autoscaling: Autoscaling,
    /// Whether pods are spread over zones and nodes, as far as they can be.
    pub(crate) spread: bool,
    /// A pod that is to end goes on serving for so long before it is told, so that load balancers
    /// have stopped sending to it; in whole seconds.
    pub(crate) drain: Duration,
    /// The Ingress; `None`: the service is not reached from outside of the cluster.
    pub(crate) ingress: Option<Ingress>,
    /// What else stands around the pods.
    pub(crate) around: Around,
    /// Labels and annotations of the file's own.
    pub(crate) labels: Labels,
    /// What is said of the pods' own specification, in the API's form.
    pub(crate) pod: Object<String, Json>,
    /// So many former revisions are kept by the cluster.
    pub(crate) revision_history: u32,
    /// Annotations of the pods.
    pub(crate) pod_annotations: BTreeMap<String, String>,
    /// The labels by which the Deployment and the Service find the pods.
    pub(crate) selector: BTreeMap<String, String>,
    /// What is laid over the objects in the API's own spelling.
    pub(crate) patch: KubePatch,
    /// Objects that are carried along; filled in once their files are read.
    pub(crate) manifests: Vec<Manifest>,
}

impl KubeOwn {
    /// What is said of one of the containers.
    pub(crate) fn part(&self, container: &str) -> &KubePart {
        self.sidecars.get(container).unwrap_or(&self.main)
    }

    /// The first port of the Service, which clients use; 0 where there is none.
    pub(crate) fn service_port(&self) -> u16 {
        let first = self.service.as_ref().and_then(|one| one.ports.first());
        first.map_or(0, |port| port.port)
    }

    /// The labels that select the pods, as a query says them.
    pub(crate) fn selecting(&self) -> String {
        let labels = self.selector.iter();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        labels.join(",")
    }
}

pub(in crate::spec) type Scene<'a> = resolve::Scene<'a, KubePlace>;

impl Ground for KubePlace {
    type Own = KubeOwn;
    const ECS: bool = false;

    fn own(raw: &mut ServiceTable, scene: &Scene<'_>, findings: &mut Findings) -> Option<KubeOwn> {
        sizes::needed(raw, scene.head, findings);
        user::for_kubernetes(scene, findings);
        let table = raw.kubernetes.take();
        let table = table.map(|at| at.value).unwrap_or_default();
        let own = kubernetes(table, raw, scene, findings)?;
        (raw.cpu.is_some() && raw.memory.is_some()).then_some(own)
    }

    fn objects(own: &KubeOwn) -> Vec<(&'static str, String)> {
        let ingress = own.ingress.as_ref();
        let ingress = ingress.map(|ingress| ("Ingress", ingress.name.to_string()));
        let deployment = [(own.kind.as_str(), own.name.to_string())];
        // One that is called as its Deployment is another's only where that is, too.
        let service = own.service.as_ref().filter(|one| one.name != own.name);
        let service = service.map(|one| ("Service", one.name.to_string()));
        let route = own.around.route.as_ref();
        let route = route.map(|route| ("HTTPRoute", route.name.to_string()));
        let bindings = own.around.bindings.iter();
        let bindings = bindings.map(|one| ("TargetGroupBinding", one.name.clone()));
        let pods = [(resolve::PODS, own.selecting())];
        let all = deployment.into_iter().chain(ingress).chain(service);
        let all = all
            .chain(route)
            .chain(bindings)
            .chain(own.autoscaling.objects(own.name.as_str()));
        all.chain(pods).collect()
    }
}

/// So many `ReplicaSets` that serve no more are kept, for `kubectl rollout undo`; the API's own default
/// (Kubernetes API reference, `DeploymentSpec`).
const HISTORY: u32 = 10;

/// Resolves `[service.NAME.kubernetes]`.
fn kubernetes(
    mut raw: KubernetesTable,
    common: &mut ServiceTable,
    scene: &Scene<'_>,
    findings: &mut Findings,
) -> Option<KubeOwn> {
    let ports = scene.containers.first()?.ports.as_slice();
    let kind = kind(common, &raw, findings);
    let added = Added::of(&raw);
    let secret = secret(&mut raw, scene, findings)?;
    let name = name(&raw, scene)?;
    let selector = selector(raw.selector.take(), &name, findings);
    let labels = Labels::of(&mut raw, &selector, findings);
    let pods = Pods {
        name: &name,
        found: labels.found(&selector),
        ports,
        head: scene.head,
        expose: common.expose.as_ref().map(|at| at.head),
        says_ports: has_ports(raw.service.as_ref()),
    };
    let service = service(&mut raw, &pods, findings);
    let (max_surge, max_unavailable) = shares(&raw, kind, findings);
    let disruption = disruption(raw.disruption.take(), kind, &pods.found, findings);
    let made = Made::of(common, &raw, (service.is_some(), disruption.is_some()));
    let selecting = (&selector, scene.containers);
    let patch = patches(raw.patch.take(), &made, selecting, findings);
    let sidecars = sidecars(scene.containers, raw.security.as_ref(), findings);
    let health = (&Health::of(common.health.as_ref()), size(common));
    let main = main(&raw, health, scene.containers, findings);
    let (pod, spread) = pod(&mut raw, kind, &selector, findings);
    let (ingress, around) = around(&mut raw, common, &pods, (scene, service.as_ref()), findings);
    let (service_account, role) = account(&mut raw, scene, findings);
    let resolved = KubeOwn {
        patch,
        labels,
        service_account,
        role,
        secret,
        architecture: common.architecture.take().map(|at| at.value),
        main,
        sidecars,
        min_ready: min_ready(&raw, common.rollout.as_ref(), findings),
        stateful: stateful(&mut raw, service.as_ref(), findings),
        kind,
        strategy: strategy(&raw, kind, findings),
        max_surge,
        max_unavailable,
        disruption,
        autoscaling: autoscaling(&mut raw, common, findings),
        spread,
        drain: drain(&raw, !ports.is_empty(), findings),
        ingress,
        around,
        pod,
        revision_history: raw.revision_history.take().map_or(HISTORY, |at| at.value.0),
        pod_annotations: pod_annotations(&mut raw, findings),
        service,
        selector,
        name,
        manifests: Vec::new(),
    };
    for_fargate(&raw, &resolved, scene, findings);
    added.tell(&resolved, scene.name, findings);
    Some(resolved)
}
