use proptest::option;
use proptest::prelude::*;

use super::*;

const NOW: Moment = Moment::from_unix_millis(1_800_000_000_000);
/// The longest cooldown.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);
const LONGEST_PAUSE_WITHOUT_KEY: Duration = Duration::from_secs(30);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn id(source: usize) -> KeyId {
    KeyId { source: Fingerprint::of([&[u8::try_from(source).unwrap()][..]]), since: NOW }
}

fn key(source: usize, freshness: Freshness) -> Option<CachedKey> {
    let validity = Validity {
        fetched_at: NOW.minus(seconds(60)),
        expires_at: None,
        refresh_at: None,
        jitter: 0.0,
    };
    Some(CachedKey { key_id: id(source), freshness, validity, refetched_at: None })
}

/// A failure whose cooldown ends in so many seconds; 0 means that it is over.
fn failure(kind: ErrorKind, pause: u64) -> Option<LastFailure> {
    let until = NOW.plus(seconds(pause));
    Some(LastFailure { kind, pause_until: until, pause_without_key_until: until })
}

fn print(source: usize, then_refresh: Option<usize>) -> Step {
    Step::Print { source, then_refresh }
}

#[test]
fn decide_one_source_prints_fetches_or_waits_for_its_cooldown() {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Transient};
    use Freshness::{Due, Expired, Fresh, Stale};
    use Step::{Fail, FallBack, Fetch};

    const NONE: Option<Freshness> = None;
    let source = 0;
    for (freshness, failed, expected) in [
        (Some(Fresh), None, print(0, None)),
        (Some(Due), None, print(0, Some(0))),
        (Some(Stale), None, Fetch { source }),
        (Some(Expired), None, Fetch { source }),
        (NONE, None, Fetch { source }),
        // The cooldown is over.
        (Some(Due), Some((Transient, 0)), print(0, Some(0))),
        (Some(Stale), Some((Transient, 0)), Fetch { source }),
        (NONE, Some((Transient, 0)), Fetch { source }),
        // In the cooldown, a due or stale key is printed. Without a key, the error is repeated.
        (Some(Fresh), Some((Transient, 9)), print(0, None)),
        (Some(Due), Some((Transient, 9)), print(0, None)),
        (Some(Stale), Some((Transient, 9)), FallBack { source }),
        (Some(Expired), Some((Transient, 9)), Fail { source }),
        (NONE, Some((Transient, 9)), Fail { source }),
        // A stale key is printed only after a transient failure.
        (Some(Stale), Some((NeedsLogin, 9)), Fail { source }),
        (Some(Stale), Some((NotFound, 9)), Fail { source }),
        (Some(Stale), Some((Denied, 9)), Fail { source }),
        (Some(Due), Some((NeedsLogin, 9)), print(0, None)),
        // A mistake in the configuration has a cooldown only in the background.
        (NONE, Some((Misconfigured, 9)), Fetch { source }),
        (Some(Stale), Some((Misconfigured, 9)), Fetch { source }),
        (Some(Due), Some((Misconfigured, 9)), print(0, None)),
    ] {
        let view = View {
            key: freshness.and_then(|freshness| key(0, freshness)),
            failure: failed.and_then(|(kind, pause)| failure(kind, pause)),
            ..View::default()
        };
        assert_eq!(decide([view], Demand::Printable, NOW), expected, "{view:?}");
    }
}

#[test]
fn fallback_source_is_used_only_if_every_earlier_one_failed() {
    use ErrorKind::{Denied, NotFound, Transient};
    use Freshness::{Due, Fresh, Stale};
    use Step::{Fail, FallBack, Fetch};

    let none = View::default();
    let with = |source, freshness| View { key: key(source, freshness), ..none };
    let down = |pause| View { failure: failure(Transient, pause), ..none };
    let stale = View { key: key(0, Stale), ..down(9) };
    let denied = View { failure: failure(Denied, 9), ..none };
    let missing = View { failure: failure(NotFound, 9), ..none };
    let tried = |kind| View { outcome: Some(Err(kind)), ..none };
    for (views, expected) in [
        (vec![with(0, Fresh), none], print(0, None)),
        (vec![none, with(1, Fresh)], Fetch { source: 0 }),
        (vec![down(9), none], Fetch { source: 1 }),
        (vec![missing, none], Fetch { source: 1 }),
        (vec![down(9), with(1, Fresh)], print(1, None)),
        (vec![down(9), with(1, Due)], print(1, Some(1))),
        // The first one's cooldown is over: it is asked in the background, or by this call.
        (vec![down(0), with(1, Fresh)], print(1, Some(0))),
        (vec![down(0), with(1, Due)], print(1, Some(0))),
        (vec![down(0), with(1, Stale)], Fetch { source: 0 }),
        (vec![down(9), down(0), with(2, Fresh)], print(2, Some(1))),
        // A fresh key of the second source is preferred to a stale one of the first.
        (vec![stale, with(1, Fresh)], print(1, None)),
        (vec![stale, none], FallBack { source: 0 }),
        (vec![stale, down(0)], FallBack { source: 0 }),
        (vec![down(9), down(9)], Fail { source: 0 }),
        (vec![denied, with(1, Fresh)], Fail { source: 0 }),
        (vec![down(9), denied], Fail { source: 0 }),
        // The error of a source that was asked is more useful than a remembered one.
        (vec![down(9), tried(Transient)], Fail { source: 1 }),
        (vec![tried(Transient), tried(NotFound)], Fail { source: 0 }),
        (vec![tried(Transient), none], Fetch { source: 1 }),
        (vec![tried(Transient), with(1, Due)], print(1, Some(1))),
        (vec![tried(Denied), none], Fail { source: 0 }),
        (vec![], Fail { source: 0 }),
    ] {
        let step = decide(views.iter().copied(), Demand::Printable, NOW);
        assert_eq!(step, expected, "{views:?}");
    }
}

