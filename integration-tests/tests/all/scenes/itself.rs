//! The language of scenes itself: a scene that cannot fail would be worthless, and so would one that does not say where.

use integration_tests::trial::{Outcome, Stop, Trial, fail};
use serde_json::json;

use super::claim::{Field, Pattern};
use super::edit::Edit;
use super::{home, script, stage};

pub(super) fn trials() -> Vec<Trial> {
    integration_tests::trials! { "scenes":
        an_edit_changes_the_lines_it_names,
        words_and_fields_are_found,
        what_is_no_scene_is_refused_with_its_line,
        what_does_not_come_true_is_told_with_its_line,
    }
    trials()
}

fn an_edit_changes_the_lines_it_names() -> Outcome {
    let edit = Edit::read(" b = 1\n+c = 2\n-d  =  3\n+\n+e = 4\n").map_err(fail)?;
    let changed = edit
        .apply("a = 0\nb = 1\nx = 9\nd = 3\nz = 8\n")
        .map_err(fail)?;
    assert_eq!(changed, "a = 0\nb = 1\nc = 2\nx = 9\n\ne = 4\nz = 8\n");
    let end = Edit::read("+last = 1\n").map_err(fail)?;
    assert_eq!(end.apply("a = 0\n").map_err(fail)?, "a = 0\nlast = 1\n");
    let edit = Edit::read("-nowhere = 1\n").map_err(fail)?;
    assert!(edit.apply("a = 0\n").is_err());
    assert!(Edit::read("").is_err());
    assert!(Edit::read("a = 0\n").is_err());
    Ok(())
}

fn words_and_fields_are_found() -> Outcome {
    let text = "Healthy: api\n   serves now\nHealthy: web waits\n";
    for (words, times) in [
        ("api serves now", 1),
        ("Healthy:", 2),
        ("Healthy: [..] waits", 1),
        ("api [..] now", 0),
        ("tripped", 0),
    ] {
        assert_eq!(Pattern::new(words).count(text), times, "{words}");
    }
    let answer = json!({"a": [{"n": 3, "s": "a text"}], "none": null});
    for (claim, holds) in [
        ("/a/0/n = 3", true),
        ("/a/0/n != 3", false),
        ("/a/0/n >= 4", false),
        ("/a/0/n <= 3", true),
        ("/a/0/s has text", true),
        ("/a/0/s = a text", true),
        ("/a/0/s lacks a", false),
        ("/a/# = 1", true),
        ("/a has {\"n\": 3}", true),
        ("/a has {\"n\": 4}", false),
        ("/nowhere = null", true),
        ("/nowhere >= 0", false),
    ] {
        let field = Field::read(1, claim).map_err(fail)?;
        assert_eq!(field.unlike(&answer).is_none(), holds, "{claim}");
    }
    assert!(Field::read(1, "/a near 3").is_err());
    Ok(())
}

fn why<T>(outcome: Outcome<T>) -> String {
    match outcome {
        Err(Stop::Fail(why)) => why,
        _ => "no failure".to_owned(),
    }
}

fn what_is_no_scene_is_refused_with_its_line() -> Outcome {
    assert!(script::read("# why\n\n$ plan &\nwait\n")?.steps.len() == 2);
    for (text, words) in [
        ("# why\n\n% apply\n", "line 3: `% apply`"),
        ("$ apply \"open\n", "a quote has no end"),
        ("$ apply\n  ends 3\n", "line 2: `ends 3`"),
        ("$ apply\n  exit three\n", "line 2: `exit three`"),
        ("file /etc/x\n    a\n", "a path inside the project"),
        ("! s3 List {}\n", "`ecs` or `autoscaling`"),
        ("! ecs List {\"a\": \n", "its JSON has no end"),
        ("! ecs List {a}\n", "line 1"),
        ("answers perhaps\n", "`never` or `endless`"),
    ] {
        let why = why(script::read(text));
        assert!(why.contains(words), "{text}{why}");
    }
    Ok(())
}

fn what_does_not_come_true_is_told_with_its_line() -> Outcome {
    let skeleton = home().join("ecs/project").canonicalize()?;
    for (text, words) in [
        (
            "$ validate\n  exit 3\n",
            "line 1: `$ validate`\nit ended with 0, not 3",
        ),
        (
            "\n$ validate\n  says nothing of that kind\n",
            "line 3: `says nothing of that kind`: it is there 0 times",
        ),
        ("$ validate --nope\n", "--- stderr\nerror"),
        (
            "! ecs ListClusters {}\n  /clusterArns/# = 5\n",
            "line 2: `/clusterArns/# = 5`: it is 1",
        ),
        (
            "! ecs ListClusters {}\n  refused no\n",
            "it was not refused",
        ),
        ("! ecs DescribeServices {}\n", "DescribeServices: 400"),
        (
            "edit deploy.toml\n    -nowhere = 1\n",
            "line 1: `edit deploy.toml`",
        ),
        ("wait\n", "nothing was begun"),
        ("kill\n", "nothing was begun"),
        ("$ validate &\n", "never waited for"),
    ] {
        let played = script::read(text).and_then(|script| stage::play(&script, &skeleton));
        let why = why(played);
        assert!(why.contains(words), "{text}{why}");
    }
    Ok(())
}
