//! Servers that repeat the request, or send terminal sequences.

use api_key_helper_values::is_invisible;
use integration_tests::files;
use integration_tests::secret_forms::SecretForms;
use integration_tests::servers::Stub;
use integration_tests::servers::stub::{Reply, Request};
use serde_json::json;

use crate::user::User;

const TOKEN: &str = "made-up-subject-token";
/// Contains characters that the encodings of forms, URLs and JSON treat differently.
const CLIENT_SECRET: &str = "ab+cd/ef=gh~ij+kl/mn=op~";

/// Returns an endpoint that refuses with the text that `said` makes of a request.
fn refusing(said: impl Fn(&Request) -> String + Send + Sync + 'static) -> Stub {
    Stub::start(move |request| {
        let body = json!({ "error": "invalid_client", "error_description": said(request) });
        Reply::json(400, &body)
    })
}

/// Returns the texts that a user sees after a refusal, in all commands and files.
fn shown(endpoint: &Stub, client_auth: &str) -> Vec<(String, String)> {
    let source = format!(
        "grant = \"token-exchange\"\nsubject_token_type = \"jwt\"\nclient_id = \"c\"\n\
         client_auth = \"{client_auth}\"\nclient_secret = {{ env = \"CS\" }}\nretries = 0"
    );
    let user = User::with(endpoint.address(), "{ env = \"TOK\" }", &source);
    let call = |arguments: &[&str]| {
        let call = user.home.call(arguments.iter().copied());
        call.env("TOK", TOKEN).env("CS", CLIENT_SECRET).run()
    };
    let refused = call(&["get", "--refresh"]);
    refused.assert_error(2, &["refused"]);
    assert_eq!(endpoint.requests().len(), 1);
    let mut shown = vec![("stderr".to_owned(), refused.stderr)];
    for arguments in [
        &["get"][..],
        &["status"],
        &["status", "--json"],
        &["log"],
        &["log", "--json"],
        &["doctor"],
        &["doctor", "--json"],
    ] {
        let answer = call(arguments);
        shown.push((arguments.join(" "), answer.stdout + &answer.stderr));
    }
    for (file, content) in files::below(user.home.path()) {
        shown.push((file.display().to_string(), String::from_utf8_lossy(&content).into_owned()));
    }
    assert!(shown.iter().any(|(place, _)| place.ends_with(".failure")), "{shown:?}");
    shown
}

#[track_caller]
fn assert_clean(shown: &[(String, String)]) {
    for (place, text) in shown {
        for secret in [TOKEN, CLIENT_SECRET] {
            SecretForms::of(secret).assert_not_in(place, text.as_bytes());
        }
        // Form encoding escapes a part of it.
        for part in ["ab%2Bcd", "gh%7Eij", "mn%3Dop", "mn%253Dop"] {
            let found = text.to_lowercase().contains(&part.to_lowercase());
            assert!(!found, "`{part}` is in {place}: {text}");
        }
    }
}

#[test]
fn authorization_header_that_is_repeated_is_redacted() {
    let endpoint = refusing(|request| {
        format!("bad header {}", request.header("authorization").unwrap_or_default())
    });
    let shown = shown(&endpoint, "basic");
    assert_clean(&shown);
    for place in ["stderr", "status --json", "log", "refresh.log"] {
        let is_there = |(name, text): &&(String, String)| {
            name.ends_with(place) && text.contains("bad header Basic [redacted]")
        };
        assert!(shown.iter().any(|shown| is_there(&shown)), "{place}: {shown:?}");
    }
}

#[test]
fn form_body_that_is_repeated_is_redacted_in_each_encoding() {
    let encodings: [fn(&str) -> String; 5] = [
        |form| form.to_owned(),
        |form| form.to_lowercase(),
        |form| form.replace("%2B", "+"),
        |form| form.replace('%', "%25"),
        |form| form.replace("%2F", "\\/").replace("%7E", "~").replace("%3D", "&#61;"),
    ];
    for encoding in encodings {
        // Only that field, because messages are cut to 200 characters.
        let endpoint = refusing(move |request| {
            let mut fields = request.body().split('&');
            let field = fields.find(|field| field.starts_with("client_secret=")).unwrap();
            format!("cannot read {}.", encoding(field))
        });
        let shown = shown(&endpoint, "post");
        assert_clean(&shown);
        let (_, stderr) = &shown[0];
        assert!(stderr.contains("cannot read client_secret=[redacted]."), "{stderr}");
    }
}

#[test]
fn terminal_control_characters_of_an_error_are_shown_nowhere() {
    let endpoint = refusing(|_| {
        "\u{1b}[31mred\u{9b}32mgreen\u{7f} \u{202e}right\u{200b}\u{feff}left\u{2028}next\u{e0041}\
         \u{1b}]0;title\u{7}end"
            .to_owned()
    });
    let shown = shown(&endpoint, "basic");
    for (place, text) in shown {
        // These files are binary.
        if [".entry", ".failure", ".plan", ".key"].iter().any(|ending| place.ends_with(ending)) {
            continue;
        }
        assert!(!text.contains('\u{fffd}'), "{place} is no UTF-8: {text:?}");
        let odd = text.chars().find(|c| *c != '\n' && is_invisible(*c));
        assert_eq!(odd, None, "in {place}: {text:?}");
        if ["stderr", "status", "status --json", "log", "log --json"].contains(&&*place) {
            assert!(text.contains("redgreen rightleft nextend"), "{place}: {text}");
        }
    }
}