#[test]
fn fallback_key_is_preferred_to_a_fetch_only_for_any_printable_key() {
    let down = View { failure: failure(ErrorKind::Transient, 0), ..View::default() };
    let fresh = View { key: key(1, Freshness::Fresh), ..View::default() };
    let fetch = Step::Fetch { source: 0 };
    for (demand, expected) in [
        (Demand::Printable, print(1, Some(0))),
        (Demand::Another(id(0)), fetch),
        (Demand::Unspent(id(0)), fetch),
        (Demand::Fresh, fetch),
        (Demand::FetchedSince(NOW), fetch),
    ] {
        assert_eq!(decide([down, fresh], demand, NOW), expected, "{demand:?}");
    }
}

#[test]
fn stale_key_is_printed_without_waiting_for_another_processs_lock() {
    let down = failure(ErrorKind::Transient, 0);
    let stale = key(0, Freshness::Stale);
    let fetch = Step::Fetch { source: 0 };
    let locked = View { key: stale, failure: down, is_locked: true, ..View::default() };
    for (view, demand, expected) in [
        (locked, Demand::Printable, Step::FallBack { source: 0 }),
        (View { is_locked: false, ..locked }, Demand::Printable, fetch),
        (View { failure: None, ..locked }, Demand::Printable, fetch),
        (View { key: None, ..locked }, Demand::Printable, fetch),
        (locked, Demand::Fresh, fetch),
        (locked, Demand::FetchedSince(NOW), fetch),
        (locked, Demand::Another(KeyId { since: NOW.plus(seconds(1)), ..id(0) }), fetch),
        // The API refuses the key of another source.
        (locked, Demand::Another(id(1)), Step::FallBack { source: 0 }),
    ] {
        assert_eq!(decide([view], demand, NOW), expected, "{demand:?} {view:?}");
    }
}

#[test]
fn rejected_key_is_printed_for_ten_seconds_after_its_refetch() {
    let refused = Demand::Another(id(0));
    let refetched = |at| {
        let key = key(0, Freshness::Fresh).map(|key| CachedKey { refetched_at: at, ..key });
        decide([View { key, ..View::default() }], refused, NOW)
    };
    let fetch = Step::Fetch { source: 0 };
    assert_eq!(refetched(None), fetch);
    assert_eq!(refetched(Some(NOW)), print(0, None));
    assert_eq!(refetched(Some(NOW.minus(Duration::from_millis(9_999)))), print(0, None));
    assert_eq!(refetched(Some(NOW.minus(seconds(10)))), fetch);
    assert_eq!(refetched(Some(NOW.plus(seconds(1)))), fetch);
}

fn kind() -> impl Strategy<Value = ErrorKind> {
    use ErrorKind::{Denied, Misconfigured, NeedsLogin, NotFound, Rejected, Transient};
    // Most calls see a transient failure, which lets the next source answer.
    prop_oneof![
        4 => Just(Transient),
        2 => Just(NotFound),
        1 => prop::sample::select(vec![Denied, Misconfigured, NeedsLogin, Rejected]),
    ]
}

/// A moment within some minutes of now.
fn moment() -> impl Strategy<Value = Moment> {
    (0_u64..1_200).prop_map(|at| NOW.minus(seconds(600)).plus(seconds(at)))
}

