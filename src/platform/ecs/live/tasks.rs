//! The tasks of a service: listed page by page, and described.

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{DesiredStatus, Task};

use crate::platform::Failed;
use crate::platform::aws::failed;

/// `DescribeTasks` takes at most 100 tasks; as many does a page of `ListTasks` list where nobody says
/// how many (Amazon ECS API reference).
const A_CALL: usize = 100;

/// The tasks of one service that are to run, or to be stopped.
pub(crate) struct Tasks<'a> {
    pub(crate) client: &'a Client,
    pub(crate) cluster: &'a str,
    pub(crate) service: &'a str,
    pub(crate) desired: DesiredStatus,
}

impl Tasks<'_> {
    /// The ARNs of one page of the list, and where the next one begins.
    pub(crate) async fn page(
        &self,
        token: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Failed> {
        let page = self
            .client
            .list_tasks()
            .cluster(self.cluster)
            .service_name(self.service)
            .desired_status(self.desired.clone())
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| failed(format!("list {} tasks", self.word()), error))?;
        Ok((page.task_arns.unwrap_or_default(), page.next_token))
    }

    /// What these tasks are.
    pub(crate) async fn describe(&self, arns: &[String]) -> Result<Vec<Task>, Failed> {
        let mut tasks = Vec::new();
        for arns in arns.chunks(A_CALL) {
            let answer = self
                .client
                .describe_tasks()
                .cluster(self.cluster)
                .set_tasks(Some(arns.to_vec()))
                .send()
                .await
                .map_err(|error| failed(format!("describe {} tasks", self.word()), error))?;
            tasks.extend(answer.tasks.unwrap_or_default());
        }
        Ok(tasks)
    }

    fn word(&self) -> String {
        self.desired.as_str().to_ascii_lowercase()
    }
}
