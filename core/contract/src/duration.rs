//! Durations as people write them.

use std::time::Duration;

use serde::Deserialize;

/// A duration that is written `"90s"`, `"5m"` or `"1h30m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Duration", extend("pattern" = "^([0-9]+(h|m|s|ms) ?)+$")))]
#[serde(try_from = "String")]
pub struct RawDuration(pub Duration);

impl TryFrom<String> for RawDuration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .map(Self)
            .ok_or_else(|| {
                format!("`{text}` is not a duration; write it as `90s`, `5m` or `1h30m`")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_read_as_people_write_it() {
        let read = |text: &str| RawDuration::try_from(text.to_owned()).map(|written| written.0);
        assert_eq!(read("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(read("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(read("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(read("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["", "90", "-5m", "5 parsecs", "1h 30"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
