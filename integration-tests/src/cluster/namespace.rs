//! A namespace for one test, and users that may do less than everything in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Api, Cluster, SOON, objects};
use crate::host;
use crate::project::unique;
use crate::trial::{Outcome, fail};

/// A namespace. Dropped, it is deleted with all that is in it.
#[derive(Debug)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    cluster: Arc<Cluster>,
}

/// What a user may do.
#[derive(Debug, Clone)]
pub enum Rights {
    /// Everything, everywhere.
    All,
    /// What these rules of a Role say, in the namespace.
    Only(Value),
}

/// A service account that somebody uses from outside.
#[derive(Debug)]
pub struct User {
    /// As the audit log has it.
    pub name: String,
    /// The file to log in with.
    pub kubeconfig: PathBuf,
}

impl Namespace {
    pub(super) fn make(cluster: Arc<Cluster>, stem: &str) -> Outcome<Self> {
        let name = unique(stem);
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        cluster.api().create(&object)?;
        let namespace = Self { name, cluster };
        // Pods are refused until it exists.
        namespace.wait("the default service account", SOON, || {
            namespace.find("serviceaccounts", "default")
        })?;
        Ok(namespace)
    }

    /// The cluster it is in.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// The path of the objects of a resource here (`pods`, `deployments`).
    pub fn path(&self, resource: &str) -> String {
        let group = match resource {
            "deployments" | "replicasets" | "statefulsets" | "daemonsets" => "apis/apps/v1",
            "horizontalpodautoscalers" => "apis/autoscaling/v2",
            "ingresses" | "networkpolicies" => "apis/networking.k8s.io/v1",
            "httproutes" => "apis/gateway.networking.k8s.io/v1",
            "targetgroupbindings" => "apis/elbv2.k8s.aws/v1beta1",
            "scaledobjects" | "triggerauthentications" => "apis/keda.sh/v1alpha1",
            "poddisruptionbudgets" => "apis/policy/v1",
            "endpointslices" => "apis/discovery.k8s.io/v1",
            "leases" => "apis/coordination.k8s.io/v1",
            "roles" | "rolebindings" => "apis/rbac.authorization.k8s.io/v1",
            "cronjobs" => "apis/batch/v1",
            "widgets" => "apis/carried.test/v1",
            "externalsecrets" => "apis/external-secrets.io/v1",
            _ => "api/v1",
        };
        format!("/{group}/namespaces/{}/{resource}", self.name)
    }

    /// An object.
    pub fn get(&self, resource: &str, name: &str) -> Outcome<Value> {
        let path = format!("{}/{name}", self.path(resource));
        Ok(self.cluster.api().get(&path)?)
    }

    /// An object, if there is one.
    pub fn find(&self, resource: &str, name: &str) -> Outcome<Option<Value>> {
        let path = format!("{}/{name}", self.path(resource));
        Ok(self.cluster.api().find(&path)?)
    }

    /// The objects of a resource.
    pub fn list(&self, resource: &str) -> Outcome<Vec<Value>> {
        Ok(self.cluster.api().list(&self.path(resource))?)
    }

    /// The version that the objects of a resource have together now.
    pub fn version(&self, resource: &str) -> Outcome<String> {
        let list = self.cluster.api().get(&self.path(resource))?;
        let version = list["metadata"]["resourceVersion"].as_str();
        Ok(version.unwrap_or_default().to_owned())
    }

    /// What became of the objects of a resource since that version: every state that they were in.
    pub fn changes(&self, resource: &str, version: &str) -> Outcome<Vec<Value>> {
        self.cluster.api().changes(&self.path(resource), version)
    }

    /// The names of the objects of a resource.
    pub fn names(&self, resource: &str) -> Outcome<Vec<String>> {
        let objects = self.list(resource)?;
        let names = objects
            .iter()
            .filter_map(|one| one["metadata"]["name"].as_str());
        Ok(names.map(str::to_owned).collect())
    }

