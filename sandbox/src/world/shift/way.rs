//! Which stages a deployment passes, and how long each lasts.

use std::iter::successors;

use super::{CLEAN_UP, PRODUCTION, SCALE_UP, Shift, Stage, TEST};
use crate::world::configuration::DeploymentConfiguration;
use crate::world::{Millis, World};

impl World {
    /// The way of a deployment that is configured so; `None`: it replaces task by task.
    pub(in crate::world) fn shift_of(
        &self,
        configuration: &DeploymentConfiguration,
        sources: usize,
    ) -> Option<Shift> {
        let steps = self.steps(configuration)?;
        let stage = |name: &str| Stage {
            name: name.to_owned(),
            share: None,
            lasts: self.timings.stage_ms,
        };
        let mut way = Vec::new();
        if sources > 1 {
            way.push(stage("RECONCILE_SERVICE"));
        }
        let first = [
            "PRE_SCALE_UP",
            SCALE_UP,
            "POST_SCALE_UP",
            TEST,
            "POST_TEST_TRAFFIC_SHIFT",
        ];
        way.extend(first.map(stage));
        // No bake time after the step that reaches 100 percent.
        for (share, wait) in steps.into_iter().chain([(100.0, 0)]) {
            way.push(stage("PRE_PRODUCTION_TRAFFIC_SHIFT"));
            way.push(Stage {
                share: Some(share),
                lasts: self.timings.stage_ms + wait,
                ..stage(PRODUCTION)
            });
        }
        way.push(stage("POST_PRODUCTION_TRAFFIC_SHIFT"));
        way.push(Stage {
            lasts: self.minutes(configuration.bake_time_in_minutes),
            ..stage("BAKE_TIME")
        });
        way.push(stage(CLEAN_UP));
        Some(Shift {
            way,
            at: 0,
            entered: None,
            hooks: Vec::new(),
            production: 0.0,
            test: 0.0,
        })
    }

    /// The shares below 100 percent by which traffic moves, each with its bake time.
    fn steps(&self, configuration: &DeploymentConfiguration) -> Option<Vec<(f64, Millis)>> {
        let linear = configuration.linear_configuration.clone();
        let canary = configuration.canary_configuration.clone();
        match configuration.strategy.as_str() {
            "ROLLING" => None,
            "LINEAR" => {
                let linear = linear.unwrap_or_default();
                let wait = self.minutes(linear.step_bake_time_in_minutes);
                let step = linear.step_percent.max(3.0);
                let shares = successors(Some(step), |share| Some(share + step));
                let below = shares.take_while(|share| *share < 100.0);
                Some(below.map(|share| (share, wait)).collect())
            }
            "CANARY" => {
                let canary = canary.unwrap_or_default();
                let wait = self.minutes(canary.canary_bake_time_in_minutes);
                Some(vec![(canary.canary_percent, wait)])
            }
            _ => Some(Vec::new()),
        }
    }

    fn minutes(&self, minutes: i64) -> Millis {
        minutes.saturating_mul(self.timings.minute_ms)
    }
}
