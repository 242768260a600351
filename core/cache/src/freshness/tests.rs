use proptest::prelude::*;

use super::*;

const START: u64 = 1_800_000_000;

/// A token with a lifetime of `life` seconds (`None`: unknown), judged `age` seconds after its
/// fetch.
struct Row {
    name: &'static str,
    life: Option<u64>,
    ttl: u64,
    hold: u64,
    /// Seconds after the fetch at which it is no longer fresh, due and stale.
    bounds: (u64, u64, u64),
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "no expiry, hold 0", life: None, ttl: HOUR, hold: 0, bounds: (HOUR, HOUR + 600, HOUR + DAY) },
    Row { name: "no expiry, hold 300", life: None, ttl: HOUR, hold: 300, bounds: (HOUR, HOUR + 600, HOUR + DAY) },
    Row { name: "no expiry, hold as long as the ttl", life: None, ttl: HOUR, hold: HOUR, bounds: (HOUR, HOUR, HOUR + DAY) },
    Row { name: "1 h token, hold 0", life: Some(HOUR), ttl: HOUR, hold: 0, bounds: (3_000, 3_570, HOUR) },
    Row { name: "1 h token, hold 300", life: Some(HOUR), ttl: HOUR, hold: 300, bounds: (3_000, 3_270, HOUR) },
    Row { name: "1 h token, hold 3600: half of its life is all there is", life: Some(HOUR), ttl: HOUR, hold: HOUR, bounds: (1_800, 1_800, HOUR) },
    Row { name: "15 min token, hold 0", life: Some(900), ttl: HOUR, hold: 0, bounds: (450, 870, 900) },
    Row { name: "15 min token, hold 300", life: Some(900), ttl: HOUR, hold: 300, bounds: (450, 570, 900) },
    Row { name: "15 min token, hold 3600", life: Some(900), ttl: HOUR, hold: HOUR, bounds: (450, 450, 900) },
    Row { name: "60 s token, hold 0", life: Some(60), ttl: HOUR, hold: 0, bounds: (30, 30, 60) },
    Row { name: "60 s token, hold 300", life: Some(60), ttl: HOUR, hold: 300, bounds: (30, 30, 60) },
    Row { name: "60 s token, hold 3600", life: Some(60), ttl: HOUR, hold: HOUR, bounds: (30, 30, 60) },
    Row { name: "10 s token, hold 0", life: Some(10), ttl: HOUR, hold: 0, bounds: (5, 5, 10) },
    Row { name: "10 s token, hold 300", life: Some(10), ttl: HOUR, hold: 300, bounds: (5, 5, 10) },
    Row { name: "10 s token, hold 3600", life: Some(10), ttl: HOUR, hold: HOUR, bounds: (5, 5, 10) },
    Row { name: "hold above life and below ttl", life: Some(900), ttl: 2 * HOUR, hold: HOUR, bounds: (450, 450, 900) },
    Row { name: "ttl 0: never fresh, never due", life: None, ttl: 0, hold: 0, bounds: (0, 0, DAY) },
    Row { name: "ttl 0 of a 1 h token", life: Some(HOUR), ttl: 0, hold: 300, bounds: (0, 0, HOUR) },
    Row { name: "ttl above life", life: Some(HOUR), ttl: DAY, hold: 0, bounds: (3_000, 3_570, HOUR) },
    Row { name: "ttl far below life", life: Some(DAY), ttl: 300, hold: 0, bounds: (300, 900, DAY) },
    Row { name: "ttl below hold: ask again each time", life: Some(DAY), ttl: 60, hold: 300, bounds: (60, 60, DAY) },
    Row { name: "ended on arrival", life: Some(0), ttl: HOUR, hold: 0, bounds: (0, 0, 0) },
];

fn moment(seconds: u64) -> Moment {
    Moment::from_unix_millis((START + seconds) * 1_000)
}

fn validity(life: Option<u64>) -> Validity {
    Validity { fetched_at: moment(0), expires_at: life.map(moment), refresh_at: None, jitter: 0.0 }
}

