//! JSON in the spelling of the ECS API, as the SDK's own types, by the schemas that the SDK brings. Pure.
//!
//! Whatever the installed SDK knows can be read and written so, and no list of ours has to follow AWS.

use std::cell::RefCell;

use aws_smithy_json::codec::JsonCodec;
use aws_smithy_schema::Schema;
use aws_smithy_schema::codec::Codec as _;
use aws_smithy_schema::serde::{
    SerdeError, SerializableStruct, ShapeDeserializer, ShapeSerializer as _,
};
use aws_smithy_types::{BigDecimal, BigInteger, Blob, DateTime, Document, Number};
use serde_json::Value;

use super::{Misfit, under};

/// Reads a value by one of the SDK's own readers, such as `TaskDefinition::deserialize`; with all
/// that does not fit.
pub(crate) fn read<T>(
    value: &Value,
    reader: impl FnOnce(&mut dyn ShapeDeserializer) -> Result<T, SerdeError>,
) -> (Option<T>, Vec<Misfit>) {
    let misfits = RefCell::new(Vec::new());
    let mut at = At {
        value,
        path: String::new(),
        misfits: &misfits,
    };
    let read = reader(&mut at).map_err(|error| at.incomplete(&error)).ok();
    (read, misfits.into_inner())
}

/// Writes one of the SDK's structures as the API's JSON.
pub(crate) fn write(structure: &dyn SerializableStruct) -> Option<Value> {
    let mut serializer = JsonCodec::default().create_serializer();
    serializer
        .write_struct(structure.schema(), structure)
        .ok()?;
    serde_json::from_slice(&serializer.finish()).ok()
}

/// JSON of no given form, as the SDK has it.
pub(crate) fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(truth) => Document::Bool(*truth),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Number::PosInt(number),
            (None, Some(number)) => Number::NegInt(number),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| (key.clone(), document(value)));
            Document::Object(members.collect())
        }
    }
}

/// The same the other way round.
pub(crate) fn of_document(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(truth) => Value::from(*truth),
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::from(*number),
        Document::String(text) => Value::from(text.as_str()),
        Document::Array(items) => items.iter().map(of_document).collect(),
        Document::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, member)| (key.clone(), of_document(member)));
            Value::Object(members.collect())
        }
    }
}

/// A value, and where it stands.
struct At<'v> {
    value: &'v Value,
    path: String,
    misfits: &'v RefCell<Vec<Misfit>>,
}

impl<'v> At<'v> {
    fn below(&self, key: &str, value: &'v Value) -> Self {
        Self {
            value,
            path: under(&self.path, key),
            misfits: self.misfits,
        }
    }

    /// Notes why it could not be made, unless that is noted already, of it or of what it holds.
    fn incomplete(&self, error: &SerdeError) {
        let mut misfits = self.misfits.borrow_mut();
        let noted = misfits.last().is_some_and(|last| match last {
            Misfit::Unknown { .. } => false,
            Misfit::Type { path, .. } | Misfit::Incomplete { path, .. } => {
                path.starts_with(&self.path)
            }
        });
        if !noted {
            misfits.push(Misfit::Incomplete {
                path: self.path.clone(),
                why: error.to_string(),
            });
        }
    }

    fn misfit<T>(&self, wanted: &'static str) -> Result<T, SerdeError> {
        self.misfits.borrow_mut().push(Misfit::Type {
            path: self.path.clone(),
            wanted,
            is_false: *self.value == Value::Bool(false),
        });
        Err(SerdeError::type_mismatch(wanted))
    }

    fn number<T: TryFrom<i64>>(&self) -> Result<T, SerdeError> {
        let number = self
            .value
            .as_i64()
            .and_then(|number| T::try_from(number).ok());
        number.map_or_else(|| self.misfit("a whole number"), Ok)
    }

    fn float(&self) -> Result<f64, SerdeError> {
        self.value
            .as_f64()
            .map_or_else(|| self.misfit("a number"), Ok)
    }
}

