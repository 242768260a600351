//! A table with the places of its keys, which can be deserialised.

use std::path::{Path, PathBuf};

use api_key_helper_values::{Error, Fingerprint};
use serde::de::value::Error as FieldsFound;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::deserializer::ValueDeserializer;
use crate::document::{Place, Places};

/// A table of the configuration, such as `[profile.work]`.
#[derive(Clone, Debug, Default)]
pub struct Located {
    /// The path of the table from the root: `["profile", "work"]`.
    pub path: Vec<String>,
    /// The values.
    pub values: toml::Table,
    /// The places of the keys, by the path from this table.
    pub places: Places,
}

impl Located {
    /// Deserialises the table as a `T`. Unknown keys and wrong types are errors.
    ///
    /// # Errors
    /// `Misconfigured`, with the place.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read_with::<T>(&[])
    }

    /// Deserialises the table as a `T`, where other code reads the keys `others`.
    ///
    /// # Errors
    /// See [`Located::read`].
    pub fn read_with<T: DeserializeOwned>(&self, others: &[&str]) -> Result<T, Error> {
        let fields = fields::<T>();
        for key in self.values.keys() {
            if !fields.contains(&key.as_str()) && !others.contains(&key.as_str()) {
                return Err(self.unknown(key, fields.iter().chain(others).copied()));
            }
        }
        self.read_some()
    }

    /// Deserialises the table as a `T`, where other code checks the keys that `T` lacks.
    ///
    /// # Errors
    /// See [`Located::read`].
    pub fn read_some<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let fields = fields::<T>();
        let own = self.values.iter().filter(|(key, _)| fields.contains(&key.as_str()));
        let own: toml::Table = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        let own = ValueDeserializer(toml::Value::Table(own));
        serde_path_to_error::deserialize(own).map_err(|error| {
            let path: Vec<String> = error
                .path()
                .iter()
                .filter_map(|segment| match segment {
                    serde_path_to_error::Segment::Map { key } => Some(key.clone()),
                    _ => None,
                })
                .collect();
            let wrong = error.inner();
            self.error(&path, wrong.to_string()).with_hint(wrong.hint(&self.full(&path)))
        })
    }

    /// Returns a `Misconfigured` error about the value at `path`, with its place.
    #[must_use]
    pub fn error(&self, path: &[String], message: impl AsRef<str>) -> Error {
        Error::misconfigured(message.as_ref()).introduced_by(&self.described(path))
    }

    /// The place of the value at `path`, as errors about it begin: file, line, column and name.
    #[must_use]
    pub fn described(&self, path: &[String]) -> String {
        let place = self.place(path).map_or_else(String::new, Place::introduction);
        format!("{place}`{}`", self.full(path))
    }

    /// Returns `path` from the root, in TOML's notation.
    fn full(&self, path: &[String]) -> String {
        self.path.iter().chain(path).cloned().collect::<Vec<_>>().join(".")
    }

    /// Returns the place of `path`, or of the nearest table around it.
    #[must_use]
    pub fn place(&self, path: &[String]) -> Option<&Place> {
        (0..=path.len()).rev().find_map(|length| self.places.get(&path[..length]))
    }

    /// Returns the absolute path for `path`, relative to the file that has `key`.
    #[must_use]
    pub fn resolve(&self, key: &str, path: &Path) -> PathBuf {
        match self.place(&[key.to_owned()]) {
            // `components` drops the dot of `./program`.
            Some(place) => place.folder().join(path).components().collect(),
            None => path.to_owned(),
        }
    }

    /// Hashes the name of the table and the keys for which `counts` is true, each with the folder
    /// that its relative paths are relative to.
    pub fn fingerprint(&self, counts: impl Fn(&str) -> bool) -> Fingerprint {
        let mut parts: Vec<Vec<u8>> = self.path.iter().map(|name| name.clone().into()).collect();
        for (key, value) in self.values.iter().filter(|(key, _)| counts(key)) {
            let folder = self.place(std::slice::from_ref(key)).map(Place::folder);
            let folder = folder.map(|folder| folder.as_os_str().as_encoded_bytes().to_vec());
            parts.extend([
                key.clone().into(),
                folder.unwrap_or_default(),
                serde_json::to_vec(value).unwrap_or_default(),
            ]);
        }
        Fingerprint::of(parts.iter().map(Vec::as_slice))
    }

    fn unknown<'a>(&self, key: &str, known: impl Iterator<Item = &'a str>) -> Error {
        let mut known: Vec<&str> = known.collect();
        known.sort_unstable();
        let nearest = known
            .iter()
            .map(|candidate| (strsim::damerau_levenshtein(key, candidate), candidate))
            .min()
            .filter(|(distance, candidate)| *distance <= candidate.len().max(key.len()) / 2);
        let hint = match nearest {
            Some((_, candidate)) => format!("did you mean `{candidate}`?"),
            None => format!("known keys are `{}`", known.join("`, `")),
        };
        self.error(&[key.to_owned()], "unknown key").with_hint(hint)
    }
}

/// Returns the names of the fields of the structure `T`, as its `Deserialize` reports them.
#[must_use]
pub fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    // The result is in `found`: this deserialiser always returns an error.
    let _ = T::deserialize(FieldNames(&mut found));
    found
}

struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = FieldsFound;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, FieldsFound> {
        Err(serde::de::Error::custom("not a structure"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, FieldsFound> {
        *self.0 = fields;
        Err(serde::de::Error::custom("found"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
