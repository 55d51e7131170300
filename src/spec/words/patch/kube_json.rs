//! JSON in the spelling of the Kubernetes API, held against the API's own types. Pure.
//!
//! The types tell their fields to whoever reads them, so no list of ours has to follow Kubernetes.

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::{Misfit, Named, under};

/// All that does not fit `T` in a value; what `false` takes away is looked past.
pub(crate) fn misfits<T: DeserializeOwned>(value: &Value) -> Vec<Misfit> {
    let mut rest = value.clone();
    // What an object is follows from the table that it is patched in.
    if let Some(members) = rest.as_object_mut() {
        members.retain(|key, _| key != "apiVersion" && key != "kind");
    }
    let mut removed = Vec::new();
    loop {
        let mut found = once::<T>(&rest);
        let off = found.iter().position(is_removal);
        let Some(misfit) = off.map(|index| found.swap_remove(index)) else {
            found.extend(removed.into_iter().map(whole_lists));
            return found;
        };
        let Misfit::Type { path, .. } = &misfit else {
            return found;
        };
        if !take_out(&mut rest, "", path) {
            found.push(misfit);
            found.extend(removed);
            return found;
        }
        removed.push(misfit);
    }
}

/// What tells the entries of lists apart (Kubernetes API reference, "patch merge key" of each); an
/// entry has one of the keys of its list, and can lose a field.
pub(crate) const NAMED: Named = &[
    ("containers", &["name"]),
    ("env", &["name"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ports", &["containerPort", "port"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
];

/// Within a list that is said whole, there is nothing that `false` could take away.
fn whole_lists(misfit: Misfit) -> Misfit {
    let Misfit::Type { path, wanted, .. } = misfit else {
        return misfit;
    };
    let parts: Vec<&str> = path.split('.').collect();
    let is_named = |list: &str| NAMED.iter().any(|(named, _)| *named == list);
    let is_whole = |pair: &[&str]| pair[1].parse::<usize>().is_ok() && !is_named(pair[0]);
    Misfit::Type {
        is_false: !parts.windows(2).any(is_whole),
        wanted,
        path,
    }
}

fn is_removal(misfit: &Misfit) -> bool {
    matches!(misfit, Misfit::Type { is_false: true, .. })
}

/// Takes the member at a path out; false where there is none.
fn take_out(value: &mut Value, here: &str, path: &str) -> bool {
    match value {
        Value::Object(members) => {
            let length = members.len();
            members.retain(|key, _| under(here, key) != path);
            let within = |key: &str| path.starts_with(&format!("{}.", under(here, key)));
            members.len() < length
                || members
                    .iter_mut()
                    .any(|(key, value)| within(key) && take_out(value, &under(here, key), path))
        }
        Value::Array(items) => items.iter_mut().enumerate().any(|(index, item)| {
            let here = under(here, &index.to_string());
            path.starts_with(&format!("{here}.")) && take_out(item, &here, path)
        }),
        _ => false,
    }
}

/// What does not fit, up to the first that is something else.
fn once<T: DeserializeOwned>(value: &Value) -> Vec<Misfit> {
    let found = RefCell::new(Vec::new());
    let at = At {
        value,
        path: String::new(),
        found: &found,
    };
    // What is wrong stands in what was found.
    drop(T::deserialize(at));
    found.into_inner()
}

/// A value, and where it stands.
#[derive(Clone)]
struct At<'v> {
    value: &'v Value,
    path: String,
    found: &'v RefCell<Vec<Misfit>>,
}

/// What a type says of a value that it does not take.
#[derive(Debug)]
enum Refused {
    /// What belongs there.
    Wanted(&'static str),
    /// What is not there.
    Missing(&'static str),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wanted(words) | Self::Missing(words)) = self;
        f.write_str(words)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    /// What a type says of itself may quote the value, which may be a secret.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Wanted("another value")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::Wanted(in_words(&wanted.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::Wanted(in_words(&wanted.to_string()))
    }
}

/// What a type calls what it takes, in the words of the files.
fn in_words(wanted: &str) -> &'static str {
    match wanted {
        "i32" | "i64" | "a 32-bit integer" => "an integer",
        "f64" => "a number",
        "IntOrString" => "an integer or a string",
        "a sequence" => "an array",
        "a boolean" => "true or false",
        "a string" => "a string",
        // The rest are structures and maps, under names of their own.
        _ => "a table",
    }
}

impl<'v> At<'v> {
    fn below(&self, key: &str, value: &'v Value) -> Self {
        Self {
            value,
            path: under(&self.path, key),
            found: self.found,
        }
    }

    /// Notes what was refused, at the deepest place that it was.
    fn noted<T>(self, taken: Result<T, Refused>) -> Result<T, Refused> {
        if let Err(refused) = &taken {
            let mut found = self.found.borrow_mut();
            if found
                .iter()
                .any(|one| !matches!(one, Misfit::Unknown { .. }))
            {
                return taken;
            }
            found.push(match refused {
                Refused::Wanted(wanted) => Misfit::Type {
                    is_false: self.value == &Value::Bool(false),
                    wanted,
                    path: self.path,
                },
                Refused::Missing(field) => Misfit::Incomplete {
                    why: format!("`{field}` is missing"),
                    path: self.path,
                },
            });
        }
        taken
    }

    fn take<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Refused> {
        let taken = match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(is) => visitor.visit_bool(*is),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (_, _, number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => visitor.visit_seq(Items {
                at: self.clone(),
                rest: items.iter().enumerate(),
            }),
            Value::Object(members) => visitor.visit_map(Members {
                at: self.clone(),
                rest: members.iter(),
                value: None,
            }),
        };
        self.noted(taken)
    }
}

impl<'v> de::Deserializer<'v> for At<'v> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.take(visitor)
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.value.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        for (key, value) in self.value.as_object().into_iter().flatten() {
            if !known.contains(&key.as_str()) {
                self.found.borrow_mut().push(Misfit::Unknown {
                    path: self.below(key, value).path,
                    known: known.iter().map(|&key| key.to_owned()).collect(),
                });
            }
        }
        self.take(visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'v>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Items<'v> {
    at: At<'v>,
    rest: std::iter::Enumerate<std::slice::Iter<'v, Value>>,
}

impl<'v> SeqAccess<'v> for Items<'v> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'v>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        let next = self.rest.next();
        let below = next.map(|(index, item)| self.at.below(&index.to_string(), item));
        below.map(|item| seed.deserialize(item)).transpose()
    }
}

struct Members<'v> {
    at: At<'v>,
    rest: serde_json::map::Iter<'v>,
    value: Option<At<'v>>,
}

impl<'v> MapAccess<'v> for Members<'v> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'v>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(self.at.below(key, value));
        let key = de::value::StrDeserializer::<Refused>::new(key);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<T::Value, Refused> {
        match self.value.take() {
            Some(value) => seed.deserialize(value),
            None => Err(Refused::Wanted("a value")),
        }
    }
}
