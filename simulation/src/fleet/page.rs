//! The table of `docs/fleet.md`.

use std::fmt::Write as _;

use super::figures::Figures;

/// Returns a table of figures with these headings.
#[must_use]
pub fn table(mornings: &[(&str, Figures)]) -> String {
    let mut table = String::from("| |");
    for (heading, _) in mornings {
        let _ = write!(table, " {heading} |");
    }
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(mornings.len()));
    for (name, cell) in ROWS {
        let _ = write!(table, "\n| {name} |");
        for (_, figures) in mornings {
            let _ = write!(table, " {} |", cell(figures));
        }
    }
    table.push('\n');
    table
}

/// Replaces the table between the two marks of `page`; `None` if the marks are missing.
#[must_use]
pub fn with_table(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// The title of a row, and the function that formats its value.
type Row = (&'static str, fn(&Figures) -> String);

const ROWS: [Row; 19] = [
    ("requests at the server", |it| count(it.requests)),
    ("requests in the busiest second", |it| count(it.busiest_second)),
    ("steady state: requests a second, mean", |it| format!("{:.1}", it.steady_mean)),
    ("steady state: the same in the busiest minute", |it| format!("{:.1}", it.steady_minute)),
    ("that is, times the mean", |it| format!("**{:.2}**", it.steady_peak())),
    ("steady state: requests in the busiest second", |it| count(it.steady_second)),
    ("above the limit without a break, before the outage", |it| {
        format!("{} s", it.seconds_over_before_outage)
    }),
    ("the same after it", |it| format!("**{} s**", it.seconds_over_after_outage)),
    ("requests in the busiest second after it", |it| count(it.second_after_outage)),
    ("keys printed", |it| count(it.printed)),
    ("old keys among them, with a warning", |it| count(it.bridged)),
    ("calls that waited up to 0.1 s", |it| count(it.waited[0])),
    ("up to 1 s", |it| count(it.waited[1])),
    ("up to 5 s", |it| count(it.waited[2])),
    ("longer", |it| count(it.waited[3])),
    ("the longest wait", |it| format!("{:.1} s", it.longest_wait)),
    ("waited with a key that may be printed", |it| format!("**{}**", count(it.waited_valid))),
    ("waited with a key that is too old for that", |it| count(it.waited_stale)),
    ("calls that ended without a key", |it| count(it.failed)),
];

/// The marks around the table.
const BEGIN: &str = "<!-- `just fleet` writes from here -->\n";
const END: &str = "<!-- to here -->\n";

/// Formats a number with commas between thousands.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fleet_page_request_counts_have_thousands_separators() {
        let rows = [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")];
        assert!(rows.iter().all(|(number, text)| count(*number) == *text));
    }
}
