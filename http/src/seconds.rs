//! Lifetimes as token endpoints write them.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Reads a field of seconds: a number, or a text with a number. What is neither is none.
///
/// # Errors
/// Those of `from`.
pub fn optional_seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    let seconds = match Option::<Written>::deserialize(from)? {
        Some(Written::Number(number)) => Some(number),
        Some(Written::Text(text)) => text.trim().parse().ok(),
        Some(Written::Other(_)) | None => None,
    };
    Ok(seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "optional_seconds")]
        expires_in: Option<Duration>,
    }

    #[test]
    fn a_lifetime_is_read_as_it_is_written() {
        let read = |text: &str| serde_json::from_str::<Answer>(text).unwrap().expires_in;
        for hour in ["3600", "\"3600\"", "3600.0"] {
            let hour = read(&format!("{{\"expires_in\":{hour}}}"));
            assert_eq!(hour, Some(Duration::from_secs(3_600)));
        }
        for unknown in ["{}", r#"{"expires_in":null}"#, r#"{"expires_in":-1}"#] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
        assert_eq!(read(r#"{"expires_in":{}}"#), None);
    }
}
