//! The Kubernetes API as JSON at paths, for looking at a cluster from outside and for playing somebody else.

use std::path::Path;
use std::time::Duration;

use http::{Method, Request, header};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::trial::{Outcome, fail};

const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// Speaks to one API server as one user. Each call waits for its answer.
pub struct Api {
    runtime: Runtime,
    client: Client,
    cluster: Value,
}

/// What a call came to: a refusal is [`kube::Error::Api`], with the server's own status.
pub type Answer<T = Value> = Result<T, kube::Error>;

impl std::fmt::Debug for Api {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Api({})", self.server())
    }
}

impl Api {
    /// The view of the current context of a kubeconfig.
    pub fn of(kubeconfig: &Path) -> Outcome<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            client: runtime.block_on(client(kubeconfig))?,
            runtime,
            cluster: current_cluster(&read(kubeconfig)?)?,
        })
    }

    /// `https://…`
    pub fn server(&self) -> &str {
        self.cluster["server"].as_str().unwrap_or_default()
    }

    /// The certificate of the cluster's CA, in base64.
    pub fn certificate_authority(&self) -> &str {
        self.cluster["certificate-authority-data"]
            .as_str()
            .unwrap_or_default()
    }

    /// The `cluster` of the kubeconfig.
    pub(crate) fn cluster(&self) -> &Value {
        &self.cluster
    }

    /// The object or list at a path.
    pub fn get(&self, path: &str) -> Answer {
        self.json(Method::GET, path, None, "")
    }

    /// The object at a path, if there is one.
    pub fn find(&self, path: &str) -> Answer<Option<Value>> {
        match self.get(path) {
            Ok(object) => Ok(Some(object)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects of a list.
    pub fn list(&self, path: &str) -> Answer<Vec<Value>> {
        Ok(self.get(path)?["items"]
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    /// What is at a path that does not speak JSON: a log, `/readyz`.
    pub fn text(&self, path: &str) -> Answer<String> {
        self.send(Method::GET, path, None, "")
    }

    /// Watches what is at a path (a list, with what selects of it) until `find` finds something in what is there or comes.
    /// Each event is `{"type": …, "object": …}`.
    pub fn watch<T>(
        &self,
        path: &str,
        within: Duration,
        mut find: impl FnMut(&Value) -> Option<T>,
    ) -> Outcome<T> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}watch=true");
        let watching = async {
            let request = Request::get(&path).body(Body::empty())?;
            let mut body = self.client.send(request).await?.into_body();
            let mut text = Vec::new();
            while let Some(frame) = body.frame().await {
                text.extend_from_slice(frame?.data_ref().map_or(&[][..], |data| data));
                while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = text.drain(..=end).collect();
                    if let Some(found) = find(&serde_json::from_slice(&line)?) {
                        return Ok(found);
                    }
                }
            }
            Err(fail(format_args!("the watch of {path} ended")))
        };
        self.runtime.block_on(async {
            tokio::time::timeout(within, watching)
                .await
                .map_err(|_| fail(format_args!("{path}: not within {within:?}")))?
        })
    }

    /// Makes an object.
    pub fn create(&self, object: &Value) -> Outcome<Value> {
        let path = collection(object)?;
        Ok(self.post(&path, object)?)
    }

    /// Posts to any path: a token, an eviction.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, Some(body), "application/json")
    }

    /// Applies what `object` says as this field manager, by force.
    pub fn apply(&self, object: &Value, manager: &str) -> Outcome<Value> {
        let path = format!("{}?force=true&fieldManager={manager}", path(object)?);
        Ok(self.json(Method::PATCH, &path, Some(object), APPLY)?)
    }

    /// Changes what `patch` says (a JSON merge patch).
    pub fn merge(&self, path: &str, patch: &Value) -> Answer {
        self.json(Method::PATCH, path, Some(patch), MERGE)
    }

    /// Changes what `patch` says, in lists by the keys of their entries, as `kubectl set` and `kubectl patch` do.
    pub fn strategic(&self, path: &str, patch: &Value) -> Answer {
        self.json(Method::PATCH, path, Some(patch), STRATEGIC)
    }

    /// What became of the objects of a list since this version of it, each time they changed.
    pub fn changes(&self, path: &str, version: &str) -> Outcome<Vec<Value>> {
        let told = self.text(&format!(
            "{path}?watch=true&resourceVersion={version}&timeoutSeconds=1"
        ))?;
        let mut changes = Vec::new();
        for line in told.lines() {
            let mut event: Value = serde_json::from_str(line)?;
            changes.push(event["object"].take());
        }
        Ok(changes)
    }

    /// Deletes the object at a path.
    pub fn delete(&self, path: &str) -> Answer {
        let background = json!({"propagationPolicy": "Background"});
        self.json(Method::DELETE, path, Some(&background), "application/json")
    }

    fn json(&self, method: Method, path: &str, body: Option<&Value>, kind: &str) -> Answer {
        let text = self.send(method, path, body, kind)?;
        serde_json::from_str(&text).map_err(kube::Error::SerdeError)
    }

    fn send(&self, method: Method, path: &str, body: Option<&Value>, kind: &str) -> Answer<String> {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let bytes = body.map(|body| body.to_string().into_bytes());
        let request = request
            .body(bytes.unwrap_or_default())
            .map_err(kube::Error::HttpError)?;
        self.runtime.block_on(self.client.request_text(request))
    }
}

