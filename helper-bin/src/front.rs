//! The program that clients call.

#![cfg_attr(all(unix, not(test)), no_main)]

// The crate defines the `main` that the C library calls. Test builds have their own.
#[cfg(all(unix, not(test)))]
use api_key_helper_front as _;

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    api_key_helper_front::run()
}
