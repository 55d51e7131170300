//! What was rolled out before, for the verbs that go back to it or watch it.

use std::time::Duration;

use futures::future::join_all;

use crate::answer::{Deployed, Ending};
use crate::cli::options::Options;
use crate::cli::site::{self, Cloud, Site};
use crate::clock::{Clock, after};

/// Whoever presses TAB waits no longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many of each service.
const MOST: usize = 10;

/// Revisions that ran once and well, the newest first.
pub(super) fn revisions(options: &Options) -> Vec<String> {
    let good = |deployed: &Deployed| deployed.outcome == Ending::Healthy && !deployed.current;
    of_each(options, |deployed| {
        good(&deployed).then_some(deployed.revision)
    })
}

/// The rollouts that can be watched, the newest first.
pub(super) fn rollouts(options: &Options) -> Vec<String> {
    of_each(options, |deployed| {
        Some(deployed.id).filter(|id| !id.is_empty())
    })
}

/// Something of each deployment, as far as that is known in time.
fn of_each(options: &Options, of: impl Fn(Deployed) -> Option<String>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return Vec::new();
    };
    let clock = Clock::system();
    let until = after(clock.now(), PATIENCE);
    let sites = site::quietly(options);
    let all = runtime.block_on(clock.before(Some(until), histories(sites, clock)));
    // What still resolves a name must not hold up the shell.
    runtime.shutdown_background();
    let mut found: Vec<String> = Vec::new();
    for one in all.unwrap_or_default().into_iter().filter_map(of) {
        let is_plain = one.chars().all(|c| c.is_ascii_graphic());
        if is_plain && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

async fn histories(sites: Vec<Site>, clock: Clock) -> Vec<Deployed> {
    let mut all = Vec::new();
    for mut site in sites {
        let told = match site.connect_quietly(clock).await {
            None => continue,
            Some(Cloud::Ecs(ecs, services)) => {
                join_all(services.iter().map(|one| ecs.history(one, MOST))).await
            }
            Some(Cloud::Kubernetes(kube, services)) => {
                join_all(services.iter().map(|one| kube.history(one, MOST))).await
            }
        };
        all.extend(told.into_iter().flatten().flatten());
    }
    all
}
