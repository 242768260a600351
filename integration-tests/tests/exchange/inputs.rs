//! Secret inputs are parsed by one rule, whatever their source.

use std::fs;
use std::io::Write as _;

use integration_tests::call::Call;
use integration_tests::files;
use integration_tests::servers::Stub;
use integration_tests::servers::stub::Reply;
use serde_json::json;

use crate::user::User;

const SUBJECT: &str = "subject_token=subj-1&";

/// Returns a token endpoint that grants `token` for each request.
fn granting(token: &str) -> Stub {
    let answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    Stub::start(move |_| Reply::json(200, &answer))
}

fn user(endpoint: &Stub, token: &str, source: &str) -> User {
    let source = format!("grant = \"token-exchange\"\nsubject_token_type = \"jwt\"\n{source}");
    User::with(endpoint.address(), token, &source)
}

fn fresh_call(user: &User) -> Call {
    user.home.call(["get", "--refresh"])
}

#[test]
fn token_variable_with_line_end_or_byte_order_mark_is_trimmed() {
    let endpoint = granting("tok-1");
    let user = user(&endpoint, "{ env = \"TOK\" }", "");
    for token in ["subj-1\n", "subj-1\r\n", "\u{feff}subj-1", " subj-1\t\n\n"] {
        fresh_call(&user).env("TOK", token).run().assert_key("tok-1");
        let asked = endpoint.requests();
        let body = asked.last().unwrap().body();
        assert!(format!("{body}&").contains(SUBJECT), "{token:?}: {body}");
    }
}

#[test]
fn token_variable_of_white_space_counts_as_unset() {
    let endpoint = granting("tok-1");
    let user = user(&endpoint, "{ env = \"TOK\" }", "");
    for token in ["", " \n", "\u{feff}\r\n"] {
        let answer = fresh_call(&user).env("TOK", token).run();
        answer.assert_error(2, &["the variable `TOK` is not set"]);
    }
    assert_eq!(endpoint.requests().len(), 0);
}

#[test]
fn client_secret_with_line_end_is_trimmed() {
    let endpoint = granting("tok-1");
    let client = "client_id = \"c\"\nclient_auth = \"post\"\nclient_secret = { env = \"CS\" }";
    let user = user(&endpoint, "{ env = \"TOK\" }", client);
    let call = fresh_call(&user).env("TOK", "subj-1").env("CS", "made-up pass\r\n");
    call.run().assert_key("tok-1");
    let body = endpoint.requests()[0].body().to_owned();
    assert!(format!("{body}&").contains("client_secret=made-up+pass&"), "{body}");
}

#[test]
fn token_file_with_byte_order_mark_is_trimmed() {
    let endpoint = granting("tok-1");
    let user = user(&endpoint, "{ file = \"FILE\" }", "");
    for token in ["\u{feff}subj-1\n", "subj-1\r\n", "subj-1\0"] {
        fs::write(user.token_file(), token).unwrap();
        fresh_call(&user).run().assert_key("tok-1");
        let asked = endpoint.requests();
        let body = asked.last().unwrap().body();
        assert!(format!("{body}&").contains(SUBJECT), "{token:?}: {body}");
    }
}

#[test]
fn token_file_in_utf16_is_named_and_nothing_is_sent() {
    let endpoint = granting("tok-1");
    let user = user(&endpoint, "{ file = \"FILE\" }", "");
    let file = format!("the secret in `{}`", user.token_file().display());
    for text in ["\u{feff}subj-1\r\n", "subj-1"] {
        fs::write(user.token_file(), files::utf16(text, u16::to_le_bytes)).unwrap();
        fresh_call(&user).run().assert_error(2, &[&*file, "is UTF-16", "UTF-8"]);
    }
    for blank in ["", "\u{feff}\r\n"] {
        fs::write(user.token_file(), blank).unwrap();
        fresh_call(&user).run().assert_error(2, &[&*file, "is empty"]);
    }
    assert_eq!(endpoint.requests().len(), 0);
}

