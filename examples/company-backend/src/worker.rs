//! The worker, which the front becomes when it has no answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    api_key_helper_cli::run(&[
        company_key_helper::REGISTRATION,
        api_key_helper_script::REGISTRATION,
    ])
}
