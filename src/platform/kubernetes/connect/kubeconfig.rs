//! A cluster by a kubeconfig; where there is none, by the service account of the pod we run in.
//!
//! Reading and merging the files and client certificates are the client library's; ours is to choose
//! what the target names, to refuse what it does not, to run a login plugin, and to say so in words
//! that help.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use http::Uri;
use kube::config::{
    AuthInfo, Cluster, Config, Context, ExecAuthCluster, Kubeconfig, KubeconfigError,
};

use super::plugin::Plugin;
use super::{Access, Trust, certificates, proxy, unusable};
use crate::platform::failure::{Failed, FailureKind};

/// What the target says about the kubeconfig.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// The file; `None`: `KUBECONFIG`, else `~/.kube/config`.
    pub(super) path: Option<&'a Path>,
    /// The context; `None`: the current one.
    pub(super) context: Option<&'a str>,
    /// The name that the kubeconfig must have for the cluster.
    pub(super) cluster: Option<&'a str>,
    /// What it may do here.
    pub(super) trust: Trust,
}

/// The cluster that the target names.
pub(super) fn find(wanted: &Wanted<'_>) -> Result<Access, Failed> {
    let read = match wanted.path {
        Some(path) => Kubeconfig::read_from(path),
        None => merged(listed().into_iter()).unwrap_or_else(Kubeconfig::read),
    };
    match read {
        Ok(file) if file.contexts.is_empty() && may_be_a_pod(wanted) => {
            in_cluster().ok_or_else(|| wrong("it has no contexts"))
        }
        Ok(file) => choose(&file, wanted),
        Err(error) if is_absent(&error) && may_be_a_pod(wanted) => {
            in_cluster().ok_or_else(|| nowhere(&error))
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The files that the environment names.
#[expect(
    clippy::disallowed_methods,
    reason = "the client library reads it, and refuses a list of which a file is missing"
)]
fn listed() -> Vec<PathBuf> {
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let paths = std::env::split_paths(&listed);
    paths.filter(|path| !path.as_os_str().is_empty()).collect()
}

/// The files of a list, of which some may be missing, as `kubectl` has it; `None`: it is empty.
pub(super) fn merged(
    paths: impl Iterator<Item = PathBuf>,
) -> Option<Result<Kubeconfig, KubeconfigError>> {
    let (mut all, mut missing) = (None, None);
    for path in paths {
        match Kubeconfig::read_from(path) {
            Err(error) if is_absent(&error) => {
                missing.get_or_insert(error);
            }
            Err(error) => return Some(Err(error)),
            Ok(file) => {
                let before: Kubeconfig = all.take().unwrap_or_default();
                match before.merge(file) {
                    Ok(both) => all = Some(both),
                    Err(error) => return Some(Err(error)),
                }
            }
        }
    }
    all.map(Ok).or(missing.map(Err))
}

/// Only a target that names nothing can mean the cluster that we run in.
fn may_be_a_pod(wanted: &Wanted<'_>) -> bool {
    wanted.path.is_none() && wanted.context.is_none() && wanted.cluster.is_none()
}

fn is_absent(error: &KubeconfigError) -> bool {
    match error {
        KubeconfigError::FindPath => true,
        KubeconfigError::ReadConfig(error, _) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

fn in_cluster() -> Option<Access> {
    let config = Config::incluster().ok()?;
    Some(Access {
        cluster: server_name(&config.cluster_url),
        config,
        tokens: None,
        plugin: None,
        hint: None,
        eks: None,
    })
}

/// The context, its cluster and its user, as the target wants them.
fn choose(file: &Kubeconfig, wanted: &Wanted<'_>) -> Result<Access, Failed> {
    let name = match wanted.context {
        Some(name) => name.to_owned(),
        None => file.current_context.clone().ok_or_else(|| {
            let there = contexts(file);
            wrong(format!("it has no current context; name one as `context` in the target's file. It has {there}"))
        })?,
    };
    let context = context(file, &name)?;
    if let Some(cluster) = wanted.cluster
        && context.cluster != cluster
    {
        return Err(Failed::new(
            "work in this cluster",
            FailureKind::Refused,
            format!(
                "context {name} of the kubeconfig leads to cluster {}; the target says {cluster}",
                context.cluster
            ),
        ));
    }
    let cluster = file
        .clusters
        .iter()
        .find(|named| named.name == context.cluster)
        .and_then(|named| named.cluster.clone())
        .ok_or_else(|| {
            let missing = &context.cluster;
            wrong(format!(
                "context {name} leads to cluster {missing}, which is not in it"
            ))
        })?;
    let user = context
        .user
        .as_ref()
        .and_then(|user| file.auth_infos.iter().find(|named| named.name == *user))
        .and_then(|named| named.auth_info.clone())
        .unwrap_or_default();
    let mut config = config(&cluster, user, &name)?;
    if wanted.trust == Trust::NoPrograms {
        harmless(&config.auth_info, wanted)?;
    }
    let plugin = plugin(&cluster, &mut config.auth_info)?;
    Ok(Access {
        cluster: server_name(&config.cluster_url),
        config,
        tokens: None,
        plugin,
        hint: None,
        eks: None,
    })
}

fn context(file: &Kubeconfig, name: &str) -> Result<Context, Failed> {
    file.contexts
        .iter()
        .find(|named| named.name == name)
        .and_then(|named| named.context.clone())
        .ok_or_else(|| {
            let there = contexts(file);
            wrong(format!("it has no context {name}; it has {there}"))
        })
}

fn contexts(file: &Kubeconfig) -> String {
    let names: Vec<&str> = file
        .contexts
        .iter()
        .map(|named| named.name.as_str())
        .collect();
    if names.is_empty() {
        "no contexts".to_owned()
    } else {
        format!("the contexts {}", names.join(", "))
    }
}

/// What the client needs. Only the proxy is ours: the library takes exceptions from the rule to be
/// about the proxy's own address.
fn config(cluster: &Cluster, user: AuthInfo, context: &str) -> Result<Config, Failed> {
    let of_context = |why: String| wrong(format!("context {context}: {why}"));
    let server = cluster.server.as_deref().unwrap_or_default();
    let url: Uri = server
        .parse()
        .map_err(|error| of_context(format!("`server` is no URL: {error}")))?;
    let mut config = Config::new(url);
    config.root_cert = authority(cluster).map_err(of_context)?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    let proxy = cluster
        .proxy_url
        .as_deref()
        .filter(|proxy| !proxy.is_empty());
    config.proxy_url = match proxy {
        Some(proxy) => Some(
            proxy
                .parse()
                .map_err(|error| of_context(format!("`proxy-url` is no URL: {error}")))?,
        ),
        None => proxy::from_environment(&config.cluster_url),
    };
    config.auth_info = user;
    Ok(config)
}

/// Refuses a user who is logged in by a program or a file of this machine.
fn harmless(user: &AuthInfo, wanted: &Wanted<'_>) -> Result<(), Failed> {
    let would = if let Some(exec) = &user.exec {
        let program = exec.command.as_deref().unwrap_or_default();
        format!("runs the login plugin {program}")
    } else if let Some(file) = &user.token_file {
        format!("sends the file {file} as a token")
    } else {
        return Ok(());
    };
    let path = wanted.path.unwrap_or(Path::new("")).display();
    Err(Failed::new(
        "use the kubeconfig of the repository",
        FailureKind::Refused,
        format!(
            "{path} {would}, and whoever may change the repository may choose that. Allow it with \
             --allow-exec or DEPLOYER_ALLOW_EXEC=1, or take a kubeconfig from elsewhere: without \
             `kubeconfig` in the target's file, KUBECONFIG names it"
        ),
    ))
}

/// The login plugin of a user who has no other way to say who they are.
fn plugin(cluster: &Cluster, user: &mut AuthInfo) -> Result<Option<Plugin>, Failed> {
    if let Some(old) = &user.auth_provider {
        return Err(wrong(format!(
            "its user has the `auth-provider` {}, which Kubernetes 1.26 has removed; an `exec` plugin took its place",
            old.name
        )));
    }
    let basic = user.username.is_some() && user.password.is_some();
    let other = basic || user.token.is_some() || user.token_file.is_some();
    let Some(exec) = user.exec.take().filter(|_| !other) else {
        return Ok(None);
    };
    let told = if exec.provide_cluster_info {
        let server = cluster.server.as_deref().unwrap_or_default();
        let told = ExecAuthCluster::try_from(cluster);
        Some(told.map_err(|error| unusable(server, &error))?)
    } else {
        None
    };
    Plugin::new(exec, told).map(Some)
}

/// The certificates that sign the server's; `None`: the ones of this machine do.
fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let pem = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(data), _) => base64::engine::general_purpose::STANDARD
            .decode(data)
            .map_err(|error| format!("`certificate-authority-data` is no base64: {error}"))?,
        (None, Some(path)) => std::fs::read(path)
            .map_err(|error| format!("could not read the certificate authority {path}: {error}"))?,
        (None, None) => return Ok(None),
    };
    certificates(&pem)
        .map(Some)
        .map_err(|error| format!("the certificate authority is no PEM: {error}"))
}

/// The server as plans name it: without a slash at the end.
fn server_name(url: &Uri) -> String {
    url.to_string().trim_end_matches('/').to_owned()
}

fn wrong(why: impl Into<String>) -> Failed {
    Failed::new("use the kubeconfig", FailureKind::Invalid, why)
}

fn nowhere(error: &KubeconfigError) -> Failed {
    wrong(format!(
        "{error}; and this is no pod of a cluster. Set KUBECONFIG, or name `kubeconfig` and `context` in the target's file"
    ))
}
