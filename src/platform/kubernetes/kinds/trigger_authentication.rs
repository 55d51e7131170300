//! The `TriggerAuthentication`: as whom KEDA asks what it looks at.

use std::collections::BTreeMap;

use super::render::Maker;
use super::scaled_object::INSTALL;
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;

pub(super) static FACTS: Facts = Facts {
    addon: Some(INSTALL),
    ..Facts::of("keda.sh", "v1alpha1", "triggerauthentications", |maker| {
        maker.trigger_authentications()
    })
};

impl Maker<'_> {
    fn trigger_authentications(&self) -> Vec<Object> {
        let keda = self.service.own.autoscaling.keda();
        let keda = keda.filter(|_| self.service.scaling.is_some());
        let all = keda.into_iter().flat_map(|keda| &keda.authentications);
        let made = all.map(|(name, spec)| {
            let (kind, none) = (Kind::TriggerAuthentication, BTreeMap::new());
            self.object(kind, name.clone(), none, Some(spec.clone()))
        });
        made.collect()
    }
}
