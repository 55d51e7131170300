//! How a rollout begins: a revision is frozen, a record is opened, the former one is superseded.

use super::agenda::Due;
use super::configuration::Workload;
use super::deployment::{
    Deployment, Monitor, RevisionSummary, RolloutState, ServiceDeployment, ServiceRevision, Status,
};
use super::task::Phase;
use super::{Millis, World};
use crate::switches::DeploymentApi;

impl Deployment {
    pub(super) fn new(
        id: String,
        revision: &str,
        record: &str,
        workload: Workload,
        now: Millis,
    ) -> Self {
        Self {
            reason: format!("ECS deployment {id} in progress."),
            id,
            revision: revision.to_owned(),
            record: record.to_owned(),
            workload,
            created_at: now,
            updated_at: now,
            state: RolloutState::InProgress,
            failed_tasks: 0,
            counted: 0,
            reached_running: false,
            is_rollback: false,
            attempts: 0,
            next_attempt: None,
            steady_since: None,
            empty_since: None,
            alarms_watched: false,
            deadlock_told: false,
        }
    }
}

impl World {
    /// Starts a deployment of the service's present workload.
    pub(crate) fn start_deployment(&mut self, key: &str) {
        let now = self.now;
        let Some(service) = self.services.get(key) else {
            return;
        };
        let (cluster, name) = (service.cluster.clone(), service.name.clone());
        let (workload, former) = (service.workload.clone(), service.current_record.clone());
        let alarms = service.settings.deployment.alarms.clone();
        let number = self.rng.digits19();
        let token = self.rng.token21();
        let revision = self.ecs_arn(&format!("service-revision/{cluster}/{name}/{number}"));
        let record = self.ecs_arn(&format!("service-deployment/{cluster}/{name}/{token}"));
        self.supersede(former.as_deref());
        self.freeze(key, &revision, &workload);
        let mut deployment = Deployment::new(
            format!("ecs-svc/{number}"),
            &revision,
            &record,
            workload,
            now,
        );
        let firing = alarms
            .alarm_names
            .iter()
            .any(|name| self.alarms.get(name) == Some(&true));
        deployment.alarms_watched = alarms.enable && !firing;
        self.open_record(key, &record, &deployment);
        if let Some(service) = self.services.get_mut(key) {
            service.deployments.insert(0, deployment);
            service.previous_record = service.current_record.replace(record.clone());
        }
        let pending = self.timings.pending_ms;
        self.later(pending, Due::Begin { deployment: record });
        self.later(
            0,
            Due::Reconcile {
                service: key.to_owned(),
            },
        );
    }

    /// A newer deployment ends the one that is under way as STOPPED, at once.
    fn supersede(&mut self, former: Option<&str>) {
        let Some(former) = former else {
            return;
        };
        let open = self
            .deployments
            .get(former)
            .is_some_and(|record| !record.status.is_final());
        if open {
            self.finish_record(former, Status::Stopped);
            let reasons = self.switches.status_reasons;
            if let Some(record) = self.deployments.get_mut(former) {
                record.reason = reasons.then(|| {
                    "Service deployment stopped because a new service deployment was started."
                        .to_owned()
                });
            }
        }
    }

    fn freeze(&mut self, key: &str, arn: &str, workload: &Workload) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let service_arn = service.arn.clone();
        let cluster_arn = self.ecs_arn(&format!("cluster/{}", service.cluster));
        let definition = self.task_definition(&workload.task_definition);
        let containers = definition.map(super::task_definition::TaskDefinition::containers);
        let digest = |image: &str| format!("sha256:{:064x}", checksum(image));
        let images = containers.unwrap_or_default().into_iter().map(|container| {
            let digest = digest(&container.image);
            (container.name, container.image, digest)
        });
        let revision = ServiceRevision {
            arn: arn.to_owned(),
            service_arn,
            cluster_arn,
            workload: workload.clone(),
            created_at: self.now,
            images: images.collect(),
        };
        self.revisions.insert(arn.to_owned(), revision);
    }

    fn open_record(&mut self, key: &str, arn: &str, deployment: &Deployment) {
        let Some(service) = self.services.get(key) else {
            return;
        };
        let configuration = service.settings.deployment.clone();
        let breaker = &configuration.deployment_circuit_breaker;
        let watched = |on: bool| {
            if on {
                Monitor::Monitoring
            } else {
                Monitor::Disabled
            }
        };
        let sources = service
            .deployments
            .iter()
            .map(|old| self.summary(key, &old.revision));
        let mut sources: Vec<RevisionSummary> = sources.collect();
        sources.dedup_by(|a, b| a.arn == b.arn);
        let sources_left = sources.len();
        let late = match self.switches.deployment_api {
            DeploymentApi::Empty => Millis::MAX / 4,
            _ => self.switches.record_delay_ms,
        };
        let record = ServiceDeployment {
            arn: arn.to_owned(),
            service_arn: service.arn.clone(),
            cluster_arn: self.ecs_arn(&format!("cluster/{}", service.cluster)),
            service: key.to_owned(),
            classic: deployment.id.clone(),
            created_at: self.now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: self.now,
            visible_at: self.now.saturating_add(late),
            sources,
            target: RevisionSummary {
                arn: deployment.revision.clone(),
                ..Default::default()
            },
            status: Status::Pending,
            reason: None,
            rollback: None,
            breaker: watched(breaker.enable),
            failures: 0,
            threshold: breaker.threshold_configuration.failures(service.desired),
            alarms: watched(deployment.alarms_watched),
            triggered_alarms: Vec::new(),
            shift: self.shift_of(&configuration, sources_left),
            configuration,
        };
        self.deployments.insert(arn.to_owned(), record);
    }

    /// The service deployments of a service, which their ARNs begin with.
    pub(crate) fn deployments_of(&self, key: &str) -> impl Iterator<Item = &ServiceDeployment> {
        let prefix = self.ecs_arn(&format!("service-deployment/{key}/"));
        let from = self.deployments.range(prefix.clone()..);
        from.take_while(move |(arn, _)| arn.starts_with(&prefix))
            .map(|(_, record)| record)
    }

    /// Forgets the records of a deleted service.
    pub(crate) fn forget_deployments(&mut self, key: &str) {
        let mine = self.deployments_of(key).map(|record| record.arn.clone());
        for arn in mine.collect::<Vec<_>>() {
            self.deployments.remove(&arn);
        }
    }

    /// How many tasks of a revision a service wants and has.
    pub(crate) fn summary(&self, key: &str, revision: &str) -> RevisionSummary {
        let mut summary = RevisionSummary {
            arn: revision.to_owned(),
            ..Default::default()
        };
        let service = self.services.get(key);
        if let Some(service) = service
            && service
                .primary()
                .is_some_and(|primary| primary.revision == revision)
        {
            summary.requested_task_count = service.desired;
        }
        self.weigh(key, &mut summary);
        let mine = |t: &&super::task::Task| t.revision == revision && t.is_active();
        for task in self.tasks.of_service(key).filter(mine) {
            match task.phase {
                Phase::Running => summary.running_task_count += 1,
                _ => summary.pending_task_count += 1,
            }
        }
        summary
    }
}

/// FNV-1a, to give each image a digest of its own.
pub(super) fn checksum(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
