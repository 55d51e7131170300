//! The part of JSON Schema that the schemas of single values are written in.

use std::cell::RefCell;
use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::Value as Json;

/// What JSON Schema says of a value, as far as the schemas of single values use it.
pub(super) fn valid(schema: &Json, value: &Json) -> bool {
    let known = |(word, rule): (&String, &Json)| match word.as_str() {
        "type" => match rule.as_str().unwrap() {
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => unreachable!("{other}"),
        },
        "anyOf" => rule.as_array().unwrap().iter().any(|one| valid(one, value)),
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "pattern" => value
            .as_str()
            .is_none_or(|text| matches(rule.as_str().unwrap(), text)),
        "maxLength" => {
            let most = usize::try_from(rule.as_u64().unwrap()).unwrap();
            value
                .as_str()
                .is_none_or(|text| text.chars().count() <= most)
        }
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= rule.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= rule.as_f64().unwrap()),
        "exclusiveMinimum" => value
            .as_f64()
            .is_none_or(|number| number > rule.as_f64().unwrap()),
        "exclusiveMaximum" => value
            .as_f64()
            .is_none_or(|number| number < rule.as_f64().unwrap()),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| valid(rule, item))),
        "propertyNames" => value.as_object().is_none_or(|map| {
            let mut keys = map.keys();
            keys.all(|key| valid(rule, &Json::String(key.clone())))
        }),
        "additionalProperties" if rule.is_object() => value
            .as_object()
            .is_none_or(|map| map.values().all(|one| valid(rule, one))),
        "required" => value.as_object().is_none_or(|map| {
            let mut keys = rule.as_array().unwrap().iter().filter_map(Json::as_str);
            keys.all(|key| map.contains_key(key))
        }),
        "additionalProperties" | "properties" | "examples" | "description" => true,
        other => unreachable!("no schema of a single value says `{other}`"),
    };
    schema.as_object().unwrap().iter().all(known)
}

fn matches(pattern: &str, text: &str) -> bool {
    thread_local!(static COMPILED: RefCell<HashMap<String, Regex>> = RefCell::default());
    COMPILED.with_borrow_mut(|compiled| {
        let fresh = || Regex::new(pattern).unwrap();
        compiled
            .entry(pattern.to_owned())
            .or_insert_with(fresh)
            .is_match(text)
    })
}

/// Visits every pattern of a schema.
pub(super) fn each_pattern(schema: &Json, each: &mut dyn FnMut(&str)) {
    match schema {
        Json::Object(map) => {
            if let Some(Json::String(pattern)) = map.get("pattern") {
                each(pattern);
            }
            map.values().for_each(|value| each_pattern(value, each));
        }
        Json::Array(items) => items.iter().for_each(|item| each_pattern(item, each)),
        _ => {}
    }
}