#[test]
fn bounds_by_ttl_hold_and_lifetime() {
    for Row { name, life, ttl, hold, bounds: (fresh, due, stale) } in ROWS {
        let policy = Policy { ttl: Duration::from_secs(*ttl), ..Policy::default() };
        let hold = Duration::from_secs(*hold);
        let bounds = policy.bounds(&validity(*life), hold);
        let expected = Bounds {
            fresh_until: moment(*fresh),
            due_until: moment(*due),
            stale_until: moment(*stale),
        };
        assert_eq!(bounds, expected, "{name}");
        // The same, one millisecond before and at each bound.
        let judge = |now| policy.judge(&validity(*life), hold, now);
        let before = |seconds: &u64| moment(*seconds).minus(Duration::from_millis(1));
        if *fresh > 0 {
            assert_eq!(judge(moment(0)), Freshness::Fresh, "{name}");
            assert_eq!(judge(before(fresh)), Freshness::Fresh, "{name}");
        }
        if due > fresh {
            assert_eq!(judge(moment(*fresh)), Freshness::Due, "{name}");
            assert_eq!(judge(before(due)), Freshness::Due, "{name}");
        }
        if stale > due {
            assert_eq!(judge(moment(*due)), Freshness::Stale, "{name}");
            assert_eq!(judge(before(stale)), Freshness::Stale, "{name}");
        }
        assert_eq!(judge(moment(*stale)), Freshness::Expired, "{name}");
    }
}

#[test]
fn refresh_at_ends_freshness() {
    let validity = Validity { refresh_at: Some(moment(100)), ..validity(None) };
    let bounds = Policy::default().bounds(&validity, Duration::ZERO);
    assert_eq!((bounds.fresh_until, bounds.due_until), (moment(100), moment(700)));
}

#[test]
fn ttl_jitter_only_shortens_freshness() {
    let policy = Policy { ttl_jitter: 0.5, ..Policy::default() };
    let validity = Validity { jitter: 0.5, ..validity(None) };
    let bounds = policy.bounds(&validity, Duration::ZERO);
    assert_eq!(bounds.fresh_until, moment(2_700));
    assert_eq!(bounds.stale_until, moment(HOUR + DAY));
}

#[test]
fn ttl_jitter_of_a_stampede_takes_half_of_the_ttl_at_most() {
    let fresh_for = |ttl_jitter, jitter| {
        let policy = Policy { ttl_jitter, ..Policy::default() };
        policy.bounds(&Validity { jitter, ..validity(None) }, Duration::ZERO).fresh_until
    };
    let rows = [(0.1, 4.0, 2_160), (0.1, 9.0, 1_800), (0.0, 9.0, 3_600), (0.75, 5.0, 900)];
    for (ttl_jitter, jitter, expected) in rows {
        assert_eq!(fresh_for(ttl_jitter, jitter), moment(expected), "{ttl_jitter} {jitter}");
    }
}

#[test]
fn clock_that_went_back_makes_the_key_stale() {
    let judge = |life, now| Policy::default().judge(&validity(life), Duration::ZERO, now);
    let before = moment(0).minus(Duration::from_secs(1));
    assert_eq!(judge(None, before), Freshness::Stale);
    assert_eq!(judge(Some(HOUR), before), Freshness::Stale);
    assert_eq!(judge(Some(HOUR), Moment::from_unix_millis(0)), Freshness::Stale);
}

fn seconds(max: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0u64), 0..120u64, 0..max, Just(u64::MAX / 1_000), Just(u64::MAX)]
        .prop_map(Duration::from_secs)
}

prop_compose! {
    fn policies()(
        ttl in seconds(DAY), ttl_jitter in 0.0..=1.0, refresh_window in seconds(DAY),
        stale_while_revalidate in seconds(DAY), stale_if_error in seconds(DAY),
    ) -> Policy {
        Policy { ttl, ttl_jitter, refresh_window, stale_while_revalidate, stale_if_error }
    }
}

fn any_moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (START..START + 2 * DAY).prop_map(|s| Moment::from_unix_millis(s * 1_000)),
        any::<u64>().prop_map(Moment::from_unix_millis),
    ]
}

