//! An expiry as others write it: servers, issuers, and the programs of users.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time};
use jiff::fmt::rfc2822;
use jiff::fmt::temporal::Pieces;

use crate::Moment;
use crate::fields::text_of;

/// The epoch as a date in UTC.
const UNIX_EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// `moment` as RFC 3339 has it in UTC, to the second before.
#[must_use]
pub fn rfc3339(moment: Moment) -> String {
    let since = Duration::from_secs(moment.min(Moment::LAST).unix_millis() / 1_000);
    format!("{}Z", UNIX_EPOCH.saturating_add(since))
}

/// An expiry in a document, in any of the usual forms: a date, a Unix time, or a lifetime.
///
/// Every JSON value can be read as one, so that an expiry never costs the fields beside it. The
/// code that needs the expiry asks for it, and names the field if it is unreadable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expiry(Form);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Date(Moment),
    Number(f64),
    Unreadable,
}

impl Expiry {
    /// A form that a message can recommend.
    pub const EXAMPLE: &str = "RFC 3339, such as `2030-01-31T12:00:00Z`, or Unix seconds";

    /// Reads a text: a date or a number. Numbers in quotes are what `jq --arg` writes, and some
    /// servers.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        Self(match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Form::Number(number),
            _ => date(text).map_or(Form::Unreadable, Form::Date),
        })
    }

    /// Reads a JSON value. `null` is no expiry.
    #[must_use]
    pub fn of_json(value: &str) -> Option<Self> {
        let read = || text_of(value).map_or(Self(Form::Unreadable), |text| Self::parse(&text));
        (value != "null").then(read)
    }

    /// The point in time that this is; [`Moment::EPOCH`] if it is a zero. `None`: it is unreadable.
    #[must_use]
    pub fn point(self) -> Option<Moment> {
        match self.0 {
            Form::Date(moment) => Some(moment),
            Form::Number(number) => unix(number),
            Form::Unreadable => None,
        }
    }

    /// The end of this lifetime in seconds, which begins at `start`; [`Moment::EPOCH`] if it is
    /// zero or less. `None`: it is not a number.
    #[must_use]
    pub fn after(self, start: Moment) -> Option<Moment> {
        match self.0 {
            Form::Number(seconds) if seconds <= 0.0 => Some(Moment::EPOCH),
            Form::Number(seconds) => {
                Some(start.plus(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)))
            }
            Form::Date(_) | Form::Unreadable => None,
        }
    }
}

/// Reads RFC 3339, and ISO 8601 without an offset, which is UTC: programs that leave the offset out
/// mean it, and AWS's own SDKs read it so. Before the offset may be a space; `UTC` or `GMT` may
/// stand for it, or follow it, as Go prints it. A date alone is its first moment. Else the date is
/// one of HTTP.
pub(crate) fn date(text: &str) -> Option<Moment> {
    if let Ok(date) = rfc2822::DateTimeParser::new().parse_timestamp(text) {
        return Some(Moment::from_unix_millis(date.as_millisecond().try_into().unwrap_or(0)));
    }
    let text = ["UTC", "GMT"].iter().find_map(|name| without_suffix(text, name)).unwrap_or(text);
    let text = text.trim_end().replace(" +", "+").replace(" -", "-").replace(" Z", "Z");
    let pieces = Pieces::parse(&text).ok()?;
    let offset = match pieces.to_numeric_offset() {
        Some(offset) => offset.seconds(),
        // A place without an offset needs tables, and is not UTC.
        None if pieces.time_zone_annotation().is_some() => return None,
        None => 0,
    };
    let local = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
    // A `jiff::Timestamp` ends before the last day of 9999, which many write for "never".
    let since = local.duration_since(UNIX_EPOCH) - SignedDuration::from_secs(offset.into());
    Some(Moment::from_unix_millis(since.as_millis().try_into().unwrap_or(0)))
}

fn without_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

