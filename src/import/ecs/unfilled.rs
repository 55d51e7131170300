//! Values of a source that a pipeline fills in: each becomes a variable of the files, and something that can
//! stand in its place while they are tried. Pure.

use crate::import::Draft;
use crate::import::write::Word;
use crate::names::Arn;
use crate::platform::ecs::settings::service::target_groups::Advanced;
use crate::platform::ecs::settings::{ServiceConfig, TaskDefinition};

/// Stands for the ARN of a target group that nobody knows yet.
const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/unfilled-";

/// Stands for the ARN of a listener's rule that nobody knows yet.
const RULE: &str = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/unfilled-";

/// Stands for the processors of images that nobody knows yet.
const ARCHITECTURE: &str = "x86_64 (unfilled)";

/// Puts something that can be there in the place of what only a pipeline knows.
pub(super) fn stand_in(task: &mut TaskDefinition, service: Option<&mut ServiceConfig>) {
    if let Some(platform) = &mut task.runtime_platform {
        let known = ["X86_64", "ARM64"];
        if let Some(word) = &mut platform.cpu_architecture
            && !known.contains(&word.as_str())
        {
            ARCHITECTURE.clone_into(word);
        }
    }
    let groups = service.map(|service| &mut service.settings.target_groups.load_balancers);
    for (index, group) in groups.into_iter().flatten().enumerate() {
        if group.target_group_arn.parse::<Arn>().is_err() {
            group.target_group_arn = format!("{TARGET_GROUP}{}/0", index + 1);
        }
        if let Some(advanced) = &mut group.advanced_configuration {
            shifting(advanced, index + 1);
        }
    }
}

fn shifting(advanced: &mut Advanced, number: usize) {
    let all = [
        (
            &mut advanced.alternate_target_group_arn,
            format!("{TARGET_GROUP}{number}_2/0"),
        ),
        (
            &mut advanced.production_listener_rule,
            format!("{RULE}{number}/0"),
        ),
        (
            &mut advanced.test_listener_rule,
            format!("{RULE}{number}_TEST/0"),
        ),
    ];
    for (arn, instead) in all {
        if let Some(arn) = arn.as_mut().filter(|arn| arn.parse::<Arn>().is_err()) {
            *arn = instead;
        }
    }
}

/// The same as they are compared: what stands in for something is as good as it.
pub(super) fn filled(mut task: TaskDefinition) -> TaskDefinition {
    if let Some(platform) = &mut task.runtime_platform
        && platform.cpu_architecture.as_deref() == Some(ARCHITECTURE)
    {
        platform.cpu_architecture = Some("X86_64".to_owned());
    }
    task
}

/// The word for a target group, or for a listener's rule.
pub(super) fn target_group(arn: &str, draft: &mut Draft) -> Word {
    let of = |begin, what, name| Some((arn.strip_prefix(begin)?, what, name));
    let found = of(TARGET_GROUP, "target group", "TARGET_GROUP")
        .or_else(|| of(RULE, "listener's rule", "LISTENER_RULE"));
    let Some((rest, what, name)) = found else {
        return Word::text(arn);
    };
    let number = rest.split('/').next().unwrap_or_default();
    let name = format!("{name}_{number}");
    draft.notes.push(format!(
        "the source names no {what}: give its ARN with `--set {name}=…`"
    ));
    draft.variables.insert(name.clone(), arn.to_owned());
    Word::Variable(name)
}

/// The word for the processors, where they are not the usual ones.
pub(super) fn architecture(task: &TaskDefinition, draft: &mut Draft) -> Option<Word> {
    let platform = task.runtime_platform.as_ref();
    match platform?.cpu_architecture.as_deref()? {
        "ARM64" => Some(Word::text("arm64")),
        ARCHITECTURE => {
            draft.notes.push(
                "the source names no processors: give them with `--set ARCHITECTURE=x86_64`, or arm64"
                    .into(),
            );
            let name = "ARCHITECTURE".to_owned();
            draft.variables.insert(name.clone(), "x86_64".to_owned());
            Some(Word::Variable(name))
        }
        _ => None,
    }
}
