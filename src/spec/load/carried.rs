//! `kubernetes.manifests`: the files that it names, read, and each object in them checked as far as
//! that can be done without a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Loading;
use crate::names::ServiceName;
use crate::spec::files::Files;
use crate::spec::manifests::{self, Document, Manifest};
use crate::spec::problem::{Problem, Spot};
use crate::spec::raw::Heir;
use crate::spec::scalar::Filled;
use crate::spec::shape::{At, Map};
use crate::spec::words::env::MASKED;
use crate::spec::{KubePlace, KubeService, SecretRef};

/// The files that one service names, and the names that it vouches for.
pub(super) struct Wanted {
    service: String,
    files: Vec<At<Filled>>,
    vouched: Vec<String>,
}

/// What the services of a file name.
pub(super) fn wanted(raws: &mut At<Map<Heir, ServiceName>>) -> Vec<Wanted> {
    let each = raws.value.0.iter_mut().filter_map(|(name, raw)| {
        let own = raw.value.0.kubernetes.as_mut()?;
        let vouched = raw.value.0.allow_plain.iter().flat_map(|at| &at.value);
        Some(Wanted {
            vouched: vouched.map(|at| at.value.0.clone()).collect(),
            files: own.value.manifests.take()?.value,
            service: name.clone(),
        })
    });
    each.collect()
}

/// The words that say which file: each part between slashes, with `*` and `?` in it.
type Pattern<'a> = Vec<&'a str>;

