//! Whom pods run as, where the file names nobody any more. Pure.
//!
//! The API server keeps a copy of `serviceAccountName` for old clients, and fills the one from the
//! other. Nobody who applies owns the copy, so that leaving the name out would bring it back from
//! there: pods would go on as an account that is about to be deleted.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::platform::kubernetes::api::object::Object;
use crate::platform::kubernetes::fields::Path;
use crate::platform::kubernetes::fields::compare::{COPY, Ownership};
use crate::platform::kubernetes::plan::adopt::is_taken_over;

const NAME: [&str; 4] = ["spec", "template", "spec", "serviceAccountName"];

/// A Deployment as it is to be applied to the one that is there: where the account goes, the copy
/// goes with it. `taken`: managers whose fields have become ours just before.
pub(crate) fn without_copy<'a>(
    object: &'a Object,
    live: Option<&Value>,
    taken: &[String],
) -> Cow<'a, Object> {
    let Some(live) = live.filter(|live| is_left(object, live)) else {
        return Cow::Borrowed(object);
    };
    let ownership = Ownership::of(live, |entry| {
        is_taken_over(entry) && taken.contains(&entry.manager)
    });
    let others = [NAME, COPY].map(|path| ownership.others.covers(&Path::of(&path)));
    if !ownership.ours.covers(&Path::of(&NAME)) || others.contains(&true) {
        return Cow::Borrowed(object);
    }
    let mut object = object.clone();
    object.manifest["spec"]["template"]["spec"]["serviceAccount"] = json!("");
    Cow::Owned(object)
}

/// Whether an account is there that is not asked for.
fn is_left(object: &Object, live: &Value) -> bool {
    let account = |deployment: &Value, key: &str| {
        let name = deployment["spec"]["template"]["spec"][key].as_str();
        name.is_some_and(|name| !name.is_empty())
    };
    object.id.kind.runs_pods()
        && !account(&object.manifest, "serviceAccountName")
        && account(live, "serviceAccount")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::kubernetes::kinds::{Id, Kind};

    fn deployment(pod: &Value) -> Object {
        Object {
            place: None,
            id: Id {
                kind: Kind::Deployment,
                name: "api".into(),
            },
            manifest: json!({"spec": {"template": {"spec": pod}}}),
        }
    }

    fn live(manager: &str, owned: &str) -> Value {
        let pod = json!({"serviceAccountName": "a", "serviceAccount": "a"});
        let mut live = deployment(&pod).manifest;
        let fields = json!({"f:spec": {"f:template": {"f:spec": {owned: {}}}}});
        live["metadata"]["managedFields"] =
            json!([{"manager": manager, "operation": "Apply", "fieldsV1": fields}]);
        live
    }

    #[test]
    fn the_copy_goes_with_an_account_of_ours_alone() {
        let ours = live("deployer", "f:serviceAccountName");
        let none = deployment(&json!({"containers": []}));
        let cleared = without_copy(&none, Some(&ours), &[]);
        let pod = &cleared.manifest["spec"]["template"]["spec"];
        assert_eq!(*pod, json!({"containers": [], "serviceAccount": ""}));
        let asked = deployment(&json!({"serviceAccountName": "b"}));
        let theirs = live("rival", "f:serviceAccountName");
        for (object, live) in [(&asked, Some(&ours)), (&none, Some(&theirs)), (&none, None)] {
            assert_eq!(*without_copy(object, live, &[]), *object);
        }
        let tool = live("Terraform", "f:serviceAccountName");
        for (taken, goes) in [(vec!["Terraform".to_owned()], true), (Vec::new(), false)] {
            let cleared = without_copy(&none, Some(&tool), &taken);
            assert_eq!(*cleared != none, goes);
        }
    }
}
