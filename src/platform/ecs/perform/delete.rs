//! Deletes the service with whatever runs of it; ECS takes its tasks off the load balancer and
//! stops them.

use super::super::Ecs;
use crate::platform::aws::{failed, once};
use crate::platform::{Done, Failed};

impl Ecs {
    /// Deletes the service.
    pub(super) async fn delete(&self, cluster: &str, service: &str) -> Result<Done, Failed> {
        let deleted = self
            .write(
                &[],
                async || {
                    self.ecs()
                        .delete_service()
                        .cluster(cluster)
                        .service(service)
                        .force(true)
                        .customize()
                        .config_override(once())
                        .send()
                        .await
                        .map(|_| ())
                        .map_err(|error| failed(format!("delete service {service}"), error))
                },
                async || {
                    let found = self.find_service(service).await?.service;
                    let stays = found.is_some_and(|there| there.view.status == "ACTIVE");
                    Ok((!stays).then_some(()))
                },
            )
            .await;
        Done::removed(deleted, service)
    }
}
