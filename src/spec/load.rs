//! From two files and the arguments to a [`Spec`], or to everything that is wrong with them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::files::{self, Files};
use super::findings::{Findings, Note};
use super::interpolate::{Variable, Variables};
use super::manifests;
use super::nearest;
use super::problem::{Problem, Problems, Source};
use super::raw::{Deploy, Heir, advice};
use super::resolve::{self, Ground};
use super::said::Said;
use super::shape::{At, Map, Shape};
use super::tree::{self, Node, Value};
use super::unneeded;
use super::veil::veil;
use super::words::kubernetes::network_policy;
use super::words::service;
use super::words::target::{self, Place};
use super::{Service, Spec, Workload};
use crate::names::{ServiceName, TargetName, label_value};

mod carried;
mod gather;

/// What a command was asked for.
pub(crate) struct Request<'a> {
    /// The deploy file; targets are in `config/` beside it.
    pub(crate) file: &'a Path,
    /// The target whose file says where the services run.
    pub(crate) target: &'a TargetName,
    /// The services that are asked for; an empty list stands for all.
    pub(crate) services: &'a [ServiceName],
    /// The variables that `--set NAME=value` gives.
    pub(crate) set: &'a BTreeMap<String, String>,
    /// The images that `--image SERVICE=REF` puts in place of the file's.
    pub(crate) images: &'a BTreeMap<ServiceName, String>,
    /// Whether every variable must have a value; else those that only a deployment needs need not.
    pub(crate) demands: bool,
    /// The environment of the process.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// `--allow-env NAME`: what of it `${NAME}` reaches, beside what is meant for the files.
    pub(crate) allow_env: &'a [String],
}

impl<'a> Request<'a> {
    /// All services of a file at a target, with nothing from the command line or the environment.
    pub(crate) fn new(file: &'a Path, target: &'a TargetName) -> Self {
        static NO_VARIABLES: BTreeMap<String, String> = BTreeMap::new();
        static NO_IMAGES: BTreeMap<ServiceName, String> = BTreeMap::new();
        Self {
            file,
            target,
            services: &[],
            set: &NO_VARIABLES,
            images: &NO_IMAGES,
            demands: true,
            environment: &|_| None,
            allow_env: &[],
        }
    }
}

/// A specification without problems.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loaded {
    /// The specification says what to run, and where.
    pub(crate) spec: Spec,
    /// What the user should know all the same.
    pub(crate) notes: Vec<Note>,
    /// The keys that the services say.
    pub(crate) said: Said,
    /// Values of variables whose names promise a secret: they are never told, wherever they are used.
    pub(crate) private: Vec<String>,
}

/// Reads both files and resolves them. Every problem that can be found is found at once.
pub(crate) fn load(files: &dyn Files, request: &Request<'_>) -> Result<Loaded, Problems> {
    let mut loading = Loading {
        request,
        paths: Vec::new(),
        texts: Vec::new(),
        trees: Vec::new(),
        manifests_from: usize::MAX,
        findings: Findings {
            advice: Some(advice),
            ..Findings::default()
        },
        said: Said::new(),
        private: Vec::new(),
    };
    let spec = loading.spec(files);
    let notes = std::mem::take(&mut loading.findings.notes);
    match spec {
        Some(spec) if loading.findings.problems.is_empty() => Ok(Loaded {
            spec,
            notes,
            said: loading.said,
            private: loading.private,
        }),
        _ => Err(loading.problems()),
    }
}

struct Loading<'a> {
    request: &'a Request<'a>,
    paths: Vec<PathBuf>,
    texts: Vec<String>,
    /// The trees as they were parsed; `None` stands for a file with syntax errors.
    trees: Vec<Option<Node>>,
    /// The first of the files that hold manifests.
    manifests_from: usize,
    findings: Findings,
    said: Said,
    private: Vec<String>,
}

