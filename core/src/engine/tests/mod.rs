//! The engine in a world of the tests' own.

mod attempts;
mod disk;
mod example;
mod failures;
mod inputs;
mod lab;
mod lock;
mod login;
mod rejection;
mod renewals;
mod seals;
mod source;
mod sources;
