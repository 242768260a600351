//! Files that never end, or never begin.

use std::fs::File;
use std::os::unix::fs::symlink;

use integration_tests::files;
use integration_tests::home::{Home, KEYS};

#[test]
fn configuration_that_is_a_fifo_exits_2() {
    let home = Home::with_script(KEYS);
    let fifo = home.path().join("fifo.toml");
    files::make_fifo(&fifo);
    let answer = home.call(["--config", fifo.to_str().unwrap()]).run();
    answer.assert_error(2, &["fifo.toml` is not a file"]);
}

#[test]
fn configuration_that_is_dev_zero_exits_2() {
    let home = Home::with_script(KEYS);
    let endless = home.path().join("endless.toml");
    symlink("/dev/zero", &endless).unwrap();
    let answer = home.call(["--config", endless.to_str().unwrap()]).run();
    answer.assert_error(2, &["endless.toml` is not a file"]);
}

#[test]
fn configuration_that_is_too_large_is_refused_in_little_memory() {
    let home = Home::with_script(KEYS);
    let large = home.path().join("large.toml");
    File::create(&large).unwrap().set_len(4 << 30).unwrap();
    // 1 GiB of address space is enough for both programs, and not for the file.
    let line = "ulimit -v 1048576; exec \"$@\"";
    let call = home.call(["--config", large.to_str().unwrap()]).under(["sh", "-c", line, "sh"]);
    call.run().assert_error(2, &["large.toml` is larger than 1 MiB"]);
}
