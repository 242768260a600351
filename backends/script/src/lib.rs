//! Runs a program and takes what it prints.

#![cfg_attr(test, allow(clippy::expect_used, clippy::panic, clippy::unwrap_used))]
#![forbid(unsafe_code)]

mod document;
mod executable;
mod exit;
mod group;
mod output;
mod run;
mod stderr;
mod streams;
mod trust;
