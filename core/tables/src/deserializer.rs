//! Reads a TOML value, and says as data why it cannot be read.

use std::iter;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use toml::{Table, Value};

use crate::wrong_value::{DATE, WrongValue};

/// A value to be read. The `toml` crate's own deserializer has an error of words only.
pub(super) struct ValueDeserializer(pub(super) Value);

impl IntoDeserializer<'_, WrongValue> for ValueDeserializer {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for ValueDeserializer {
    type Error = WrongValue;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongValue> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Float(number) => visitor.visit_f64(number),
            Value::Boolean(value) => visitor.visit_bool(value),
            Value::Datetime(_) => Err(WrongValue::invalid_type(Unexpected::Other(DATE), &visitor)),
            Value::Array(items) => {
                SeqDeserializer::new(items.into_iter().map(Self)).deserialize_any(visitor)
            }
            Value::Table(table) => entries(table).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, WrongValue> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, WrongValue> {
        visitor.visit_newtype_struct(self)
    }

    /// A structure is a table: a list of its fields without their names is none.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongValue> {
        match &self.0 {
            Value::Table(_) => self.deserialize_any(visitor),
            other => Err(WrongValue::no_table(unexpected(other))),
        }
    }

    /// A text is the name of a variant, and a table with one key that of a variant with content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, WrongValue> {
        match self.0 {
            Value::String(text) => IntoDeserializer::<WrongValue>::into_deserializer(text)
                .deserialize_enum(name, variants, visitor),
            Value::Table(table) => {
                MapAccessDeserializer::new(entries(table)).deserialize_enum(name, variants, visitor)
            }
            other => Err(WrongValue::invalid_type(unexpected(&other), &"a string")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn entries(table: Table) -> MapDeserializer<'static, Entries, WrongValue> {
    let entry: fn(_) -> _ = |(key, value)| (key, ValueDeserializer(value));
    MapDeserializer::new(table.into_iter().map(entry))
}

type Entries = iter::Map<<Table as IntoIterator>::IntoIter, fn((String, Value)) -> Entry>;
type Entry = (String, ValueDeserializer);

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::String(text) => Unexpected::Str(text),
        Value::Integer(number) => Unexpected::Signed(*number),
        Value::Float(number) => Unexpected::Float(*number),
        Value::Boolean(value) => Unexpected::Bool(*value),
        Value::Datetime(_) => Unexpected::Other(DATE),
        Value::Array(_) => Unexpected::Seq,
        Value::Table(_) => Unexpected::Map,
    }
}