impl ShapeDeserializer for At<'_> {
    fn read_struct(
        &mut self,
        schema: &Schema<'_>,
        take: &mut dyn FnMut(&Schema<'_>, &mut dyn ShapeDeserializer) -> Result<(), SerdeError>,
    ) -> Result<(), SerdeError> {
        let Some(members) = self.value.as_object() else {
            return self.misfit("a table");
        };
        for (key, value) in members {
            let mut known = schema.members().iter();
            match known.find(|member| member.member_name() == Some(key)) {
                // What is wrong below is noted there; the rest is looked at all the same.
                Some(_) if value.is_null() => {}
                Some(member) => {
                    let mut below = self.below(key, value);
                    if let Err(error) = take(member, &mut below) {
                        below.incomplete(&error);
                    }
                }
                None => {
                    let known = schema.members().iter();
                    self.misfits.borrow_mut().push(Misfit::Unknown {
                        path: self.below(key, value).path,
                        known: known
                            .filter_map(|member| member.member_name())
                            .map(str::to_owned)
                            .collect(),
                    });
                }
            }
        }
        Ok(())
    }

    fn read_list(
        &mut self,
        _: &Schema<'_>,
        take: &mut dyn FnMut(&mut dyn ShapeDeserializer) -> Result<(), SerdeError>,
    ) -> Result<(), SerdeError> {
        let Some(items) = self.value.as_array() else {
            return self.misfit("an array");
        };
        for (index, item) in items.iter().enumerate() {
            let mut below = self.below(&index.to_string(), item);
            if let Err(error) = take(&mut below) {
                below.incomplete(&error);
            }
        }
        Ok(())
    }

    fn read_map(
        &mut self,
        _: &Schema<'_>,
        take: &mut dyn FnMut(String, &mut dyn ShapeDeserializer) -> Result<(), SerdeError>,
    ) -> Result<(), SerdeError> {
        let Some(members) = self.value.as_object() else {
            return self.misfit("a table");
        };
        for (key, value) in members {
            let mut below = self.below(key, value);
            if let Err(error) = take(key.clone(), &mut below) {
                below.incomplete(&error);
            }
        }
        Ok(())
    }

    fn read_boolean(&mut self, _: &Schema<'_>) -> Result<bool, SerdeError> {
        self.value
            .as_bool()
            .map_or_else(|| self.misfit("true or false"), Ok)
    }

    fn read_byte(&mut self, _: &Schema<'_>) -> Result<i8, SerdeError> {
        self.number()
    }

    fn read_short(&mut self, _: &Schema<'_>) -> Result<i16, SerdeError> {
        self.number()
    }

    fn read_integer(&mut self, _: &Schema<'_>) -> Result<i32, SerdeError> {
        self.number()
    }

    fn read_long(&mut self, _: &Schema<'_>) -> Result<i64, SerdeError> {
        self.number()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the API's own width")]
    fn read_float(&mut self, _: &Schema<'_>) -> Result<f32, SerdeError> {
        self.float().map(|number| number as f32)
    }

    fn read_double(&mut self, _: &Schema<'_>) -> Result<f64, SerdeError> {
        self.float()
    }

    fn read_big_integer(&mut self, _: &Schema<'_>) -> Result<BigInteger, SerdeError> {
        self.misfit("nothing that can be said here")
    }

    fn read_big_decimal(&mut self, _: &Schema<'_>) -> Result<BigDecimal, SerdeError> {
        self.misfit("nothing that can be said here")
    }

    fn read_string(&mut self, _: &Schema<'_>) -> Result<String, SerdeError> {
        self.value
            .as_str()
            .map_or_else(|| self.misfit("a string"), |text| Ok(text.to_owned()))
    }

    fn read_blob(&mut self, _: &Schema<'_>) -> Result<Blob, SerdeError> {
        self.misfit("nothing that can be said here")
    }

    fn read_timestamp(&mut self, _: &Schema<'_>) -> Result<DateTime, SerdeError> {
        self.misfit("nothing that can be said here")
    }

    fn read_document(&mut self, _: &Schema<'_>) -> Result<Document, SerdeError> {
        Ok(document(self.value))
    }

    fn is_null(&self) -> bool {
        self.value.is_null()
    }

    fn container_size(&self) -> Option<usize> {
        None
    }
}
