//! Sets and removes tags of the service.

use super::super::Ecs;
use super::super::origin::key;
use crate::event::Events;
use crate::platform::aws::{failed, once};
use crate::platform::ecs::settings::Tag;
use crate::platform::ecs::settings::sdk::last_part;
use crate::platform::ecs::settings::to_sdk;
use crate::platform::{Done, Failed};

/// So many rollouts that registered nothing are credited at a time: a service has 50 tags at most
/// (Amazon ECS developer guide, tagging), most of which are others'.
const CREDITED: usize = 5;

impl Ecs {
    /// Says at the service who did something, for the history. It is done already: what fails here
    /// costs a warning.
    pub(super) async fn credit(&self, service: &str, tag: (String, String), events: &Events) {
        let (key, value) = tag;
        if let Err(error) = self.write_credit(service, Tag { key, value }).await {
            let text = format!("{error}; the history will not tell who did this");
            events.warn("not_credited", text);
        }
    }

    async fn write_credit(&self, service: &str, tag: Tag) -> Result<(), Failed> {
        let Some(there) = self.find_service(service).await?.service else {
            return Ok(());
        };
        let mut earlier: Vec<&String> = there.config.tags.iter().map(|tag| &tag.key).collect();
        earlier.retain(|key| key.starts_with(key::ROLLOUT) && **key != tag.key);
        // The numbers grow, and have one length for many years.
        earlier.sort_by_key(|key| std::cmp::Reverse((key.len(), *key)));
        let kept = if tag.key.starts_with(key::ROLLOUT) {
            CREDITED - 1
        } else {
            CREDITED
        };
        let old: Vec<String> = earlier.into_iter().skip(kept).cloned().collect();
        if !old.is_empty() {
            self.untag(&there.arn, &old).await?;
        }
        self.tag(&there.arn, &[tag]).await.map(|_| ())
    }

    /// Adds tags, or sets them anew.
    pub(super) async fn tag(&self, arn: &str, tags: &[Tag]) -> Result<Done, Failed> {
        self.write(
            &[],
            async || {
                self.ecs()
                    .tag_resource()
                    .resource_arn(arn)
                    .set_tags(to_sdk::tags(tags))
                    .customize()
                    .config_override(once())
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| failed(format!("tag service {}", last_part(arn)), error))
            },
            async || {
                let there = self.tags_of(arn).await?;
                let all = tags.iter().all(|tag| there.contains(tag));
                Ok(all.then_some(()))
            },
        )
        .await?;
        let keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
        Ok(Done::now(keys.join(", ")))
    }

    /// Removes tags.
    pub(super) async fn untag(&self, arn: &str, keys: &[String]) -> Result<Done, Failed> {
        self.write(
            &[],
            async || {
                self.ecs()
                    .untag_resource()
                    .resource_arn(arn)
                    .set_tag_keys(Some(keys.to_vec()))
                    .customize()
                    .config_override(once())
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|error| failed(format!("untag service {}", last_part(arn)), error))
            },
            async || {
                let there = self.tags_of(arn).await?;
                let gone = there.iter().all(|tag| !keys.contains(&tag.key));
                Ok(gone.then_some(()))
            },
        )
        .await?;
        Ok(Done::now(keys.join(", ")))
    }

    async fn tags_of(&self, arn: &str) -> Result<Vec<Tag>, Failed> {
        let found = self.find_service(last_part(arn)).await?;
        Ok(found
            .service
            .map(|service| service.config.tags)
            .unwrap_or_default())
    }
}
