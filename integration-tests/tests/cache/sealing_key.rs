//! Many processes that find no encryption key.

use integration_tests::call::Running;
use integration_tests::home::{Home, KEYS};

#[test]
fn two_hundred_first_processes_make_one_sealing_key() {
    // Each has its own source, so none waits for another's lock.
    let home = Home::new();
    let script = home.script("main", KEYS);
    let names: Vec<String> = (0..200).map(|number| format!("s{number}")).collect();
    let mut text = String::new();
    for name in &names {
        text += &format!(
            "[profile.{name}]\nsources = [\"{name}\"]\n[source.{name}]\nbackend = \"script\"\n\
             command = [\"{}\"]\n",
            script.display()
        );
    }
    home.configure(&format!("default_profile = \"s0\"\n{text}"));
    let runs: Vec<Running> =
        names.iter().map(|name| home.call(["--profile", name]).start()).collect();
    for run in runs {
        assert_eq!(run.finish().code, Some(0));
    }
    let labels = home.state().labels();
    assert_eq!(labels.len(), 200);
    assert!(labels.iter().all(|label| *label == labels[0]), "{labels:?}");
    let folder = home.state().key_file().folder().to_owned();
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
    let files: Vec<_> = files.filter(|name| name != "seal.lock").collect();
    assert_eq!(files, ["seal.key"]);
}
