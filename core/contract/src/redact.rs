//! Takes secrets out of text that others wrote.
//!
//! A server repeats what it was sent in any encoding: percent-encoded as in a form, in base64 as in
//! a header, escaped for JSON, HTML or a log, or several of these in turn. A secret has too many
//! spellings to list them. So the text is decoded in each way that may be meant, and each byte that
//! comes out remembers its place in the text.

mod reading;
mod unescape;

use std::collections::HashSet;

use api_key_helper_values::{is_invisible, plain, shorten, visible};
use jiff::civil::Date;
use serde_json::Value;
use zeroize::Zeroizing;

use self::reading::{PIECE, Reading, pieces, pieces_of_secret};
use crate::{Error, Secret, expiry};

/// `text` with `[redacted]` for each of `secrets`, in any encoding.
///
/// A part of a secret is redacted from 8 bytes on, for servers cut off what they repeat. A secret
/// of fewer than 4 bytes stays: it occurs in words.
#[must_use]
pub fn in_text<'a>(text: &str, secrets: impl IntoIterator<Item = &'a [u8]>) -> String {
    let secrets: Vec<_> = secrets.into_iter().flat_map(texts).collect();
    if secrets.is_empty() {
        return text.to_owned();
    }
    // A message is cut in its middle long before it has this length.
    let text = shorten(text, LONGEST);
    let readings = Reading::all(&text);
    let shown: HashSet<u64> = readings
        .iter()
        .flat_map(|reading| pieces(reading.bytes()))
        .map(|(_, piece)| piece)
        .collect();
    let mut known = HashSet::new();
    let mut is_secret = vec![false; text.len()];
    for spelled in &secrets {
        // The spelling itself may look like an encoding.
        let unescaped = Reading::of(spelled).unescaped_fully();
        let unescaped = unescaped.as_ref().map(Reading::bytes);
        for secret in [Some(spelled.as_slice()), unescaped].into_iter().flatten() {
            known.extend(pieces_of_secret(secret).filter(|piece| shown.contains(piece)));
            if secret.len() < SHORTEST {
                continue;
            }
            for reading in &readings {
                for place in reading.places_of(secret) {
                    is_secret[place].fill(true);
                }
            }
        }
    }
    for reading in &readings {
        for (start, _) in pieces(reading.bytes()).filter(|(_, piece)| known.contains(piece)) {
            is_secret[reading.place(start, PIECE)].fill(true);
        }
    }
    replace(&text, &is_secret)
}

/// `message` without `secrets`, in any encoding. A short one is left alone: it would occur in our
/// own words.
#[must_use]
pub fn in_message<'a>(message: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> String {
    const SHORTEST: usize = 8;
    let secrets = secrets.into_iter().map(|secret| secret.expose().as_bytes());
    in_text(message, secrets.filter(|secret| secret.len() >= SHORTEST))
}

/// `error` without `secrets`, as [`in_message`] takes them out of its message and its hint.
#[must_use]
pub fn in_error<'a>(error: Error, secrets: impl IntoIterator<Item = &'a Secret>) -> Error {
    let secrets: Vec<&Secret> = secrets.into_iter().collect();
    error.redacted_by(|text| in_message(text, secrets.iter().copied()))
}

/// The shortest secret that is recognised, in bytes.
const SHORTEST: usize = 4;
/// The longest text that is searched, in characters.
const LONGEST: usize = 16 * 1024;
/// Stands for what is not repeated.
pub(crate) const REDACTED: &str = "[redacted]";

