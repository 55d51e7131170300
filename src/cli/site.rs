//! One target with its services, ready to be worked on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Screen;
use super::log;
use super::options::Options;
use super::terminal::variable;
use super::trust;
use crate::clock::Clock;
use crate::error::ExitCode;
use crate::event::Problem;
use crate::names::{BadName, TargetName};
use crate::platform::aws;
use crate::platform::ecs::Ecs;
use crate::platform::kubernetes::{Kubernetes, Trust};
use crate::platform::origin::Origin;
use crate::platform::owner::Tenant;
use crate::report::Veil;
use crate::spec::{
    self, Approve, Disk, EcsPlace, EcsService, KubeService, Loaded, Reach, Request, Spec, Workload,
};
use sandbox::{self, Sandbox};

/// One target with its services.
#[derive(Debug)]
pub(super) struct Site {
    /// The services that run there, and the target itself.
    pub(super) spec: Spec,
    /// What the files' reader has to say.
    pub(super) notes: Vec<spec::Note>,
    /// The keys that the services say.
    pub(super) said: spec::Said,
    /// Values that are never told.
    pub(super) private: Vec<String>,
    /// What takes the network's place.
    sandbox: Option<Sandbox>,
    /// What the target's kubeconfig may do.
    trust: Trust,
}

impl Site {
    fn of(options: &Options, loaded: Loaded, demands: bool) -> Self {
        Self {
            trust: trust::of(options, &loaded.spec),
            spec: loaded.spec,
            notes: if demands { loaded.notes } else { Vec::new() },
            said: loaded.said,
            private: loaded.private,
            sandbox: None,
        }
    }

    /// With the sandbox that takes the network's place, where it is one.
    fn opened(mut self, options: &Options) -> Result<Self, sandbox::SandboxError> {
        if let Some(place) = sandbox_of(&self.spec) {
            let account = place.account.as_ref().map(ToString::to_string);
            self.sandbox = Some(open_sandbox(options, None, account)?);
        }
        Ok(self)
    }

    /// The place, as a question names it.
    pub(super) fn place_in_words(&self) -> String {
        match &self.spec.workload {
            Workload::Ecs { place, .. } => match &place.account {
                Some(account) => format!("account {account}, {}", place.region),
                None => place.region.to_string(),
            },
            Workload::Kubernetes { place, .. } => match &place.reach {
                Reach::Eks { cluster, .. } => {
                    format!("EKS cluster {cluster}, namespace {}", place.namespace)
                }
                Reach::Kubeconfig {
                    context: Some(context),
                    ..
                } => format!("context {context}, namespace {}", place.namespace),
                Reach::Kubeconfig { .. } => format!("namespace {}", place.namespace),
            },
        }
    }

    /// Whether a person is to be asked before anything is written.
    pub(super) fn asks(&self) -> bool {
        self.spec.target.approve == Approve::Ask
    }

    /// Reaches it without running a program that hands out credentials: it may ask a person. `None`: it
    /// takes one.
    pub(super) async fn connect_quietly(&mut self, clock: Clock) -> Option<Cloud<'_>> {
        let by_aws = match &self.spec.workload {
            Workload::Ecs { sandbox, .. } => !sandbox,
            Workload::Kubernetes { place, .. } => matches!(place.reach, Reach::Eks { .. }),
        };
        if by_aws && aws::process::is_chosen().await {
            return None;
        }
        self.trust = Trust::NoPrograms;
        Some(self.connect(&origin(None, None), clock).await)
    }

    /// Makes the clients that reach the target.
    pub(super) async fn connect(&self, origin: &Origin, clock: Clock) -> Cloud<'_> {
        let tenant = &Tenant::of(&self.spec);
        match &self.spec.workload {
            Workload::Ecs {
                place, services, ..
            } => {
                let transport = self.sandbox.as_ref().map(Sandbox::http_client);
                let connection = aws::connect(place, transport, clock).await;
                let ecs = Ecs::new(&connection, place, tenant, origin.clone(), clock);
                Cloud::Ecs(ecs, services)
            }
            Workload::Kubernetes { place, services } => {
                let kube = Kubernetes::new(place, tenant, origin.clone(), clock);
                Cloud::Kubernetes(kube.trusting(self.trust), services)
            }
        }
    }
}

/// The sites of whoever only looks on, as far as they can be read, and without a word. A sandbox that
/// is not there is not made.
pub(super) fn quietly(options: &Options) -> Vec<Site> {
    let targets = targets(options).unwrap_or_default();
    let sites = targets
        .iter()
        .filter_map(|target| read(options, target, false).ok());
    let sites = sites.filter_map(|loaded| {
        let site = Site::of(options, loaded, false);
        if sandbox_of(&site.spec).is_none() {
            return Some(site);
        }
        let there = sandbox_file(options).exists();
        there.then(|| site.opened(options))?.ok()
    });
    sites.collect()
}

/// The place of an embedded ECS.
fn sandbox_of(spec: &Spec) -> Option<&EcsPlace> {
    match &spec.workload {
        Workload::Ecs {
            place,
            sandbox: true,
            ..
        } => Some(place),
        _ => None,
    }
}

