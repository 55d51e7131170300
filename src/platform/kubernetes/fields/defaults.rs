//! Values that the API server fills in where a manifest says nothing: none of them is a
//! difference. Each kind says its own; a field is known by its name alone, whatever kind it is of.
//! Pure.
//!
//! A field that we apply ourselves needs no such knowledge, since the API server tells who owns
//! what. It is needed where ownership is coarser than fields: in a list that is taken as a whole,
//! and in what another tool is recorded to own because it wrote the whole object.

use serde_json::Value;

use super::{Path, text};
use crate::platform::kubernetes::kinds::Kind;

/// Whether the API server would put just this value there.
pub(crate) fn is_default(path: &Path, value: &Value) -> bool {
    let text = text(path, value);
    let said = (path.last_field(), text.as_str());
    Kind::ALL.iter().any(|kind| kind.defaults().contains(&said))
}

/// Whether the API server would not store just this value there.
pub(crate) fn is_left_out(path: &Path, value: &Value) -> bool {
    let field = path.last_field();
    is_zero(value)
        && Kind::ALL
            .iter()
            .any(|kind| kind.left_out().contains(&field))
}

/// Whether a value is what the API server leaves out when it stores an object.
pub(crate) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) => false,
    }
}
