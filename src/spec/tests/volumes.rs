//! Volumes that cannot be, and containers that cannot have them.

use super::{Arguments, load_with, read, told, with};

#[test]
fn what_cannot_be_mounted_is_refused() {
    for (more, why) in [
        (
            "volumes = { c = { claim = \"x\" } }",
            "not-here: ECS knows no volume of `claim`",
        ),
        (
            "volumes = { c = { scratch = true, efs = \"fs-1\" } }",
            "bad-value: a volume is exactly one thing",
        ),
        (
            "volumes = { c = { size = \"1GiB\" } }",
            "bad-value: a volume is exactly one thing",
        ),
        (
            "volumes = { c = { scratch = true, iam = true } }",
            "bad-value: `iam` says nothing of `scratch`",
        ),
        (
            "mounts = { \"/c\" = \"cache\" }",
            "unknown-volume: there is no volume `cache` to have at /c",
        ),
        (
            "volumes = { c = { scratch = true } }\nmounts = { c = \"c\" }",
            "bad-value: a container has a volume at a path, which begins with `/` and has no `:`",
        ),
        (
            "volumes = { c = { scratch = true } }\nmounts = { \"/c\" = { volume = \"c\", sub_path = \"x\" } }",
            "bad-value: ECS knows no `sub_path`: a task has the whole volume",
        ),
    ] {
        let refused = told(&read(&with(more)));
        assert_eq!(refused, [why], "{more}");
    }
    let kubernetes = "platform = \"kubernetes\"\nnamespace = \"shop\"\n";
    for (more, why) in [
        (
            "volumes = { c = { efs = \"fs-1\" } }",
            "not-here: Kubernetes knows no volume of `efs`",
        ),
        ("volumes = { c_d = { scratch = true } }", "bad-value: "),
    ] {
        let refused = told(&load_with(&with(more), kubernetes, &Arguments::default()));
        assert!(refused[0].starts_with(why), "{more}: {refused:?}");
    }
    assert!(read(&with("volumes = { c_d = { scratch = true } }\n")).is_ok());
}