impl Loading<'_> {
    /// Reads what the services name, and gives each its own.
    pub(super) fn carry(
        &mut self,
        files: &dyn Files,
        wanted: Vec<Wanted>,
        services: &mut [KubeService],
        place: &KubePlace,
    ) {
        self.manifests_from = self.texts.len();
        let mut taken: BTreeMap<Identity, Taken> = BTreeMap::new();
        for service in services.iter() {
            for identity in own(service, place) {
                let service = service.name.to_string();
                taken.insert(identity, Taken::Made(service));
            }
        }
        for one in wanted {
            let service = services
                .iter_mut()
                .find(|service| service.name.as_str() == one.service);
            let Some(service) = service else { continue };
            self.findings.service = Some(service.name.clone());
            for (path, named) in self.named(files, &one.files) {
                let found = self.carried(files, &path, named);
                for (manifest, at) in found {
                    if self.fits(&manifest, at, place, &one.vouched, &mut taken) {
                        service.own.manifests.push(manifest);
                    }
                }
            }
            self.findings.service = None;
        }
    }

    /// The files that these words name, each once, with the word.
    fn named(&mut self, files: &dyn Files, words: &[At<Filled>]) -> Vec<(String, Spot)> {
        let mut all: BTreeMap<String, Spot> = BTreeMap::new();
        for at in words {
            let word = at.value.0.trim_start_matches("./");
            let pattern: Pattern<'_> = word.split('/').collect();
            let outside = |part: &&str| part.is_empty() || *part == ".." || *part == ".";
            if pattern.iter().any(outside) || word.contains('\\') {
                let why = "a path within the folder of the deploy file, with `/` between its parts";
                self.findings.bad_value(at.spot, format!("must be {why}"));
                continue;
            }
            let mut found = Vec::new();
            self.expand(files, String::new(), &pattern, &mut found);
            if found.is_empty() && self.request.demands {
                let message = format!("there is no file `{word}`");
                let folder = self.folder().display().to_string();
                let folder = if folder.is_empty() { "." } else { &folder };
                self.findings
                    .problem(
                        Problem::new("no-manifest", message)
                            .at(at.spot)
                            .help(format!(
                                "paths are relative to the deploy file, in {folder}"
                            )),
                    );
            }
            for path in found {
                all.entry(path).or_insert(at.spot);
            }
        }
        all.into_iter().collect()
    }

    fn folder(&self) -> &Path {
        self.request.file.parent().unwrap_or(Path::new(""))
    }

    /// The paths that fit a pattern, below one that does so far.
    fn expand(&self, files: &dyn Files, so_far: String, rest: &[&str], found: &mut Vec<String>) {
        let Some((part, rest)) = rest.split_first() else {
            found.push(so_far);
            return;
        };
        let below = |name: &str| match so_far.as_str() {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        if !part.contains(['*', '?']) {
            let path = below(part);
            // What is a folder, or is not there, is told where it is to be read.
            return self.expand(files, path, rest, found);
        }
        let Ok(mut names) = files.list(&self.folder().join(&so_far)) else {
            return;
        };
        names.sort_unstable();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            if fits(part, name) {
                self.expand(files, below(name), rest, found);
            }
        }
    }

    /// The objects of a file, each with its place.
    fn carried(&mut self, files: &dyn Files, path: &str, named: Spot) -> Vec<(Manifest, Spot)> {
        let on_disk: PathBuf = self.folder().join(path);
        let text = match files.read(&on_disk) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("cannot read {}: {error}", on_disk.display());
                let problem = Problem::new("no-manifest", message).at(named);
                self.findings.problem(
                    problem
                        .help("name files: `manifests = [\"k8s/*.yaml\"]` takes all of a folder"),
                );
                return Vec::new();
            }
        };
        let file = self.texts.len();
        let read = manifests::documents(&text);
        let spot = |start: usize| {
            let rest = text.get(start..).unwrap_or_default();
            let line = rest.lines().next().unwrap_or_default().trim_end();
            Spot {
                file,
                start,
                end: start + line.len(),
            }
        };
        let place = |start: usize| {
            let line = text[..start].matches('\n').count() + 1;
            format!("{path}:{line}")
        };
        let mut found = Vec::new();
        match read {
            Ok(documents) => {
                for Document { object, start } in documents {
                    let place = place(start);
                    found.push((Manifest { object, place }, spot(start)));
                }
                if found.is_empty() {
                    let message = format!("{path} holds no object");
                    let problem = Problem::new("no-manifest", message).at(named);
                    self.findings.problem(problem);
                }
            }
            Err(unreadable) => {
                let message = format!("this is no manifest: {}", unreadable.why);
                let problem = Problem::new("manifest", message);
                self.findings.problem(problem.at(spot(unreadable.at)));
            }
        }
        self.paths.push(on_disk);
        self.texts.push(text);
        self.trees.push(None);
        found
    }

    /// Whether an object can be carried along; what hinders is told.
    fn fits(
        &mut self,
        manifest: &Manifest,
        at: Spot,
        place: &KubePlace,
        vouched: &[String],
        taken: &mut BTreeMap<Identity, Taken>,
    ) -> bool {
        if let Some(why) = manifests::flaw(&manifest.object) {
            self.findings.problem(Problem::new("manifest", why).at(at));
            return false;
        }
        let (group, kind, name) = manifest.identity();
        let namespace = manifests::text(&manifest.object, "/metadata/namespace");
        let own = place.namespace.as_str();
        if !namespace.is_empty() && namespace != own {
            let message = format!("{kind} {name} is of namespace {namespace}");
            let problem = Problem::new("other-namespace", message).at(at);
            self.findings.problem(problem.help(format!(
                "what is carried along goes to the target's own, {own}: leave `namespace` out"
            )));
            return false;
        }
        self.ask_about_secrets(manifest, at, vouched);
        let identity = (group.to_owned(), kind.to_owned(), name.to_owned());
        match taken.get(&identity) {
            None => {
                taken.insert(identity, Taken::Carried(at));
                true
            }
            Some(Taken::Carried(other)) => {
                let problem =
                    Problem::new("same-object", format!("{kind} {name} stands here twice"));
                let problem = problem.at(at).also(*other, "this is the other one");
                self.findings.problem(problem);
                false
            }
            Some(Taken::Made(service)) => {
                let message = format!("{kind} {name} is made of the words of service {service}");
                let help = match kind {
                    "Namespace" => {
                        "`create_namespace = true` in the target's file makes it".to_owned()
                    }
                    _ => format!(
                        "take it out of the manifest: what the words do not say of it, `patch` in \
                         [service.{service}.kubernetes] does"
                    ),
                };
                let problem = Problem::new("same-object", message).at(at);
                self.findings.problem(problem.help(help));
                false
            }
        }
    }

    /// What everybody who reads the file knows is no secret any more.
    fn ask_about_secrets(&mut self, manifest: &Manifest, at: Spot, vouched: &[String]) {
        let (_, kind, name) = manifest.identity();
        let names: Vec<&str> = vouched.iter().map(String::as_str).collect();
        let decoded = manifests::decoded(&manifest.object);
        if let Some((key, what)) = manifests::secret(&decoded, &names) {
            let message = format!("`{key}` of {kind} {name} holds {what}");
            self.findings.problem(
                Problem::new("secret-literal", message)
                    .at(at)
                    .label("whoever may look at the file could read it")
                    .help(format!(
                        "keep it in a secret store and refer to it under `secrets`; if it is none: \
                         allow_plain = [\"{key}\"]"
                    )),
            );
        } else if manifest.identity().1 == "Secret" {
            let keys = manifests::secret_keys(&manifest.object);
            let keys: Vec<&str> = keys
                .into_iter()
                .filter(|key| !names.contains(key))
                .collect();
            if !keys.is_empty() {
                let place = &manifest.place;
                self.findings.note(
                    MASKED,
                    format!(
                        "{place}: the values of Secret {name} ({}) stand in the file, and are masked \
                         wherever they would be shown. A secret belongs in a store, under `secrets`.",
                        keys.join(", ")
                    ),
                );
            }
        }
    }
}

