//! What scales a service: the word for it, and what no word says. Pure.

use super::source::Read;
use crate::import::Loss;
use crate::import::write::{Word, Words, say};
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::fields::scaling as fields;
use crate::platform::ecs::settings::fields::{Field, Fields};
use crate::platform::ecs::settings::render::{own_policy_name, schedule_name};
use crate::platform::ecs::settings::{ScalableTarget, ScalingPolicy, ScheduledAction};
use crate::spec::EcsService;

/// The metrics that there are words for, with those.
const METRICS: [(&str, &str); 3] = [
    ("ECSServiceAverageCPUUtilization", "cpu"),
    ("ECSServiceAverageMemoryUtilization", "memory"),
    ("ALBRequestCountPerTarget", "requests"),
];

/// Application Auto Scaling rests so long where nothing else is said.
const COOLDOWN: i32 = 300;

/// The word for what it aims at, where there is one.
fn aim(policy: &ScalingPolicy) -> Option<&'static str> {
    let metric = &policy.metric()?.predefined_metric_type;
    let (_, word) = METRICS.iter().find(|(name, _)| name == metric)?;
    Some(word)
}

/// The policies of a service, by who says them.
#[derive(Default)]
struct Parted<'a> {
    /// Words, each by its own.
    said: Vec<(&'static str, &'a ScalingPolicy)>,
    /// The form of the API.
    own: Vec<&'a ScalingPolicy>,
}

/// Words say the first policy of each aim, as long as it rests as the others do. One that is called just as
/// its word is has no other name that it could keep.
fn parted(scaling: &LiveScaling) -> Parted<'_> {
    let mut parted = Parted::default();
    let rests = |policy: &ScalingPolicy| {
        let tracking = policy.tracking();
        tracking.map(|one| (one.scale_in_cooldown, one.scale_out_cooldown))
    };
    for policy in &scaling.policies {
        let Some(word) = aim(policy) else {
            parted.own.push(policy);
            continue;
        };
        let again = parted.said.iter().any(|(one, _)| *one == word);
        let first = parted.said.first();
        let rests_alike = first.is_none_or(|(_, one)| rests(one) == rests(policy));
        let only_out = policy.tracking().and_then(|one| one.disable_scale_in) == Some(true);
        let fits = !again && rests_alike && !only_out;
        if fits || policy.policy_name == word {
            parted.said.push((word, policy));
        } else {
            parted.own.push(policy);
        }
    }
    parted
}

/// `scaling = { … }`.
pub(super) fn words(read: &Read) -> Option<Word> {
    let scaling = read.scaling.as_ref()?;
    let bounds = scaling.target.as_ref()?;
    let mut words = vec![
        ("min".to_owned(), Word::plain(bounds.min_capacity)),
        ("max".to_owned(), Word::plain(bounds.max_capacity)),
    ];
    let Parted { said, own } = parted(scaling);
    let mut aims = own.len();
    for (_, word) in METRICS {
        let mut all = said.iter();
        let tracking = all.find(|(one, _)| *one == word);
        if let Some(tracking) = tracking.and_then(|(_, policy)| policy.tracking()) {
            say(&mut words, word, Some(Word::plain(tracking.target_value)));
            aims += 1;
        }
    }
    let first = said.first().and_then(|(_, policy)| policy.tracking());
    let cooldowns = [
        (
            "scale_in_cooldown",
            first.and_then(|first| first.scale_in_cooldown),
        ),
        (
            "scale_out_cooldown",
            first.and_then(|first| first.scale_out_cooldown),
        ),
    ];
    for (key, seconds) in cooldowns {
        let seconds = seconds.filter(|seconds| *seconds != COOLDOWN);
        say(
            &mut words,
            key,
            seconds.map(|seconds| Word::text(format!("{seconds}s"))),
        );
    }
    let schedules: Vec<Word> = scaling.schedules.iter().map(schedule).collect();
    aims += schedules.len();
    let schedules = (!schedules.is_empty()).then_some(Word::List(schedules));
    say(&mut words, "schedule", schedules);
    (aims > 0).then_some(Word::Table(words))
}

/// A schedule, under the name that the action has.
fn schedule(action: &ScheduledAction) -> Word {
    let sets = &action.scalable_target_action;
    let mut words: Words = vec![
        ("name".to_owned(), Word::text(&action.scheduled_action_name)),
        ("at".to_owned(), Word::text(&action.schedule)),
    ];
    let zone = action.timezone.as_ref().filter(|zone| *zone != "UTC");
    say(&mut words, "time_zone", zone.map(Word::text));
    say(&mut words, "min", sets.min_capacity.map(Word::plain));
    say(&mut words, "max", sets.max_capacity.map(Word::plain));
    let time = |time: Option<jiff::Timestamp>| time.map(|time| Word::text(time.to_string()));
    say(&mut words, "start", time(action.start_time));
    say(&mut words, "end", time(action.end_time));
    Word::Table(words)
}

