//! Expressions of the cluster query language, as far as placement constraints use them: comparisons of
//! attributes, joined by `and` and `or` (Amazon ECS developer guide, cluster query language). What is
//! not understood holds.

use super::Instance;
use crate::behaviour;

/// Whether an expression holds for an instance.
pub(super) fn holds(text: &str, instance: &Instance) -> bool {
    let mut alternatives = parts(text, &[" or ", " || "]).into_iter();
    alternatives.any(|all| {
        let mut conditions = parts(&all, &[" and ", " && "]).into_iter();
        conditions.all(|one| condition(&one, instance))
    })
}

fn parts(text: &str, separators: &[&str; 2]) -> Vec<String> {
    let [first, second] = separators;
    let same = text.replace(second, first);
    same.split(first).map(str::to_owned).collect()
}

fn condition(text: &str, instance: &Instance) -> bool {
    let text = text.trim().trim_matches(['(', ')']).trim();
    if let Some(rest) = text
        .strip_prefix("not(")
        .or_else(|| text.strip_prefix("not "))
    {
        return !condition(rest, instance);
    }
    if let Some(rest) = text.strip_prefix('!') {
        return !condition(rest, instance);
    }
    let Some((subject, rest)) = text.split_once(char::is_whitespace) else {
        return true;
    };
    let value = match subject.strip_prefix("attribute:") {
        Some(name) => instance.attribute(name),
        None if subject == "ec2InstanceId" => Some(instance.id.clone()),
        None => return true,
    };
    let (operator, operand) = rest
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((rest.trim(), ""));
    let operand = operand.trim();
    let found = value.clone().unwrap_or_default();
    let listed = || {
        let inner = operand.trim_matches(['[', ']']);
        inner
            .split(',')
            .any(|one| one.trim().trim_matches('"') == found)
    };
    match operator {
        "==" | "equals" => found == operand,
        "!=" | "not_equals" => found != operand,
        "=~" | "matches" => fits(operand, &found),
        "!~" | "not_matches" => !fits(operand, &found),
        "in" => listed(),
        "!in" | "not_in" => !listed(),
        "exists" => value.is_some(),
        "!exists" | "not_exists" => value.is_none(),
        _ => true,
    }
}

/// A pattern as placement constraints write them: `t3.*`.
fn fits(pattern: &str, text: &str) -> bool {
    behaviour::matches(&pattern.replace(".*", "*"), text)
}

#[cfg(test)]
mod tests {
    use super::holds;
    use crate::instances::InstanceKind;
    use crate::world::placement::Instance;

    #[test]
    fn expressions_compare_attributes() {
        let instance = Instance {
            id: "0a".to_owned(),
            zone: "us-east-1b".to_owned(),
            kind: InstanceKind::default(),
        };
        for (text, expected) in [
            ("attribute:ecs.instance-type == m5.2xlarge", true),
            ("attribute:ecs.instance-type =~ m5.*", true),
            ("attribute:ecs.instance-type =~ t3.*", false),
            (
                "attribute:ecs.availability-zone in [us-east-1a, us-east-1b]",
                true,
            ),
            ("attribute:ecs.availability-zone not_in [us-east-1b]", false),
            ("attribute:stack exists", false),
            ("not(attribute:stack exists)", true),
            (
                "attribute:stack == a or attribute:ecs.os-type == linux",
                true,
            ),
            (
                "attribute:stack == a and attribute:ecs.os-type == linux",
                false,
            ),
            ("task:group == service:api", true),
        ] {
            assert_eq!(holds(text, &instance), expected, "{text}");
        }
    }
}
