//! Every shape of the format, every map whose keys have a form, and every pattern.

use serde_json::Value as Json;

use super::super::super::findings::Findings;
use super::super::super::model::{Approve, Architecture, Dependency, OnCancel, Share};
use super::super::super::scalar::{FILLED, Filled, Percent, Plain, Positive, Replicas, Whole};
use super::super::super::shape::{At, Key, Map, Shape};
use super::super::super::tree::Node;
use super::super::super::units::{CPU, CpuUnits, Mebibytes, Millis, SIZE, TIME, Time};
use super::super::super::words::depends_on::DependsOn;
use super::super::super::words::kubernetes::share;
use super::super::super::words::ports::{PORT, WrittenPort};
use super::super::super::words::rollout::WrittenThreshold;
use super::super::super::words::secret::{SECRET, Secret};
use super::super::super::words::volumes::paths::{self, FileMode, MountPath, MountPathWithin};
use super::super::super::words::{env, rollout, tags, target};
use crate::names::{
    ANNOTATION_KEY, AccountId, Arn, ContainerName, EcsName, ImageRef, KubeLabel, KubeName, Pattern,
    Patterned, Region, ServiceName, TargetName,
};

/// A shape, and what its reader refuses though the schema cannot: how the refusals begin.
pub(super) struct Law {
    pub(super) shape: &'static str,
    pub(super) schema: Json,
    pub(super) read: fn(&Node, &mut Findings) -> bool,
    pub(super) beyond: &'static [&'static str],
}

pub(super) fn law<T: Shape>(shape: &'static str, beyond: &'static [&'static str]) -> Law {
    Law {
        shape,
        schema: T::schema(),
        read: |node, findings| T::read(node, findings).is_some(),
        beyond,
    }
}

/// Every shape of a single value. Lengths of time lie between bounds, and amounts are whole in their
/// unit, which neither a pattern nor a bound of JSON Schema can say.
pub(super) fn laws() -> Vec<Law> {
    const RANGE: &[&str] = &["must be from "];
    const SIZES: &[&str] = &["must be a number of whole MiB"];
    const AMOUNTS: &[&str] = &["this is not an amount of CPU", "more than a machine has"];
    vec![
        law::<Time<0, 86_400>>("a time", RANGE),
        law::<Time<2, 120>>("a short time", RANGE),
        law::<Mebibytes>("a size", SIZES),
        law::<CpuUnits>("an amount of CPU", AMOUNTS),
        law::<Millis>("an amount of CPU in thousandths", AMOUNTS),
        law::<WrittenPort>("a port", RANGE),
        law::<WrittenThreshold>("a threshold", &[]),
        law::<Share>("a share", &[]),
        law::<Replicas>("replicas", &[]),
        law::<Whole<1, 10>>("a small number", &[]),
        law::<Whole<0, { u32::MAX }>>("any whole number", &[]),
        law::<Percent>("a percentage", &[]),
        law::<Positive>("a positive number", &[]),
        law::<bool>("a truth", &[]),
        law::<String>("a text", &[]),
        law::<Plain>("a plain text", &[]),
        law::<Filled>("a filled text", &[]),
        law::<Vec<At<Filled>>>("a list of texts", &[]),
        law::<DependsOn>("dependencies", &[]),
        law::<Secret>("a secret", &[]),
        law::<Architecture>("an architecture", &[]),
        law::<Dependency>("a dependency", &[]),
        law::<Approve>("an approval", &[]),
        law::<OnCancel>("what a signal does", &[]),
        law::<AccountId>("an account", &[]),
        law::<Arn>("an ARN", &[]),
        law::<ContainerName>("a container", &[]),
        law::<EcsName>("an ECS name", &[]),
        law::<ImageRef>("an image", &[]),
        law::<KubeLabel>("a label of Kubernetes", &[]),
        law::<KubeName>("a name of Kubernetes", &[]),
        law::<Region>("a Region", &[]),
        law::<ServiceName>("a service", &[]),
        law::<MountPath>("a path", &[]),
        law::<MountPathWithin>("a path within", &[]),
        law::<FileMode>("a mode", &[]),
    ]
}

/// Of a map: what is wrong with a key is told, and the entry is kept.
pub(super) fn keys<K: Key>(shape: &'static str, beyond: &'static [&'static str]) -> Law {
    Law {
        read: |node, findings| {
            Map::<String, K>::read(node, findings).is_some() && findings.problems.is_empty()
        },
        ..law::<Map<String, K>>(shape, beyond)
    }
}

/// Every map whose keys have a form.
pub(super) fn laws_of_keys() -> Vec<Law> {
    vec![
        keys::<ServiceName>("services", &[]),
        keys::<ContainerName>("sidecars", &[]),
        keys::<EcsName>("volumes", &[]),
        keys::<MountPath>("mounts", &[]),
        keys::<env::EnvName>("an environment", &[]),
        keys::<target::VarName>("variables", &[]),
        keys::<tags::AnnotationKey>("annotations", &["253 characters"]),
    ]
}

pub(super) fn patterns() -> [&'static Pattern; 23] {
    [
        &env::ENV_NAME,
        &paths::ABSOLUTE,
        &paths::RELATIVE,
        &paths::MODE,
        &target::VAR_NAME,
        &ANNOTATION_KEY,
        ServiceName::pattern(),
        &TIME,
        &SIZE,
        &CPU,
        &FILLED,
        &PORT,
        &SECRET,
        &rollout::SHARE,
        &share::SHARE,
        AccountId::pattern(),
        Arn::pattern(),
        EcsName::pattern(),
        ImageRef::pattern(),
        KubeLabel::pattern(),
        KubeName::pattern(),
        Region::pattern(),
        TargetName::pattern(),
    ]
}
