//! Words of the field that this format does not have: keys of ECS task definitions, Kubernetes
//! manifests, Helm values, compose files, Copilot, ecspresso and Terraform. Whoever writes one gets
//! the word that says the same here, or hears that there is none and what to do; never a word that
//! only looks alike.

use std::collections::HashMap;
use std::sync::LazyLock;

mod anywhere;
mod within;

use self::anywhere::ANYWHERE;
use self::within::WITHIN;

/// What a word of another tool comes to here.
enum Here {
    /// The same thing, under this name or in this form.
    Called(&'static str),
    /// There is nothing to be said: this is how it is.
    Is(&'static str),
    /// Nothing here does it yet: this is what one can do.
    Lacks(&'static str),
}

/// Words that mean the same, with a space between: as they are without capitals,
/// dashes and underscores.
type Row = (&'static str, Here);

const CLUSTER_IP: &str = "the Service is a ClusterIP unless `service = { type = \"LoadBalancer\" }`, or \"NodePort\", in [service.NAME.kubernetes] says otherwise; `expose` makes an Ingress";
const ONE_NAME: &str = "`expose = { host = \"…\", certificate = \"arn:…\" }`, in [service.NAME]";

/// Everything above by table and word; the table of what means the same wherever it stands is "".
static KNOWN: LazyLock<HashMap<(&str, &str), &Here>> = LazyLock::new(|| {
    let within = WITHIN
        .iter()
        .flat_map(|(tables, rows)| tables.iter().map(move |table| (*table, *rows)));
    let all = within.chain([("", ANYWHERE)]);
    let each = all.flat_map(|(table, rows)| rows.iter().map(move |row| (table, row)));
    each.flat_map(|(table, (words, here))| words.split(' ').map(move |word| ((table, word), here)))
        .collect()
});

/// What a word comes to within a table, where it means something of its own there.
pub(super) fn within(key: &str, table: &str) -> Option<String> {
    Some(KNOWN.get(&(table, letters(key).as_str()))?.said_of(key))
}

/// What a word comes to wherever it stands.
pub(super) fn anywhere(key: &str) -> Option<String> {
    within(key, "")
}

impl Here {
    fn said_of(&self, key: &str) -> String {
        match self {
            Self::Called(name) => format!("`{key}` is written here as {name}"),
            Self::Is(how) => (*how).to_owned(),
            Self::Lacks(instead) => format!("there is no word for it here yet; {instead}"),
        }
    }
}

/// A word as it is without capitals, dashes and underscores: each tool has its own.
fn letters(key: &str) -> String {
    spelt(key).collect()
}

fn spelt(key: &str) -> impl Iterator<Item = char> {
    let kept = key.chars().filter(char::is_ascii_alphanumeric);
    kept.map(|c| c.to_ascii_lowercase())
}

/// Whether two words differ in nothing else.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    spelt(one).eq(spelt(other))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_word_has_one_answer_and_is_written_as_it_is_looked_for() {
        let mut tables: Vec<(&[&str], Vec<&Row>)> = WITHIN
            .iter()
            .map(|(tables, rows)| (*tables, rows.iter().collect()))
            .collect();
        tables.push((&["anywhere"], ANYWHERE.iter().collect()));
        let mut seen = BTreeSet::new();
        for (tables, rows) in tables {
            for word in rows.iter().flat_map(|(words, _)| words.split(' ')) {
                assert_eq!(letters(word), word);
                for table in tables {
                    assert!(seen.insert((table.to_owned(), word)), "{word} in {table}");
                }
            }
        }
    }

    #[test]
    fn a_word_is_known_as_each_tool_writes_it() {
        for key in ["desiredCount", "desired_count", "desired-count"] {
            let says = anywhere(key).unwrap();
            assert!(says.contains(key) && says.contains("`replicas`"), "{says}");
        }
        assert_eq!(anywhere("nothing_of_the_kind"), None);
    }

    #[test]
    fn a_word_may_mean_something_else_within_a_table() {
        assert!(
            within("variables", "config/NAME.toml")
                .unwrap()
                .contains("`vars`")
        );
        assert!(anywhere("variables").unwrap().contains("`env"));
        assert_eq!(within("variables", "[service.NAME.sidecar.NAME]"), None);
        assert_eq!(within("service", "[service.NAME.ecs]"), None);
    }
}
