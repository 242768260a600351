use proptest::prelude::*;

use super::Verdict::{FetchAnother, Print, Refuse};
use super::*;

const TOLD: Verdict = Refuse { is_new: true };
const STILL: Verdict = Refuse { is_new: false };

/// A client that makes one kind of request, and its recorded answers.
struct Client {
    records: Vec<Record>,
    hold: Duration,
    what: &'static str,
    settings_written: Option<u64>,
    reports: bool,
    told_within: Duration,
}

impl Client {
    fn new() -> Self {
        Self {
            records: Vec::new(),
            hold: Duration::from_secs(300),
            what: "work",
            settings_written: None,
            reports: false,
            told_within: MEMORY,
        }
    }

    fn sign(&self) -> Sign {
        if self.reports {
            Sign::Reported
        } else {
            Sign::Early { hold: self.hold, notice: NOTICE, told_within: self.told_within }
        }
    }

    /// The verdict on a call at `millis`, if `key` is on disk.
    fn judged(&self, millis: u64, key: u64) -> Verdict {
        self.judged_with_end(millis, key, None)
    }

    fn judged_with_end(&self, millis: u64, key: u64, end: Option<u64>) -> Verdict {
        let ask = Ask { id: fingerprint(self.what), at: at(millis), sign: self.sign() };
        judge(&self.records, &ask, key_id(key), end.map(at), || self.settings_written.map(at))
    }

    /// A call at `millis`, if `key` is on disk and the source gives `fetched`. The helper takes
    /// `took` ms to answer.
    fn asks_slowly(&mut self, millis: u64, key: u64, fetched: u64, took: u64) -> Verdict {
        let verdict = self.judged(millis, key);
        let (outcome, key) = match verdict {
            Print => (Outcome::Printed, key),
            FetchAnother => (Outcome::PrintedAnew, fetched),
            Refuse { is_new: true } => (Outcome::Refused, key),
            Refuse { is_new: false } => return verdict,
        };
        self.record(outcome, key, millis, millis + took);
        verdict
    }

    fn asks(&mut self, millis: u64, key: u64, fetched: u64) -> Verdict {
        self.asks_slowly(millis, key, fetched, 10)
    }

    fn record(&mut self, outcome: Outcome, key: u64, asked: u64, answered: u64) {
        let ask = fingerprint(self.what);
        let (asked_at, answered_at) = (at(asked), at(answered));
        self.records.push(Record { asked_at, answered_at, ask, key: key_id(key), outcome });
    }
}

const fn at(millis: u64) -> Moment {
    Moment::from_unix_millis(1_800_000_000_000 + millis)
}

fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint::of([text.as_bytes()])
}

fn key_id(key: u64) -> KeyId {
    KeyId { source: fingerprint("vault"), since: at(key) }
}

#[test]
fn rotation_costs_one_early_retry() {
    let mut client = Client::new();
    assert_eq!(client.asks(0, 1, 1), Print);
    assert_eq!(client.asks(100_000, 1, 2), FetchAnother);
    // The new key is valid: the client comes back when its hold is over.
    assert_eq!(client.asks(400_100, 2, 2), Print);
}

#[test]
fn same_key_after_an_early_retry_is_rejected() {
    let mut client = Client::new();
    assert_eq!(client.asks(0, 1, 1), Print);
    assert_eq!(client.asks(1_100, 1, 1), FetchAnother);
    assert_eq!(client.asks(2_200, 1, 1), TOLD);
    assert_eq!(client.asks(4_300, 1, 1), STILL);
}

#[test]
fn second_new_key_after_an_early_retry_is_rejected() {
    let mut client = Client::new();
    assert_eq!(client.asks(0, 1, 1), Print);
    assert_eq!(client.asks(1_100, 1, 2), FetchAnother);
    assert_eq!(client.asks(2_200, 2, 3), TOLD);
}

#[test]
fn early_retry_a_minute_later_fetches_again() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    assert_eq!(client.asks(1_000, 1, 1), FetchAnother);
    assert_eq!(client.asks(61_100, 1, 2), FetchAnother);
    assert_eq!(client.asks(62_200, 2, 2), TOLD);
}

#[test]
fn rejection_ends_after_a_minute() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    client.asks(1_100, 1, 1);
    assert_eq!(client.asks(2_200, 1, 1), TOLD);
    assert_eq!(client.asks(62_209, 1, 1), STILL);
    assert_eq!(client.asks(62_210, 1, 1), FetchAnother);
    assert_eq!(client.asks(63_300, 1, 1), TOLD);
}

#[test]
fn rejection_ends_with_the_key() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    client.asks(1_100, 1, 1);
    assert_eq!(client.asks(2_200, 1, 1), TOLD);
    assert_eq!(client.asks(4_300, 2, 2), Print);
    // If that key is refused too, the source need not be asked again.
    assert_eq!(client.asks(5_400, 2, 3), TOLD);
}

