//! # The architecture of `deployer`
//!
//! > Read facts, decide in pure code, write the decision down as data, do it through one
//! > idempotent path, tell the story as one ordered stream of events. Time and the cloud enter
//! > only as arguments.
//!
//! ## Invariants
//!
//! * **Pure middle.** Nothing in [`spec`] (after the read), [`plan`], [`rollout`], [`remedy`], nor
//!   any `render`, `diff` or `reading` of a platform is `async`, reads a clock, or can fail because
//!   of the world.
//! * **A plan leaves no choice** to whoever performs it, and names the facts it was based on (its
//!   *basis*). Performing it against other facts is refused, not improvised.
//! * **One way to change a cloud:** perform a [`plan::Plan`]. Going back to an older revision is a
//!   plan whose desired state comes from history.
//! * **A verdict is absorbing and needs evidence.** Silence, throttling or expired credentials can
//!   produce neither "healthy" nor a rollback.
//! * **One remedy.** A rollback is asked for at most once per deployment, and is never itself
//!   rolled back, also across a crash: on ECS the request is idempotent, on Kubernetes the intent is
//!   recorded before the first write of the remedy.
//! * **Every run ends once.** What is told is entered into one ledger, from which the last record of
//!   `--output json` and what CI systems take are written at the very end, whatever ended the run.
//! * **Only [`report`] writes to the terminal.** It sees events and nothing else, and all that it
//!   writes passes one gate: what a terminal or the runner of a CI system would obey is shown as text.
//! * **No SDK type leaves its platform.**
//! * **Every wait has a deadline and observes cancellation.** Cancelling stops *us*; it never
//!   half-undoes. `--timeout` ends all of it, calls in flight and evidence included.
//! * **One time line.** Our times are the wall time at the start and what the monotonic clock
//!   counted since; a platform's times are brought onto it where its answer is read, by the
//!   difference that the `Date` of its answers shows.
//! * **Nothing waits for a reader.** Text leaves through bounded queues with writers of their own; an
//!   answer that did not arrive is no success.
//! * **A secret's value never enters an event, a log or anything printed.** Only references do;
//!   env literals that may be secrets are masked there, and so is what came through a variable whose
//!   name promises a secret and what has the known shape of one, also in a container's own log
//!   lines. Two places hold what they perform: a saved
//!   plan (mode 0600), and the history on Kubernetes (Secrets).
//! * **A repository does not choose who gets credentials.** They go to AWS, to this machine, and to whom
//!   TLS names; a kubeconfig of the repository runs no program unasked, and `${NAME}` reaches no secret
//!   of the environment. What hands out credentials is run by [`platform::program`], which shows nothing
//!   that it prints.
//! * **An answer that says nothing is no answer.** `{}` or an empty body, a success by its status, is
//!   trouble on both platforms: never "there are none". Neither is one without an end: of an API 16 MiB
//!   are read ([`platform::bounded`]; 128 of a log), of a file 4, and reading a file is one pass over it.
//! * **The [`sandbox`] knows nothing of the deployer.** It speaks the wire protocols of the cloud
//!   and shares no type with the rest, so that it cannot share a bug with it.
//!
//! ## Data flow
//!
//! ```text
//! deploy.toml + config/<target>.toml ──load──▶ raw ──resolve──▶ Spec       pure after the read
//!                                                     │ render (per platform)
//!                                                     ▼
//!                                  Desired ───────┐                        pure
//!  cloud ──observe──▶ Observed ───────────────────┤                        reads only
//!                                                 ▼ diff
//!                        Plan { basis, changes, notes }                    pure, printable, saveable
//!                                                 │ approve? (tty, --yes, a saved plan)
//!                                                 ▼ perform: check basis, make each change
//!                        cloud writes ────────────────▶ events             writes, idempotent
//!                                                 │
//!  cloud ──sample──▶ Observation ──▶ Rollout (phase machine)               pure machine, thin sampler
//!                                                 │ Verdict
//!                                                 ▼
//!                        remedy(trip, circumstances)                       pure: roll back | leave
//!                                                 │
//!                                                 ▼
//!                        outcome → exit code
//!  events ──▶ reporters: human (stderr) · NDJSON (stdout) · ledger → summary, CI
//! ```
//!
//! ## Where to look
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | argument types, one file per verb, signals, prompts |
//! | [`spec`] | files → [`spec::Spec`], or all problems at once with carets |
//! | [`names`] | newtypes parsed once |
//! | [`plan`] | what differs, its effect, notes |
//! | [`rollout`] | observation · policy · phase machine · failure window · verdict |
//! | [`remedy`] | what follows from a trip |
//! | [`deploy`] | the one loop, generic over [`platform::Platform`] |
//! | [`fleet`] | several services, at places of any platform, in one command: the closed enum of platforms |
//! | [`platform`] | the trait; [`platform::ecs`], [`platform::kubernetes`], and what both reach AWS by, [`platform::aws`] |
//! | `import` | from what was written for other tools to these files, and what they do not say of it |
//! | `advise` | ECS or EKS for the services of a file, and what is said in vain at the other one |
//! | [`answer`] | what `status`, `history` and `logs` answer |
//! | [`event`], [`report`] | the typed story, and who tells it |
//! | [`sandbox`] | an embedded ECS in its own wire protocol, and EKS's answer where a cluster is |
//! | [`clock`], [`cancel`], [`error`] | time, the wish to stop, exit codes |
//! | `harmless`, `whole` | what a terminal would obey, shown as text; files that are replaced whole or not at all |
//!
//! ## The rooms
//!
//! Both platforms have the same rooms, under the same names; what only one has is marked by a dash
//! on the other's side.
//!
//! ```text
//! src/platform/         kubernetes/             ecs/
//!   how it is reached   connect   api           (platform/aws)
//!   what is asked for   kinds     fields        settings
//!   what would change   plan                    plan
//!   making it so        perform   lock          perform   -
//!   how it goes         rollout                 rollout
//!   the way back        rollback                rollback
//!   a person's answer   -                       answer
//!   what was            history                 history
//!   what is             status    logs          status    logs
//!   how answers read    described               live
//!   what a run holds    session                 session
//!   the trait's side    platform                platform
//! ```
//!
//! A setting of an ECS service is one file of [`platform::ecs::settings::service`], with all there is to
//! say of it; a part of a container is one of [`platform::ecs::settings::container`]; a kind on Kubernetes
//! is one of [`platform::kubernetes::kinds`], and any other is carried along. How a word of the files is written, what it comes to, and how,
//! stands in one file of `src/spec/words/`. What no word says, a patch in the platform's own spelling does:
//! it is read by the platform's own types and laid over what is made of the words ([`platform::patch`]).
//!
//! ## Words
//!
//! | word | means |
//! |---|---|
//! | service | what a file describes under `[service.NAME]`: containers that run until they are told to stop |
//! | target | a place that a service goes to: `config/TARGET.toml` |
//! | spec | the files, read and checked: what is wanted, without the cloud |
//! | plan | what would be done, as data, and the facts that it rests on (its basis) |
//! | change | one step of a plan: one write |
//! | wave | the changes of a plan that are made side by side; waves are made one after another |
//! | effect | what people and traffic notice of a difference: nothing, another count, new tasks, a new object |
//! | rollout | the way from one revision to the next, with an identity that the platform gave it |
//! | revision | one version of a service, as the platform keeps it |
//! | observation | what one look at a rollout shows, about *ours* only |
//! | trip | evidence that a rollout fails: the breaker, a cause whose patience ended, the deadline, an alarm |
//! | cause | why a task or pod failed, in the same words on both platforms |
//! | patience | how long a cause may be seen before it trips |
//! | verdict | how a rollout ended: healthy, tripped, superseded, undetermined. It never changes |
//! | remedy | what follows from a trip: the one rollback, or nothing |
//! | post-mortem | the evidence of a failure, on one screen |
//!
//! There is no common service model below [`spec::Spec`]. A platform keeps its own desired, observed
//! and change types end to end and meets the core at two narrow waists: [`plan::ChangeView`]
//! (enough to print and count a change) and [`rollout::Observation`] (enough to judge a rollout).
//!
//! ## Whose a service is
//!
//! Everything of ours is marked with the project, the target and the service in the file
//! ([`platform::owner`]): by tags on ECS, on Kubernetes by labels, and by annotations for what a label
//! cannot hold. What a mark cannot hold exactly is kept beside it, and compared there.
//!
//! * What is marked as another target's, project's or service's is not ours: every verb refuses it,
//!   unless it is adopted.
//! * Two targets of one command that come to one object are refused by what was read of it, before any
//!   write: names alone do not tell that two kubeconfigs lead to one cluster.
//! * What an earlier version made is marked with no target. It belongs to the first target that changes
//!   it, and is marked on the way: a missing mark alone is no reason to write, so that an unchanged file
//!   stays without changes.
//! * What manifests carry along is marked in the same way, whatever kind it is of. What lies outside of
//!   namespaces is of no service alone: it only tells that this program manages it, and it never goes.
//!
//! ## How a rollout is judged
//!
//! The tables are code: [`platform::ecs::rollout::standing`] turns one look at ECS into a
//! [`rollout::Standing`], one test per row; [`rollout::machine`] judges standings over time. What no row covers is
//! *undetermined*, shown with the raw words of the platform: never a guess. Some decisions are
//! worth knowing:
//!
//! * *Ours* is the PRIMARY deployment id in the answer to our own call, and the
//!   `ServiceDeployment` whose target revision ends in it. Never a clock, a list's order or a
//!   task definition's equality.
//! * A record that is over says nothing of a count that was set after it. Whoever comes to such a rollout
//!   before ECS calls the deployment complete waits until all tasks run, since a run that was killed may
//!   have set one.
//! * Where there is no `ServiceDeployment` (no permission, an endpoint without it), what the
//!   classic deployment of *our id* says counts at once: COMPLETED with all tasks running, or
//!   FAILED. Only what would be concluded from our id's *absence* waits 15 seconds for a record
//!   that comes late. Waiting in both cases would add those seconds to every verdict on such
//!   endpoints and could not change one.
//! * Time trips only on a sample taken after it: patience and the deadline are looked at when
//!   evidence comes in, so that a process that slept cannot wake up and roll back.
//! * `watch`, which may not write, notes when patience or the deadline ends and goes on to the
//!   platform's own end: else it would say "not rolled back" over a rollback that comes a moment
//!   later. With `--rollout ID`, which the line that resumes a watch carries, it judges just that
//!   rollout, also when it is over.
//! * A first deployment that fails while nothing of it runs holds nobody up: a corrected one takes
//!   its place and says so. It could end no other way, and ECS may keep it under way for ever.
//! * An end with zero tasks after failures of ours is never healthy: somebody else's count took the
//!   place of a rollout that was failing, so it is superseded (tripped, if it had tripped before),
//!   with the evidence.
//! * What is done after the verdict starts nothing unwatched. Where no task is wanted and the plan
//!   would start some later, their count goes with the rollout; what new bounds start beside tasks
//!   that are proven is followed like a count that was set.
//! * A rollout that `cancel` was asked to bring back, and that is back, ends well (0). The run that
//!   it was taken from ends with who asked, as far as the platform tells: ECS names nobody.
//! * A rollback that is under way is the verdict only on what is just the same. A file that was
//!   corrected in any setting asks for something else, and finds the service busy.
//! * A rollout to watch that is known nowhere cannot be told (13).
//! * A container that is not essential and ends fails no rollout. It is told once its rollout is
//!   healthy, unless others wait for its end.
//! * What ECS said before a service was last steady is never told of a count that is set after it,
//!   though both belong to one deployment.
//! * A revision that was registered before a refusal is a change that is told (5).
//! * A write whose reply was lost and that somebody else was faster than ends as incomplete:
//!   whether ours was performed before theirs, nobody can tell.
//! * What manifests carry along is no part of the verdict. Once the service is healthy, those of its kinds
//!   that run pods are waited for, at most for the deadline: one that failed makes the run incomplete (5),
//!   and takes nothing back ([`platform::kubernetes::plan::beside`]).
//!
//! On Kubernetes, [`platform::kubernetes::rollout::standing`] does the same from what three watches bring:
//!
//! * *Ours* is the `uid`, the `generation` and the pod template in the answer to our own write. A
//!   later generation with the same template is an autoscaler's doing and still ours; another
//!   template is somebody else's.
//! * When a Deployment is rolled out and well is said once ([`platform::kubernetes::rollout::health`]):
//!   pods that leave by a scale-in keep nothing from being well, and yet a rollout is over only once
//!   just what is wanted is there.
//! * Kubernetes has no breaker, so [`rollout::Budget`] counts in its place, in the same words: one
//!   failure is one end of a container of *our* pods.
//! * A sample costs no request, and a change wakes the loop at once
//!   ([`platform::Platform::changed`]). Streams that are down make a sample fail, so that blindness
//!   is noticed; a slow re-read makes up for an event that was lost.
//! * The remedy applies again what was captured before the first write of *this* deployment, whole,
//!   under the same field manager, and is watched to its end. A run that is killed in between is
//!   finished by the next one, under the lock ([`platform::kubernetes::lock`]).
//! * A Service sends to a *named* port, which each pod resolves for itself
//!   ([`platform::kubernetes::kinds::service::ports`]): while `port` moves, old pods serve on the old one
//!   and new pods on the new one. The name is the one that pods have already. A number stays where it is
//!   right for all pods, since load balancers' controllers make new target groups for another.
//! * A rename (`kubernetes.name`) is known by the history of the former name, which carries our marks
//!   whole, or by our own Ingress, which leads there; where several Deployments could be the former
//!   one, none is taken away and the plan names them. Both names are locked. The new set comes up
//!   beside the old one; the Ingress, the removal of the old set and its history follow once it is
//!   healthy. The remedy takes the new set away: what served never stopped. ECS renames nothing: the
//!   plan of the new service says that the old one stays ([`platform::ecs::plan::former`]), and how to
//!   end it.
//! * A rollout that fails while nobody holds the lock holds nobody up: no platform brings anything
//!   back by itself there.
//! * A plan that somebody reads, or that differs from what is there, is proven (server-side dry-run)
//!   before it is shown: admission may make just what is there of what we send, and then nothing is
//!   written. What `apply --yes` makes anew is proven beside taking the lock and opening the record.
//! * Where the file asks for a field that may only stand alone (another kind of probe, a value in the
//!   place of a reference) and others manage what stands there, they are named; `--force-conflicts`
//!   makes the whole entry ours first, so that theirs goes.

mod advise;
mod answer;
mod cancel;
mod cli;
mod clock;
mod deploy;
mod error;
mod event;
mod fleet;
mod harmless;
mod import;
mod names;
mod plan;
mod platform;
mod remedy;
mod report;
mod rollout;
mod spec;
mod whole;

#[cfg(test)]
mod tests;

/// The whole program, from its arguments to its exit code: the one door of this crate.
pub fn main(args: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode {
    cli::main(args).into()
}
