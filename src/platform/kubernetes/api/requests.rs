//! Requests about single objects, in their raw form: what the API server says is compared as it
//! is, and what we apply is just what we mean.

use std::collections::BTreeSet;

use http::header::ACCEPT;
use http::{HeaderValue, Request};
use k8s_openapi::api::core::v1::Secret;
use kube::Resource;
use kube::api::{
    DeleteParams, DynamicObject, GetParams, Patch, PatchParams, PostParams, Preconditions,
    PropagationPolicy,
};
use kube::core::Request as Path;
use serde_json::Value;

use super::associations::{self, Associations, Eks};
use super::failures::{failed, is_missing};
use super::object::Object;
use crate::platform::failure::{Failed, FailureKind};
use crate::platform::kubernetes::fields::Path as Managed;
use crate::platform::kubernetes::fields::ownership::{entries, owned_by};
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::{Kubernetes, MANAGER};

/// How an object is applied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applying<'a> {
    /// As whom.
    pub(crate) manager: &'a str,
    /// Whether fields that others manage are taken over.
    pub(crate) force: bool,
    /// Whether the API server only says what would come of it.
    pub(crate) dry_run: bool,
    /// The object that must be there; another one of that name is refused.
    pub(crate) uid: Option<&'a str>,
    /// Whether the reply's metadata are all that is wanted of it.
    pub(crate) brief: bool,
}

impl Applying<'_> {
    /// As ourselves, without force.
    pub(crate) fn ours() -> Self {
        Self {
            manager: MANAGER,
            force: false,
            dry_run: false,
            uid: None,
            brief: false,
        }
    }
}

/// The connection, within our namespace.
#[derive(Clone, Copy)]
pub(crate) struct Wire<'a> {
    client: &'a kube::Client,
    namespace: &'a str,
    /// What keeps some things beside the cluster.
    eks: Option<&'a Eks>,
    run: &'a str,
}

impl Kubernetes {
    /// The connection, within our namespace.
    pub(crate) async fn wire(&self) -> Result<Wire<'_>, Failed> {
        let link = self.link().await?;
        Ok(Wire {
            client: &link.client,
            namespace: self.namespace(),
            eks: link.eks.as_ref(),
            run: &self.run,
        })
    }
}