fn cached_key() -> impl Strategy<Value = CachedKey> {
    use Freshness::{Due, Expired, Fresh, Stale};
    let freshness = prop::sample::select(vec![Fresh, Due, Stale, Expired]);
    let times = (moment(), option::of(moment()), option::of(moment()));
    (freshness, any::<bool>(), times).prop_map(
        |(freshness, is_other, (fetched_at, expires_at, refetched_at))| {
            let has_ended = expires_at.is_some_and(|end| end <= NOW);
            CachedKey {
                key_id: KeyId { since: if is_other { NOW } else { fetched_at }, ..id(0) },
                freshness: if has_ended { Expired } else { freshness },
                validity: Validity { fetched_at, expires_at, refresh_at: None, jitter: 0.0 },
                refetched_at,
            }
        },
    )
}

fn last_failure() -> impl Strategy<Value = LastFailure> {
    (kind(), moment(), moment()).prop_map(|(kind, pause_until, pause_without_key_until)| {
        LastFailure { kind, pause_until, pause_without_key_until }
    })
}

fn view() -> impl Strategy<Value = View> {
    let outcome = prop_oneof![3 => Just(None), 1 => kind().prop_map(|kind| Some(Err(kind)))];
    (option::of(cached_key()), option::weighted(0.7, last_failure()), any::<bool>(), outcome)
        .prop_map(|(key, failure, is_locked, outcome)| View { key, failure, is_locked, outcome })
}

fn views() -> impl Strategy<Value = Vec<View>> {
    prop::collection::vec(view(), 0..5).prop_map(|mut views| {
        for (source, view) in views.iter_mut().enumerate() {
            if let Some(key) = &mut view.key {
                key.key_id.source = id(source).source;
            }
        }
        views
    })
}

fn demand() -> impl Strategy<Value = Demand> {
    prop_oneof![
        (0_usize..4).prop_map(|source| Demand::Another(id(source))),
        moment().prop_map(Demand::FetchedSince),
        Just(Demand::Fresh),
        Just(Demand::Printable),
        Just(Demand::Printable),
        (0_usize..4).prop_map(|source| Demand::Unspent(id(source))),
    ]
}

fn run(views: &[View], demand: Demand) -> Step {
    decide(views.iter().copied(), demand, NOW)
}

/// Returns whether a later source may be used.
fn has_failed(view: &View) -> bool {
    let failed = view.failure.map(|failure| failure.kind);
    let kind = view.outcome.and_then(Result::err).or(failed);
    matches!(kind, Some(ErrorKind::NotFound | ErrorKind::Transient))
}

/// Returns whether a source is in its cooldown, with or without a key.
fn is_in_any_pause(failure: LastFailure) -> bool {
    let lasts = |until: Moment, cap| NOW < until && until.since(NOW) <= cap;
    lasts(failure.pause_until, LONGEST_PAUSE)
        && lasts(failure.pause_without_key_until, LONGEST_PAUSE_WITHOUT_KEY)
}

