//! The server's clock.

use std::time::{Duration, SystemTime};

use reqwest::Response;
use reqwest::header::{AGE, DATE};

/// Returns the time at which `response` left its server, if it says so.
#[must_use]
pub fn server_time(response: &Response) -> Option<SystemTime> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    parse_server_time(header(DATE)?, header(AGE))
}

/// Parses the header `Date` (RFC 9110, section 6.6.1). A response from a cache is older by its
/// `Age` in seconds (RFC 9111, section 5.1).
#[must_use]
pub fn parse_server_time(date: &str, age: Option<&str>) -> Option<SystemTime> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date.trim()).ok()?;
    let age = age.and_then(|age| age.trim().parse().ok()).unwrap_or_default();
    SystemTime::try_from(date).ok()?.checked_add(Duration::from_secs(age))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::parse_server_time as parse;
    use super::*;

    #[test]
    fn date_header_plus_age_is_the_servers_clock() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let time = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(parse(date, None), Some(time));
        assert_eq!(parse(date, Some("60")), Some(time + Duration::from_secs(60)));
        assert_eq!(parse(date, Some("old")), Some(time));
        assert_eq!(parse(date, Some("18446744073709551615")), None);
        assert_eq!(parse("now", None), None);
    }
}