/// The group, the kind and the name of an object.
type Identity = (String, String, String);

/// Who has an object already.
enum Taken {
    /// It is made of the words of this service.
    Made(String),
    /// It is carried along from there.
    Carried(Spot),
}

/// The objects that are made of a service's words, and its namespace.
fn own(service: &KubeService, place: &KubePlace) -> Vec<Identity> {
    let (own, name) = (&service.own, service.own.name.to_string());
    let is = |there: bool, group: &'static str, kind: &'static str, name: &String| {
        there.then(|| (group.to_owned(), kind.to_owned(), name.clone()))
    };
    let account = own.service_account.as_ref();
    let account = account.map(|account| account.name.to_string());
    let of_service = own.service.as_ref();
    let service_name = of_service.map_or_else(|| name.clone(), |one| one.name.to_string());
    let ingress = own.ingress.as_ref().map(|ingress| ingress.name.to_string());
    let around = &own.around;
    let route = around.route.as_ref().map(|route| route.name.to_string());
    let policy = around.policy.as_ref();
    let policy_name = policy.and_then(|policy| policy.name.as_ref());
    let policy_name = policy_name.map_or_else(|| name.clone(), ToString::to_string);
    let keda = own.autoscaling.keda();
    let scaler = keda.map_or(("autoscaling", "HorizontalPodAutoscaler"), |_| {
        ("keda.sh", "ScaledObject")
    });
    let scaler_name = own.autoscaling.name();
    let scaler_name = scaler_name.map_or_else(|| name.clone(), ToString::to_string);
    let asking = keda
        .into_iter()
        .flat_map(|keda| keda.authentications.keys());
    let asking = asking.map(|name| is(true, "keda.sh", "TriggerAuthentication", name));
    let bindings = around.bindings.iter().map(|one| &one.name);
    let bindings = bindings.map(|name| is(true, "elbv2.k8s.aws", "TargetGroupBinding", name));
    let mut secrets = service
        .containers
        .iter()
        .flat_map(|one| one.secrets.values());
    let of_store = secrets.any(|secret| !matches!(secret, SecretRef::Kubernetes { .. }));
    let filled = place.secret_store.is_some() && of_store;
    let secret = own.secret.to_string();
    let all = [
        is(true, "", "Namespace", &place.namespace.to_string()),
        is(true, "apps", own.kind.as_str(), &name),
        is(own.service.is_some(), "", "Service", &service_name),
        is(
            own.disruption.is_some(),
            "policy",
            "PodDisruptionBudget",
            &name,
        ),
        is(service.scaling.is_some(), scaler.0, scaler.1, &scaler_name),
        account.and_then(|name| is(true, "", "ServiceAccount", &name)),
        ingress.and_then(|name| is(true, "networking.k8s.io", "Ingress", &name)),
        route.and_then(|name| is(true, "gateway.networking.k8s.io", "HTTPRoute", &name)),
        is(
            policy.is_some(),
            "networking.k8s.io",
            "NetworkPolicy",
            &policy_name,
        ),
        is(filled, "external-secrets.io", "ExternalSecret", &secret),
        is(filled, "", "Secret", &secret),
    ];
    let all = all.into_iter().chain(bindings).chain(asking);
    all.flatten().collect()
}

/// Whether a name fits a pattern of `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| fits(rest, &name[at..]))
        }
        Some(first) => {
            let mut letters = name.chars();
            let same = letters.next().is_some_and(|c| first == '?' || first == c);
            same && fits(&pattern[first.len_utf8()..], letters.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name, is) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", ".yaml", true),
            ("*.yaml", "a.yml", false),
            ("*.y*ml", "a.b.yml", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("**", "x", true),
        ] {
            assert_eq!(fits(pattern, name), is, "{pattern} {name}");
        }
    }
}
