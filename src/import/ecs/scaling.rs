//! What scales a service: the word for it, and what no word says. Pure.

use super::source::Read;
use crate::import::Loss;
use crate::import::write::{Word, Words, say};
use crate::platform::ecs::live::scaling::LiveScaling;
use crate::platform::ecs::settings::fields::scaling as fields;
use crate::platform::ecs::settings::{ScalingPolicy, ScheduledAction};

/// The metrics that there are words for, with those.
const METRICS: [(&str, &str); 3] = [
    ("ECSServiceAverageCPUUtilization", "cpu"),
    ("ECSServiceAverageMemoryUtilization", "memory"),
    ("ALBRequestCountPerTarget", "requests"),
];

/// Application Auto Scaling rests so long where nothing else is said.
const COOLDOWN: i32 = 300;

fn aim(policy: &ScalingPolicy) -> Option<&'static str> {
    let tracking = &policy.target_tracking_scaling_policy_configuration;
    let metric = &tracking
        .predefined_metric_specification
        .predefined_metric_type;
    let (_, word) = METRICS.iter().find(|(name, _)| name == metric)?;
    Some(word)
}

/// `scaling = { … }`.
pub(super) fn words(read: &Read) -> Option<Word> {
    let scaling = read.scaling.as_ref()?;
    let bounds = scaling.target.as_ref()?;
    let mut words = vec![
        ("min".to_owned(), Word::plain(bounds.min_capacity)),
        ("max".to_owned(), Word::plain(bounds.max_capacity)),
    ];
    let mut aims = 0;
    for (_, word) in METRICS {
        let mut all = scaling.policies.iter();
        if let Some(policy) = all.find(|policy| aim(policy) == Some(word)) {
            let tracking = &policy.target_tracking_scaling_policy_configuration;
            say(&mut words, word, Some(Word::plain(tracking.target_value)));
            aims += 1;
        }
    }
    let first = scaling.policies.iter().find(|policy| aim(policy).is_some());
    let first = first.map(|policy| &policy.target_tracking_scaling_policy_configuration);
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

/// The ARN of the load balancer whose requests it is scaled by.
pub(super) fn balancer(read: &Read) -> Option<String> {
    let policies = &read.scaling.as_ref()?.policies;
    let label = policies.iter().find_map(|policy| {
        let tracking = &policy.target_tracking_scaling_policy_configuration;
        tracking
            .predefined_metric_specification
            .resource_label
            .as_ref()
    })?;
    let (balancer, _) = label.split_once("/targetgroup/")?;
    let account = read.account.as_deref()?;
    let region = read.region.as_deref()?;
    Some(format!(
        "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/{balancer}"
    ))
}

/// What the files say otherwise of what scales the service.
pub(super) fn losses(there: Option<&LiveScaling>, asked: Option<&LiveScaling>) -> Vec<Loss> {
    let nothing = LiveScaling::default();
    let (Some(there), asked) = (there, asked.unwrap_or(&nothing)) else {
        return Vec::new();
    };
    let mut losses = Vec::new();
    for name in &there.others {
        let path = format!("policies.{name}");
        losses.push(Loss::unsaid("scaling", path, name.as_str().into()));
    }
    let view = |scaling: &LiveScaling| {
        let bounds = scaling.target.as_ref().map(fields::target);
        let mut all = bounds.unwrap_or_default();
        for policy in &scaling.policies {
            // Ours has another name.
            let mut policy = policy.clone();
            let name = aim(&policy).map(str::to_owned);
            policy.policy_name = name.unwrap_or(policy.policy_name);
            all = all.with(fields::policy(&policy));
        }
        for action in &scaling.schedules {
            // An action of just the name that the file says is taken as it is.
            let mut action = action.clone();
            let mut live = there.schedules.iter().map(|one| &one.scheduled_action_name);
            let ours = |live: &&String| {
                let name = &action.scheduled_action_name;
                name.ends_with(&format!("-{live}-schedule"))
            };
            if let Some(name) = live.find(ours) {
                action.scheduled_action_name = name.clone();
            }
            all = all.with(fields::scheduled(&action));
        }
        all
    };
    for difference in view(there).differences(&view(asked)) {
        let shown = |field: &crate::platform::ecs::settings::fields::Field| field.shown(false);
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