    /// The pods with this label (`app=api`).
    pub fn pods(&self, label: &str) -> Outcome<Vec<Value>> {
        let path = format!("{}?labelSelector={label}", self.path("pods"));
        Ok(self.cluster.api().list(&path)?)
    }

    /// Makes an object here.
    pub fn create(&self, object: &Value) -> Outcome<Value> {
        self.cluster.api().create(&self.here(object))
    }

    /// Applies an object here as this field manager, by force: what somebody else does.
    pub fn apply(&self, object: &Value, manager: &str) -> Outcome<Value> {
        self.cluster.api().apply(&self.here(object), manager)
    }

    /// Changes an object (a JSON merge patch): what somebody else does.
    pub fn change(&self, resource: &str, name: &str, patch: &Value) -> Outcome<Value> {
        let path = format!("{}/{name}", self.path(resource));
        Ok(self.cluster.api().merge(&path, patch)?)
    }

    /// Deletes an object.
    pub fn delete(&self, resource: &str, name: &str) -> Outcome {
        let path = format!("{}/{name}", self.path(resource));
        self.cluster.api().delete(&path)?;
        Ok(())
    }

    /// The log of a pod's one container, or of its run before.
    pub fn log(&self, pod: &str, previous: bool) -> Outcome<String> {
        let path = format!("{}/{pod}/log?previous={previous}", self.path("pods"));
        Ok(self.cluster.api().text(&path)?)
    }

    /// Writes an event about an object here, as a controller would.
    pub fn event(&self, about: &Value, kind: &str, reason: &str, message: &str) -> Outcome {
        self.create(&objects::event(about, kind, reason, message))?;
        Ok(())
    }

    /// Waits until `look` finds something; a wait in vain quotes the pods.
    pub fn wait<T>(
        &self,
        what: &str,
        within: Duration,
        mut look: impl FnMut() -> Outcome<Option<T>>,
    ) -> Outcome<T> {
        let found = host::poll(within, || look().transpose());
        found.unwrap_or_else(|| {
            let pods = self.list("pods")?;
            let states: Vec<_> = pods.iter().map(objects::summary).collect();
            Err(fail(format_args!(
                "{what}: not within {within:?}; pods: {states:#?}"
            )))
        })
    }

    /// Waits until a Deployment is available with all of its replicas, and no old pod is counted any more.
    pub fn rolled_out(&self, deployment: &str) -> Outcome<Value> {
        self.wait(deployment, SOON, || {
            Ok(self
                .find("deployments", deployment)?
                .filter(objects::is_rolled_out))
        })
    }

    /// A user of this name with these rights, and a kubeconfig to be it.
    pub fn user(&self, name: &str, rights: &Rights) -> Outcome<User> {
        self.create(&objects::service_account(name))?;
        let subject = json!([{"kind": "ServiceAccount", "name": name, "namespace": self.name}]);
        match rights {
            Rights::All => {
                let binding = format!("{}-{name}", self.name);
                let all = objects::binding("ClusterRole", &binding, "cluster-admin", &subject);
                self.cluster.api().create(&all)?;
            }
            Rights::Only(rules) => {
                self.create(&objects::role(name, rules))?;
                self.create(&objects::binding("Role", name, name, &subject))?;
            }
        }
        let path = format!("{}/{name}/token", self.path("serviceaccounts"));
        let asked = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}});
        let answer = self.cluster.api().post(&path, &asked)?;
        let full = format!("{}-{name}", self.name);
        let token = json!({"token": answer["status"]["token"]});
        Ok(User {
            name: format!("system:serviceaccount:{}:{name}", self.name),
            kubeconfig: self.cluster.kubeconfig_with(&full, &token)?,
        })
    }

    fn here(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(self.name);
        object
    }
}

impl User {
    /// What this user sees.
    pub fn api(&self) -> Outcome<Api> {
        Api::of(&self.kubeconfig)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // A cluster that is going away takes it along.
        drop(
            self.cluster
                .api()
                .delete(&format!("/api/v1/namespaces/{}", self.name)),
        );
    }
}
