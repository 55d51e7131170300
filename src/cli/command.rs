//! What the verbs over rollouts share: reach the sites, tell the story, end with one exit code.

use std::time::Duration;

use jiff::Timestamp;

use super::approve::{self, Answer, Question};
use super::options::{Options, Output};
use super::site::{self, Cloud, Site};
use super::story::{self, Story};
use super::terminal::Terminal;
use super::{Cli, Screen};
use crate::answer::Image;
use crate::clock::after;
use crate::deploy::{Conduct, Deploy, declined, undecided};
use crate::error::{ExitCode, combine};
use crate::event::{Events, Outcome, Problem};
use crate::fleet::{self, Member, Proposed};
use crate::names::{ServiceName, TargetName};
use crate::plan::Note;
use crate::platform::{Intent, Platform};
use crate::report::{Ledger, Subject, Veil};
use crate::spec::{self, Container, Service};

/// One command over the services of some sites.
pub(super) struct Command<'a> {
    pub(super) options: &'a Options,
    pub(super) terminal: &'a Terminal,
    /// Why, for the history.
    pub(super) message: Option<&'a str>,
    /// The verb, for the history, where it is not `apply`.
    pub(super) verb: Option<&'static str>,
    /// What the files say now is what is to be deployed.
    pub(super) deploys_files: bool,
    /// A plan was asked for, and nothing else: it goes to stdout.
    pub(super) plan_on_stdout: bool,
    /// The identity of the rollout to watch; `None`: the one under way.
    pub(super) rollout: Option<&'a str>,
}

/// A command that has begun.
pub(super) struct Begun<'a> {
    pub(super) sites: &'a [Site],
    /// The deploy loops of all services.
    pub(super) members: Vec<Member<'a>>,
    pub(super) story: &'a Story,
    /// The end of `--timeout`.
    until: Option<Timestamp>,
    ledger: &'a Ledger,
}

/// So long after the end of `--timeout` whatever has not ended by itself is left. Each part of the work
/// ends well before.
const OVERTIME: Duration = Duration::from_secs(6);

impl<'a> Command<'a> {
    pub(super) fn new(cli: &'a Cli, terminal: &'a Terminal) -> Self {
        Self::of(&cli.options, terminal)
    }

    pub(super) fn of(options: &'a Options, terminal: &'a Terminal) -> Self {
        Self {
            options,
            terminal,
            message: None,
            verb: None,
            deploys_files: true,
            plan_on_stdout: false,
            rollout: None,
        }
    }