/// The parts of `secret` to recognise: of a JSON document its texts and long numbers, for the names
/// of its fields and the dates in it are not secret, and occur in messages.
fn texts(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    fn add(name: &str, value: Value, texts: &mut Vec<Zeroizing<Vec<u8>>>) {
        match value {
            Value::String(text) => {
                texts.extend((!is_date(&text)).then(|| text.into_bytes().into()));
            }
            Value::Number(number) => {
                let digits = number.to_string();
                let is_long = digits.bytes().filter(u8::is_ascii_digit).count() >= PIECE;
                let is_expiry = name.to_ascii_lowercase().contains("exp");
                texts.extend((is_long && !is_expiry).then(|| digits.into_bytes().into()));
            }
            Value::Array(values) => values.into_iter().for_each(|value| add(name, value, texts)),
            Value::Object(fields) => {
                fields.into_iter().for_each(|(name, value)| add(&name, value, texts));
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    let mut texts = Vec::new();
    match serde_json::from_slice(secret) {
        Ok(document @ (Value::Array(_) | Value::Object(_))) => add("", document, &mut texts),
        _ => texts.push(secret.to_vec().into()),
    }
    // An error has been made visible before it is searched, and a server's words plain.
    let shown = texts.iter().filter_map(|text| std::str::from_utf8(text).ok());
    let shown = shown.filter(|text| text.contains(is_invisible));
    let shown: Vec<_> = shown.flat_map(|text| [visible(text), plain(text)]).collect();
    texts.extend(shown.into_iter().map(|text| text.into_bytes().into()));
    texts.retain(|text| text.len() >= SHORTEST);
    texts
}

/// Returns whether `text` is a date from its first character to its last.
fn is_date(text: &str) -> bool {
    let has_date = text.get(..10).is_some_and(|start| start.parse::<Date>().is_ok());
    has_date && expiry::date(text).is_some()
}

/// `text` with one [`REDACTED`] for each run of bytes that `is_secret`.
fn replace(text: &str, is_secret: &[bool]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut was_secret = false;
    for (start, character) in text.char_indices() {
        let is_secret = is_secret[start..start + character.len_utf8()].contains(&true);
        if !is_secret {
            clean.push(character);
        } else if !was_secret {
            clean.push_str(REDACTED);
        }
        was_secret = is_secret;
    }
    clean
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    use super::*;

    /// Has a character for each way in which encodings differ.
    const SECRET: &str = "ab+cd/ef=gh~ij&kl\"mn<op>é?!*";

    fn shown(text: &str) -> String {
        in_text(text, [SECRET.as_bytes()])
    }

    fn percent(text: &str, is_plain: impl Fn(u8) -> bool, is_upper: bool) -> String {
        text.bytes().fold(String::new(), |encoded, byte| match byte {
            _ if byte.is_ascii_alphanumeric() || is_plain(byte) => {
                encoded + &char::from(byte).to_string()
            }
            _ if is_upper => format!("{encoded}%{byte:02X}"),
            _ => format!("{encoded}%{byte:02x}"),
        })
    }

    fn escaped(text: &str, escape: impl Fn(u16) -> String) -> String {
        text.encode_utf16().map(escape).collect()
    }

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    fn html(text: &str) -> String {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('+', "&#43;").replace('/', "&#x2F;")
    }

    #[test]
    fn hex_and_decimal_bytes_of_a_secret_are_redacted() {
        let list = |form: fn(u8) -> String, between: &str| {
            SECRET.bytes().map(form).collect::<Vec<_>>().join(between)
        };
        for text in [
            list(|byte| format!("{byte:02x}"), ":"),
            list(|byte| format!("{byte:02X}"), " "),
            list(|byte| format!("0x{byte:02x}"), ", "),
            list(|byte| byte.to_string(), ", "),
            list(|byte| byte.to_string(), " "),
        ] {
            assert_eq!(shown(&format!("bytes = [{text}] given")), "bytes = [[redacted]] given");
        }
        assert_eq!(shown("at 12:30:45 on 2030-01-31, code 7"), "at 12:30:45 on 2030-01-31, code 7");
    }

    #[test]
    fn part_of_a_secret_is_redacted_from_eight_bytes_on() {
        let shown = |text: &str| in_text(text, [&b"{\"key\": \"sk-ant-0123456789\"}\n"[..]]);
        assert_eq!(shown("got sk-ant-0123456789 twice"), "got [redacted] twice");
        assert_eq!(shown("KEY='sk-ant-0123456789'"), "KEY='[redacted]'");
        assert_eq!(shown("sk-ant-0123456789sk-ant-0123456789"), "[redacted]");
        assert_eq!(shown("ends in 23456789"), "ends in [redacted]");
        assert_eq!(shown("ends in 3456789"), "ends in 3456789");
        let password = |text: &str| in_text(text, [&b"the-first-password"[..]]);
        assert_eq!(password("check the `password` of ci"), "check the `password` of ci");
        assert_eq!(password("wrong: the-first-pass..."), "wrong: [redacted]...");
        let letters = |text: &str| in_text(text, [&b"correcthorsebatterystaple\n"[..]]);
        assert_eq!(letters("wrong: correcthorseb..."), "wrong: [redacted]...");
        assert_eq!(letters("wrong: correct"), "wrong: correct");
        assert_eq!(shown("sk-ant-öö"), "sk-ant-öö");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn percent_encoded_secret_is_redacted() {
        for plain in ["", "-._~", "-._~!*'()", "/?:@-._~!$'()*,;"] {
            for is_upper in [true, false] {
                let form = percent(SECRET, |byte| plain.as_bytes().contains(&byte), is_upper);
                let text = format!("cannot read client_secret={form}&x=1");
                assert_eq!(shown(&text), "cannot read client_secret=[redacted]&x=1", "{form}");
                let twice = percent(&form, |_| false, is_upper);
                assert_eq!(shown(&format!("q={twice}.")), "q=[redacted].", "{twice}");
            }
        }
    }

    #[test]
    fn passphrase_is_redacted_with_any_space() {
        let shown = |text: &str| in_text(text, [&b"pass phrase of+mine"[..]]);
        for text in [
            "pass phrase of+mine",
            "pass+phrase+of%2Bmine",
            "pass%20phrase%20of mine",
            "pass\nphrase of mine",
        ] {
            assert_eq!(shown(&format!("p={text}.")), "p=[redacted].");
        }
        assert_eq!(shown("a phrase of mine"), "a phrase of mine");
    }

    #[test]
    fn short_secret_with_plus_signs_is_redacted() {
        for secret in ["a+b+c", "++++", "+ +1", "A+B+c", "a b c"] {
            let text = format!("p={secret}.");
            assert_eq!(in_text(&text, [secret.to_ascii_lowercase().as_bytes()]), "p=[redacted].");
            let form = percent(secret, |_| false, true);
            assert_eq!(in_text(&format!("p={form}."), [secret.as_bytes()]), "p=[redacted].");
        }
        assert_eq!(in_text("p=a+b+c.", [&b"a b c"[..]]), "p=[redacted].");
        assert_eq!(in_text("p=abc.", [&b"a+b+c"[..]]), "p=abc.");
        assert_eq!(in_text("a cab", [&b"%41%42"[..]]), "a cab");
    }

    #[test]
    fn secret_with_an_invisible_character_is_redacted_as_messages_show_it() {
        for secret in ["pass\u{a0}word", "a\u{200b}b\tc", "p\u{ad}\u{e9}ss"] {
            for spelled in [secret.to_owned(), visible(secret), plain(secret)] {
                let shown = in_text(&format!("no `{spelled}` here"), [secret.as_bytes()]);
                assert_eq!(shown, "no `[redacted]` here", "{spelled:?}");
            }
        }
    }

    #[test]
    fn base64_of_a_secret_is_redacted_at_each_alignment() {
        for before in ["", "c", "cl", "cli", "c:", "client:", "some/client:"] {
            for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
                let code = engine.encode(format!("{before}{SECRET}"));
                assert_eq!(
                    shown(&format!("bad header Basic {code}")),
                    "bad header Basic [redacted]"
                );
                assert_eq!(shown(&format!("header={code}, x")), "header=[redacted], x");
                // The beginning of it only, and only what follows some of it.
                assert!(!shown(&format!("got {}...", &code[..28])).contains(&code[16..28]));
                assert_eq!(shown(&format!("got ...{}", &code[9..])), "got ...[redacted]");
            }
        }
        let form = percent(SECRET, |_| false, true);
        let header = STANDARD.encode(format!("c:{form}"));
        assert_eq!(shown(&format!("Basic {header}!")), "Basic [redacted]!");
        let twice = STANDARD.encode(&header);
        assert_eq!(shown(&format!("Basic {twice}!")), "Basic [redacted]!");
        let in_form = percent(&header, |_| false, false);
        assert_eq!(shown(&format!("Basic {in_form}!")), "Basic [redacted]!");
        let (first, second) = header.split_at(20);
        assert_eq!(shown(&format!("Basic: {first}\r\n {second}")), "Basic: [redacted]");
    }

    #[test]
    fn base64_of_a_short_secret_is_redacted() {
        for secret in ["hunt", "hunter2"] {
            let code = STANDARD.encode(format!("c:{secret}"));
            assert_eq!(in_text(&format!("Basic {code}"), [secret.as_bytes()]), "Basic [redacted]");
        }
    }

    #[test]
    fn escaped_secret_is_redacted() {
        for spelled in [
            serde_json::to_string(SECRET).unwrap(),
            serde_json::to_string(SECRET).unwrap().replace('/', "\\/"),
            serde_json::to_string(&serde_json::to_string(SECRET).unwrap()).unwrap(),
            escaped(SECRET, |unit| format!("\\u{unit:04X}")),
            SECRET.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
            escaped(SECRET, |unit| format!("&#{unit};")),
            escaped(SECRET, |unit| format!("&#x{unit:X};")),
            html(SECRET),
            html(&html(SECRET)),
            html(&percent(SECRET, |_| false, true)),
            format!("{SECRET:?}"),
            hex(SECRET),
            hex(SECRET).to_uppercase(),
            SECRET.to_ascii_uppercase(),
        ] {
            let shown = shown(&format!("no `{spelled}` here"));
            assert!(
                shown.replace(['"', '\\'], "").contains("`[redacted]` here"),
                "{spelled}: {shown}"
            );
            let letters = shown.replace("redacted", "");
            assert!(!letters.contains("gh") && !letters.contains("op"), "{spelled}: {shown}");
        }
    }

    #[test]
    fn secret_that_looks_encoded_is_redacted_as_it_is_spelled() {
        for secret in ["a%41b%2Bc", "x\\u0041y\\/z", "a&amp;b&#43;c", "%25%2525%25"] {
            let shown = |text: &str| in_text(text, [secret.as_bytes()]);
            assert_eq!(shown(&format!("({secret})")), "([redacted])");
            assert_eq!(shown(&format!("({})", percent(secret, |_| false, true))), "([redacted])");
            assert_eq!(shown(&format!("({})", html(secret))), "([redacted])");
        }
    }

    #[test]
    fn texts_of_a_document_are_redacted_and_its_names_are_not() {
        let document = r#"{"SecretAccessKey":"wJal\/rXUtnFEMI","Expiration":"2033-05-18T03:33:20Z","n":[{"t":"to\u006ben-1"}]}"#;
        let shown = |text: &str| in_text(text, [document.as_bytes()]);
        let text = "no `SecretAccessKey`, `Expiration` is 2033-05-18T03:33:20Z";
        assert_eq!(shown(text), text);
        assert_eq!(shown("bad wJal/rXUtnFEMI and token-1"), "bad [redacted] and [redacted]");
        assert!(!shown(document).contains("XUtn") && !shown(document).contains("en-1"));
    }

    #[test]
    fn secret_that_begins_with_a_date_is_redacted() {
        let shown = |text: &str| in_text(text, [&br#"{"key":"2030-01-31-realsecret"}"#[..]]);
        assert_eq!(shown("bad key 2030-01-31-realsecret"), "bad key [redacted]");
        for date in ["2030-01-31", "2030-01-31T00:00:00Z", "2030-01-31 01:00:00 +0100"] {
            let document = format!(r#"{{"key":"sk-1","until":"{date}"}}"#);
            let text = format!("it ends {date}");
            assert_eq!(in_text(&text, [document.as_bytes()]), text);
        }
    }

    #[test]
    fn long_number_in_a_document_is_redacted_unless_it_is_an_expiry() {
        let document = r#"{"pin":12345678,"port":8443,"expiresAt":2000000000,"ids":[987654321]}"#;
        let shown = |text: &str| in_text(text, [document.as_bytes()]);
        assert_eq!(shown("no 12345678 or 987654321"), "no [redacted] or [redacted]");
        assert_eq!(shown("at 8443 until 2000000000"), "at 8443 until 2000000000");
    }

    #[test]
    fn text_without_a_secret_is_not_redacted() {
        for text in [
            "invalid_client: the client is unknown (`invalid_client`)",
            "`https://login.example.com/oauth2/v2.0/token` answered 503 <html>",
            "permission denied; 100% sure \\o/ &c.",
            "0123456789abcdef0123456789abcdef is no id",
            "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(in_text("the latest", [&b"te"[..], b"the"]), "the latest");
        assert_eq!(in_text("a whole test", [&b"test"[..]]), "a whole [redacted]");
    }

    #[test]
    fn redacted_text_of_any_size_costs_little() {
        let secret = vec![b'7'; 1 << 20];
        assert_eq!(in_text(&"7".repeat(4096), [&secret[..]]), REDACTED);
        for repeated in ["%25", "YWFh", "&amp;", "\\\\", "61 ", "x"] {
            let text = repeated.repeat(1 << 18);
            assert!(in_text(&text, [&b"hunter2-hunter2"[..]]).len() <= LONGEST);
        }
    }
}
