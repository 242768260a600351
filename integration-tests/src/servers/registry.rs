//! A registry of crates that requires a token for everything:
//! <https://doc.rust-lang.org/cargo/reference/registry-index.html>.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{ProtectedServer, Reply};
use crate::call::Call;
use crate::home::search_path;

/// Serves version 1.0.0 of the crate `keyed`, which is packed in `folder`.
///
/// # Panics
/// The crate cannot be packed.
#[must_use]
pub fn serve(folder: &Path) -> ProtectedServer {
    let (package, checksum) = pack(folder);
    let refusal = Reply::new(401, &["WWW-Authenticate: Cargo"], "");
    ProtectedServer::start(
        |request| request.header("authorization").map(str::to_owned),
        refusal,
        move |request| match &*request.line {
            "GET /config.json" => {
                let address = request.address();
                Reply::json(
                    200,
                    &json!({
                        "dl": format!("{address}/download"), "api": address, "auth-required": true,
                    }),
                )
            }
            "GET /ke/ye/keyed" => Reply::json(
                200,
                &json!({
                    "name": "keyed", "vers": "1.0.0", "deps": [], "features": {}, "yanked": false,
                    "cksum": checksum,
                }),
            ),
            "GET /download/keyed/1.0.0/download" => {
                let mut reply = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
                reply.extend(&package);
                Reply::Binary(reply)
            }
            _ => Reply::new(404, &[], ""),
        },
    )
}

/// Returns the file of the crate and its SHA-256.
fn pack(folder: &Path) -> (Vec<u8>, String) {
    let source = folder.join("keyed-1.0.0");
    fs::create_dir_all(source.join("src")).expect("the crate's folder");
    fs::write(source.join("src/lib.rs"), "").expect("the crate's source");
    let manifest = "[package]\nname = \"keyed\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    fs::write(source.join("Cargo.toml"), manifest).expect("the crate's manifest");
    run("tar", &["--create", "--gzip", "--file=keyed.crate", "keyed-1.0.0"], folder);
    let printed = run("sha256sum", &["keyed.crate"], folder);
    let checksum = printed.split(' ').next().unwrap_or_default().to_owned();
    (fs::read(folder.join("keyed.crate")).expect("the crate's file"), checksum)
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let call = Call::new(Path::new(program), folder).env("PATH", search_path());
    let answer = call.args(arguments.iter().copied()).run();
    answer.assert_printed().to_owned()
}
