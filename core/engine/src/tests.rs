//! The engine in a virtual world.

mod attempts;
mod chain;
mod disk;
mod failures;
mod inputs;
mod lab;
mod lock;
mod login;
mod refused_inputs;
mod rejection;
mod renewals;
mod seals;
mod source;
mod sources;
