//! Past refreshes of each source, as the log has them before `doctor` asks again.

use std::time::Duration;

use api_key_helper_core::Source;
use api_key_helper_system::StateFolder;
use api_key_helper_values::{Error, Moment};

use super::finding::{Check, Finding};
use super::sources::SourceTrial;
use crate::journal::{LOG, Line, OLD_LOG};
use crate::readable::{counted, relative};

/// The lines of the log, oldest first. Unreadable lines are skipped.
pub(super) fn read(folder: &StateFolder) -> Vec<Line> {
    let files = [OLD_LOG, LOG].map(|file| folder.read_up_to(file, u64::MAX).ok().flatten());
    let texts = files.into_iter().flatten();
    let lines = texts.flat_map(|text| {
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Line>>()
    });
    lines.collect()
}

/// Returns the findings of the log about `sources` before they were `asked`.
pub(super) fn judge(
    log: &[Line],
    sources: &[&Source],
    asked: &[SourceTrial],
    now: Moment,
) -> Vec<Finding> {
    let names = sources.iter().map(|source| &source.planned.id.source);
    let failure = |name: &str| {
        asked
            .iter()
            .find(|asked| asked.source == name)
            .and_then(|asked| asked.answer.as_ref().err())
    };
    names.map(|name| of_source(log, name, failure(name), now).about(name)).collect()
}

/// Judges one source. If the last logged failure equals the current `failure`, it is not reported
/// twice.
fn of_source(log: &[Line], source: &str, failure: Option<&Error>, now: Moment) -> Finding {
    let check = Check::LastRefreshes;
    let lines: Vec<&Line> = log.iter().filter(|line| line.source == source).collect();
    let Some(last) = lines.last() else {
        return Finding::ok(check, format!("`{source}` was never asked"));
    };
    let since_success = lines.iter().rev().take_while(|line| has_failed(line)).count();
    let yesterday = now.minus(DAY);
    let of_a_day = lines.iter().filter(|line| has_failed(line));
    let of_a_day = of_a_day.filter(|line| at(line).is_some_and(|at| at >= yesterday)).count();
    let when = |line: &Line| at(line).map_or_else(|| line.time.clone(), |at| relative(at, now));
    let failed = lines.iter().rfind(|line| has_failed(line));
    let failed = failed.map_or_else(String::new, |line| {
        let why = line.message.as_deref().unwrap_or(&line.outcome);
        format!("; it last failed {}: {why}", when(line))
    });
    let of_a_day = counted(of_a_day, "failure", "failures");
    let counts = format!("{of_a_day} in the last day{failed}");
    if since_success == 0 {
        return Finding::ok(check, format!("`{source}` last gave a key {}; {counts}", when(last)));
    }
    if failure.is_some_and(|failure| last.message.as_deref() == Some(failure.message())) {
        let times = counted(since_success, "time", "times");
        let text = format!("`{source}` has failed {times} in a row, as it does now: see below");
        return Finding::ok(check, text);
    }
    Finding::warning(
        check,
        format!(
            "`{source}` has failed {} in a row; {counts}",
            counted(since_success, "time", "times")
        ),
        "see all of it with `api-key-helper log`",
    )
}

fn has_failed(line: &Line) -> bool {
    line.outcome != "refreshed"
}

fn at(line: &Line) -> Option<Moment> {
    let time: jiff::Timestamp = line.time.parse().ok()?;
    Some(Moment::from_unix_millis(u64::try_from(time.as_millisecond()).ok()?))
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use api_key_helper_backend::text::rfc3339;

    use super::super::finding::Level;
    use super::*;

    const NOW: Moment = Moment::from_unix_millis(1_000_000_000_000);

    fn line(hours_ago: u64, outcome: &str) -> Line {
        Line {
            time: rfc3339(NOW.minus(Duration::from_secs(hours_ago * 3_600))),
            profile: "work".to_owned(),
            source: "main".to_owned(),
            outcome: outcome.to_owned(),
            duration_ms: 1,
            attempts: 1,
            key_hash: None,
            expires_at: None,
            message: (outcome != "refreshed").then(|| "it is down".to_owned()),
        }
    }

    fn judged(log: &[Line]) -> (Level, String) {
        let finding = of_source(log, "main", None, NOW);
        (finding.level, finding.text)
    }

    #[test]
    fn doctor_reports_failed_refreshes_of_a_source() {
        assert_eq!(judged(&[]), (Level::Ok, "`main` was never asked".to_owned()));
        let mut log = vec![line(30, "transient"), line(20, "denied"), line(2, "refreshed")];
        let (level, text) = judged(&log);
        assert_eq!(level, Level::Ok);
        assert_eq!(
            text,
            "`main` last gave a key 2 h 0 min ago; 1 failure in the last day; it last failed \
             20 h 0 min ago: it is down"
        );
        log.extend([line(1, "transient"), line(0, "transient")]);
        let (level, text) = judged(&log);
        assert_eq!(level, Level::Warning);
        assert!(text.starts_with("`main` has failed 2 times in a row; 3 failures in"), "{text}");
        let same = of_source(&log, "main", Some(&Error::transient("it is down")), NOW);
        let expected = "`main` has failed 2 times in a row, as it does now: see below";
        assert_eq!((same.level, &*same.text), (Level::Ok, expected));
        let other = of_source(&log, "main", Some(&Error::transient("it is sealed")), NOW);
        assert_eq!(other.level, Level::Warning);
        log[4].source = "other".to_owned();
        assert!(judged(&log).1.starts_with("`main` has failed 1 time in"), "{log:?}");
    }
}
