//! The program that clients call.

#![cfg_attr(unix, no_main)]

// It has the `main` that the C library calls.
#[cfg(unix)]
use api_key_helper_front as _;

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    api_key_helper_front::run()
}