fn read(kubeconfig: &Path) -> Outcome<Kubeconfig> {
    let text = std::fs::read_to_string(kubeconfig)
        .map_err(|error| fail(format_args!("{}: {error}", kubeconfig.display())))?;
    Ok(Kubeconfig::from_yaml(&text)?)
}

/// A client for the current context of a kubeconfig.
pub(super) async fn client(kubeconfig: &Path) -> Outcome<Client> {
    let parsed = read(kubeconfig)?;
    let mut config = Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default()).await?;
    // A test wants to see what the server said first.
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}

/// The cluster that the current context names, with its CA in the file itself.
fn current_cluster(config: &Kubeconfig) -> Outcome<Value> {
    let config = serde_json::to_value(config)?;
    let named = |list: &str, name: &Value| {
        let entries = config[list].as_array().into_iter().flatten();
        entries
            .clone()
            .find(|entry| &entry["name"] == name)
            .cloned()
            .ok_or_else(|| fail(format_args!("the kubeconfig has no {name} in {list}")))
    };
    let context = named("contexts", &config["current-context"])?;
    Ok(named("clusters", &context["context"]["cluster"])?["cluster"].clone())
}

/// Where objects of this kind are made.
fn collection(object: &Value) -> Outcome<String> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let (Some(version), Some(kind)) = (word(&object["apiVersion"]), word(&object["kind"])) else {
        return Err(fail(format_args!("neither apiVersion nor kind: {object}")));
    };
    let group = if version.contains('/') { "apis" } else { "api" };
    let namespace = word(&object["metadata"]["namespace"])
        .map_or_else(String::new, |name| format!("/namespaces/{name}"));
    Ok(format!("/{group}/{version}{namespace}/{}", plural(&kind)))
}

/// Where this object is.
pub(super) fn path(object: &Value) -> Outcome<String> {
    let name = object["metadata"]["name"]
        .as_str()
        .ok_or_else(|| fail(format_args!("no name: {object}")))?;
    Ok(format!("{}/{name}", collection(object)?))
}

fn plural(kind: &str) -> String {
    let word = kind.to_lowercase();
    match word.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if word.ends_with('s') => format!("{word}es"),
        None => format!("{word}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::path;

    #[test]
    fn paths_follow_the_kind() {
        let object = |version: &str, kind: &str, namespace: Option<&str>| {
            let metadata = json!({"name": "n", "namespace": namespace});
            path(&json!({"apiVersion": version, "kind": kind, "metadata": metadata})).unwrap()
        };
        assert_eq!(
            object("networking.k8s.io/v1", "Ingress", Some("a")),
            "/apis/networking.k8s.io/v1/namespaces/a/ingresses/n"
        );
        assert_eq!(object("v1", "Namespace", None), "/api/v1/namespaces/n");
        assert_eq!(
            object("networking.k8s.io/v1", "NetworkPolicy", Some("a")),
            "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/n"
        );
    }
}
