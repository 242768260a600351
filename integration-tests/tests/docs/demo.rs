//! The picture of the README is what the program does.

use std::fs;
use std::path::Path;

use integration_tests::binaries::Binaries;
use integration_tests::call::Call;
use integration_tests::home::search_path;

use crate::page::root;

#[test]
fn readme_picture_is_what_packaging_demo_prints() {
    let front = Binaries::built().front.canonicalize().expect("the front's path");
    let call = Call::new(Path::new("/usr/bin/env"), root());
    let call = call.args(["python3", "packaging/demo"]).arg(front).env("PATH", search_path());
    let picture = fs::read_to_string(root().join("docs/demo.svg")).expect("the picture");
    assert_eq!(
        call.run().assert_printed(),
        picture,
        "write it again: `packaging/demo >docs/demo.svg`"
    );
}