#[test]
fn early_retry_of_some_clients_counts_only_at_once() {
    let mut client = Client { told_within: AT_ONCE, ..Client::new() };
    client.asks(0, 1, 1);
    assert_eq!(client.asks(20_000, 1, 1), FetchAnother);
    assert_eq!(client.asks(30_010, 1, 1), FetchAnother);
    assert_eq!(client.asks(40_000, 1, 1), TOLD);
}

#[test]
fn reported_rejection_replaces_the_key_once() {
    let mut client = Client { reports: true, ..Client::new() };
    assert_eq!(client.asks(0, 1, 1), Print);
    // Early and frequent calls do not matter: only reports count.
    assert_eq!(client.asks(1_100, 1, 1), Print);
    client.record(Outcome::Reported, 1, 2_000, 2_000);
    assert_eq!(client.asks(900_000, 1, 2), FetchAnother);
    assert_eq!(client.asks(901_000, 2, 2), Print);
}

#[test]
fn second_reported_rejection_rejects_the_key() {
    // The source gives the same key again, or another one that is reported too.
    for second in [1, 2] {
        let mut client = Client { reports: true, ..Client::new() };
        client.record(Outcome::Reported, 1, 0, 0);
        assert_eq!(client.asks(1_000, 1, second), FetchAnother);
        client.record(Outcome::Reported, second, 2_000, 2_000);
        assert_eq!(client.asks(3_000, second, 3), TOLD);
        assert_eq!(client.asks(4_000, second, 3), STILL);
        assert_eq!(client.asks(63_010, second, 3), FetchAnother);
    }
}

#[test]
fn reported_rejection_is_about_one_key() {
    let mut client = Client { reports: true, ..Client::new() };
    client.record(Outcome::Reported, 1, 0, 0);
    // A report counts near the key's expiry too, because it is explicit.
    assert_eq!(client.judged_with_end(1_000, 1, Some(2_000)), FetchAnother);
    assert_eq!(client.asks(1_000, 2, 2), Print);
}

#[test]
fn rejection_of_another_source_or_settings_does_not_count() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    let ask = Ask { id: fingerprint("work"), at: at(1_100), sign: client.sign() };
    let other = KeyId { source: fingerprint("aws"), ..key_id(1) };
    assert_eq!(judge(&client.records, &ask, other, None, || None), Print);
}

#[test]
fn rejection_counts_apart_for_each_profile_and_server() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    client.asks(1_100, 1, 1);
    client.what = "headers of a server";
    assert_eq!(client.asks(2_200, 1, 1), Print);
    assert_eq!(client.asks(3_300, 1, 1), FetchAnother);
    client.what = "work";
    assert_eq!(client.asks(2_200, 1, 1), TOLD);
}

#[test]
fn early_retry_is_ten_seconds_before_the_end_of_hold() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    assert_eq!(client.judged(289_999, 1), FetchAnother);
    assert_eq!(client.judged(290_000, 1), Print);
    for hold in [0, 1, 9_999, 10_000] {
        client.hold = Duration::from_millis(hold);
        assert_eq!(client.judged(1_100, 1), Print, "{hold}");
    }
    client.hold = Duration::MAX;
    assert_eq!(client.judged(289_999_999_999, 1), FetchAnother);
}

#[test]
fn retry_within_a_minute_of_expiry_is_no_rejection() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    assert_eq!(client.judged_with_end(2_000, 1, Some(62_000)), FetchAnother);
    for end in [61_999, 2_000, 0] {
        assert_eq!(client.judged_with_end(2_000, 1, Some(end)), Print, "{end}");
    }
}

/// After an idle hour, the client sends its old key and calls the helper in the background. The key
/// is refused after 0.1 s, and 1 s later the client calls again.
#[test]
fn overlapping_retries_after_an_idle_hour_are_no_rejection() {
    const HOUR: u64 = 3_600_000;
    // The time that the background call takes: a hit, a fetch, one as slow as the client's pause,
    // and one that answers both calls.
    for took in [10, 400, 1_000, 3_000] {
        let mut client = Client::new();
        client.asks(0, 1, 1);
        assert_eq!(client.judged(HOUR, 2), Print);
        // A later answer is recorded later.
        if took < 1_100 {
            client.record(Outcome::Printed, 2, HOUR, HOUR + took);
        }
        let again = client.asks_slowly(HOUR + 1_100, 2, 2, 3_000 - 1_100);
        assert_eq!(again, if took < 600 { FetchAnother } else { Print }, "{took}");
        if took >= 1_100 {
            client.record(Outcome::Printed, 2, HOUR, HOUR + took);
        }
        // Another request with the old key, refused late.
        assert_eq!(client.asks(HOUR + 3_200, 2, 2), Print, "{took}");
        assert_eq!(client.asks(HOUR + 310_000, 2, 2), Print, "{took}");
    }
}

