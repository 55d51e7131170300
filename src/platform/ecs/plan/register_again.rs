//! Going back to a revision that was deregistered: ECS starts no task of it any more, and remembers
//! what it says.

use aws_sdk_ecs::types::TaskDefinitionStatus as Status;

use super::change::{Change, Revision};
use super::diff::{Diff, same_definition};
use super::observe::Definition;
use crate::plan::Note;
use crate::platform::Failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::origin::key;
use crate::platform::ecs::settings::from_sdk::last_part;
use crate::platform::ecs::settings::unmanaged;
use crate::platform::ecs::settings::{Tag, TaskDefinition};

impl Ecs {
    /// Puts one that says the same in the place of a revision that was deregistered: the family's
    /// newest where that does, else a new one.
    pub(crate) async fn register_again(&self, diff: &mut Diff) -> Result<(), Failed> {
        let Some(arn) = diff.changes.iter().find_map(known) else {
            return Ok(());
        };
        let old = self.definition(arn).await?;
        let gone = [Status::Inactive, Status::DeleteInProgress];
        if old
            .raw
            .status
            .as_ref()
            .is_none_or(|status| !gone.contains(status))
        {
            return Ok(());
        }
        let newest = self.newest_definition(&old.config.family).await?;
        let same = newest.filter(|newest| {
            same_definition(&newest.config, &old.config) && newest.residue == old.residue
        });
        let name = last_part(&old.arn).to_owned();
        let (revision, instead) = if let Some(same) = same {
            let instead = format!("{}, which says the same, is used", last_part(&same.arn));
            (Revision::Known(same.arn), instead)
        } else {
            diff.changes.insert(0, self.anew(old));
            (Revision::Registered, "it is registered again".to_owned())
        };
        for change in &mut diff.changes {
            if let Change::UpdateService { update } = change {
                update.revision = Some(revision.clone());
            }
        }
        let text = format!("{name} was deregistered; {instead}.");
        diff.notes.push(Note::info("registered_again", text));
        Ok(())
    }

    /// Registers what it says, with its tags, but for those that tell who did it and why.
    fn anew(&self, old: Definition) -> Change {
        let told = [key::BY, key::COMMIT, key::WHY, key::VERB];
        let stays = |tag: &Tag| unmanaged::counts(tag) && !told.contains(&tag.key.as_str());
        let own = self.origin.tags().into_iter();
        let mut tags: Vec<Tag> = own.map(|(key, value)| Tag { key, value }).collect();
        tags.extend(old.config.tags.iter().filter(|tag| stays(tag)).cloned());
        tags.sort();
        Change::RegisterTaskDefinition {
            definition: TaskDefinition { tags, ..old.config },
            carry_from: Some(old.arn),
        }
    }
}

/// The revision that is there already and that the service is to run.
fn known(change: &Change) -> Option<&str> {
    match change {
        Change::UpdateService { update } => match &update.revision {
            Some(Revision::Known(arn)) => Some(arn),
            _ => None,
        },
        _ => None,
    }
}