/// A place that is reached, with the services that run there.
#[derive(Debug)]
pub(super) enum Cloud<'a> {
    /// The target is an ECS cluster.
    Ecs(Ecs, &'a [EcsService]),
    /// A namespace of a Kubernetes cluster.
    Kubernetes(Kubernetes, &'a [KubeService]),
}

/// Reads the files for each target, and opens the sandbox where it is one. What is wrong is told;
/// `Err` is how the program ends. Every variable must have a value.
pub(super) fn load(options: &Options, screen: &mut Screen) -> Result<Vec<Site>, ExitCode> {
    sites(options, true, screen)
}

/// The same for a verb that goes by what is there: values that only a deployment brings may be
/// wanting.
pub(super) fn look(options: &Options, screen: &mut Screen) -> Result<Vec<Site>, ExitCode> {
    sites(options, false, screen)
}

fn sites(options: &Options, demands: bool, screen: &mut Screen) -> Result<Vec<Site>, ExitCode> {
    let targets = targets(options).map_err(|problem| {
        screen.problem(*problem);
        ExitCode::Wrong
    })?;
    screen.ledger().targets(&targets);
    if let Some(service) = options.image_twice() {
        let words = format!("--image names two images for {service}: which one is it to be?");
        screen.problem(Problem::new("usage", words));
        return Err(ExitCode::Wrong);
    }
    let mut sites = Vec::new();
    let given = options.set.iter().map(|(name, _)| name.as_str());
    let mut broken = false;
    if let Err(problems) = spec::unused(&Disk, &options.file, &targets, given) {
        screen.problems(&problems);
        broken = true;
    }
    for target in &targets {
        match read(options, target, demands) {
            Ok(loaded) => sites.push(Site::of(options, loaded, demands)),
            Err(problems) => {
                screen.problems(&problems);
                broken = true;
            }
        }
    }
    if broken {
        return Err(ExitCode::Wrong);
    }
    let opened: Result<Vec<Site>, _> = sites.into_iter().map(|site| site.opened(options)).collect();
    let sites = opened.map_err(|error| {
        screen.error("sandbox", &error);
        ExitCode::Failed
    })?;
    let private = sites.iter().flat_map(|site| site.private.iter().cloned());
    let veil = Veil::over(private);
    log::hide(veil.clone());
    screen.veil(veil);
    Ok(sites)
}

/// The targets that were named; else the one of `DEPLOYER_TARGET`, else the only one there is.
fn targets(options: &Options) -> Result<Vec<TargetName>, Box<Problem>> {
    if !options.targets.is_empty() {
        // One that is named twice is meant once.
        let mut seen = BTreeSet::new();
        let each = options.targets.iter().filter(|name| seen.insert(*name));
        return Ok(each.cloned().collect());
    }
    if let Some(name) = variable("DEPLOYER_TARGET").filter(|name| !name.is_empty()) {
        let name: Result<TargetName, BadName> = name.parse();
        return name
            .map(|name| vec![name])
            .map_err(|error| Problem::new("usage", format!("DEPLOYER_TARGET: {error}")).into());
    }
    let mut names = spec::targets(&Disk, &options.file);
    let own = names.iter().filter(|name| name.as_str() != "sandbox");
    match own.collect::<Vec<_>>().as_slice() {
        [only] => return Ok(vec![(*only).clone()]),
        [] => {
            names.truncate(1);
            return Ok(names);
        }
        _ => {}
    }
    let names: Vec<&str> = names.iter().map(TargetName::as_str).collect();
    let words = format!(
        "no target is named; use --target with one of: {}",
        names.join(", ")
    );
    Err(Problem::new("no-target", words).into())
}

fn read(options: &Options, target: &TargetName, demands: bool) -> Result<Loaded, spec::Problems> {
    let request = Request {
        file: &options.file,
        target,
        services: &options.services,
        set: &options.set(),
        images: &options.images(),
        demands,
        environment: &variable,
        allow_env: &options.allow_env,
    };
    spec::load(&Disk, &request)
}

/// Where the sandbox keeps its world: in `.deployer/` beside the deploy file.
pub(super) fn sandbox_file(options: &Options) -> PathBuf {
    options.sandbox_state.clone().unwrap_or_else(|| {
        let beside = options.file.parent().unwrap_or(Path::new(""));
        beside.join(".deployer").join("sandbox.json")
    })
}

/// Opens the sandbox, which is made when there is none. `world` describes a new one, `account` is
/// whose it is.
pub(super) fn open_sandbox(
    options: &Options,
    world: Option<PathBuf>,
    account: Option<String>,
) -> Result<Sandbox, sandbox::SandboxError> {
    let clock = Clock::system();
    let settings = sandbox::Options {
        speed: options.speed,
        world_file: world,
        seed: None,
        account,
    };
    Sandbox::open(
        &sandbox_file(options),
        &settings,
        Arc::new(move || clock.now()),
    )
}

/// Who deploys, and from which commit, as CI systems and shells tell it; with which verb, where it is
/// not `apply`, and why.
pub(super) fn origin(verb: Option<&str>, why: Option<&str>) -> Origin {
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| variable(name))
            .filter(|value| !value.is_empty())
    };
    Origin {
        by: first(&[
            "DEPLOYER_BY",
            "GITHUB_ACTOR",
            "GITLAB_USER_LOGIN",
            "BUILDKITE_BUILD_CREATOR",
            "CIRCLE_USERNAME",
            "USER",
        ]),
        commit: first(&[
            "DEPLOYER_COMMIT",
            "GITHUB_SHA",
            "CI_COMMIT_SHA",
            "BUILDKITE_COMMIT",
            "CIRCLE_SHA1",
            "GIT_COMMIT",
        ]),
        why: why.map(str::to_owned),
        verb: verb.map(str::to_owned),
    }
}
