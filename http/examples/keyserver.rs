//! A backend that asks a company's key server, which gives a key for a machine's token.

use std::path::PathBuf;
use std::time::SystemTime;

use api_key_helper_backend::text::Form;
use api_key_helper_backend::{
    Attempt, Backend, Credential, Error, Fields, Key, Question, Registration, SecretInput,
    SourceTable, async_trait,
};
use api_key_helper_http::{Address, Route, Words, body, is_transient_status, quote, time};
use serde::Deserialize;

/// All that a program needs to know of this backend.
pub const REGISTRATION: Registration =
    Registration::new("keyserver", "the company's key server", build)
        .with_template(
            "[source.keyserver]\nbackend = \"keyserver\"\n\ntoken = { env = \"TOKEN\" }\n",
        )
        .with_questions(&[Question::input("token", "The machine's token")]);

/// The settings of such a source beside those of every source.
#[derive(Deserialize)]
struct Table {
    address: String,
    ca_file: Option<PathBuf>,
    token: SecretInput,
}

/// Builds a source from its table.
fn build(table: &SourceTable) -> Result<Box<dyn Backend>, Error> {
    let Table { address, ca_file, token } = table.parse()?;
    let address = Address::parse(&address).map_err(|why| table.error("address", why))?;
    let route = Route::read(table, ca_file.as_deref());
    Ok(Box::new(KeyServer { address, route, token: table.input("token", token) }))
}

/// A source that asks a key server.
#[derive(Debug)]
struct KeyServer {
    address: Address,
    route: Route,
    token: SecretInput,
}

#[async_trait]
impl Backend for KeyServer {
    async fn fetch(&self, attempt: &dyn Attempt) -> Result<Credential, Error> {
        let Self { address, route, token } = self;
        let token = attempt.resolve_as(token, Form::Token).await?;
        let time = time(attempt.time_left());
        let client = route.client(address, time, attempt)?;
        let request = client.post(address.url().clone()).bearer_auth(token.expose());
        let asked_at = attempt.now();
        let response = client.send(request, address, time, &WORDS).await?;
        let status = response.status().as_u16();
        let body = body(response, address, time, &WORDS).await?;
        if status != 200 {
            let said = quote(&String::from_utf8_lossy(&body), &[token]);
            let message = format!("`{address}` answered {status}: {said}");
            return Err(match status {
                401 | 403 => Error::denied(message).with_hint("ask for access to the key server"),
                404 => Error::not_found(message),
                _ if is_transient_status(status) => Error::transient(message),
                _ => Error::misconfigured(message).with_hint("check `address`"),
            });
        }
        let answer = Fields::parse(&body).unwrap_or_default();
        let key = answer.secret("key").ok_or_else(|| {
            Error::transient(format!("the answer of `{address}` has no field `key`"))
        })?;
        let key = Key::parse(key.expose()).map_err(|why| {
            Error::transient(format!("field `key` of the answer of `{address}`: {why}"))
        })?;
        let expires_at = answer.expiry("expires_in").map(|expiry| {
            expiry.after(asked_at.into()).map(SystemTime::from).ok_or_else(|| {
                Error::transient(format!("field `expires_in` of `{address}` is no number"))
            })
        });
        Ok(Credential::new(key).with_expires_at(expires_at.transpose()?))
    }
}

const WORDS: Words = Words {
    server: "",
    way: "check `address`, the network, and whether the server is up",
    impostor: "a proxy or another server may answer in its place: check `address`",
    authority: "name that authority's certificate in `ca_file`",
    host: "compare the host in `address` with the certificate's",
    client: None,
};

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::path::Path;
    use std::time::Duration;

    use api_key_helper_backend::testing::FakeEngine;
    use api_key_helper_backend::{ErrorKind, Variables};

    use super::*;

    /// Answers one request.
    fn server(status: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/v1/key", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let head = BufReader::new(&stream).lines().map(Result::unwrap);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            let length = body.len();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        });
        address
    }

    async fn fetch(address: &str) -> (FakeEngine, Result<Credential, Error>) {
        let text = format!("address = '{address}'\ntoken = {{ env = 'T' }}");
        let table = SourceTable::from_toml("s", &text, Path::new("/c"), Variables::new()).unwrap();
        let mut engine = FakeEngine::default();
        engine.give(SecretInput::Env("T".to_owned()), "machine-token-1");
        let result = engine.fetch(&*build(&table).unwrap()).await;
        (engine, result)
    }

    #[tokio::test]
    async fn expires_in_counts_from_the_request() {
        let address = server("200 OK", r#"{"key": "sk-1", "expires_in": 60}"#);
        let (engine, credential) = fetch(&address).await;
        let credential = credential.unwrap();
        assert_eq!(credential.key.expose(), "sk-1");
        assert_eq!(credential.expires_at, Some(engine.now() + Duration::from_secs(60)));
    }

    #[tokio::test]
    async fn server_403_is_denied_without_the_token() {
        let address = server("403 Forbidden", "no access for machine-token-1");
        let error = fetch(&address).await.1.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.message().contains("403: no access"), "{error}");
    }
}
