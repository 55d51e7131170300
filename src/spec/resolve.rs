//! From what is written to what is meant: defaults, cross-checks and notes. Each word has its own in
//! its file; here is what they share.

pub(super) mod arns;
pub(super) mod limits;
mod same;

pub(super) use self::same::{PODS, names, refuse_the_same};

use crate::names::ServiceName;
use crate::spec::findings::Findings;
use crate::spec::problem::Spot;
use crate::spec::shape::At;
use crate::spec::words::{Placed, ServiceTable};

/// What resolving a service asks of where it goes: the place of one platform.
pub(in crate::spec) trait Ground: Sized {
    /// What only that platform knows about a service.
    type Own;
    /// Whether it is ECS.
    const ECS: bool;

    /// Resolves the platform's own table, with what it makes of the words of every platform.
    fn own(
        raw: &mut ServiceTable,
        scene: &Scene<'_, Self>,
        findings: &mut Findings,
    ) -> Option<Self::Own>;

    /// Whether the platform itself decides how many tasks run.
    fn counts_itself(_: &Self::Own) -> bool {
        false
    }

    /// The objects of a service that no other one may share: the kind of each, and its name.
    fn objects(own: &Self::Own) -> Vec<(&'static str, String)>;
}

/// What the checks of one platform look at besides what is written for it.
pub(in crate::spec) struct Scene<'a, P> {
    pub(super) name: &'a ServiceName,
    pub(super) head: Spot,
    pub(super) containers: &'a [Placed],
    pub(super) place: &'a P,
}

/// The value of a key, or its default.
pub(super) fn or<T>(field: Option<At<T>>, default: T) -> T {
    field.map_or(default, |at| at.value)
}
