//! What a container does when it has started, and before it is told to end.

use std::time::Duration;

use crate::spec::findings::Findings;
use crate::spec::problem::Problem;
use crate::spec::scalar::{Filled, Whole};
use crate::spec::shape::{At, Map, Table, table};
use crate::spec::units::Time;
use crate::spec::words::kubernetes::probe::{HttpProbe, Scheme, http_probe};

table! {
    /// What a container does at a turn of its life: one of `exec`, `command`, `path` and `sleep`.
    "a lifecycle hook" HookTable {
        /// A program with its arguments, which runs inside of the container.
        exec: Vec<At<String>>,
        /// A shell line that runs inside of the container.
        command: Filled,
        /// The path of an HTTP request.
        path: Filled,
        /// The port of that request. Default: the service's own.
        port: Whole<1, 65_535>,
        /// "HTTP" or "HTTPS". Default: "HTTP".
        scheme: Scheme,
        /// The host of that request. Default: the pod's address.
        host: Filled,
        /// Headers of that request.
        headers: Map<String>,
        /// Nothing, for so long.
        sleep: Time<0, 86_400>,
    }
}

/// What a container does at a turn of its life (Kubernetes documentation, container lifecycle hooks).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hook {
    /// A program with its arguments.
    Exec(Vec<String>),
    /// A shell line.
    Command(String),
    /// An HTTP GET.
    Http(HttpProbe),
    /// It waits, in whole seconds.
    Sleep(Duration),
}

pub(in crate::spec) fn hook(
    raw: Option<&At<HookTable>>,
    port: Option<u16>,
    findings: &mut Findings,
) -> Option<Hook> {
    let at = raw?;
    let own = &at.value;
    let heads = [
        own.exec.as_ref().map(|at| at.head),
        own.command.as_ref().map(|at| at.head),
        own.path.as_ref().map(|at| at.head),
        own.sleep.as_ref().map(|at| at.head),
    ];
    let mut said = heads.into_iter().flatten();
    match (said.next(), said.next()) {
        (None, _) if !own.has(&["exec", "command", "path", "sleep"]) => {
            let why = "a hook has one of `exec`, `command`, `path` and `sleep`";
            findings.missing(at.head, "exec", why);
        }
        (Some(first), Some(second)) => {
            let message = "`exec`, `command`, `path` and `sleep` exclude each other";
            let problem = Problem::new("conflict", message).at(second);
            findings.problem(problem.also(first, "the other one"));
        }
        _ => {}
    }
    if let Some(argv) = &own.exec {
        let words = argv.value.iter().map(|at| at.value.clone());
        return Some(Hook::Exec(words.collect()));
    }
    if let Some(line) = &own.command {
        return Some(Hook::Command(line.value.0.clone()));
    }
    if let Some(path) = &own.path {
        let own_port = own.port.as_ref();
        let own_port = own_port.and_then(|at| u16::try_from(at.value.0).ok());
        let Some(port) = own_port.or(port) else {
            findings.missing(at.head, "port", "an HTTP request needs a port to ask");
            return None;
        };
        let more = (own.scheme.as_ref(), own.host.as_ref(), own.headers.as_ref());
        return Some(Hook::Http(http_probe(path, port, more, findings)));
    }
    own.sleep.as_ref().map(|at| Hook::Sleep(at.value.0))
}