/// `autoscaler = { … }`: what `scaling` does not say.
pub(super) fn autoscaler(read: &Read) -> Option<Word> {
    let scaling = read.scaling.as_ref()?;
    let target = scaling.target.as_ref()?;
    let mut words = Words::new();
    let own: Vec<Word> = parted(scaling).own.into_iter().map(form).collect();
    let own = (!own.is_empty()).then_some(Word::List(own));
    say(&mut words, "policies", own);
    let rests = target.suspended_state.unwrap_or_default();
    let rests: Vec<Word> = rests.said().map(|(word, _)| Word::text(word)).collect();
    let rests = (!rests.is_empty()).then_some(Word::List(rests));
    say(&mut words, "suspended", rests);
    (!words.is_empty()).then_some(Word::Table(words))
}

/// A policy in the API's own form, under the name that it has.
fn form(policy: &ScalingPolicy) -> Word {
    let mut words: Words = vec![
        ("PolicyName".to_owned(), Word::text(&policy.policy_name)),
        ("PolicyType".to_owned(), Word::text(&policy.policy_type)),
    ];
    let said = serde_json::to_value(&policy.configuration).unwrap_or_default();
    if let Word::Table(members) = Word::api(&said) {
        words.extend(members);
    }
    Word::Table(words)
}

/// The ARN of the load balancer whose requests it is scaled by.
pub(super) fn balancer(read: &Read) -> Option<String> {
    let policies = &read.scaling.as_ref()?.policies;
    let label = policies
        .iter()
        .find_map(|policy| policy.metric()?.resource_label.as_ref())?;
    let (balancer, _) = label.split_once("/targetgroup/")?;
    let account = read.account.as_deref()?;
    let region = read.region.as_deref()?;
    Some(format!(
        "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{balancer}"
    ))
}

/// What the files say otherwise of what scales the service.
pub(super) fn losses(
    there: Option<&LiveScaling>,
    asked: Option<&LiveScaling>,
    service: &EcsService,
) -> Vec<Loss> {
    let nothing = LiveScaling::default();
    let (Some(there), asked) = (there, asked.unwrap_or(&nothing)) else {
        return Vec::new();
    };
    let mut losses = Vec::new();
    for name in &there.others {
        let path = format!("policies.{name}");
        losses.push(Loss::unsaid("scaling", path, name.as_str().into()));
    }
    let target = asked.target.as_ref();
    let from = view(there, target);
    let to = view(&called_as_there(asked, there, service), target);
    for difference in from.differences(&to) {
        let shown = |field: &Field| field.shown(false);
        let from = difference.from.as_ref().map(shown);
        let why = match (&from, difference.to.as_ref().map(shown)) {
            (_, Some(to)) => format!("the files ask for {to}"),
            (_, None) => "no word for it yet".to_owned(),
        };
        losses.push(Loss {
            of: "scaling".into(),
            path: difference.path,
            value: from.map(Into::into),
            why,
        });
    }
    losses
}

/// What scales a service, as far as the files ask for its `target`.
fn view(scaling: &LiveScaling, target: Option<&ScalableTarget>) -> Fields {
    let bounds = scaling.target.as_ref();
    let bounds = bounds.map(|bounds| fields::target(&bounds.as_far_as(target.unwrap_or(bounds))));
    let mut all = bounds.unwrap_or_default();
    let Parted { said, own } = parted(scaling);
    for (word, policy) in said {
        // Ours has another name.
        let mut policy = policy.clone();
        word.clone_into(&mut policy.policy_name);
        all = all.with(fields::policy(&policy));
    }
    let policies = own.into_iter().map(fields::policy);
    let schedules = scaling.schedules.iter().map(fields::scheduled);
    policies.chain(schedules).fold(all, Fields::with)
}

/// What the files ask for, under the names that it has there: what is of just the name that they say is taken as it is.
fn called_as_there(asked: &LiveScaling, there: &LiveScaling, service: &EcsService) -> LiveScaling {
    let mut asked = asked.clone();
    for policy in &mut asked.policies {
        let ours = |live: &&String| own_policy_name(service, live) == policy.policy_name;
        if let Some(name) = there.names().find(ours) {
            policy.policy_name.clone_from(name);
        }
    }
    for action in &mut asked.schedules {
        let mut live = there.schedules.iter().map(|one| &one.scheduled_action_name);
        let ours = |live: &&String| schedule_name(service, live) == action.scheduled_action_name;
        if let Some(name) = live.find(ours) {
            action.scheduled_action_name.clone_from(name);
        }
    }
    asked
}
