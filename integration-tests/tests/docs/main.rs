//! The examples of the documentation work.

#![expect(clippy::expect_used, clippy::panic, reason = "that is how a test fails")]

mod apply;
mod book;
mod claims;
mod configurations;
mod data;
mod demo;
mod exec;
mod page;
mod schema;
mod shell;