    /// Reads the files and runs `work` over what they name. `intent` is what is asked of each service.
    pub(super) fn run(
        &self,
        screen: &mut Screen,
        intent: impl Fn(&ServiceName) -> Intent,
        work: impl AsyncFnOnce(&Begun<'_>) -> ExitCode,
    ) -> ExitCode {
        match site::look(self.options, screen) {
            Ok(sites) => self.run_at(&sites, screen, intent, work),
            Err(code) => code,
        }
    }

    /// The same, over files that are read already.
    pub(super) fn run_at(
        &self,
        sites: &[Site],
        screen: &mut Screen,
        intent: impl Fn(&ServiceName) -> Intent,
        work: impl AsyncFnOnce(&Begun<'_>) -> ExitCode,
    ) -> ExitCode {
        let several = sites.len() > 1;
        let mut late = false;
        let output = self.options.output;
        let plan_on_stdout = self.plan_on_stdout && output != Output::Markdown;
        let format = self.terminal.format(output, plan_on_stdout, several);
        let private = sites.iter().flat_map(|site| site.private.iter().cloned());
        let veil = Veil::over(private);
        let ledger = &self.terminal.ledger;
        ledger.begin(self.subjects(sites, &intent, &veil), self.plan_on_stdout);
        let timeout = self.options.timeout;
        let ended = story::run(self.terminal, (format, veil), timeout, async |story| {
            let (clock, began) = (story.clock, story.clock.now());
            let end = |more| timeout.map(|timeout| after(began, timeout.saturating_add(more)));
            let work = Box::pin(async {
                let origin = site::origin(self.verb, self.message);
                let mut clouds = Vec::new();
                for site in sites {
                    clouds.push(site.connect(&origin, clock).await);
                }
                let begun = Begun {
                    sites,
                    members: self.members(sites.iter().zip(&clouds), &intent, &story, began),
                    story: &story,
                    until: end(Duration::ZERO),
                    ledger,
                };
                work(&begun).await
            });
            clock.before(end(OVERTIME), work).await.unwrap_or_else(|| {
                late = true;
                ExitCode::Undetermined
            })
        });
        if late {
            let words = "the time that --timeout gives was over, and something still hung";
            screen.problem(Problem::new("timeout", words));
        }
        ended.unwrap_or_else(|error| {
            screen.error("start", &error);
            ExitCode::Failed
        })
    }

    /// Whether `apply` and its kin may write without a person's word: refused without a terminal.
    pub(super) fn may_begin(&self, sites: &[Site], screen: &mut Screen) -> Result<(), ExitCode> {
        let asks = sites.iter().any(Site::asks) && !self.options.yes;
        if asks && (!self.terminal.can_ask || self.options.output == Output::Json) {
            let problem = Problem::new("not-approved", "nobody is here to approve the changes");
            screen.problem(problem.help(
                "Add --yes to make them without asking, or review `deployer plan --out FILE` and run `deployer apply --plan FILE`.",
            ));
            return Err(ExitCode::Wrong);
        }
        Ok(())
    }

    /// What is told of each service at the end.
    fn subjects(
        &self,
        sites: &[Site],
        intent: &impl Fn(&ServiceName) -> Intent,
        veil: &Veil,
    ) -> Vec<Subject> {
        let services = sites.iter().flat_map(|site| {
            let services = site.spec.services().into_iter();
            services.map(move |service| (&site.spec.target.name, service))
        });
        let subject =
            |(target, (service, containers)): (&TargetName, (&ServiceName, &[Container]))| {
                let deployed = self.deploys_files && intent(service).follows_the_file();
                let containers = containers.iter().filter(|_| deployed);
                let image = |container: &Container| Image {
                    container: container.name.to_string(),
                    image: veil.text(&container.image.to_string()).into_owned(),
                };
                Subject {
                    target: target.clone(),
                    service: service.clone(),
                    images: containers.map(image).collect(),
                }
            };
        services.map(subject).collect()
    }

    /// The deploy loops of all services, at the places that are reached.
    fn members<'s>(
        &self,
        sites: impl Iterator<Item = (&'s Site, &'s Cloud<'s>)>,
        intent: &impl Fn(&ServiceName) -> Intent,
        story: &Story,
        began: Timestamp,
    ) -> Vec<Member<'s>> {
        let mut members = Vec::new();
        for (site, cloud) in sites {
            let intent = |service: &ServiceName| Intent {
                is_read: self.plan_on_stdout || (site.asks() && !self.options.yes),
                ..intent(service)
            };
            match cloud {
                Cloud::Ecs(ecs, services) => members.extend(services.iter().map(|service| {
                    let intent = intent(&service.name);
                    Member::Ecs(self.deploy(ecs, (site, service), intent, story, began))
                })),
                Cloud::Kubernetes(kube, services) => {
                    members.extend(services.iter().map(|service| {
                        let intent = intent(&service.name);
                        Member::Kubernetes(self.deploy(kube, (site, service), intent, story, began))
                    }));
                }
            }
        }
        members
    }

    fn deploy<'s, P: Platform>(
        &self,
        platform: &'s P,
        (site, service): (&Site, &'s Service<P::Own>),
        intent: Intent,
        story: &Story,
        began: Timestamp,
    ) -> Deploy<'s, P> {
        let target = site.spec.target.name.clone();
        Deploy {
            platform,
            service,
            notes: if intent.follows_the_file() {
                notes(site, &service.name)
            } else {
                Vec::new()
            },
            conduct: Conduct {
                intent,
                timeout: self.options.timeout,
                resume: self.resume(site, &service.name),
                rollout: self.rollout.map(str::to_owned),
            },
            events: Events::new(story.tell.clone(), target, story.clock).of(&service.name),
            clock: story.clock,
            began,
            cancel: story.cancel.clone(),
        }
    }

