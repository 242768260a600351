//! The system call that a fault hits.

use std::collections::BTreeMap;

use super::Fault;
use crate::strace::SystemCall;

/// One system call of a call of the helper.
///
/// It is the `nth` of its name, not the `nth` of all: the turns of an event loop depend on the
/// machine, and would shift all later calls.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name, with the arguments in a run without a fault.
    pub call: SystemCall,
    nth: usize,
    /// Present if a child or another thread makes the call, with the path that must be among its
    /// arguments.
    of_another: Option<Option<String>>,
}

impl Target {
    /// Returns the calls of the first thread, after the start of `main` of each program that it
    /// becomes.
    ///
    /// # Panics
    /// The `main` of a program is not found.
    #[must_use]
    pub fn all_of(calls: &[SystemCall]) -> Vec<Self> {
        let mut counts = BTreeMap::new();
        let mut targets = Vec::new();
        let mut is_in_main = false;
        for (index, call) in calls.iter().enumerate() {
            if index > 0 {
                // `strace` counts from the start of the first program.
                *counts.entry(&*call.name).or_insert(0) += 1;
            }
            is_in_main = is_in_main || begins_main(call);
            if is_in_main {
                let nth = counts[&*call.name];
                targets.push(Self { call: call.clone(), nth, of_another: None });
            }
            let is_another_program = call.name == "execve" && call.rest.ends_with("= 0");
            let is_end = ends_start(call);
            is_in_main = (is_in_main || is_end) && !is_another_program;
        }
        let programs =
            calls.iter().filter(|call| call.name == "execve" && call.rest.ends_with("= 0"));
        let starts = calls.iter().filter(|call| ends_start(call) || begins_main(call));
        assert!(starts.count() >= programs.count(), "where does `main` begin? {calls:?}");
        targets
    }

    /// Returns the `nth` call of this name in each child and thread, more than the first thread
    /// makes. With a path, only calls with that path count.
    #[must_use]
    pub fn of_another(name: &str, nth: usize, path: Option<&str>) -> Self {
        let call = SystemCall { name: name.to_owned(), rest: String::new() };
        Self { call, nth, of_another: Some(path.map(str::to_owned)) }
    }

    /// Returns the options by which `strace` injects `fault` there.
    #[must_use]
    pub fn options(&self, fault: Fault) -> Vec<String> {
        let Self { call, nth, of_another } = self;
        let mut options = Vec::new();
        if let Some(path) = of_another {
            options.push("-f".to_owned());
            options.extend(path.iter().flat_map(|path| ["-P".to_owned(), path.clone()]));
        }
        let what = match fault {
            Fault::Kill => "signal=KILL".to_owned(),
            Fault::Error(error) => format!("error={error}"),
        };
        options.extend(["-e".to_owned(), format!("inject={}:{what}:when={nth}", call.name)]);
        options
    }
}

/// Rust's standard library ends its start by installing a handler for stack overflows; `main`
/// follows.
fn ends_start(call: &SystemCall) -> bool {
    call.name == "rt_sigaction" && call.rest.starts_with("SIGBUS, {")
}

/// Our own `main`, in place of that start, checks the standard streams first.
fn begins_main(call: &SystemCall) -> bool {
    call.name == "ppoll" && call.rest.starts_with("[{fd=0, events=0}, {fd=1, events=0}")
}
