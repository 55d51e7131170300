//! From a plan to what goes on with the service that it is about.

use super::change::Change;
use super::current::{Asked, current};
use super::{EcsPlan, Goal};
use crate::event::Events;
use crate::plan::{Change as _, ChangeView};
use crate::platform::ecs::Ecs;
use crate::platform::ecs::rollout::Watched;
use crate::platform::ecs::rollout::started::RolloutId;
use crate::platform::{Current, Failed, Intent, Whose};

impl Ecs {
    /// What would be done about a service, and what goes on with it.
    pub(crate) async fn proposed(
        &self,
        goal: Goal<'_>,
        events: &Events,
    ) -> Result<(EcsPlan, Current<Watched>), Failed> {
        let planned = self.plan(goal, events).await?;
        let view = planned.observed.service.map(|there| there.view);
        let asked = asked(&planned.plan, goal.intent);
        let revision = asked.revision.map(str::to_owned);
        let mut current = current(view.as_ref(), asked, goal.service);
        if let (Some(revision), Current::Busy { rollout, whose, .. }) = (revision, &mut current)
            && rollout.ours.is_rollback
            && let Some(id) = self.gone_back_from(&rollout.service, &revision).await
        {
            rollout.ours = RolloutId {
                id,
                former: Some(std::mem::replace(
                    &mut rollout.ours.task_definition,
                    revision,
                )),
                is_rollback: false,
                ..rollout.ours.clone()
            };
            *whose = Whose::Ours;
        }
        Ok((planned.plan, current))
    }
}

/// How what is asked for stands to what is there.
fn asked<'a>(plan: &'a EcsPlan, intent: &Intent) -> Asked<'a> {
    let rolls = plan.starts_rollout();
    // What waits for its health was not made either.
    let mut now = plan.changes.iter().filter(|one| !one.waits_for_health());
    let revision = match (now.next(), now.next()) {
        (Some(Change::UpdateService { update }), None) if intent.follows_the_file() => {
            update.only_revision()
        }
        _ => None,
    };
    Asked {
        runs: plan.is_empty() || (!rolls && intent.follows_the_file()),
        // A file that was corrected in anything else asks for something else.
        revision: revision.filter(|_| plan.views.iter().all(shows_the_revision)),
    }
}

/// Whether a view shows what a revision says, which one it is, or how it is scaled once healthy,
/// and no other setting.
fn shows_the_revision(view: &ChangeView) -> bool {
    let beside = matches!(view.object.as_str(), "task definition" | "autoscaling");
    beside
        || matches!(
            view.path.as_str(),
            "taskDefinition" | crate::platform::ecs::settings::fields::service::COUNT
        )
}
