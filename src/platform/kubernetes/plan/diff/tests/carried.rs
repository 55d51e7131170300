//! What is carried along, beside what the words make.

use super::*;
use crate::plan::Note;
use crate::platform::kubernetes::plan::beside::judged;
use crate::platform::kubernetes::plan::observe::named_before;
use crate::platform::kubernetes::plan::tests::samples::carrying;

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.com }
spec:
  group: example.com
  names: { kind: Widget, plural: widgets }
  versions: [{ name: v1 }]
";

const WIDGET: &str = "
apiVersion: example.com/v1
kind: Widget
metadata: { name: one }
spec: { size: 1 }
";

const SECRET: &str = "
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { word: hunter22 }
";

const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: { name: migrate }
spec: { backoffLimit: 2 }
";

fn all() -> Desired {
    carrying(
        "",
        &[
            ("k8s/a.yaml", WIDGET),
            ("k8s/b.yaml", SECRET),
            ("k8s/c.yaml", JOB),
            ("k8s/d.yaml", DEFINITION),
        ],
    )
}

#[test]
fn what_others_rest_on_is_made_first_and_all_of_it_before_the_pods() {
    let words = planned(&all(), &Observed::default());
    assert_eq!(
        words,
        [
            "record the revision",
            "create CustomResourceDefinition widgets.example.com",
            "create Secret keys",
            "create Job migrate",
            "create Widget one",
            "create Service api",
            "create PodDisruptionBudget api",
            "create Deployment api, rolls",
        ]
    );
    let made = diff(&wish(&all()), &Observed::default()).unwrap();
    let shown = format!("{:?}", made.views);
    assert!(
        !shown.contains("hunter22") && !shown.contains("aHVudGVyMjI"),
        "{shown}"
    );
    let ids = made.changes.iter().filter_map(judged);
    let ids: Vec<String> = ids.map(ToString::to_string).collect();
    assert_eq!(ids, ["Job migrate"]);
    let told = |note: &&Note| note.code == "not_judged";
    assert_eq!(made.notes.iter().find(told), None);
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n";
    let pod = carrying("", &[("k8s/a.yaml", pod)]);
    let made = diff(&wish(&pod), &Observed::default()).unwrap();
    let note = made.notes.iter().find(told).unwrap();
    let words = "Pod a is applied and not judged";
    assert!(note.text.starts_with(words), "{note:?}");
}

#[test]
fn what_was_carried_needs_nothing_and_goes_when_it_left_the_files() {
    let before = all();
    let observed = there(&before);
    assert_eq!(planned(&before, &observed), Vec::<String>::new());
    let fewer = carrying("", &[("k8s/a.yaml", &WIDGET.replace("size: 1", "size: 2"))]);
    let words = planned(&fewer, &observed);
    assert_eq!(
        words,
        [
            "record the revision",
            "update Widget one",
            "delete Secret keys",
            "delete Job migrate",
        ]
    );
    let fewer = diff(&wish(&fewer), &observed).unwrap();
    let note = fewer.notes.iter().find(|note| note.code == "stays_outside");
    let words = "CustomResourceDefinition widgets.example.com is left as it is";
    assert!(note.unwrap().text.starts_with(words), "{note:?}");
    let gone = crate::platform::kubernetes::plan::destroy::removal(&observed, "api", OWNER, false);
    let gone = gone
        .unwrap()
        .changes
        .iter()
        .map(Change::words)
        .collect::<Vec<_>>();
    assert!(gone.contains(&"delete Widget one".to_owned()), "{gone:?}");
    assert!(
        !gone.iter().any(|one| one.contains("Definition")),
        "{gone:?}"
    );
}

#[test]
fn an_object_that_a_word_makes_from_now_on_stays() {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: web }\n";
    let before = carrying("", &[("k8s/a.yaml", account)]);
    let record = head(1, State::Healthy, &before.objects, &there(&before));
    let word = "[service.api.kubernetes]\nservice_account = \"web\"";
    let after = desired("shop/api:v1", word);
    let asked: Vec<Id> = after
        .objects
        .iter()
        .map(|object| object.id.clone())
        .collect();
    assert_eq!(named_before(&asked, &[record]), []);
    let mut observed = there(&before);
    observed.objects.extend(there(&after).objects);
    let words = planned(&after, &observed);
    assert!(
        !words.iter().any(|one| one.starts_with("delete")),
        "{words:?}"
    );
}

#[test]
fn what_lies_outside_of_namespaces_is_not_taken_from_others() {
    let wanted = carrying("", &[("k8s/d.yaml", DEFINITION)]);
    let mut observed = there(&wanted);
    let (_, live) = observed.objects.iter_mut().next().unwrap();
    live["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
    let refused = diff(&wish(&wanted), &observed).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Refused);
    let words = "CustomResourceDefinition widgets.example.com is not ours (it has no label \
                 app.kubernetes.io/managed-by=deployer)";
    assert!(refused.message.contains(words), "{refused}");
}