/// The moment of a Unix time. Seconds, milliseconds, microseconds and nanoseconds cannot be
/// confused: a number is of the coarsest unit in which it is before the year 10000, for in the next
/// finer one it is before 1979, and nothing that is used today ended then.
fn unix(number: f64) -> Option<Moment> {
    const MILLIS_PER_UNIT: [f64; 4] = [1e3, 1.0, 1e-3, 1e-6];
    #[expect(clippy::cast_precision_loss, reason = "it is less than 2^53")]
    const YEAR_10000: f64 = (Moment::LAST.unix_millis() + 1_000) as f64;

    let millis = MILLIS_PER_UNIT.map(|unit| number * unit);
    let millis = millis.into_iter().find(|millis| *millis < YEAR_10000)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates at 0")]
    Some(Moment::from_unix_millis(millis as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(json: &str) -> Option<u64> {
        Expiry::of_json(json).unwrap().point().map(Moment::unix_millis)
    }

    #[test]
    fn expiry_as_date_is_read_in_every_usual_form() {
        for date in [
            "2033-05-18T03:33:20Z",
            "2033-05-18t03:33:20z",
            "2033-05-18 03:33:20Z",
            "2033-05-18 03:33:20 Z",
            "2033-05-18T03:33:20",
            "2033-05-18 03:33:20",
            "2033-05-18T03:33:20UTC",
            "2033-05-18T03:33:20utc",
            "2033-05-18 03:33:20 UTC",
            "2033-05-18T03:33:20GMT",
            "2033-05-18T03:33:20.000",
            "2033-05-18T03:33:20.000000000Z",
            "2033-05-18T03:33:20,000+00:00",
            "2033-05-18T03:33:20+0000",
            "2033-05-18T03:33:20-00:00",
            "2033-05-18T05:33:20+02",
            "2033-05-18T05:33:20+0200",
            "2033-05-18 05:33:20 +0200",
            "2033-05-18T05:33:20+02:00[Europe/Berlin]",
            "2033-05-17 19:33:20 -0800",
            "2033-05-18 03:33:20 +0000 UTC",
            "20330518T033320Z",
            "Wed, 18 May 2033 03:33:20 GMT",
            "Wed, 18 May 2033 05:33:20 +0200",
            " 2033-05-18T03:33:20Z\\r\\n",
        ] {
            assert_eq!(point(&format!("\"{date}\"")), Some(2_000_000_000_000), "{date}");
        }
        assert_eq!(point("\"2033-05-18T03:33:20.25\""), Some(2_000_000_000_250));
        assert_eq!(point("\"2033-05-18\""), Some(1_999_987_200_000));
        assert_eq!(point("\"9999-12-31T23:59:59Z\""), Some(253_402_300_799_000));
    }

    #[test]
    fn rfc3339_time_is_rounded_down_to_a_second() {
        let text = |millis| rfc3339(Moment::from_unix_millis(millis));
        assert_eq!(text(2_000_000_000_999), "2033-05-18T03:33:20Z");
        assert_eq!(text(253_402_300_799_000), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(Moment::NEVER), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn expiry_as_number_is_read_in_the_unit_of_its_size() {
        for number in [
            "2000000000",
            "2000000000.0",
            "2e9",
            "\"2000000000\"",
            "\" 2000000000.0 \"",
            "2000000000000",
            "\"2000000000000\"",
            "2000000000000000",
            "2000000000000000000",
        ] {
            assert_eq!(point(number), Some(2_000_000_000_000), "{number}");
        }
        assert_eq!(point("2000000000.5"), Some(2_000_000_000_500));
        assert_eq!(point("253402300799"), Some(253_402_300_799_000));
        assert_eq!(point(&i64::MAX.to_string()).map(|millis| millis / 1_000), Some(9_223_372_036));
    }

    #[test]
    fn expiry_of_zero_is_the_epoch() {
        for zero in [
            "0",
            "0.0",
            "-1",
            "\"0\"",
            "-62135596800",
            "\"0001-01-01T00:00:00Z\"",
            "\"0001-01-01T00:00:00\"",
            "\"0001-01-01 00:00:00 +0000 UTC\"",
            "\"1970-01-01T00:00:00Z\"",
        ] {
            assert_eq!(point(zero), Some(0), "{zero}");
        }
    }

    #[test]
    fn expiry_in_another_form_is_unreadable() {
        for other in [
            "\"\"",
            "\"soon\"",
            "\"inf\"",
            "\"NaN\"",
            "\"UTC\"",
            "\"ü\"",
            "\"01/31/2033\"",
            "\"2033-02-30T00:00:00Z\"",
            "\"2033-05-18T03:33:20+99:00\"",
            "\"2033-05-18T03:33:20 CEST\"",
            "\"2033-05-18T03:33:20[Europe/Berlin]\"",
            "1e300",
            "1e400",
            "true",
            "{}",
            "[2000000000]",
        ] {
            assert_eq!(point(other), None, "{other}");
        }
        assert_eq!(Expiry::of_json("null"), None);
    }

    #[test]
    fn lifetime_counts_from_its_start() {
        let start = Moment::from_unix_millis(5_000);
        let after = |json: &str| Expiry::of_json(json).unwrap().after(start);
        for minute in ["60", "60.0", "\"60\""] {
            assert_eq!(after(minute), Some(Moment::from_unix_millis(65_000)), "{minute}");
        }
        assert_eq!(after("0.5"), Some(Moment::from_unix_millis(5_500)));
        for zero in ["0", "-0.0", "-1", "\"0\""] {
            assert_eq!(after(zero), Some(Moment::EPOCH), "{zero}");
        }
        assert_eq!(after("1e300"), Some(Moment::NEVER));
        for other in ["\"1h\"", "\"2033-05-18T03:33:20Z\"", "{}", "true", "\"\""] {
            assert_eq!(after(other), None, "{other}");
        }
    }
}
