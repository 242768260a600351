//! The forms in which a leaked secret can appear.

use api_key_helper_values::hex;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The encodings of both halves of a secret: plain, upper case, escaped as in URLs, JSON and HTML,
/// hexadecimal, and Base64 at each of three alignments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretForms(Vec<String>);

impl SecretForms {
    /// Returns the forms of `secret`.
    ///
    /// # Panics
    /// It is so short that its halves would match by chance.
    #[must_use]
    #[track_caller]
    pub fn of(secret: &str) -> Self {
        assert!(secret.len() >= 16, "a secret of {} characters cannot be told", secret.len());
        let (first, second) = secret.as_bytes().split_at(secret.len() / 2);
        let mut forms = Vec::new();
        for half in [first, second] {
            let hexadecimal = hex(half);
            let plain = String::from_utf8_lossy(half).into_owned();
            forms.extend(escaped(&plain));
            forms.extend([plain.to_uppercase(), plain, hexadecimal.to_uppercase(), hexadecimal]);
            for before in 0..3 {
                let shifted = [&vec![0; before], half].concat();
                for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
                    let text = alphabet.encode(&shifted);
                    // The first and the last character may depend on the adjacent text.
                    forms.push(text[[0, 2, 3][before]..text.len() - 1].to_owned());
                }
            }
        }
        Self(forms)
    }

    /// Returns the first form in `text`.
    #[must_use]
    pub fn found_in(&self, text: &[u8]) -> Option<&str> {
        let is_in =
            |trace: &&String| text.windows(trace.len()).any(|part| part == trace.as_bytes());
        self.0.iter().find(is_in).map(String::as_str)
    }

    /// Checks that no form is in `text`.
    ///
    /// # Panics
    /// One is; the message has `place`, which names the text, and the text.
    #[track_caller]
    pub fn assert_not_in(&self, place: &str, text: &[u8]) {
        let shown = String::from_utf8_lossy(text);
        assert_eq!(self.found_in(text), None, "a secret is in {place}: {shown}");
    }
}

/// Returns `secret` in each form in which a server may repeat it; the last one is cut off.
#[must_use]
pub fn repeated(secret: &str) -> Vec<String> {
    let header = format!("c:{secret}");
    let mut repeated = escaped(secret);
    repeated.extend([
        secret.to_owned(),
        secret.to_ascii_uppercase(),
        hex(secret.as_bytes()),
        STANDARD.encode(&header),
        URL_SAFE_NO_PAD.encode(&header),
        // A form that is shown in a page.
        STANDARD.encode(header.replace('-', "%2D")).replace('=', "&#61;"),
        format!("{}...", &secret[..secret.len() / 2]),
    ]);
    repeated
}

/// Returns `text` with an escape for each byte, once and twice.
fn escaped(text: &str) -> Vec<String> {
    let each = |escape: &dyn Fn(u8) -> String| text.bytes().map(escape).collect::<String>();
    vec![
        each(&|byte| format!("%{byte:02X}")),
        each(&|byte| format!("%{byte:02x}")),
        each(&|byte| format!("%25{byte:02x}")),
        each(&|byte| format!("\\u{byte:04x}")),
        each(&|byte| format!("&#{byte};")),
        each(&|byte| format!("&#x{byte:X};")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_found_in_plain_hex_base64_and_cut_forms() {
        let secret = "s.canary-5up3rc4l1fr4g1l";
        for noise in ["", "a", "ab", "abc"] {
            let text = format!("{noise}{secret}{noise}");
            let forms = [
                text.clone(),
                hex(text.as_bytes()),
                hex(text.as_bytes()).to_uppercase(),
                STANDARD_NO_PAD.encode(&text),
                URL_SAFE_NO_PAD.encode(&text),
                text.chars().take(secret.len() / 2 + noise.len() + 1).collect(),
            ];
            for form in forms {
                assert!(SecretForms::of(secret).found_in(form.as_bytes()).is_some(), "{form}");
            }
        }
        for form in repeated(secret) {
            assert!(SecretForms::of(secret).found_in(form.as_bytes()).is_some(), "{form}");
        }
        assert_eq!(SecretForms::of(secret).found_in(b"s.canary"), None);
    }
}
