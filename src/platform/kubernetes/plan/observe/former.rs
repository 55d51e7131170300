//! What a service was named before. Its name may change in the file, and what has the old one is to
//! make way for what has the new one.
//!
//! A name is a former one where its history says so, or our Ingress leads to it, or our own history
//! knows it; and what has that name must be ours. The history goes last, so that a run that was
//! killed on the way leaves a trace for the next one.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::Value;

use super::{Observed, Sought, found, named_before, readable};
use crate::event::Events;
use crate::platform::failure::Failed;
use crate::platform::kubernetes::Kubernetes;
use crate::platform::kubernetes::api::object::is_leaving;
use crate::platform::kubernetes::history::record::{Elsewhere, RecordHead};
use crate::platform::kubernetes::kinds::{Id, Kind};
use crate::platform::kubernetes::lock::LeaseView;

/// So many other names are looked at.
const MOST: usize = 8;

/// A name that a service had before.
#[derive(Debug, Clone)]
pub(crate) struct Former {
    pub(crate) name: String,
    /// The history under that name, newest first.
    pub(crate) records: Vec<RecordHead>,
    /// The lock under that name.
    pub(crate) lease: Option<LeaseView>,
}

/// The names that a service had before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Formers {
    /// The one whose Deployment is there.
    pub(crate) serving: Option<Former>,
    /// Those of which the history is all that is left.
    pub(crate) left: Vec<Former>,
    /// Deployments of just this service of which nobody can tell which one it was last.
    pub(crate) unclear: Vec<String>,
}

impl Formers {
    /// All whose history is to go along.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Former> {
        self.serving.iter().chain(&self.left)
    }

    /// The same, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Former> {
        self.serving.iter_mut().chain(&mut self.left)
    }

    /// The one of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Former> {
        self.iter().find(|former| former.name == name)
    }
}

/// What tells of a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Trace {
    /// Our Ingress leads there.
    led: bool,
    /// Our own history has its Deployment.
    known: bool,
    /// Its newest revision names us in full.
    told: bool,
}

/// What was found under a name.
struct Seen {
    former: Former,
    trace: Trace,
    /// What of it is ours.
    objects: BTreeMap<Id, Value>,
    /// Its Deployment is there, and does not go away.
    serves: bool,
}

impl Kubernetes {
    /// Looks for the names that a service had before.
    pub(crate) async fn observe_formers(
        &self,
        sought: &Sought<'_>,
        observed: &mut Observed,
        elsewhere: &Elsewhere,
        events: &Events,
    ) -> Result<(), Failed> {
        let traces = traces(sought, observed, elsewhere);
        let looks = traces
            .iter()
            .take(MOST)
            .map(|(name, trace)| self.look_for(sought, name, *trace, events));
        let mut serving = Vec::new();
        for seen in join_all(looks).await {
            match seen? {
                Some(seen) if seen.serves => serving.push(seen),
                Some(seen) => {
                    observed.objects.extend(seen.objects);
                    observed.formers.left.push(seen.former);
                }
                None => {}
            }
        }
        if let Some(index) = last_one(&serving) {
            let seen = serving.swap_remove(index);
            observed.objects.extend(seen.objects);
            observed.formers.serving = Some(seen.former);
        }
        for Seen { former, .. } in serving {
            // Our own history may have shown some of it.
            let theirs = |id: &Id| id.kind.is_named() && id.name == former.name;
            observed.objects.retain(|id, _| !theirs(id));
            observed.formers.unclear.push(former.name);
        }
        Ok(())
    }

