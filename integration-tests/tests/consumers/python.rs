//! Clients that are written in Python.

use integration_tests::call::Call;
use integration_tests::install;

use crate::user::User;

/// Returns a call of Python by `user`, with these packages of PyPI (each `NAME==VERSION`).
pub(crate) fn python(user: &User, packages: &[&str]) -> Call {
    user.call("python3").env("PYTHONPATH", install::pypi(packages))
}
