//! Checks the promises about fleets with a smaller one, and that the page shows the recorded
//! figures.

#![expect(clippy::panic, clippy::unwrap_used, reason = "that is how a test fails")]

use std::fs;
use std::path::{Path, PathBuf};

use simulation::fleet::{Figures, Morning, Record, chart, run, table, with_table};

/// The factor by which fleet and server are smaller in these tests.
const SMALLER: usize = 50;
/// The largest allowed ratio of the busiest minute of the steady state to the mean.
const PEAK: f64 = 2.0;
/// The longest allowed run of seconds over the server's limit after an outage, in seconds.
const OVER: u64 = 60;

#[test]
fn fleet_simulation_usual_morning_keeps_the_promises() {
    let figures = figures(&Morning::usual().smaller(SMALLER));
    assert_promises(&figures);
    // The faults took effect: a rush that the server refused, and an outage with stale keys.
    assert!(figures.seconds_over_before_outage > 30, "{figures:?}");
    assert!(figures.failed > 0 && figures.bridged > 0, "{figures:?}");
}

#[test]
fn fleet_simulation_with_an_outage_at_nine_keeps_the_promises() {
    let figures = figures(&Morning::usual().down_at_nine().smaller(SMALLER));
    assert_promises(&figures);
    // Yesterday's keys bridge the outage.
    assert_eq!(figures.failed, 0, "{figures:?}");
    assert!(figures.bridged > 500, "{figures:?}");
}

#[test]
fn fleet_simulation_without_ttl_jitter_repeats_the_stampede() {
    let figures = figures(&Morning::usual().without_jitter().smaller(SMALLER));
    assert!(figures.steady_peak() > PEAK, "{figures:?}");
}

#[test]
fn fleet_simulation_is_determined_by_its_seed() {
    let morning = Morning::usual().smaller(500);
    let [first, second] = [(); 2].map(|()| run(&morning).to_csv());
    assert_eq!(first, second);
    assert_ne!(first, run(&Morning { seed: 10, ..morning }).to_csv());
}

#[test]
fn recorded_fleet_simulation_keeps_the_promises() {
    for (name, _, record) in recorded() {
        if name == "with-jitter" || name == "down-at-nine" {
            assert_promises(&Figures::of(&record));
        }
    }
}

#[test]
fn fleet_page_shows_the_recorded_simulation() {
    let figures: Vec<_> = recorded()
        .iter()
        .map(|(name, heading, record)| {
            let picture = fs::read_to_string(docs().join(format!("fleet/{name}.svg"))).unwrap();
            assert!(picture == chart(record), "`{name}.svg` is not the picture of `{name}.csv`");
            (*heading, Figures::of(record))
        })
        .collect();
    let page = fs::read_to_string(docs().join("fleet.md")).unwrap();
    assert_eq!(with_table(&page, &table(&figures)).unwrap(), page);
}

fn figures(morning: &Morning) -> Figures {
    Figures::of(&run(morning))
}

#[track_caller]
fn assert_promises(figures: &Figures) {
    assert!(figures.steady_peak() <= PEAK, "{figures:?}");
    assert!(figures.seconds_over_after_outage <= OVER, "{figures:?}");
    assert_eq!(figures.waited_valid, 0, "{figures:?}");
    // The promises were not kept by sending no requests.
    assert!(figures.printed > 10_000 && figures.requests > 1_000, "{figures:?}");
}

/// Returns the mornings of the page, as `just fleet` has recorded them.
fn recorded() -> Vec<(&'static str, &'static str, Record)> {
    let recorded = Morning::all().map(|(name, heading, morning)| {
        let csv = fs::read_to_string(docs().join(format!("fleet/{name}.csv"))).unwrap();
        let record = Record::from_csv(&csv).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(record.morning, morning, "{name} is of another morning");
        assert_eq!(record.to_csv(), csv, "{name}");
        (name, heading, record)
    });
    recorded.into()
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/internals")
}