impl Wire<'_> {
    /// An object as it is; `None`: it is not there. A kind that the cluster does not know is
    /// `Unsupported`.
    pub(crate) async fn read(&self, id: &Id) -> Result<Option<Value>, Failed> {
        if !id.kind.is_of_cluster() {
            return match self.associations() {
                Some(associations) => associations.read(id).await,
                None => Ok(None),
            };
        }
        let request = self.path(id.kind).get(&id.name, &GetParams::default());
        match self.ask(request).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => match failed(format!("read {id}"), &error) {
                // What defines it is not there yet, or not any more.
                error if error.kind == FailureKind::Unsupported && id.kind.is_carried() => Ok(None),
                error => Err(error),
            },
        }
    }

    /// The keys of a Secret, at least those of `wanted` that it has; `None`: it is not there. Its
    /// metadata usually tell them, by who manages which; what it holds is asked for only where they
    /// do not, and dropped at once.
    pub(crate) async fn secret_keys(
        &self,
        name: &str,
        wanted: &BTreeSet<String>,
    ) -> Result<Option<BTreeSet<String>>, Failed> {
        let look = async |request| match self.ask(request).await {
            Ok(secret) => Ok(Some(secret)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed(format!("look for Secret {name}"), &error)),
        };
        let params = GetParams::default();
        let Some(metadata) = look(self.secrets().get_metadata(name, &params)).await? else {
            return Ok(None);
        };
        if are_managed(&metadata, wanted) {
            return Ok(Some(wanted.clone()));
        }
        let whole = look(self.secrets().get(name, &params)).await?;
        Ok(whole.map(|secret| {
            let data = secret.get("data").and_then(Value::as_object);
            data.into_iter()
                .flat_map(|data| data.keys().cloned())
                .collect()
        }))
    }

    /// All objects of a kind in the namespace.
    pub(crate) async fn list(&self, kind: Kind) -> Result<Vec<Value>, Failed> {
        let request = self.path(kind).list(&kube::api::ListParams::default());
        let answer = self.ask(request).await;
        let mut answer = answer.map_err(|error| failed(format!("list every {kind}"), &error))?;
        match answer.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// Server-side apply. Sent once.
    pub(crate) async fn apply(
        &self,
        object: &Object,
        how: Applying<'_>,
    ) -> Result<Value, kube::Error> {
        if !object.id.kind.is_of_cluster() {
            return match self.associations() {
                Some(associations) => associations.apply(object, how).await,
                None => Err(associations::nowhere()),
            };
        }
        let mut params = PatchParams::apply(how.manager);
        params.force = how.force;
        params.dry_run = how.dry_run;
        let mut manifest = object.manifest.clone();
        if let (Some(uid), Some(metadata)) = (how.uid, manifest.get_mut("metadata")) {
            metadata["uid"] = uid.into();
        }
        let request =
            self.path(object.id.kind)
                .patch(&object.id.name, &params, &Patch::Apply(&manifest));
        if how.brief {
            self.ask(request.map(briefly)).await
        } else {
            self.ask(request).await
        }
    }

    /// Makes a Secret that was not there. Sent once; what it holds is not sent back.
    pub(crate) async fn create_secret(&self, secret: &Secret) -> Result<(), kube::Error> {
        let body = serde_json::to_vec(secret).map_err(kube::Error::SerdeError)?;
        let request = self.secrets().create(&PostParams::default(), body);
        self.ask(request.map(briefly)).await.map(drop)
    }

    /// A merge patch. Sent once.
    pub(crate) async fn patch(&self, id: &Id, patch: &Value) -> Result<Value, kube::Error> {
        let params = PatchParams {
            field_manager: Some(MANAGER.into()),
            ..PatchParams::default()
        };
        let request = self
            .path(id.kind)
            .patch(&id.name, &params, &Patch::Merge(patch));
        self.ask(request).await
    }

    /// Deletes the object of that identity; it is gone once what it owns is.
    pub(crate) async fn delete(&self, id: &Id, uid: &str) -> Result<(), kube::Error> {
        if !id.kind.is_of_cluster() {
            return match self.associations() {
                Some(associations) => associations.delete(id, uid).await,
                None => Ok(()),
            };
        }
        let params = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Foreground),
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        let request = self.path(id.kind).delete(&id.name, &params);
        self.ask(request).await.map(drop)
    }

    /// What EKS associates with accounts of the namespace; `None`: the cluster is not known to be of EKS.
    fn associations(&self) -> Option<Associations<'_>> {
        Some(Associations {
            eks: self.eks?,
            namespace: self.namespace,
            run: self.run,
        })
    }

    /// Where the API server has the objects of a kind.
    fn path(&self, kind: Kind) -> Path {
        let namespace = kind.is_namespaced().then_some(self.namespace);
        Path::new(DynamicObject::url_path(&kind.resource(), namespace))
    }

    fn secrets(&self) -> Path {
        Path::new(Secret::url_path(&(), Some(self.namespace)))
    }

    async fn ask(
        &self,
        request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> Result<Value, kube::Error> {
        let request = request.map_err(kube::Error::BuildRequest)?;
        self.client.request(request).await
    }
}

/// Whether somebody manages all of these keys of a Secret, so that it has them.
fn are_managed(metadata: &Value, keys: &BTreeSet<String>) -> bool {
    let owned = owned_by(&entries(metadata), |_| true);
    keys.iter()
        .all(|key| owned.covers(&Managed::of(&["data", key])))
}

/// Asks for the metadata of an object alone (Kubernetes documentation, API concepts, metadata-only
/// fetches).
const BRIEF: HeaderValue =
    HeaderValue::from_static("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");

fn briefly(mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    request.headers_mut().insert(ACCEPT, BRIEF);
    request
}
