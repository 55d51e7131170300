//! What the schemas accept is what the readers accept, value for value.

mod json_schema;
mod known;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::string::string_regex;
use regex_lite::Regex;
use serde_json::{Value as Json, json};

use self::json_schema::{each_pattern, valid};
use self::known::{Law, laws, laws_of_keys, patterns};
use super::super::findings::Findings;
use super::super::model::{Protocol, SecretRef};
use super::super::problem::Spot;
use super::super::schemas;
use super::super::shape::Shape;
use super::super::tree::{Node, Value};
use super::super::units::{Mebibytes, Time};
use super::super::words::ports::{Port, WrittenPort};
use super::super::words::rollout::WrittenThreshold;
use super::super::words::secret::Secret;

const NOWHERE: Spot = Spot {
    file: 0,
    start: 0,
    end: 0,
};

fn node(value: &Json) -> Node {
    let value = match value {
        Json::String(text) => Value::Text(text.clone()),
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Array(items) => Value::List(items.iter().map(node).collect()),
        Json::Object(map) => {
            let entry = |(key, value): (&String, &Json)| (key.clone(), node(value));
            Value::Table(map.iter().map(entry).collect())
        }
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Whole(whole),
            None => Value::Real(number.as_f64().unwrap()),
        },
        Json::Null => unreachable!("no shape has one"),
    };
    Node::new(value, NOWHERE)
}

fn agree(value: &Json) {
    agree_by(laws(), value);
}

/// The same of a word as a key.
fn agree_on_key(key: &str) {
    agree_by(laws_of_keys(), &json!({ key: "a" }));
}

fn agree_by(laws: Vec<Law>, value: &Json) {
    for law in laws {
        let mut findings = Findings::default();
        let read = (law.read)(&node(value), &mut findings);
        let said: Vec<&str> = findings
            .problems
            .iter()
            .map(|one| one.message.as_str())
            .collect();
        assert_eq!(read, said.is_empty(), "{}: {value}: {said:?}", law.shape);
        let beyond = |said: &&str| law.beyond.iter().any(|part| said.contains(part));
        if valid(&law.schema, value) {
            let refused = said.iter().all(beyond);
            assert!(
                refused,
                "the schema of {} accepts {value}: {said:?}",
                law.shape
            );
        } else {
            assert!(!read, "the schema of {} refuses {value}", law.shape);
        }
    }
}

/// A text near to a form: one of the form's, with some characters put in, taken out or replaced.
fn near() -> impl Strategy<Value = String> {
    let formed: Vec<_> = patterns()
        .iter()
        .map(|pattern| string_regex(pattern.text()).unwrap().boxed())
        .collect();
    let words = [
        "external", "ask", "yes", "X86_64", "arm64", "healthy", "detach", "rollback", "512M",
        "+8080", "100%", "50 %",
    ];
    let formed = prop_oneof![
        8 => proptest::strategy::Union::new(formed),
        1 => select(words.to_vec()).prop_map(str::to_owned),
    ];
    let signs = "0123456789 \t\u{a0}%.:/@-_+=mMGiBdhsuv\u{e9}\u{1f600}A\n"
        .chars()
        .collect::<Vec<_>>();
    let change = (any::<Index>(), 0..3_u8, select(signs));
    (formed, prop::collection::vec(change, 0..3)).prop_map(|(text, changes)| {
        let mut text: Vec<char> = text.chars().collect();
        for (at, kind, sign) in changes {
            let at = at.index(text.len() + 1);
            if kind > 0 && at < text.len() {
                text.remove(at);
            }
            if kind < 2 {
                text.insert(at, sign);
            }
        }
        text.into_iter().collect()
    })
}

/// What holds a variable is judged once the variable was filled in.
fn is_settled(text: &str) -> bool {
    !text.contains("${")
}

fn number() -> impl Strategy<Value = Json> {
    let edges = [
        0,
        1,
        10,
        100,
        255,
        256,
        5000,
        65_535,
        i64::from(i32::MAX),
        i64::from(u32::MAX),
    ];
    prop_oneof![
        (select(edges.to_vec()), -1..=1_i64).prop_map(|(edge, by)| json!(edge + by)),
        any::<i64>().prop_map(|number| json!(number)),
        (
            -1_000_i32..300_000,
            select(vec![1.0, 10.0, 1000.0, 30_000.0])
        )
            .prop_map(|(whole, by)| json!(f64::from(whole) / by)),
        (-1.0e12..1.0e12_f64).prop_map(|number| json!(number)),
    ]
}