    /// The command line that goes on watching.
    fn resume(&self, site: &Site, service: &ServiceName) -> String {
        let mut line = format!(
            "deployer watch --target {} --service {service}",
            site.spec.target.name
        );
        line += &whereabouts(self.options);
        for (name, value) in self.options.set() {
            // What says where a service is and what it is called is no secret.
            if !spec::promises_a_secret(&name) {
                line += " --set ";
                line += &quoted(&format!("{name}={value}"));
            }
        }
        line
    }
}

/// The options that say where things are and what may be read, as they follow a command line.
pub(super) fn whereabouts(options: &Options) -> String {
    let mut line = String::new();
    if options.file.as_os_str() != "deploy.toml" {
        line += " --file ";
        line += &quoted(&options.file.to_string_lossy());
    }
    for name in &options.allow_env {
        line += " --allow-env ";
        line += name;
    }
    if options.allow_exec {
        line += " --allow-exec";
    }
    if let Some(state) = &options.sandbox_state {
        line += " --sandbox-state ";
        line += &quoted(&state.to_string_lossy());
    }
    line
}

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// What the files make one say of a service. That a literal is masked matters to whoever writes the
/// file, not to each plan: `validate` says it.
fn notes(site: &Site, service: &ServiceName) -> Vec<Note> {
    let told = site.notes.iter().filter(|note| note.code != spec::MASKED);
    let about = told.filter(|note| note.service.as_ref().is_none_or(|name| name == service));
    about
        .map(|note| Note::info(note.code, note.message.clone()))
        .collect()
}

impl Begun<'_> {
    /// Asks, where a person is to be asked, once for each target with changes.
    pub(super) async fn approved(&self, proposed: &[Proposed<'_>]) -> Answer {
        for site in self.sites {
            let target = &site.spec.target.name;
            let changed = self
                .members
                .iter()
                .zip(proposed)
                .filter(|(member, proposed)| {
                    member.events().target() == target
                        && proposed.as_ref().is_ok_and(|ready| !ready.is_empty())
                });
            let services: Vec<ServiceName> = changed
                .map(|(member, _)| member.service().clone())
                .collect();
            if services.is_empty() || !site.asks() {
                continue;
            }
            let answer = self.ask("Apply these changes to", site, &services).await;
            if answer != Answer::Yes {
                return answer;
            }
        }
        Answer::Yes
    }

    /// Asks one question about some services of a site.
    pub(super) async fn ask(&self, deed: &str, site: &Site, services: &[ServiceName]) -> Answer {
        let question = Question {
            deed,
            services,
            target: &site.spec.target.name,
            place: site.place_in_words(),
        };
        let answer = approve::ask(&question, &self.story.ask, &self.story.cancel);
        self.in_time(answer).await.unwrap_or(Answer::Late)
    }

    /// What comes of `work`; `None`: `--timeout` was over first.
    pub(super) fn in_time<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> impl Future<Output = Option<T>> {
        // Boxed, since the future of a whole command is on the stack.
        let work = Box::pin(work);
        async move { self.story.clock.before(self.until, work).await }
    }

    /// Proposes, asks unless `asked` already, carries out.
    pub(super) async fn begin(&self, asks: bool) -> ExitCode {
        let proposed = fleet::propose(&self.members).await;
        self.carry_out(proposed, asks).await
    }

    /// Asks and carries out.
    pub(super) async fn carry_out(&self, proposed: Vec<Proposed<'_>>, asks: bool) -> ExitCode {
        let members = &self.members;
        let whole = proposed.iter().all(Result::is_ok);
        let answer = if asks && whole {
            self.approved(&proposed).await
        } else {
            Answer::Yes
        };
        let outcomes = match answer {
            Answer::No => fleet::decline(members, proposed, declined),
            Answer::Late => fleet::decline(members, proposed, undecided),
            // An interrupted question: the loop itself sees the wish to stop, and writes nothing.
            Answer::Yes | Answer::Interrupted => fleet::carry_out(members, proposed).await,
        };
        self.summary(&outcomes)
    }

    /// Ends the story: the exit code of all.
    pub(super) fn summary(&self, outcomes: &[Outcome]) -> ExitCode {
        let code = combine(
            outcomes
                .iter()
                .map(|outcome| ExitCode::of(outcome.verdict, outcome.rolled_back)),
        );
        self.end();
        code
    }

    /// Ends the story: people are told, too, how the whole of it ended.
    pub(super) fn end(&self) {
        self.ledger.has_end();
    }
}