prop_compose! {
    fn validities()(
        fetched_at in any_moment(), expires_at in proptest::option::of(any_moment()),
        refresh_at in proptest::option::of(any_moment()), jitter in 0.0..5.0,
    ) -> Validity {
        Validity { fetched_at, expires_at, refresh_at, jitter }
    }
}

/// Seconds after the fetch, and the time at which a caller that keeps the key should ask again.
#[test]
fn refresh_at_for_callers_is_when_freshness_changes() {
    let policy = Policy::default();
    let rows = [
        (Some(HOUR), 0, 3_000),
        (Some(HOUR), 2_999, 3_000),
        (Some(HOUR), 3_000, 3_570),
        // Stale: soon, but never after the expiry.
        (Some(HOUR), 3_580, HOUR),
        (None, 0, HOUR),
        (None, HOUR, HOUR + 600),
        (None, 2 * HOUR, 2 * HOUR + 30),
    ];
    for (life, age, at) in rows {
        let asks = policy.ask_again_at(&validity(life), Duration::ZERO, moment(age));
        assert_eq!(asks, moment(at), "{life:?} after {age} s");
    }
}

proptest! {
    #[test]
    fn fresh_due_and_stale_bounds_are_in_order(policy in policies(), validity in validities(), hold in seconds(DAY)) {
        let Bounds { fresh_until, due_until, stale_until } = policy.bounds(&validity, hold);
        prop_assert!(validity.fetched_at <= fresh_until);
        prop_assert!(fresh_until <= due_until);
        prop_assert!(due_until <= stale_until);
    }

    #[test]
    fn key_past_expires_at_is_expired(
        policy in policies(), validity in validities(), hold in seconds(DAY), now in any_moment(),
    ) {
        if validity.expires_at.is_some_and(|end| now >= end) {
            prop_assert_eq!(policy.judge(&validity, hold, now), Freshness::Expired);
        }
    }

    #[test]
    fn refresh_at_for_callers_is_later_and_not_past_expires_at(
        policy in policies(), validity in validities(), hold in seconds(DAY), now in any_moment(),
    ) {
        let asks = policy.ask_again_at(&validity, hold, now);
        let end = validity.expires_at.unwrap_or(Moment::NEVER);
        prop_assert!(asks <= end);
        if policy.judge(&validity, hold, now) < Freshness::Expired && now < Moment::NEVER {
            prop_assert!(now < asks);
        }
    }

    /// A key printed without a fallback is valid for the time that the caller needs, or for half of
    /// its lifetime.
    #[test]
    fn fresh_or_due_key_leaves_hold_and_reserve_before_expiry(
        policy in policies(), validity in validities(), hold in seconds(DAY), now in any_moment(),
    ) {
        if let Some(end) = validity.expires_at
            && policy.judge(&validity, hold, now) <= Freshness::Due
        {
            let life = end.since(validity.fetched_at);
            let reserve = hold.saturating_add(Duration::from_secs(30)).min(life / 2);
            prop_assert!(end.since(now) >= reserve);
        }
    }

    /// With a clock before the fetch, the key is at best stale.
    #[test]
    fn clock_before_the_fetch_is_never_fresher_than_stale(
        policy in policies(), validity in validities(), hold in seconds(DAY), back in 1..u64::MAX,
    ) {
        let now = validity.fetched_at.minus(Duration::from_millis(back));
        if now < validity.fetched_at {
            prop_assert!(policy.judge(&validity, hold, now) >= Freshness::Stale);
        }
    }

    #[test]
    fn later_clock_never_makes_the_key_fresher(
        policy in policies(), validity in validities(), hold in seconds(DAY),
        now in any_moment(), later in seconds(DAY),
    ) {
        if now >= validity.fetched_at {
            let first = policy.judge(&validity, hold, now);
            prop_assert!(policy.judge(&validity, hold, now.plus(later)) >= first);
        }
    }

    /// A caller with a longer hold never gets a fresher verdict.
    #[test]
    fn longer_hold_is_never_fresher(
        policy in policies(), validity in validities(), hold in seconds(DAY),
        more in seconds(DAY), now in any_moment(),
    ) {
        let first = policy.judge(&validity, hold, now);
        prop_assert!(policy.judge(&validity, hold.saturating_add(more), now) >= first);
    }
}