    /// What is ours under this name; `None`: nothing.
    async fn look_for(
        &self,
        sought: &Sought<'_>,
        name: &str,
        trace: Trace,
        events: &Events,
    ) -> Result<Option<Seen>, Failed> {
        let (records, lease) = futures::join!(self.records(name), self.lease(name));
        let records = readable(records, events, sought.writes)?.unwrap_or_default();
        let lease = readable(lease, events, sought.writes)?.flatten();
        let mut ids = named_before(sought.objects, &records);
        // What has other names again is theirs. The cluster may not know an add-on that the history has
        // nothing of.
        let is_own = |id: &Id| id.kind.addon().is_some() && id.name == name;
        ids.retain(|id| !id.kind.is_named() || is_own(id));
        // What ran its pods may have been of another kind.
        let heads = records.iter().flat_map(|head| &head.objects);
        let ran: Vec<Kind> = heads
            .filter(|id| id.kind.runs_pods() && id.name == name)
            .map(|id| id.kind)
            .collect();
        let runs = |kind: Kind| kind == sought.kind.kind() || ran.contains(&kind);
        let everywhere = Kind::named().filter(|kind| kind.addon().is_none());
        let everywhere = everywhere.filter(|kind| !kind.runs_pods() || runs(*kind));
        ids.extend(everywhere.map(|kind| Id {
            kind,
            name: name.to_owned(),
        }));
        let wire = self.wire().await?;
        let read = join_all(ids.iter().map(|id| wire.read(id))).await;
        let mut objects = found(&ids, read)?;
        let mut mains = objects.iter().filter(|(id, _)| id.kind.runs_pods());
        let main = mains
            .find(|(_, live)| !is_leaving(live))
            .map(|(_, live)| live);
        let serves = match main {
            Some(live) if trace.shows(sought, live) => true,
            None if trace.told => false,
            Some(_) | None => return Ok(None),
        };
        objects.retain(|_, live| sought.owner.has(live));
        let former = Former {
            name: name.to_owned(),
            records,
            lease,
        };
        Ok(Some(Seen {
            former,
            trace,
            objects,
            serves,
        }))
    }
}

impl Trace {
    /// Whether this Deployment is ours. A mark that is missing is no mark of another target only
    /// where more than the marks tells that it is ours.
    fn shows(self, sought: &Sought<'_>, live: &Value) -> bool {
        let owner = sought.owner;
        owner.surely_has(live) || ((self.led || self.known) && owner.has(live))
    }
}

fn traces(
    sought: &Sought<'_>,
    observed: &Observed,
    elsewhere: &Elsewhere,
) -> BTreeMap<String, Trace> {
    let mut traces: BTreeMap<String, Trace> = BTreeMap::new();
    for (name, told) in elsewhere {
        traces.entry(name.clone()).or_default().told = *told;
    }
    for (id, live) in &observed.objects {
        if id.kind.runs_pods() && id.name != sought.name && sought.owner.has(live) {
            traces.entry(id.name.clone()).or_default().known = true;
        }
    }
    if let Some(name) = led_elsewhere(observed, sought) {
        traces.entry(name).or_default().led = true;
    }
    traces
}

/// The Service under another name to which our Ingress leads that is asked for.
fn led_elsewhere(observed: &Observed, sought: &Sought<'_>) -> Option<String> {
    let is_it = |(id, live): &(&Id, &Value)| {
        id.kind.leads() && sought.objects.contains(id) && sought.owner.has(live)
    };
    let (ingress, live) = observed.objects.iter().find(is_it)?;
    let backend = ingress.kind.backend(live)?;
    (backend != sought.name).then(|| backend.to_owned())
}

/// Which of those that serve it was last: the one that the Ingress leads to, or the only one that our
/// own history knows, or the only one.
fn last_one(serving: &[Seen]) -> Option<usize> {
    let led = |seen: &Seen| seen.trace.led;
    let known = |seen: &Seen| seen.trace.known;
    let only = |is: &dyn Fn(&Seen) -> bool| {
        let mut all = (0..serving.len()).filter(|index| is(&serving[*index]));
        all.next().filter(|_| all.next().is_none())
    };
    only(&led)
        .or_else(|| only(&known))
        .or_else(|| only(&|_| true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, led: bool, known: bool) -> Seen {
        Seen {
            former: Former {
                name: name.into(),
                records: Vec::new(),
                lease: None,
            },
            trace: Trace {
                led,
                known,
                told: true,
            },
            objects: BTreeMap::new(),
            serves: true,
        }
    }

    #[test]
    fn of_several_names_the_last_one_is_what_the_ingress_or_the_history_tells() {
        let (one, two) = (seen("one", false, false), seen("two", false, false));
        assert_eq!(last_one(&[]), None);
        assert_eq!(last_one(&[one]), Some(0));
        assert_eq!(last_one(&[two, seen("one", false, false)]), None);
        let known = [seen("one", false, false), seen("two", false, true)];
        assert_eq!(last_one(&known), Some(1));
        let led = [seen("one", true, false), seen("two", false, true)];
        assert_eq!(last_one(&led), Some(0));
    }
}
