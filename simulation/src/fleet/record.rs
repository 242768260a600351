//! A morning as it went, and the file that keeps it.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::morning::{BEGINS, Keys, Morning};
use super::tally::Minute;

/// A morning, and what happened in each of its minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The morning.
    pub morning: Morning,
    /// Its minutes, from its begin on.
    pub minutes: Vec<Minute>,
}

/// A line of a record that is none, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(pub usize);

impl Record {
    /// The record as CSV: the morning, the names of the columns, and a line for each minute.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let Morning { seed, helpers, limit, ttl_jitter, outage, keys } = &self.morning;
        let (down, up) = (outage.start.as_secs(), outage.end.as_secs());
        let keys = u8::from(*keys == Keys::OfYesterday);
        let mut csv = format!("{seed},{helpers},{limit},{ttl_jitter},{down},{up},{keys}\n");
        csv.push_str("minute");
        for name in COLUMNS {
            let _ = write!(csv, ",{name}");
        }
        csv.push('\n');
        for (at, minute) in (BEGINS.as_secs() / 60..).zip(&self.minutes) {
            let _ = write!(csv, "{:02}:{:02}", at / 60, at % 60);
            for value in values(minute) {
                let _ = write!(csv, ",{value}");
            }
            csv.push('\n');
        }
        csv
    }

    /// Reads what [`Record::to_csv`] wrote.
    ///
    /// # Errors
    /// The line that is not one of a record's.
    pub fn from_csv(csv: &str) -> Result<Self, Unreadable> {
        let morning = csv.lines().next().and_then(morning).ok_or(Unreadable(1))?;
        let minutes = csv.lines().enumerate().skip(2);
        let minutes = minutes.map(|(index, line)| minute(line).ok_or(Unreadable(index + 1)));
        Ok(Self { morning, minutes: minutes.collect::<Result<_, _>>()? })
    }
}

fn morning(line: &str) -> Option<Morning> {
    let fields: Vec<&str> = line.split(',').collect();
    let &[seed, helpers, limit, ttl_jitter, down, up, keys] = fields.as_slice() else {
        return None;
    };
    let time = |text: &str| Some(Duration::from_secs(text.parse().ok()?));
    Some(Morning {
        seed: seed.parse().ok()?,
        helpers: helpers.parse().ok()?,
        limit: limit.parse().ok()?,
        ttl_jitter: ttl_jitter.parse().ok()?,
        outage: time(down)?..time(up)?,
        keys: if keys == "1" { Keys::OfYesterday } else { Keys::None },
    })
}

const COLUMNS: [&str; 15] = [
    "requests",
    "refused",
    "unanswered",
    "busiest second",
    "seconds over",
    "printed",
    "waited 0.1 s",
    "waited 1 s",
    "waited 5 s",
    "waited longer",
    "longest wait ms",
    "waited stale",
    "waited valid",
    "bridged",
    "failed",
];

fn values(minute: &Minute) -> [u64; 15] {
    let Minute { requests, refused, unanswered, busiest_second, seconds_over, .. } = *minute;
    let Minute { printed, waited: [short, second, seconds, long], longest_wait, .. } = *minute;
    let Minute { waited_stale, waited_valid, bridged, failed, .. } = *minute;
    [
        requests,
        refused,
        unanswered,
        busiest_second,
        seconds_over,
        printed,
        short,
        second,
        seconds,
        long,
        longest_wait,
        waited_stale,
        waited_valid,
        bridged,
        failed,
    ]
}

fn minute(line: &str) -> Option<Minute> {
    let values: Vec<u64> =
        line.split(',').skip(1).map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[
        requests,
        refused,
        unanswered,
        busiest_second,
        seconds_over,
        printed,
        short,
        second,
        seconds,
        long,
        longest_wait,
        waited_stale,
        waited_valid,
        bridged,
        failed,
    ] = values.as_slice()
    else {
        return None;
    };
    Some(Minute {
        requests,
        refused,
        unanswered,
        busiest_second,
        seconds_over,
        printed,
        waited: [short, second, seconds, long],
        longest_wait,
        waited_stale,
        waited_valid,
        bridged,
        failed,
    })
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is not one of a record's", self.0)
    }
}
