//! Times and counts in words.

use std::time::Duration;

use api_key_helper_values::Moment;

/// Words a moment relative to `now`: `in 5 min 3 s`, `2 h 1 min ago`.
pub(crate) fn relative(at: Moment, now: Moment) -> String {
    if at > now {
        format!("in {}", format_duration(at.since(now)))
    } else {
        format!("{} ago", format_duration(now.since(at)))
    }
}

/// Words a duration in its two largest units.
pub(crate) fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A number with its noun: `1 entry`, `2 entries`.
pub(crate) fn counted(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_written_in_two_units() {
        let rows = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (3_599, "59 min 59 s"),
            (3_600, "1 h 0 min"),
            (90_000, "1 d 1 h"),
        ];
        for (seconds, text) in rows {
            assert_eq!(format_duration(Duration::from_secs(seconds)), text);
        }
        let moment = Moment::from_unix_millis(10_000);
        let later = moment.plus(Duration::from_secs(5));
        assert_eq!(
            (relative(later, moment), relative(moment, later)),
            ("in 5 s".into(), "5 s ago".into())
        );
    }
}