#[test]
fn invalid_token_variable_or_file_is_named_by_its_place() {
    let endpoint = granting("tok-1");
    let by_variable = user(&endpoint, "{ env = \"TOK\" }", "");
    for (token, why) in [
        ("made-up\u{1b}[0m-1", "has a control character at position 8"),
        ("made-up\nmade-up", "has more than one line: the first ends at position 8"),
        ("null", "is `null` instead of a value"),
    ] {
        let answer = fresh_call(&by_variable).env("TOK", token).run();
        answer.assert_error(2, &["the variable `TOK`", why]);
        assert!(!answer.stderr.contains("made-up"), "{answer:?}");
    }

    let by_file = user(&endpoint, "{ file = \"FILE\" }", "");
    fs::write(by_file.token_file(), "made-up\x07-1\n").unwrap();
    let answer = fresh_call(&by_file).run();
    answer.assert_error(2, &["the secret in `", "has a control character at position 8"]);

    let program = by_file.home.script("token", "printf 'made-up\\nmade-up'");
    let token = format!("{{ command = [\"{}\"] }}", program.display());
    let by_program = user(&endpoint, &token, "");
    let answer = fresh_call(&by_program).run();
    answer.assert_error(2, &["the output of `", "/token` has more than one line"]);
    assert!(!answer.stderr.contains("made-up"), "{answer:?}");
    assert_eq!(endpoint.requests().len(), 0);
}

#[test]
fn github_actions_variables_with_line_ends_are_trimmed() {
    let endpoint = Stub::start(|request| match &*request.line {
        "GET /job" => Reply::json(200, &json!({"value": "subj-1\n"})),
        _ => Reply::json(200, &json!({"access_token": "tok-1", "token_type": "Bearer"})),
    });
    let user = user(&endpoint, "{ ambient = \"github-actions\" }", "");
    let job = format!("{}/job", endpoint.address());
    let call = fresh_call(&user).env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{job}\n"));
    let answer = call.clone().env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "made-up\r\n").run();
    answer.assert_key("tok-1");
    let asked = endpoint.requests();
    assert_eq!(asked[0].header("authorization"), Some("Bearer made-up"));
    assert!(format!("{}&", asked[1].body()).contains(SUBJECT), "{}", asked[1].body());

    let answer = call.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "made-up\u{fc}").run();
    answer
        .assert_error(2, &["the variable `ACTIONS_ID_TOKEN_REQUEST_TOKEN`", "non-ASCII character"]);
    assert_eq!(endpoint.requests().len(), 2);
}

#[test]
fn access_token_that_is_no_key_is_refused() {
    for (token, why) in [
        ("null", "it is `null`"),
        ("\"tok-1\"", "it is in quotes"),
        ("{\"token\":\"tok-1\"}", "it is a JSON object"),
    ] {
        let endpoint = granting(token);
        let user = user(&endpoint, "{ env = \"TOK\" }", "");
        let answer = fresh_call(&user).env("TOK", "subj-1").run();
        answer.assert_error(2, &[why]);
        assert!(!answer.stderr.contains("tok-1"), "{answer:?}");
    }
}

#[test]
fn token_fifo_without_a_writer_is_named_after_timeout() {
    let endpoint = granting("tok-1");
    let user = user(&endpoint, "{ file = \"FILE\" }", "timeout = \"1s\"");
    let fifo = user.token_file();
    files::make_fifo(&fifo);
    let answer = fresh_call(&user).run();
    let place = format!("cannot read the secret in `{}`", fifo.display());
    answer.assert_error(2, &[&*place, "it is a FIFO without a writer"]);
    assert_eq!(endpoint.requests().len(), 0);
}

#[test]
fn token_fifo_with_a_writer_is_read() {
    let endpoint = granting("tok-1");
    let user = user(&endpoint, "{ file = \"FILE\" }", "");
    let fifo = user.token_file();
    files::make_fifo(&fifo);
    let running = fresh_call(&user).start();
    // Opening the FIFO waits for the reader.
    let mut writer = fs::File::options().write(true).open(&fifo).unwrap();
    writer.write_all(b"subj").unwrap();
    writer.write_all(b"-1\n").unwrap();
    drop(writer);
    running.finish().assert_key("tok-1");
    let body = endpoint.requests()[0].body().to_owned();
    assert!(format!("{body}&").contains(SUBJECT), "{body}");
}

#[test]
fn secret_input_path_with_shell_shorthand_is_named() {
    let endpoint = granting("tok-1");
    for (path, says) in [
        ("~/t", "`~` is for shells"),
        ("$HOME/t", "`$HOME` is for shells"),
        ("${XDG_RUNTIME_DIR}/t", "`${XDG_RUNTIME_DIR}` is for shells"),
        ("%APPDATA%/t", "`%APPDATA%` is for shells"),
    ] {
        let user = user(&endpoint, &format!("{{ file = \"{path}\" }}"), "");
        let words = ["cannot read the secret in `", path, "write the absolute path", says];
        fresh_call(&user).run().assert_error(2, &words);
    }
    let user = user(&endpoint, "{ file = \"t\" }", "");
    fresh_call(&user).run().assert_error(2, &["cannot read the secret in `", "`ls -ld "]);
    assert_eq!(endpoint.requests().len(), 0);
}
