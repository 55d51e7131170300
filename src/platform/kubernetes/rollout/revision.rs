//! The pods of a revision, whoever makes them: a `ReplicaSet` makes its own, and what a `ControllerRevision`
//! only describes is made by its owner. Pure.

use k8s_openapi::api::core::v1::Pod;

use super::look::SetView;
use super::post_mortem::chain::is_ready;
use crate::platform::kubernetes::kinds::workload::REVISION_HASH;

impl SetView {
    /// Whether a pod is of it: it controls the pod, or, where it is a record, the pod says so.
    pub(crate) fn has(&self, pod: &Pod) -> bool {
        let labels = pod.metadata.labels.as_ref();
        // A StatefulSet labels its pods with the whole name, a DaemonSet with the end of it.
        let says_so = |hash: &String| {
            let end = self.name.strip_suffix(hash.as_str());
            end.is_some_and(|begin| begin.is_empty() || begin.ends_with('-'))
        };
        let hash = labels.and_then(|labels| labels.get(REVISION_HASH));
        let mut owners = pod.metadata.owner_references.iter().flatten();
        owners.any(|owner| {
            let of_record = self.is_record && owner.uid == self.owner;
            owner.uid == self.uid || (of_record && hash.is_some_and(says_so))
        })
    }

    /// Counts the pods of a record, which has no counts of its own.
    pub(crate) fn counting<'a>(&mut self, pods: impl Iterator<Item = &'a Pod>) {
        if !self.is_record {
            return;
        }
        let stays = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none() && self.has(pod);
        let own: Vec<&Pod> = pods.filter(stays).collect();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let ready = own.iter().filter(|pod| is_ready(pod)).count();
        (self.replicas, self.ready) = (count(own.len()), count(ready));
        (self.desired, self.available) = (self.replicas, self.ready);
    }
}
