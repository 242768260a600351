//! A source's settings, as `init` writes them into a template.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// A setting's value. Tables keep their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    List(Vec<String>),
    Table(Vec<(&'static str, Self)>),
    Text(String),
}

impl Value {
    /// The value as TOML.
    pub(crate) fn written(&self) -> String {
        let mut text = String::new();
        // TOML can represent all of these, so this cannot fail.
        let _ = self.serialize(toml::ser::ValueSerializer::new(&mut text));
        text
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::List(words) => words.serialize(serializer),
            Self::Table(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, value) in pairs {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Text(text) => text.serialize(serializer),
        }
    }
}

/// Settings as TOML by name. `None` stands for a setting that is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings(BTreeMap<String, Option<String>>);

impl Settings {
    /// Parses the values of `--set`, each `KEY=VALUE`. A value that is not TOML is a text. Fails
    /// with the first one of another form.
    pub(crate) fn parse(written: &[String]) -> Result<Self, &str> {
        let mut settings = Self::default();
        for setting in written {
            let (key, value) = setting.split_once('=').ok_or(setting.as_str())?;
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if key.is_empty() || !key.chars().all(is_name) {
                return Err(setting);
            }
            let is_toml = !value.contains('\n') && value.parse::<toml::Value>().is_ok();
            let value =
                if is_toml { value.to_owned() } else { Value::Text(value.to_owned()).written() };
            settings.0.insert(key.to_owned(), Some(value));
        }
        Ok(settings)
    }

    /// Returns these settings with one more, or without it.
    pub(crate) fn with(mut self, key: &str, value: Option<&Value>) -> Self {
        self.0.insert(key.to_owned(), value.map(Value::written));
        self
    }

    /// Fills `template` with these settings. Each replaces its line, even one that is commented
    /// out, or is appended. A setting that is left out is commented out. All other lines stay as
    /// they are.
    pub(crate) fn fill(&self, template: &str) -> String {
        let mut missing = self.0.clone();
        // An active line takes precedence over one that is commented out.
        let places: Vec<Option<&str>> = template.lines().map(setting).collect();
        let is_active = |key: &str| {
            places
                .iter()
                .zip(template.lines())
                .any(|(place, line)| *place == Some(key) && !line.starts_with('#'))
        };
        let mut text = String::new();
        for (line, place) in template.lines().zip(&places) {
            let here = place.filter(|key| !line.starts_with('#') || !is_active(key));
            match here.and_then(|key| Some((key, missing.remove(key)?))) {
                Some((key, Some(value))) => text += &format!("{key} = {value}\n"),
                Some((_, None)) if !line.starts_with('#') => text += &format!("#{line}\n"),
                Some((_, None)) | None => text += &format!("{line}\n"),
            }
        }
        for (key, value) in missing {
            if let Some(value) = value {
                text += &format!("{key} = {value}\n");
            }
        }
        text
    }
}

/// The setting that a line of a template sets, or would set if it were not commented out.
fn setting(line: &str) -> Option<&str> {
    let (key, _) = line.strip_prefix('#').unwrap_or(line).split_once(" = ")?;
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    (!key.is_empty() && key.chars().all(is_name)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "[source.s]\n# About it.\none = \"1\"\n#one = \"I\"\n#two = \"2\"\n";

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn init_setting_takes_its_template_line() {
        let settings = Settings::default()
            .with("one", Some(&text("a \"b\" \\ \u{7f}\t'''")))
            .with("two", Some(&Value::List(vec!["x".into(), "y".into()])))
            .with("three", Some(&text("3")))
            .with("four", None);
        let filled = settings.fill(TEMPLATE);
        let lines: Vec<&str> = filled.lines().collect();
        assert_eq!(lines[..2], ["[source.s]", "# About it."]);
        assert_eq!(lines[3..], ["#one = \"I\"", "two = [\"x\", \"y\"]", "three = \"3\""]);
        let read: toml::Table = filled.parse().unwrap();
        assert_eq!(read["source"]["s"]["one"].as_str(), Some("a \"b\" \\ \u{7f}\t'''"));
    }

    #[test]
    fn init_setting_left_out_is_commented_out() {
        let settings = Settings::default().with("one", None).with("two", None);
        assert_eq!(settings.fill(TEMPLATE), TEMPLATE.replace("\none", "\n#one"));
        assert_eq!(Settings::default().fill(TEMPLATE), TEMPLATE);
    }

    #[test]
    fn init_toml_tables_keep_their_order() {
        let file = Value::Table(vec![("file", text("/f"))]);
        let auth = Value::Table(vec![("method", text("jwt")), ("jwt", file)]);
        assert_eq!(auth.written(), "{ method = \"jwt\", jwt = { file = \"/f\" } }");
    }

    #[test]
    fn init_set_option_takes_text_and_toml() {
        let written = ["one=a b", "two=[\"x\"]", "three=\"q\"", "four=true", "five=a=\"b\n"];
        let written: Vec<String> = written.map(str::to_owned).to_vec();
        let filled = Settings::parse(&written).unwrap().fill("[s]\n");
        let read: toml::Table = filled.parse().unwrap();
        let read = &read["s"];
        assert_eq!(read["one"].as_str(), Some("a b"));
        assert_eq!(read["two"].as_array().map(Vec::len), Some(1));
        assert_eq!((read["three"].as_str(), read["four"].as_bool()), (Some("q"), Some(true)));
        assert_eq!(read["five"].as_str(), Some("a=\"b\n"));
        for bad in ["one", "=1", "a.b=1", "A=1"] {
            assert_eq!(Settings::parse(&[bad.to_owned()]), Err(bad));
        }
    }
}
