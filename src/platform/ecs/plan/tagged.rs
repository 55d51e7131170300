//! How many tags things would have. Pure.

use super::change::Change;
use super::draft::Draft;
use crate::platform::ecs::live::service::LiveService;
use crate::platform::ecs::settings::Tag;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::unmanaged::counts;
use crate::platform::{Failed, FailureKind};

/// So many tags a resource may have (Amazon ECS developer guide, tagging). Tasks take theirs from the
/// service or from the revision, and so have no more.
const MOST: usize = 50;

/// Refuses what would give a service or a revision more tags than AWS allows, those of others counted.
pub(crate) fn refuse_many(draft: &Draft, there: Option<&LiveService>) -> Result<(), Failed> {
    for change in &draft.changes {
        let (what, tags) = match change {
            Change::RegisterTaskDefinition { definition, .. } => {
                let tags = definition.tags.iter().collect::<Vec<_>>();
                (format!("task definition {}", definition.family), tags)
            }
            Change::CreateService { service, .. } => {
                let tags = service.tags.iter().collect();
                (format!("service {}", service.service_name), tags)
            }
            Change::TagService { arn, tags } => {
                let there = there.map(|there| there.config.tags.as_slice());
                let after = after(there.unwrap_or_default(), tags);
                (format!("service {}", last_part(arn)), after)
            }
            _ => continue,
        };
        let count = tags.into_iter().filter(|tag| counts(tag)).count();
        if count > MOST {
            return Err(Failed::new(
                format!("tag {what}"),
                FailureKind::Refused,
                format!(
                    "it would have {count} tags, of deploy.toml, of ours and of others together; AWS \
                     allows {MOST}; take some out of `tags`, or off the {what}"
                ),
            ));
        }
    }
    Ok(())
}

/// The tags of a service once these are set, which is before others are removed.
fn after<'a>(there: &'a [Tag], set: &'a [Tag]) -> Vec<&'a Tag> {
    let stays = |tag: &&Tag| set.iter().all(|new| new.key != tag.key);
    there.iter().filter(stays).chain(set).collect()
}
