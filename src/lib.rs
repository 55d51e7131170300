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
//! * **Only [`report`] writes to the terminal.** It sees events and nothing else, and all that it
//!   writes passes one gate: what a terminal or the runner of a CI system would obey is shown as text.
//! * **No SDK type leaves its platform.**
//! * **Every wait has a deadline and observes cancellation.** Cancelling stops *us*; it never
//!   half-undoes.
//! * **A secret's value never enters an event, a log or anything printed.** Only references do;
//!   env literals that may be secrets are masked there, and so is what came through a variable whose
//!   name promises a secret and what has the known shape of one, also in a container's own log
//!   lines. Two places hold what they perform: a saved
//!   plan (mode 0600), and the history on Kubernetes (Secrets).
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
//!  events ──▶ reporters: human (stderr) · NDJSON (stdout) · CI summary
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
//! | [`answer`] | what `status`, `history` and `logs` answer |
//! | [`event`], [`report`] | the typed story, and who tells it |
//! | [`sandbox`] | an embedded ECS in its own wire protocol, and EKS's answer where a cluster is |
//! | [`clock`], [`cancel`], [`error`] | time, the wish to stop, exit codes |
//!
//! There is no common service model below [`spec::Spec`]. A platform keeps its own desired, observed
//! and change types end to end and meets the core at two narrow waists: [`plan::ChangeView`]
//! (enough to print and count a change) and [`rollout::Observation`] (enough to judge a rollout).
//!
//! ## How a rollout is judged
//!
//! The tables are code: [`platform::ecs::reading`] turns one look at ECS into a
//! [`rollout::Standing`], one test per row; [`rollout::machine`] judges standings over time. What no row covers is
//! *undetermined*, shown with the raw words of the platform: never a guess. Some decisions are
//! worth knowing:
//!
//! * *Ours* is the PRIMARY deployment id in the answer to our own call, and the
//!   `ServiceDeployment` whose target revision ends in it. Never a clock, a list's order or a
//!   task definition's equality.
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
//! * A write whose reply was lost and that somebody else was faster than ends as incomplete:
//!   whether ours was performed before theirs, nobody can tell.
//!
//! On Kubernetes, [`platform::kubernetes::reading`] does the same from what three watches bring:
//!
//! * *Ours* is the `uid`, the `generation` and the pod template in the answer to our own write. A
//!   later generation with the same template is an autoscaler's doing and still ours; another
//!   template is somebody else's.
//! * Kubernetes has no breaker, so [`rollout::Budget`] counts in its place, in the same words: one
//!   failure is one end of a container of *our* pods.
//! * A sample costs no request, and a change wakes the loop at once
//!   ([`platform::Platform::stirred`]). Streams that are down make a sample fail, so that blindness
//!   is noticed; a slow re-read makes up for an event that was lost.
//! * The remedy applies again what was captured before the first write of *this* deployment, whole,
//!   under the same field manager, and is watched to its end. A run that is killed in between is
//!   finished by the next one, under the lock ([`platform::kubernetes::lock`]).
//! * A rollout that fails while nobody holds the lock holds nobody up: no platform brings anything
//!   back by itself there.
//! * `apply --yes` proves its plan (server-side dry-run) beside taking the lock and opening the
//!   record; a plan that somebody reads is proven before it is shown.

pub mod answer;
pub mod cancel;
pub mod cli;
pub mod clock;
pub mod deploy;
pub mod error;
pub mod event;
pub mod fleet;
mod harmless;
pub mod names;
pub mod plan;
pub mod platform;
pub mod remedy;
pub mod report;
pub mod rollout;
pub mod sandbox;
pub mod spec;
