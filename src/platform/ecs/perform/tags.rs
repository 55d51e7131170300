//! Sets and removes tags of the service.

use super::super::Ecs;
use super::super::desired::Tag;
use super::super::received::last_part;
use super::super::request;
use super::Done;
use crate::platform::Failed;
use crate::platform::aws::{failed, once};

impl Ecs {
    /// Adds tags, or sets them anew.
    pub(super) async fn tag(&self, arn: &str, tags: &[Tag]) -> Result<Done, Failed> {
        self.write(
            &[],
            async || {
                self.ecs()
                    .tag_resource()
                    .resource_arn(arn)
                    .set_tags(request::tags(tags))
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
