//! The worker, which the front becomes when it has no answer.

use std::process::ExitCode;

use api_key_helper_backends::{BACKENDS, LEFT_OUT};

fn main() -> ExitCode {
    api_key_helper_cli::run_without(BACKENDS, LEFT_OUT)
}