proptest! {
    #[test]
    fn a_text_near_a_form_is_accepted_by_schema_and_reader_or_by_none(text in near().prop_filter("settled", |text| is_settled(text))) {
        agree(&json!(text));
        agree(&json!([text]));
        agree_on_key(&text);
    }

    #[test]
    fn any_text_is_accepted_by_schema_and_reader_or_by_none(text in any::<String>().prop_filter("settled", |text| is_settled(text))) {
        agree(&json!(text));
        agree_on_key(&text);
    }

    #[test]
    fn a_number_is_accepted_by_schema_and_reader_or_by_none(number in number()) {
        agree(&number);
    }
}

#[test]
fn what_was_once_accepted_by_one_only_is_the_same_for_both() {
    for text in [
        "",
        " ",
        "512M",
        "1G",
        "1..5GiB",
        ".5GiB",
        "1.m",
        "+8080",
        "0",
        "65536",
        "0%",
        "050%",
        "101%",
        " 30s",
        "30s ",
        "External",
        "ASK",
        "hunter2",
        "arn:aws:s3:::bucket",
        "\u{a0}",
    ] {
        agree(&json!(text));
        agree_on_key(text);
    }
    for truth in [true, false] {
        agree(&json!(truth));
    }
    agree(&json!(["", "a"]));
    for length in [63, 64, 253, 254, 255, 256] {
        let long = "a".repeat(length);
        agree(&json!(long));
        agree_on_key(&long);
        agree_on_key(&format!("{long}/a"));
        agree_on_key(&format!("a.b/{long}"));
    }
}

/// Nothing is known yet of a text with a variable, so every schema of a text lets it pass.
#[test]
fn a_variable_may_take_the_place_of_any_text() {
    for law in laws() {
        let taken = |text: &str| {
            let filled = Node {
                variables: vec!["X".to_owned()],
                ..node(&json!(text))
            };
            (law.read)(&filled, &mut Findings::default())
        };
        let samples = [
            "30s",
            "1GiB",
            "1",
            "50%",
            "external",
            "0440",
            "text",
            "/x",
            "ask",
            "arm64",
            "start",
            "detach",
            "123456789012",
            "us-east-1",
            "arn:aws:iam::123456789012:role/x",
        ];
        let reads = samples.into_iter().any(taken);
        assert_eq!(valid(&law.schema, &json!("${X}")), reads, "{}", law.shape);
    }
}

/// The white space that a file or a command leaves at the end of a variable is no part of a word.
#[test]
fn white_space_around_what_a_variable_brings_is_left_out() {
    let filled = |text: &str| Node {
        variables: vec!["X".to_owned()],
        ..node(&json!(text))
    };
    let mut findings = Findings::default();
    assert!(Time::<0, 60>::read(&filled(" 30s\n"), &mut findings).is_some());
    assert!(Mebibytes::read(&filled("1GiB\n"), &mut findings).is_some());
    assert!(matches!(
        WrittenThreshold::read(&filled("5\n"), &mut findings),
        Some(WrittenThreshold::Count(5))
    ));
    let Some(WrittenPort(Port {
        number, protocol, ..
    })) = WrittenPort::read(&filled("53/udp\n"), &mut findings)
    else {
        unreachable!("{:?}", findings.problems)
    };
    assert_eq!((number, protocol), (53, Protocol::Udp));
    let Some(Secret(secret)) = Secret::read(&filled("/prod/db"), &mut findings) else {
        unreachable!("{:?}", findings.problems)
    };
    assert!(matches!(secret, SecretRef::Parameter(_)));
    assert!(findings.problems.is_empty());
}

/// Editors run the patterns as ECMAScript does, where these constructs are absent or mean something else.
#[test]
fn the_patterns_are_written_in_what_all_dialects_have_in_common() {
    let mut count = 0;
    for schema in [schemas().deploy, schemas().target] {
        each_pattern(&schema, &mut |pattern| {
            count += 1;
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
            let own = [
                "(?i", "(?P", "(?=", "(?!", "(?<", "\\d", "\\w", "\\b", "\\A", "\\z", "[:", "&&",
            ];
            let found: Vec<_> = own.iter().filter(|part| pattern.contains(**part)).collect();
            assert!(found.is_empty(), "{pattern}: {found:?}");
            let space = pattern.replace("[\\s\\S]", "");
            assert!(
                !space.contains("\\s") && !space.contains("\\S"),
                "{pattern}"
            );
        });
    }
    assert!(count > 100, "only {count} patterns");
}
