//! The path of a field, taken apart for people: its container, its parent, its own name.

use std::cmp::Ordering;

/// A container that a field belongs to, and the rest of the path within it.
///
/// ECS has `containers.api.image`, Kubernetes `spec.template.spec.initContainers[migrate].image`.
pub(super) fn container(path: &str) -> Option<(&'static str, &str, &str)> {
    if let Some(rest) = path.strip_prefix("containers.") {
        let (name, rest) = rest.split_once('.').unwrap_or((rest, ""));
        return Some(("container", name, rest));
    }
    let kinds = [
        ("initContainers[", "init container"),
        ("containers[", "container"),
    ];
    kinds.into_iter().find_map(|(mark, kind)| {
        let (before, rest) = path.split_once(mark)?;
        let (name, rest) = rest.split_once(']')?;
        let whole_word = before.is_empty() || (before.ends_with('.') && !before.contains('['));
        whole_word.then(|| (kind, name, rest.trim_start_matches('.')))
    })
}

/// The parent of a field and its own name; the parent of a top-level field is empty.
///
/// What stands in brackets is a name, dots and all: `labels[app.kubernetes.io/name]`.
pub(super) fn split(path: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    let dot = path.char_indices().rev().find(|(_, c)| {
        match c {
            ']' => depth += 1,
            '[' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *c == '.' && depth == 0
    });
    match dot {
        Some((at, _)) => (&path[..at], &path[at + 1..]),
        None => ("", path),
    }
}

/// The order in which people count: `V2` comes before `V10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let (Some(x), Some(y)) = (left.chars().next(), right.chars().next()) else {
            // Names that count as equal (`V1`, `V01`) still have one order.
            return left.len().cmp(&right.len()).then_with(|| a.cmp(b));
        };
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, n) = (number(&mut left), number(&mut right));
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else {
            left = &left[x.len_utf8()..];
            right = &right[y.len_utf8()..];
            x.cmp(&y)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Takes the digits at the beginning of `text`, without leading zeros.
fn number<'a>(text: &mut &'a str) -> &'a str {
    let whole: &'a str = text;
    let end = whole
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(whole.len());
    let (digits, rest) = whole.split_at(end);
    *text = rest;
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_in_brackets_keeps_its_dots() {
        let split_at = [
            ("spec.template.image", ("spec.template", "image")),
            (
                "metadata.labels[app.kubernetes.io/name]",
                ("metadata", "labels[app.kubernetes.io/name]"),
            ),
            ("replicas", ("", "replicas")),
        ];
        for (path, parts) in split_at {
            assert_eq!(split(path), parts);
        }
    }

    #[test]
    fn a_field_knows_its_container_on_both_platforms() {
        let cases = [
            (
                "containers.api.environment.A",
                Some(("container", "api", "environment.A")),
            ),
            (
                "spec.template.spec.containers[api].env[A].value",
                Some(("container", "api", "env[A].value")),
            ),
            (
                "spec.template.spec.initContainers[migrate].image",
                Some(("init container", "migrate", "image")),
            ),
            ("containers.api", Some(("container", "api", ""))),
            ("network.subnets", None),
            ("metadata.annotations[my.containers[x]", None),
        ];
        for (path, expected) in cases {
            assert_eq!(container(path), expected, "{path}");
        }
    }

    #[test]
    fn numbers_in_names_count() {
        let mut names = ["V10", "V2", "V1", "A", "V2B", "V02"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["A", "V1", "V02", "V2", "V2B", "V10"]);
    }

    proptest! {
        #[test]
        fn the_natural_order_is_an_order(mut names in proptest::collection::vec("[ab01]{0,4}", 3)) {
            names.sort_by(|a, b| natural(a, b));
            for (i, a) in names.iter().enumerate() {
                for b in &names[i..] {
                    prop_assert_ne!(natural(a, b), Ordering::Greater);
                    prop_assert_eq!(natural(b, a), natural(a, b).reverse());
                }
            }
        }
    }
}
