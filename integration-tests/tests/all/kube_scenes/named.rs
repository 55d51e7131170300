//! Names and numbers at the edge of what Kubernetes takes: they work, or are refused with words before anything is asked.

use integration_tests::trial::Outcome;
use integration_tests::trials;

use super::{QUICK, assert_converged};
use crate::kube::{Bench, USUAL, assert_says, deploy};
use crate::shop::assert_verdict;

trials! { "kube_scenes":
    the_longest_name_is_deployed_and_destroyed,
    a_name_that_no_service_can_have_is_refused_with_words,
    letters_beyond_ascii_are_kept_where_they_may_be,
    a_rollout_that_could_never_go_on_is_refused_with_words,
    a_history_that_does_not_fit_is_told_and_nothing_is_changed,
}

fn the_longest_name_is_deployed_and_destroyed() -> Outcome {
    // What is made after it has longer names: the pods, the history, the lock.
    for length in [40, 52, 63] {
        let bench = Bench::new("long")?;
        let name = "x".repeat(length);
        bench.describe(USUAL, &format!("name = \"{name}\""))?;
        let done = bench.apply("v1")?;
        assert_verdict(&done, "healthy", None, 0)?;
        assert_converged(&bench, "v1")?;
        assert_verdict(&bench.apply("v2")?, "healthy", None, 0)?;
        let history = bench.run("history")?;
        assert_eq!(history.exit, 0, "{history}");
        assert_says(&history, &["registry.test/web:v1", "registry.test/web:v2"]);
        assert_eq!(bench.run("destroy --yes")?.exit, 0);
        assert_eq!(bench.namespace.names("deployments")?.len(), 0);
        assert_eq!(bench.namespace.names("secrets")?.len(), 0);
    }
    Ok(())
}

fn a_name_that_no_service_can_have_is_refused_with_words() -> Outcome {
    let bench = Bench::new("unfit")?;
    let long = "x".repeat(64);
    for (name, why) in [
        (long.as_str(), "63"),
        ("web.front", "not a Kubernetes name"),
        ("Web", "not a Kubernetes name"),
        ("9web", "starts with a letter"),
    ] {
        bench.describe(USUAL, &format!("name = \"{name}\""))?;
        for words in ["validate", "apply --yes"] {
            let refused = bench.tell(words)?;
            assert_eq!(refused.exit, 2, "{name}: {words}\n{refused}");
            assert_says(&refused, &[why, "deploy.toml"]);
        }
    }
    assert_eq!(bench.writes(), Vec::<String>::new());
    Ok(())
}

fn letters_beyond_ascii_are_kept_where_they_may_be() -> Outcome {
    let bench = Bench::new("letters")?;
    let keys = format!("{USUAL}\ntags = {{ team = \"équipe café\", note = \"ü\" }}");
    let long = "y".repeat(70);
    for project in [
        "boutique é",
        "My Shop",
        "a/b",
        "-x-",
        "ok_1.2",
        long.as_str(),
    ] {
        let bench = Bench::on(
            bench.namespace.cluster(),
            "letters",
            &crate::kube::all_here(),
        )?;
        let text =
            deploy(&keys, "").replace("project = \"shop\"", &format!("project = \"{project}\""));
        bench.project.write("deploy.toml", &text)?;
        let checked = bench.run("validate")?;
        assert_eq!(checked.exit, 0, "{project}\n{checked}");
        assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
        assert_converged(&bench, "v1")?;
        let deployment = bench.deployment()?;
        let annotations = &deployment["metadata"]["annotations"];
        assert_eq!(annotations["team"], "équipe café", "{annotations}");
        assert_eq!(bench.run("destroy --yes")?.exit, 0);
    }
    Ok(())
}

fn a_rollout_that_could_never_go_on_is_refused_with_words() -> Outcome {
    let bench = Bench::new("never")?;
    for (old, new, why) in [
        ("max_surge = \"100%\"", "max_surge = 0", "could never begin"),
        (
            "max_surge = \"100%\"",
            "max_surge = \"0%\"",
            "could never begin",
        ),
        (
            "min_ready = \"1s\"",
            "min_ready = \"120s\"",
            "must be shorter than the deadline",
        ),
        ("max_surge = \"100%\"", "max_unavailable = \"150%\"", "100"),
        (
            "drain     = \"0s\"",
            "drain     = \"0s\"\ndisruption = 0",
            "no node could ever be drained",
        ),
    ] {
        bench
            .project
            .write("deploy.toml", &deploy(QUICK, "").replace(old, new))?;
        for words in ["validate", "plan"] {
            let refused = bench.tell(words)?;
            assert_eq!(refused.exit, 2, "{new}\n{refused}");
            assert_says(&refused, &[why]);
        }
    }
    assert!(bench.gate.passed().is_empty(), "{:?}", bench.gate.passed());
    Ok(())
}

/// A Secret holds 1 MiB at most, and the history of a service keeps what it takes to go back to it. What cannot be
/// compressed does not fit.
fn a_history_that_does_not_fit_is_told_and_nothing_is_changed() -> Outcome {
    let bench = Bench::new("unpacked")?;
    // A sequence without a pattern: a linear congruential generator, its high bits as hexadecimal digits.
    let mut state: u64 = 42;
    let mut noise = |length: usize| -> String {
        let digits = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            char::from(letters[usize::try_from(state >> 58).unwrap_or_default()])
        });
        digits.take(length).collect()
    };
    let lines = (0..90).map(|nth| format!("V{nth:03} = \"{}\"", noise(8000)));
    let env = lines.collect::<Vec<_>>().join("\n");
    bench.describe(USUAL, &format!("[service.api.env]\n{env}"))?;
    // The first revision fits; the second has to keep both what is asked for and what was there.
    assert_verdict(&bench.apply("v1")?, "healthy", None, 0)?;
    assert_converged(&bench, "v1")?;
    let done = bench.apply("v2")?;
    assert_verdict(&done, "failed", None, 1)?;
    let advice = "take large values out of `env`";
    assert_says(
        &done,
        &["record of revision 2", "a Secret holds 1024 KiB", advice],
    );
    assert_eq!(bench.changes(), Vec::<String>::new(), "{done}");
    assert_eq!(bench.serve()?, ["v1", "v1"], "{done}");
    Ok(())
}
