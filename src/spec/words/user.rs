//! Whom a container runs as.

use crate::spec::findings::Findings;
use crate::spec::resolve::Scene;
use crate::spec::words::target::namespace::KubePlace;

/// The numbers in `user` or `user:group`; `None`: they are names, or too large for an id (Kubernetes
/// documentation, security context for a pod).
pub(crate) fn user_ids(user: &str) -> Option<(u32, Option<u32>)> {
    let id = |word: &str| {
        let id: u32 = word.parse().ok()?;
        (id <= i32::MAX.unsigned_abs() && !word.starts_with('+')).then_some(id)
    };
    match user.split_once(':') {
        Some((user, group)) => Some((id(user)?, Some(id(group)?))),
        None => Some((id(user)?, None)),
    }
}

pub(in crate::spec) fn for_kubernetes(scene: &Scene<'_, KubePlace>, findings: &mut Findings) {
    for at in scene
        .containers
        .iter()
        .filter_map(|placed| placed.user.as_ref())
    {
        if user_ids(&at.value).is_none() {
            let message =
                "on Kubernetes a user is a number: \"1000\", or \"1000:1000\" with a group";
            findings.bad_value(at.spot, message);
        }
    }
}
