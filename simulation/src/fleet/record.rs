//! The record of a morning, and its file.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::morning::{BEGINS, Keys, Morning};
use super::tally::Minute;

/// A morning with the counts of each minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The parameters of the morning.
    pub morning: Morning,
    /// The minutes, from the start.
    pub minutes: Vec<Minute>,
}

/// The number of a line that is invalid, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(pub usize);

impl Record {
    /// Returns the record as CSV: the morning, the names of the columns, and a line for each
    /// minute.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let Morning { seed, helpers, limit, ttl_jitter, outage, keys } = &self.morning;
        let (down, up) = (outage.start.as_secs(), outage.end.as_secs());
        let keys = u8::from(*keys == Keys::OfYesterday);
        let mut csv = format!("{seed},{helpers},{limit},{ttl_jitter},{down},{up},{keys}\n");
        csv.push_str("minute");
        for (name, _) in COLUMNS {
            let _ = write!(csv, ",{name}");
        }
        csv.push('\n');
        for (at, mut minute) in (BEGINS.as_secs() / 60..).zip(self.minutes.clone()) {
            let _ = write!(csv, "{:02}:{:02}", at / 60, at % 60);
            for (_, count) in COLUMNS {
                let _ = write!(csv, ",{}", count(&mut minute));
            }
            csv.push('\n');
        }
        csv
    }

    /// Parses the output of [`Record::to_csv`].
    ///
    /// # Errors
    /// The line that is invalid.
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

fn minute(line: &str) -> Option<Minute> {
    let values: Vec<u64> =
        line.split(',').skip(1).map(str::parse).collect::<Result<_, _>>().ok()?;
    let mut minute = Minute::default();
    for ((_, count), value) in COLUMNS.iter().zip(&values) {
        *count(&mut minute) = *value;
    }
    (values.len() == COLUMNS.len()).then_some(minute)
}

/// The name of a column, and the count that it holds.
type Column = (&'static str, fn(&mut Minute) -> &mut u64);

const COLUMNS: [Column; 15] = [
    ("requests", |it| &mut it.requests),
    ("refused", |it| &mut it.refused),
    ("unanswered", |it| &mut it.unanswered),
    ("busiest second", |it| &mut it.busiest_second),
    ("seconds over", |it| &mut it.seconds_over),
    ("printed", |it| &mut it.printed),
    ("waited 0.1 s", |it| &mut it.waited[0]),
    ("waited 1 s", |it| &mut it.waited[1]),
    ("waited 5 s", |it| &mut it.waited[2]),
    ("waited longer", |it| &mut it.waited[3]),
    ("longest wait ms", |it| &mut it.longest_wait),
    ("waited stale", |it| &mut it.waited_stale),
    ("waited valid", |it| &mut it.waited_valid),
    ("bridged", |it| &mut it.bridged),
    ("failed", |it| &mut it.failed),
];

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is not one of a record's", self.0)
    }
}
