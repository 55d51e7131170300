//! Images that cannot be had, in the words of the kubelet: each with the cause that it is, and what to do.

use integration_tests::cluster::puppet::{Puppet, Script};
use integration_tests::trial::{Outcome, Trial, test};

use super::{advice, held};
use crate::kube::{Bench, assert_says, causes};
use crate::shop::assert_verdict;

/// What a container waits for.
struct Stuck {
    name: &'static str,
    reason: &'static str,
    message: &'static str,
    /// The cause, unless only the deadline decides.
    cause: Option<&'static str>,
    /// What is advised.
    says: &'static [&'static str],
}

const ALL: [Stuck; 5] = [
    Stuck {
        name: "an_image_that_no_node_has_and_none_may_pull",
        reason: "ErrImageNeverPull",
        message: "Container image \"registry.test/web:v1\" is not present with pull policy of Never",
        cause: Some("image_not_found"),
        says: &["pull policy of Never"],
    },
    Stuck {
        name: "an_image_without_a_part_for_the_nodes",
        reason: "ErrImagePull",
        message: "rpc error: code = NotFound desc = failed to pull and unpack image \"registry.test/web:v1\": no match for platform in manifest: not found",
        cause: Some("image_not_found"),
        says: &["built for another processor", "`architecture`"],
    },
    Stuck {
        name: "a_registry_that_no_name_server_knows",
        reason: "ErrImagePull",
        message: "failed to pull and unpack image \"registry.test/web:v1\": failed to resolve reference \"registry.test/web:v1\": failed to do request: Head \"https://registry.test/v2/web/manifests/v1\": dial tcp: lookup registry.test on 10.0.0.2:53: no such host",
        cause: Some("registry_trouble"),
        says: &["no such host", "the way from the nodes to the registry"],
    },
    Stuck {
        name: "a_registry_that_wants_to_be_logged_in_to",
        reason: "ErrImagePull",
        message: "failed to pull and unpack image \"registry.test/web:v1\": failed to resolve reference \"registry.test/web:v1\": failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
        cause: Some("pull_denied"),
        says: &["image pull secret"],
    },
    Stuck {
        name: "an_image_that_the_runtime_cannot_look_at",
        reason: "ImageInspectError",
        message: "Failed to inspect image: rpc error: code = Unknown desc = short-name resolution enforced but cannot prompt without a TTY",
        cause: None,
        says: &["short-name resolution enforced"],
    },
];

pub(crate) fn trials() -> Vec<Trial> {
    let all = ALL.iter();
    all.map(|stuck| {
        test(
            "kube_scenes",
            &format!("{}_is_told", stuck.name),
            move || is_told(stuck),
        )
    })
    .collect()
}

fn is_told(stuck: &'static Stuck) -> Outcome {
    let bench = Bench::new("image")?;
    bench.describe(&held().replace("60s", "20s"), "")?;
    let puppet = Puppet::play(&bench.namespace, |_| {
        Script::waits(stuck.reason, stuck.message)
    })?;
    let done = bench.apply("v1")?;
    puppet.ends()?;
    assert_verdict(&done, "tripped", Some(false), 11)?;
    assert_says(&done, &[stuck.reason]);
    if let Some(cause) = stuck.cause {
        assert_eq!(causes(&done)?, [cause], "{done}");
    }
    let advice = advice(&done)?;
    for words in stuck.says {
        assert!(
            done.says(words) || advice.contains(words),
            "{words}\n{advice}\n{done}"
        );
    }
    Ok(())
}
