//! Going back to a revision that was deregistered: ECS starts no task of it any more, and remembers
//! what it says.

use super::change::{Change, Revision};
use super::draft::Draft;
use crate::plan::Note;
use crate::platform::Failed;
use crate::platform::ecs::Ecs;
use crate::platform::ecs::live::definition::Definition;
use crate::platform::ecs::origin::key;
use crate::platform::ecs::settings::fields::definition::same;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::unmanaged;
use crate::platform::ecs::settings::{Tag, TaskDefinition};

impl Ecs {
    /// Puts one that says the same in the place of a revision that was deregistered: the family's
    /// newest where that does, else a new one.
    pub(crate) async fn register_again(&self, draft: &mut Draft) -> Result<(), Failed> {
        let Some(arn) = draft.changes.iter().find_map(known) else {
            return Ok(());
        };
        let old = self.definition(arn).await?;
        if !old.is_gone {
            return Ok(());
        }
        let newest = self.newest_definition(&old.config.family).await?;
        let known = newest
            .filter(|newest| same(&newest.config, &old.config) && newest.residue == old.residue);
        let name = last_part(&old.arn).to_owned();
        let (revision, instead) = if let Some(known) = known {
            let instead = format!("{}, which says the same, is used", last_part(&known.arn));
            (Revision::Known(known.arn), instead)
        } else {
            draft.changes.insert(0, self.anew(old));
            (Revision::Registered, "it is registered again".to_owned())
        };
        for change in &mut draft.changes {
            if let Change::UpdateService { update } = change {
                update.revision = Some(revision.clone());
            }
        }
        let text = format!("{name} was deregistered; {instead}.");
        draft.notes.push(Note::info("registered_again", text));
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