impl Loading<'_> {
    fn spec(&mut self, files: &dyn Files) -> Option<Spec> {
        let deploy = self.deploy_file(files);
        let mut target = self.target_file(files)?;
        let mut variables = Variables {
            set: self.request.set,
            vars: BTreeMap::new(),
            environment: self.request.environment,
            allowed: self.request.allow_env,
            told: RefCell::default(),
            target: BTreeMap::new(),
        };
        self.target_variables(&mut target, &mut variables);
        let name = self.request.target;
        let kubernetes = target::is_kubernetes(&target);
        let (target, overlays) = target::target(name, &target, &mut self.findings);
        let mut deploy = deploy?;
        self.gather(&mut deploy, overlays, files);
        if !self.request.demands {
            unneeded::stand_in(&mut deploy, &variables);
        }
        let problems = &mut self.findings.problems;
        variables.fill(&mut deploy, &self.texts, problems);
        self.private = variables.private(deploy.get("service"));
        let mut raw = Deploy::read(&deploy, &mut self.findings)?;
        // They were laid under the services before this was read.
        raw.defaults = None;
        let (target, place) = match target {
            Some((target, place)) => (Some(target), place),
            None => (None, target::somewhere(kubernetes)?),
        };
        if let Some(at) = raw.project.as_ref().filter(|_| kubernetes)
            && label_value(&at.value.0).is_empty()
        {
            let message = "on Kubernetes this is a label, which needs an ASCII letter or digit";
            self.findings.bad_value(at.spot, message);
        }
        let mut raws = raw.service?;
        let carried = carried::wanted(&mut raws);
        let workload = match place {
            Place::Ecs { place, sandbox } => Workload::Ecs {
                services: self.services(raws, &deploy, &place)?,
                place,
                sandbox,
            },
            Place::Kubernetes(place) => {
                let mut services = self.services(raws, &deploy, &place)?;
                network_policy::meet(&mut services, &mut self.findings);
                self.carry(files, carried, &mut services, &place);
                Workload::Kubernetes { services, place }
            }
        };
        let spec = Spec {
            project: raw.project?.value.0,
            target: target?,
            workload,
        };
        self.tell_of_environment(&variables, &spec);
        Some(spec)
    }

    /// Says once what came from the environment and was not allowed by name.
    fn tell_of_environment(&mut self, variables: &Variables<'_>, spec: &Spec) {
        let first = spec.services().first().map(|(name, _)| (*name).clone());
        self.findings.service = first;
        for name in variables.told.borrow().iter() {
            self.findings.note(
                "environment",
                format!(
                    "${{{name}}} comes from the environment of this process. Say that it may with \
                     `--allow-env {name}`, or call it DEPLOY_{name}."
                ),
            );
        }
        self.findings.service = None;
    }

    fn deploy_file(&mut self, files: &dyn Files) -> Option<Node> {
        let path = self.request.file.to_owned();
        match files.read(&path) {
            Ok(text) => self.parse(path, text),
            Err(error) => {
                self.findings.problem(
                    Problem::new("file", format!("cannot read {}: {error}", path.display()))
                        .help("name the deploy file with `--file PATH`"),
                );
                None
            }
        }
    }

    fn target_file(&mut self, files: &dyn Files) -> Option<Node> {
        let target = self.request.target;
        let path = files::target_file(self.request.file, target);
        match files.read(&path) {
            Ok(text) => self.parse(path, text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if target.as_str() == files::SANDBOX {
                    let path = PathBuf::from("(the built-in sandbox)");
                    return self.parse(path, files::SANDBOX_FILE.to_owned());
                }
                let known = files::targets(files, self.request.file);
                let names: Vec<&str> = known.iter().map(TargetName::as_str).collect();
                let help = nearest::hint(target.as_str(), names.iter().copied())
                    .unwrap_or_else(|| format!("there are: {}", names.join(", ")));
                let message = format!("no target `{target}`: there is no {}", path.display());
                self.findings
                    .problem(Problem::new("unknown-target", message).help(help));
                None
            }
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                self.findings.problem(Problem::new("file", message));
                None
            }
        }
    }

    fn parse(&mut self, path: PathBuf, text: String) -> Option<Node> {
        let (tree, problems) = tree::parse(self.texts.len(), &text);
        let sound = problems.is_empty().then_some(tree);
        self.paths.push(path);
        self.texts.push(text);
        self.trees.push(sound.clone());
        self.findings.problems.extend(problems);
        sound
    }

    /// Fills in the target's own values: first `vars`, then what `${target.…}` names, then the rest.
    fn target_variables(&mut self, target: &mut Node, variables: &mut Variables<'_>) {
        const NAMED: [&str; 4] = ["account", "region", "cluster", "namespace"];
        let mut problems = Vec::new();
        if let Some(vars) = target.get_mut("vars") {
            variables.fill(vars, &self.texts, &mut problems);
            for (name, node) in vars.entries() {
                if let Some(text) = node.text() {
                    let variable = Variable {
                        text: text.to_owned(),
                        from: node.variables.clone(),
                    };
                    variables.vars.insert(name.clone(), variable);
                }
            }
        }
        for key in NAMED {
            if let Some(node) = target.get_mut(key) {
                variables.fill(node, &self.texts, &mut problems);
            }
        }
        variables.target = target::known(self.request.target, target);
        if let Value::Table(entries) = &mut target.value {
            for (key, node) in entries {
                // What is laid over a service is filled in together with it.
                if !["vars", "service"].contains(&key.as_str()) && !NAMED.contains(&key.as_str()) {
                    variables.fill(node, &self.texts, &mut problems);
                }
            }
        }
        self.findings.problems.extend(problems);
    }

    fn services<P: Ground>(
        &mut self,
        raw: At<Map<Heir, ServiceName>>,
        deploy: &Node,
        place: &P,
    ) -> Option<Vec<Service<P::Own>>> {
        if raw.value.0.is_empty() && self.findings.problems.is_empty() {
            let why = "a service is a table such as [service.api]";
            self.findings.missing(raw.head, "service.NAME", why);
        }
        let mut services = Vec::new();
        let mut named = Vec::new();
        let nodes = deploy.get("service").map(Node::entries).unwrap_or_default();
        let nodes: HashMap<&str, &Node> = nodes
            .iter()
            .map(|(name, node)| (name.as_str(), node))
            .collect();
        for (name, service) in raw.value.0 {
            let node = *nodes.get(name.as_str())?;
            let head = service.head;
            let service = At {
                value: service.value.0,
                spot: service.spot,
                head,
            };
            let found = service::service(&name, service, node, place, &mut self.findings);
            named.extend(found.as_ref().map(|found| resolve::names::<P>(found, head)));
            services.extend(found);
        }
        self.findings.service = None;
        resolve::refuse_the_same(&named, &mut self.findings);
        Some(services)
    }

    fn problems(self) -> Problems {
        let sources = self.paths.into_iter().zip(&self.texts).zip(&self.trees);
        let from = self.manifests_from;
        let sources = sources
            .enumerate()
            .map(|(file, ((path, text), tree))| Source {
                path,
                veiled: if file < from {
                    veil(text, tree.as_ref())
                } else {
                    manifests::veil(text)
                },
            });
        Problems::new(sources.collect(), &self.texts, self.findings.problems)
    }
}
