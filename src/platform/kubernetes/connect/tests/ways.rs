//! Which cluster is meant, and which is refused.

use std::path::PathBuf;

use super::super::kubeconfig::{Wanted, find, merged};
use super::*;

/// A kubeconfig in a directory of its own.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let file = format!("deployer-kubeconfig-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(file);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const TWO: &str = r"
apiVersion: v1
kind: Config
current-context: first
clusters:
- name: one
  cluster: { server: 'https://one.example.com:6443', proxy-url: 'http://proxy.example.com:3128', tls-server-name: inner }
- name: two
  cluster: { server: 'https://two.example.com', certificate-authority-data: bm90IGEgY2VydGlmaWNhdGU= }
contexts:
- name: first
  context: { cluster: one, user: ann }
- name: second
  context: { cluster: two, user: nobody }
- name: lost
  context: { cluster: none, user: ann }
users:
- name: ann
  user: { token: ann-token }
";

fn tried(
    name: &str,
    text: &str,
    context: Option<&str>,
    cluster: Option<&str>,
) -> Result<Access, Failed> {
    let file = File::new(name, text);
    find(&Wanted {
        path: Some(&file.0),
        context,
        cluster,
        trust: Trust::Full,
    })
}

fn refused(answer: Result<Access, Failed>) -> Failed {
    match answer {
        Ok(way) => panic!("it led to {}", way.cluster),
        Err(failed) => failed,
    }
}

#[tokio::test]
async fn the_context_leads_to_its_cluster_by_its_own_proxy() {
    let way = tried("first", TWO, None, Some("one")).unwrap();
    assert_eq!(way.cluster, "https://one.example.com:6443");
    let proxy = way.config.proxy_url.as_ref().unwrap();
    assert_eq!(proxy.host(), Some("proxy.example.com"));
    assert_eq!(way.config.tls_server_name.as_deref(), Some("inner"));
    assert!(way.config.auth_info.token.is_some());
    let link = way.link(Clock::system()).await.unwrap();
    assert!(!format!("{link:?}").contains("ann-token"));
}

#[test]
fn another_cluster_than_the_targets_is_refused_with_both_names() {
    let failed = refused(tried("wrong", TWO, None, Some("two")));
    assert_eq!(failed.kind, FailureKind::Refused);
    assert_eq!(
        failed.to_string(),
        "could not work in this cluster: context first of the kubeconfig leads to cluster one; the target says two"
    );
}

#[test]
fn what_is_not_in_the_kubeconfig_is_named_with_what_is() {
    let table = [
        (
            Some("third"),
            "it has no context third; it has the contexts first, second, lost",
        ),
        (
            Some("lost"),
            "context lost leads to cluster none, which is not in it",
        ),
        (
            Some("second"),
            "context second: the certificate authority is no PEM",
        ),
    ];
    for (number, (context, words)) in table.into_iter().enumerate() {
        let failed = refused(tried(&format!("missing{number}"), TWO, context, None));
        assert_eq!(failed.kind, FailureKind::Invalid);
        assert!(failed.to_string().contains(words), "{failed}");
    }
    let none = TWO.replace("current-context: first", "");
    let failed = refused(tried("current", &none, None, None));
    assert!(
        failed.to_string().contains("no current context"),
        "{failed}"
    );
    let gone = find(&Wanted {
        path: Some("/nowhere/kubeconfig".as_ref()),
        ..Wanted::default()
    });
    assert!(refused(gone).to_string().contains("/nowhere/kubeconfig"));
}

#[test]
fn a_list_of_files_may_name_some_that_are_missing() {
    let other = TWO.replace("name: first", "name: third");
    let (one, other) = (File::new("list-1", TWO), File::new("list-2", &other));
    let missing = PathBuf::from("/nowhere/config");
    let contexts = |paths: &[&PathBuf]| {
        let read = merged(paths.iter().map(|path| (*path).clone()));
        let file = read.unwrap().unwrap();
        let names = file.contexts.into_iter().map(|context| context.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(contexts(&[&missing, &one.0]), ["first", "second", "lost"]);
    assert_eq!(
        contexts(&[&one.0, &missing, &other.0]),
        ["first", "second", "lost", "third"]
    );
    assert!(merged(std::iter::once(missing)).unwrap().is_err());
    assert!(merged(std::iter::empty()).is_none());
}

/// A user who is logged in like this.
fn user(how: &str) -> String {
    TWO.replace("{ token: ann-token }", how)
}

const PLUGIN: &str = "{ exec: { apiVersion: client.authentication.k8s.io/v1, command: get-token, args: [--secret=hush], interactiveMode: Never } }";

#[test]
fn a_kubeconfig_of_the_repository_runs_no_program_and_sends_no_file() {
    let tried = |how: &str, trust: Trust| {
        let file = File::new("trust", &user(how));
        find(&Wanted {
            path: Some(&file.0),
            trust,
            ..Wanted::default()
        })
    };
    for (how, words) in [
        (PLUGIN, "runs the login plugin get-token"),
        (
            "{ tokenFile: /etc/hostname }",
            "sends the file /etc/hostname",
        ),
    ] {
        let failed = refused(tried(how, Trust::NoPrograms));
        assert_eq!(failed.kind, FailureKind::Refused);
        let text = failed.to_string();
        assert!(
            text.contains(words) && text.contains("--allow-exec"),
            "{text}"
        );
        assert!(!text.contains("hush"), "{text}");
        assert!(tried(how, Trust::Full).is_ok());
    }
    assert!(tried("{ token: ann-token }", Trust::NoPrograms).is_ok());
}

#[test]
fn a_login_that_kubernetes_has_removed_is_named() {
    let failed = refused(tried(
        "provider",
        &user("{ auth-provider: { name: gcp, config: { cmd-path: gcloud } } }"),
        None,
        None,
    ));
    assert!(
        failed.to_string().contains("`auth-provider` gcp"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_plugin_has_logged_in_before_anything_is_sent() {
    let file = File::new(
        "plugin",
        &user(&PLUGIN.replace("get-token", "no-such-plugin")),
    );
    let way = find(&Wanted {
        path: Some(&file.0),
        ..Wanted::default()
    });
    let failed = way.unwrap().link(Clock::system()).await.unwrap_err();
    assert!(
        failed.to_string().contains("plugin no-such-plugin"),
        "{failed}"
    );
}
