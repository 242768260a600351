//! The handover from the front to the worker.

use std::fs;

use platform_tests::binaries::Binaries;
use platform_tests::executables;
use platform_tests::home::{Home, KEYS};

#[test]
fn worker_gets_the_fronts_arguments_and_streams() {
    let home = Home::with_source(KEYS);
    let programs = Binaries::copy_front(&home.path().join("bin"));
    executables::copy(&Binaries::built().test_program, &programs.worker);
    let arguments = ["get", "", "--config=a b", "--", "*", "--profile", "a\\\"b\\", "\u{fc}%A%"];
    let call = home.call(arguments).program(&programs.front);
    let answer = call.input(b"from stdin").run();
    assert_eq!((answer.code, answer.stderr.trim_end()), (Some(42), "to stderr"), "{answer:?}");
    let (given, stdin) = answer.stdout.split_once('\n').unwrap();
    assert_eq!(stdin, "from stdin");
    let given: Vec<String> = serde_json::from_str(given).unwrap();
    let version = format!("--front-version={}", env!("CARGO_PKG_VERSION"));
    assert_eq!(given[0], version);
    assert!(given[1].starts_with("--asked-at="), "{given:?}");
    assert_eq!(given[2..], arguments);
}

#[test]
fn worker_is_found_in_libexec() {
    let home = Home::with_source(KEYS);
    let programs = Binaries::copy(&home.path().join("usr").join("bin"));
    let libexec = home.path().join("usr").join("libexec").join("api-key-helper");
    fs::create_dir_all(&libexec).unwrap();
    fs::rename(&programs.worker, libexec.join(programs.worker.file_name().unwrap())).unwrap();
    home.helper().program(&programs.front).run().assert_key("key-1");
}

#[test]
fn worker_is_not_searched_in_path_or_the_current_folder() {
    let home = Home::with_source(KEYS);
    let planted = home.path().join("planted");
    let programs = Binaries::copy_front(&planted);
    executables::copy(&Binaries::built().test_program, &programs.worker);
    fs::remove_file(&programs.front).unwrap();
    home.helper().folder(&planted).env("PATH", &planted).run().assert_key("key-1");
}

#[test]
fn missing_worker_exits_2() {
    let home = Home::with_source(KEYS);
    let programs = Binaries::copy_front(&home.path().join("bin"));
    let worker = programs.worker.file_name().unwrap().to_str().unwrap();
    let call = home.helper().program(&programs.front);
    call.run().assert_error(2, &["cannot find the worker", worker]);
}

#[test]
fn front_and_worker_print_the_same_version() {
    let home = Home::new();
    let version = format!("api-key-helper {}\n", env!("CARGO_PKG_VERSION"));
    for program in [&Binaries::built().front, &Binaries::built().worker] {
        let answer = home.call(["--version"]).program(program).run();
        assert_eq!(answer.assert_printed(), version);
    }
}