/// Asks until there is an answer. Each source fails with the kind at its index.
fn play(mut views: Vec<View>, demand: Demand, kinds: &[ErrorKind]) -> (Vec<usize>, Step) {
    let mut asked = Vec::new();
    loop {
        match run(&views, demand) {
            Step::Fetch { source } => {
                asked.push(source);
                views[source].outcome = Some(Err(kinds[source]));
                assert!(asked.len() <= views.len(), "{asked:?} of {views:?}");
            }
            step => return (asked, step),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn fallback_step_names_a_source_after_failed_ones_only(views in views(), demand in demand()) {
        let source = match run(&views, demand) {
            Step::Print { source, .. } | Step::FallBack { source } | Step::Fetch { source } => source,
            Step::Fail { source } => {
                prop_assert!(source == 0 || views[source].outcome.is_some());
                return Ok(());
            }
        };
        prop_assert!(views[..source].iter().all(has_failed));
    }

    #[test]
    fn printed_key_is_not_expired_and_meets_the_demand(views in views(), demand in demand()) {
        let (source, is_fallback) = match run(&views, demand) {
            Step::Print { source, .. } => (source, false),
            Step::FallBack { source } => (source, true),
            _ => return Ok(()),
        };
        let key = views[source].key.unwrap();
        let CachedKey { key_id, freshness, validity, refetched_at } = key;
        prop_assert!(validity.expires_at.is_none_or(|end| end > NOW));
        if is_fallback {
            prop_assert!(freshness != Freshness::Expired);
        } else if !matches!(demand, Demand::FetchedSince(_)) {
            prop_assert!(matches!(freshness, Freshness::Fresh | Freshness::Due));
        }
        match demand {
            Demand::Another(refused) if key_id == refused => {
                let again = refetched_at.unwrap();
                prop_assert!(!is_fallback && again <= NOW && NOW.since(again) < seconds(10));
            }
            Demand::Unspent(spent) => prop_assert!(key_id != spent),
            Demand::Fresh if !is_fallback => prop_assert_eq!(freshness, Freshness::Fresh),
            Demand::FetchedSince(start) if !is_fallback => {
                prop_assert!(start <= validity.fetched_at && validity.fetched_at <= NOW);
            }
            _ => {}
        }
    }

    #[test]
    fn source_is_not_fetched_twice_or_in_its_cooldown(views in views(), demand in demand()) {
        let Step::Fetch { source } = run(&views, demand) else { return Ok(()) };
        prop_assert!(views[source].outcome.is_none());
        if let Some(failure) = views[source].failure.filter(|failure| is_in_any_pause(*failure)) {
            let is_fixed = failure.kind == ErrorKind::Misconfigured && demand != Demand::Fresh;
            prop_assert!(is_fixed || matches!(demand, Demand::FetchedSince(_)));
        }
    }

    #[test]
    fn caller_with_a_fresh_or_due_key_never_fetches(views in views()) {
        let Step::Fetch { source } = run(&views, Demand::Printable) else { return Ok(()) };
        let reached = views.iter().take_while(|view| has_failed(view)).count();
        for (index, view) in views.iter().enumerate().take(reached + 1) {
            let is_usable = view.key.is_some_and(|key| key.freshness <= Freshness::Due);
            prop_assert!(!is_usable || view.outcome.is_some(), "{} before {}", source, index);
        }
    }

    #[test]
    fn stale_key_prevents_failure_during_an_outage(views in views()) {
        let Step::Fail { .. } = run(&views, Demand::Printable) else { return Ok(()) };
        for view in views.iter().take_while(|view| has_failed(view)) {
            let failed = view.failure.map(|failure| failure.kind);
            let kind = view.outcome.and_then(Result::err).or(failed);
            let bridges = view.key.is_some_and(|key| key.freshness <= Freshness::Stale);
            prop_assert!(kind != Some(ErrorKind::Transient) || !bridges);
        }
    }

    #[test]
    fn denied_or_rejected_source_prints_no_stale_key(views in views(), demand in demand()) {
        let Step::FallBack { source } = run(&views, demand) else { return Ok(()) };
        let View { failure, outcome, .. } = views[source];
        let kind = outcome.and_then(Result::err).or(failure.map(|failure| failure.kind)).unwrap();
        prop_assert!(!matches!(kind, ErrorKind::Denied | ErrorKind::Rejected));
        let freshness = views[source].key.unwrap().freshness;
        prop_assert!(kind == ErrorKind::Transient || freshness <= Freshness::Due);
    }

    #[test]
    fn background_refresh_fetches_the_source_it_was_started_for(
        views in views(), demand in demand(),
    ) {
        let Step::Print { source, then_refresh: Some(refreshed) } = run(&views, demand) else {
            return Ok(());
        };
        prop_assert!(refreshed <= source);
        prop_assert_eq!(run(&views[refreshed..=refreshed], Demand::Fresh), Step::Fetch { source: 0 });
    }

    /// The front relies on this, and does not read the failure.
    #[test]
    fn fresh_key_is_printed_whatever_failed(views in views(), other in option::of(last_failure())) {
        let step = run(&views, Demand::Printable);
        let mut views = views;
        for view in views.iter_mut().filter(|view| {
            view.outcome.is_none() && view.key.is_some_and(|key| key.freshness == Freshness::Fresh)
        }) {
            view.failure = other;
        }
        prop_assert_eq!(run(&views, Demand::Printable), step);
    }

    #[test]
    fn call_ends_after_one_fetch_request_of_each_source(
        views in views(), demand in demand(), kinds in prop::collection::vec(kind(), 5),
    ) {
        let (asked, step) = play(views.clone(), demand, &kinds);
        prop_assert!(asked.is_sorted_by(|a, b| a < b), "{:?}", asked);
        // The first error of a source that was asked is the one to show.
        if let (Step::Fail { source }, Some(first)) = (step, asked.first()) {
            prop_assert!(source <= *first);
        }
    }

    #[test]
    fn fetched_key_is_printed(views in views(), demand in demand(), key in cached_key()) {
        let Step::Fetch { source } = run(&views, demand) else { return Ok(()) };
        let mut views = views;
        let key = CachedKey { key_id: id(source), ..key };
        views[source] = View { key: Some(key), outcome: Some(Ok(())), ..View::default() };
        let is_due = key.freshness == Freshness::Due;
        let in_front = !matches!(demand, Demand::Fresh | Demand::FetchedSince(_));
        let then_refresh = (is_due && in_front).then_some(source);
        prop_assert_eq!(run(&views, demand), Step::Print { source, then_refresh });
    }
}
