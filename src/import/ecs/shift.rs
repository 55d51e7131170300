//! The words that say how a rollout moves traffic. Pure.

use crate::import::write::{Word, Words, say};
use crate::platform::ecs::settings::sdk::whole;
use crate::platform::ecs::settings::service::deployment::shift::{Hook, Shift};
use crate::spec::HOOK_WAIT;

/// The strategy, its bake time and its hooks; nothing of a rolling update.
pub(super) fn words(shift: &Shift, words: &mut Words) {
    if !shift.shifts() {
        return;
    }
    let strategy = match shift.strategy.as_deref() {
        Some("BLUE_GREEN") => Some(Word::text("blue_green")),
        Some("LINEAR") => {
            let linear = shift.linear_configuration.clone().unwrap_or_default();
            let (percent, bake) = (linear.step_percent, linear.step_bake_time_in_minutes);
            Some(steps("linear", percent.unwrap_or(10.0), bake))
        }
        Some("CANARY") => {
            let canary = shift.canary_configuration.clone().unwrap_or_default();
            let (percent, bake) = (canary.canary_percent, canary.canary_bake_time_in_minutes);
            Some(steps("canary", percent.unwrap_or(5.0), bake))
        }
        // A strategy that is new to us: what was not said shows as a loss.
        _ => return,
    };
    say(words, "strategy", strategy);
    let bake = shift.bake_time_in_minutes.filter(|bake| *bake > 0);
    say(words, "bake", bake.map(minutes));
    let hooks: Vec<Word> = shift.lifecycle_hooks.iter().flatten().map(hook).collect();
    say(
        words,
        "hooks",
        (!hooks.is_empty()).then_some(Word::List(hooks)),
    );
}

fn minutes(minutes: i32) -> Word {
    Word::text(format!("{minutes}m"))
}

fn steps(kind: &str, percent: f64, bake: Option<i32>) -> Word {
    let mut words = vec![(kind.to_owned(), Word::text(format!("{percent}%")))];
    say(&mut words, "step_bake", bake.map(minutes));
    Word::Table(words)
}

fn hook(hook: &Hook) -> Word {
    let stages = hook.lifecycle_stages.iter();
    let stages: Vec<String> = stages.map(|stage| stage.to_ascii_lowercase()).collect();
    let mut words = vec![("stages".to_owned(), Word::texts(&stages))];
    if hook.pauses() {
        say(&mut words, "pause", Some(Word::plain(true)));
    } else {
        let function = hook.hook_target_arn.as_ref();
        say(&mut words, "lambda", function.map(Word::text));
        say(&mut words, "role", hook.role_arn.as_ref().map(Word::text));
        say(
            &mut words,
            "details",
            hook.hook_details.as_ref().map(Word::api),
        );
    }
    let wait = hook.minutes();
    say(
        &mut words,
        "timeout",
        (wait != whole(HOOK_WAIT)).then(|| minutes(wait)),
    );
    let goes_on = hook.after_wait() == "CONTINUE";
    say(
        &mut words,
        "on_timeout",
        goes_on.then(|| Word::text("continue")),
    );
    Word::Table(words)
}
