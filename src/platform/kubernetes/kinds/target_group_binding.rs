//! The `TargetGroupBinding`: pods as targets of a load balancer that was made elsewhere.

use serde_json::json;

use super::render::Maker;
use super::{Facts, Kind};
use crate::platform::kubernetes::api::object::Object;
use crate::spec::{BackendPort, Binding};

pub(super) static FACTS: Facts = Facts {
    addon: Some("install the AWS Load Balancer Controller, or take `target_group` out of the file"),
    ..Facts::of("elbv2.k8s.aws", "v1beta1", "targetgroupbindings", |maker| {
        let bindings = maker.service.own.around.bindings.iter();
        bindings.map(|binding| maker.binding(binding)).collect()
    })
};

impl Maker<'_> {
    fn binding(&self, binding: &Binding) -> Object {
        let own = &self.service.own;
        let service = own.service.as_ref();
        let port = match &binding.port {
            None => json!(own.service_port()),
            Some(BackendPort::Number(number)) => json!(number),
            Some(BackendPort::Name(name)) => json!(name),
        };
        let mut spec = json!({
            "serviceRef": { "name": service.map(|one| one.name.as_str()), "port": port },
            "targetGroupARN": binding.arn.as_str(),
            "targetType": binding.r#type.as_str(),
        });
        if let Some(networking) = &binding.networking {
            spec["networking"] = networking.clone();
        }
        let (name, annotations) = (binding.name.clone(), binding.annotations.clone());
        let mut object = self.object(Kind::TargetGroupBinding, name, annotations, Some(spec));
        // Of several each has labels of its own, which take no place of ours.
        for (key, value) in &binding.labels {
            object.manifest["metadata"]["labels"][key] = json!(value);
        }
        object
    }
}
