//! Simulates a morning as a sequence of events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use api_key_helper_cache::{Demand, Policy};
use api_key_helper_core::Outcome;

use super::machine::{Desk, Machine, Settings, Site, see};
use super::morning::{BEGINS, ENDS, Keys, MIDNIGHT, Morning};
use super::person::Person;
use super::record::Record;
use super::source::key;
use super::tally::{Ended, Got, Had, Tally};
use super::vault::Vault;
use crate::chance::Dice;

/// Simulates the morning.
#[must_use]
pub fn run(morning: &Morning) -> Record {
    let mut fleet = Fleet::new(morning);
    while let Some(Reverse(event)) = fleet.events.pop() {
        if event.at >= ENDS {
            break;
        }
        fleet.see().now = event.at;
        match event.what {
            What::Ask => fleet.ask(event.helper),
            What::Wake => fleet.step(event.helper),
        }
    }
    let minutes = fleet.see().tally.take_minutes();
    Record { morning: morning.clone(), minutes }
}

struct Fleet {
    site: Arc<Mutex<Site>>,
    settings: Arc<Settings>,
    events: BinaryHeap<Reverse<Event>>,
    /// The worker of each helper, at most one: a client asks again only after its answer, and long
    /// after the deadline of a background refresh.
    workers: Vec<Option<Worker>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    at: Duration,
    helper: usize,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The client wants a key.
    Ask,
    /// The worker continues.
    Wake,
}

struct Worker {
    work: Pin<Box<dyn Future<Output = Outcome>>>,
    /// The caller that waits for it; `None` for a background refresh.
    caller: Option<Caller>,
}

#[derive(Clone, Copy)]
struct Caller {
    began: Duration,
    had: Had,
}

impl Fleet {
    fn new(morning: &Morning) -> Self {
        let policy = Policy { ttl_jitter: morning.ttl_jitter, ..Policy::default() };
        let settings = Settings::new(policy);
        let mut seeds = Dice::new(morning.seed);
        let mut events = BinaryHeap::new();
        let mut desks = Vec::new();
        for helper in 0..morning.helpers {
            let (person, opens) = Person::new(seeds.fork());
            let mut dice = seeds.fork();
            let entry = match morning.keys {
                Keys::None => None,
                Keys::OfYesterday => {
                    let before = BEFORE_MIDNIGHT.mul_f64(1.0 + dice.even() / 4.0);
                    key().ok().map(|key| settings.entry(key, MIDNIGHT.minus(before)))
                }
            };
            desks.push(Desk::new(person, dice, entry));
            events.push(Reverse(Event { at: opens, helper, what: What::Ask }));
        }
        let vault = Vault::new(morning.limit, morning.outage.clone());
        let tally = Tally::new(morning);
        let site = Site { now: BEGINS, wake: None, vault, tally, desks };
        Self {
            site: Arc::new(Mutex::new(site)),
            settings: Arc::new(settings),
            events,
            workers: (0..morning.helpers).map(|_| None).collect(),
        }
    }

    /// Answers a client: the front prints a key, or becomes the worker.
    fn ask(&mut self, helper: usize) {
        let machine = self.machine(helper);
        let began = self.see().now;
        match machine.look() {
            Some(hit) => {
                self.see().tally.ended(Ended { began, at: began, had: Had::Valid, got: Got::Key });
                self.asks_again(helper);
                if hit.refresh.is_some() {
                    self.start(helper, Demand::Fresh, None);
                }
            }
            None => {
                let caller = Caller { began, had: machine.has() };
                self.start(helper, Demand::Printable, Some(caller));
            }
        }
    }

    fn start(&mut self, helper: usize, demand: Demand, caller: Option<Caller>) {
        let work = Box::pin(self.machine(helper).work(demand));
        self.workers[helper] = Some(Worker { work, caller });
        self.step(helper);
    }

    /// Runs a worker until it waits or ends.
    fn step(&mut self, helper: usize) {
        let Some(mut worker) = self.workers[helper].take() else { return };
        self.see().wake = None;
        match worker.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => {
                if let Some(caller) = worker.caller {
                    self.answered(helper, caller, &outcome);
                }
            }
            Poll::Pending => {
                // A worker that waits for nothing would never end; the engine always waits for a
                // time.
                let at = self.see().wake.unwrap_or(ENDS);
                self.events.push(Reverse(Event { at, helper, what: What::Wake }));
                self.workers[helper] = Some(worker);
            }
        }
    }

    fn answered(&mut self, helper: usize, Caller { began, had }: Caller, outcome: &Outcome) {
        let at = self.see().now;
        let got = match &outcome.answer {
            Ok(_) if outcome.warnings.is_empty() => Got::Key,
            Ok(_) => Got::OldKey,
            Err(_) => Got::Nothing,
        };
        self.see().tally.ended(Ended { began, at, had, got });
        if got == Got::Nothing {
            let at = self.see().desks[helper].person.tries_again_after(at);
            self.events.push(Reverse(Event { at, helper, what: What::Ask }));
            return;
        }
        self.asks_again(helper);
        if outcome.answer.as_ref().is_ok_and(|answer| answer.refresh) {
            self.start(helper, Demand::Fresh, None);
        }
    }

    /// Schedules the next request of a client that has a key.
    fn asks_again(&mut self, helper: usize) {
        let at = {
            let site = &mut *self.see();
            site.desks[helper].person.asks_after(site.now)
        };
        self.events.push(Reverse(Event { at, helper, what: What::Ask }));
    }

    fn machine(&self, index: usize) -> Machine {
        Machine { site: self.site.clone(), settings: self.settings.clone(), index }
    }

    fn see(&self) -> MutexGuard<'_, Site> {
        see(&self.site)
    }
}

/// Yesterday's keys are from 18:00, or up to a quarter of this time earlier.
const BEFORE_MIDNIGHT: Duration = Duration::from_secs(6 * 60 * 60);
