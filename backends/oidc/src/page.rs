//! The page that a browser ends on.

use std::fmt::Write as _;

use api_key_helper_backend::Error;
use api_key_helper_backend::text::plain;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A page that says what came of a sign-in. It has no script, nothing of another address, and no
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    status: &'static str,
    title: &'static str,
    paragraphs: Vec<String>,
}

impl Page {
    /// It worked.
    pub(crate) fn signed_in(source: &str, who: &str) -> Self {
        let said = format!("The program api-key-helper is signed in to `{source}`{who}.");
        Self { status: "200 OK", title: "Signed in", paragraphs: vec![said, CLOSE.to_owned()] }
    }

    /// It did not.
    pub(crate) fn not_signed_in(source: &str, error: &Error) -> Self {
        let mut paragraphs = vec![
            format!("The program api-key-helper is not signed in to `{source}`."),
            format!("Why: {}.", error.short_text()),
        ];
        paragraphs.extend(error.hint().map(|hint| format!("What to do: {hint}.")));
        paragraphs.push(CLOSE.to_owned());
        Self { status: "400 Bad Request", title: "Not signed in", paragraphs }
    }

    /// An answer that no sign-in waits for. The sign-in goes on.
    pub(crate) fn stray() -> Self {
        let said = "This is not the answer to the sign-in that the program api-key-helper waits \
                    for. It may be an older one. The sign-in goes on in the window where it began.";
        let paragraphs = vec![said.to_owned(), CLOSE.to_owned()];
        Self { status: "400 Bad Request", title: "Not an answer", paragraphs }
    }

    /// Another page than the one that there is.
    pub(crate) fn nothing() -> Self {
        let said = "The program api-key-helper waits here for a sign-in, and has no other page.";
        Self { status: "404 Not Found", title: "Not found", paragraphs: vec![said.to_owned()] }
    }

    /// All that is sent, the connection's end included.
    pub(crate) fn response(&self) -> String {
        let html = self.html();
        let style = STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "HTTP/1.1 {}\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; style-src 'sha256-{style}'; \
             img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
             Cache-Control: no-store\r\n\
             Referrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\n\
             Connection: close\r\n\r\n{html}",
            self.status,
            html.len(),
        )
    }

    fn html(&self) -> String {
        let title = self.title;
        let mut text = String::new();
        for paragraph in &self.paragraphs {
            let _ = writeln!(text, "<p>{}</p>", escaped(paragraph));
        }
        // The empty icon keeps the browser from asking for one when the port is closed.
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <link rel=\"icon\" href=\"data:,\">\n<title>{title} - api-key-helper</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{text}</main>\n\
             </body>\n</html>\n"
        )
    }
}

/// `text` as a part of a page, where what stands between backticks is code.
fn escaped(text: &str) -> String {
    let text = plain(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return text;
    }
    let mut html = String::new();
    for (number, part) in parts.into_iter().enumerate() {
        match number % 2 {
            0 => html += part,
            _ => _ = write!(html, "<code>{part}</code>"),
        }
    }
    html
}

const CLOSE: &str = "You can close this window.";

const STYLE: &str = "\
:root { color-scheme: light dark; font: 1.125rem/1.5 system-ui, sans-serif }
main { max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem; overflow-wrap: anywhere }
h1 { font-size: 1.6rem }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_login_page_says_what_happened() {
        let page = Page::signed_in("sso", " as `ada@example.com`").response();
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        let said = "is signed in to <code>sso</code> as <code>ada@example.com</code>.</p>";
        assert!(page.contains(said) && page.contains(CLOSE), "{page}");
        let error = Error::denied("the sign-in was declined").with_hint("run `login`");
        let page = Page::not_signed_in("sso", &error).response();
        assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
        assert!(page.contains("<p>Why: the sign-in was declined.</p>"), "{page}");
        assert!(page.contains("<p>What to do: run <code>login</code>.</p>"), "{page}");
    }

    #[test]
    fn browser_login_page_escapes_the_providers_text() {
        let error = Error::denied("<script>`a` & \"b\"</script>`\u{1b}[31m");
        let page = Page::not_signed_in("sso", &error).response();
        assert!(
            page.contains("&lt;script&gt;`a` &amp; \"b\"&lt;/script&gt;`U+001B[31m.</p>"),
            "{page}"
        );
        assert!(!page.contains("<script") && !page.contains('\u{1b}'), "{page}");
    }

    #[test]
    fn browser_login_response_has_its_content_length() {
        for page in [Page::nothing(), Page::stray(), Page::signed_in("sso", " as `Zoë`")] {
            let response = page.response();
            let (head, body) = response.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
            assert!(head.contains("\r\nCache-Control: no-store\r\n"), "{head}");
            let policy = "\r\nContent-Security-Policy: default-src 'none'; style-src 'sha256-";
            assert!(head.contains(policy), "{head}");
            assert!(!body.contains("http") && !body.contains("src="), "{body}");
        }
    }
}