#[test]
fn retry_after_changed_client_settings_is_no_rejection() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    // At the earliest with the answer, and at the latest with the call.
    for written in [10, 50_000, 100_000] {
        client.settings_written = Some(written);
        assert_eq!(client.judged(100_000, 1), Print, "{written}");
    }
    for written in [9, 100_001] {
        client.settings_written = Some(written);
        assert_eq!(client.judged(100_000, 1), FetchAnother, "{written}");
    }
    // A change explains one call, but not the next.
    client.settings_written = Some(50_000);
    assert_eq!(client.asks(100_000, 1, 1), Print);
    assert_eq!(client.asks(101_100, 1, 2), FetchAnother);
    // It does not end a refusal either.
    assert_eq!(client.asks(102_200, 2, 2), TOLD);
    client.settings_written = Some(103_000);
    assert_eq!(client.asks(104_300, 2, 2), STILL);
}

#[test]
fn frequent_calls_in_a_loop_are_no_rejection() {
    let mut client = Client::new();
    for run in 0..1_000 {
        assert_eq!(client.asks_slowly(run * 10, 1, 1, 5), Print);
    }
}

#[test]
fn clock_that_went_back_makes_no_rejection() {
    let mut client = Client::new();
    client.asks(100_000, 1, 1);
    client.asks(101_100, 1, 1);
    client.record(Outcome::Refused, 1, 102_000, 102_000);
    assert_eq!(client.judged(50_000, 1), Print);
}

#[test]
fn retry_at_the_end_of_hold_is_no_rejection_despite_other_calls() {
    for others in [&[150_000][..], &[250_000], &[150_000, 151_000], &[295_000], &[20_000, 299_999]]
    {
        let mut client = Client::new();
        client.asks(0, 1, 1);
        for other in others {
            client.asks(*other, 1, 1);
        }
        assert_eq!(client.asks(300_200, 1, 1), Print, "{others:?}");
        // It ends one hold only: now the key is refused.
        assert_ne!(client.asks(301_300, 1, 1), Print, "{others:?}");
    }
}

#[test]
fn retry_long_after_hold_is_no_rejection_despite_other_calls() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    assert_eq!(client.asks(200_000, 1, 1), FetchAnother);
    // The client was idle.
    assert_eq!(client.asks(450_000, 1, 1), Print);
    assert_eq!(client.asks(451_100, 1, 1), FetchAnother);
    assert_eq!(client.asks(452_200, 1, 1), TOLD);
}

#[test]
fn retry_before_the_end_of_each_hold_is_early() {
    let mut client = Client::new();
    client.asks(0, 1, 1);
    client.asks(300_000, 1, 1);
    assert_eq!(client.asks(301_100, 1, 1), FetchAnother);
    assert_eq!(client.asks(302_200, 1, 1), TOLD);
}

proptest! {
    /// A client that comes back when its hold is over gets the key, in spite of other calls.
    #[test]
    fn client_that_keeps_its_hold_is_never_rejected(
        hold in 11_000_u64..400_000,
        others in prop::collection::vec(1_u64..2_000_000, 0..40),
    ) {
        let mut client = Client { hold: Duration::from_millis(hold), ..Client::new() };
        let ends = (0..=2_000_000 / hold).map(|nth| nth * hold);
        let mut asks: Vec<(u64, bool)> = ends.map(|at| (at, true)).collect();
        asks.extend(others.into_iter().filter(|at| at % hold != 0).map(|at| (at, false)));
        asks.sort_unstable();
        for (millis, is_client) in asks {
            let verdict = client.asks(millis, 1, 1);
            prop_assert!(!is_client || verdict == Print, "{verdict:?} at {millis}");
        }
    }

    /// For any calls of a client, its source is asked at most once a minute, and no client is
    /// refused without another chance.
    #[test]
    fn rejection_fetches_once_a_minute(gaps in prop::collection::vec((0_u64..100_000, 0_u64..3_000, any::<bool>()), 1..60)) {
        let mut client = Client::new();
        let (mut millis, mut key) = (0, 1);
        let mut chance = None;
        for (gap, took, is_minted) in gaps {
            millis += gap;
            let next = if is_minted { key + 1 } else { key };
            match client.asks_slowly(millis, key, next, took) {
                Print => {}
                FetchAnother => {
                    prop_assert!(chance.is_none_or(|before| millis >= before + 60_000));
                    chance = Some(millis + took);
                    key = next;
                }
                Refuse { is_new } => {
                    prop_assert!(!is_new || chance.is_some_and(|before| millis < before + 60_000));
                }
            }
            millis += took;
        }
    }
}
