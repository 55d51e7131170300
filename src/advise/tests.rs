//! What is advised for the example, and for services that one platform alone can run.

use std::path::Path;

use super::*;
use crate::spec::{Disk, Loaded, Request, load};

fn example(target: &str) -> Loaded {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    load(
        &Disk,
        &Request::new(&root.join("deploy.example.toml"), &target.parse().unwrap()),
    )
    .unwrap()
}

#[test]
fn the_example_may_start_with_ecs_whichever_target_is_asked_about() {
    for target in ["ecs", "eks"] {
        let loaded = example(target);
        let advice = advise(&loaded.spec, &loaded.said);
        assert_eq!(advice.choice, Some(Choice::Ecs), "{advice:?}");
        assert!(advice.because.starts_with("Start with ECS"), "{advice:?}");
        assert!(advice.costs.unwrap().ecs.0 > 1.0);
        // It has words for both, so that nothing is lost at either.
        assert_eq!(lost(&loaded.spec, &loaded.said), Vec::new());
    }
}

#[test]
fn what_only_one_has_decides_and_both_at_once_is_told() {
    let loaded = example("ecs");
    let choice = |keys: &[&str]| {
        let mut said = loaded.said.clone();
        let api = said.get_mut("api").unwrap();
        api.extend(keys.iter().map(|key| (*key).to_owned()));
        advise(&loaded.spec, &said).choice
    };
    assert_eq!(choice(&["volumes.data.claim"]), Some(Choice::Eks));
    assert_eq!(choice(&["ecs.alarms"]), Some(Choice::Ecs));
    assert_eq!(choice(&["ecs.alarms", "volumes.data.claim"]), None);
}

#[test]
fn what_is_said_for_the_other_platform_alone_is_told_with_what_says_it_here() {
    let loaded = example("eks");
    let mut said = loaded.said.clone();
    let api = said.get_mut("api").unwrap();
    api.retain(|key| !key.starts_with("kubernetes."));
    let lost = lost(&loaded.spec, &said);
    let keys: Vec<(&str, &str)> = lost
        .iter()
        .map(|lost| (lost.key.as_str(), lost.instead))
        .collect();
    assert!(
        keys.contains(&("ecs.service", "kubernetes.name")),
        "{keys:?}"
    );
    assert!(
        keys.iter()
            .all(|(_, instead)| !instead.contains("nothing says it")),
        "{keys:?}"
    );
}
