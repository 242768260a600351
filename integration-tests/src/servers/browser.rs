//! A minimal browser for logins: pages, cookies and forms.

use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Url, redirect};
use tokio::runtime::{Builder, Runtime};

/// A browser with a new profile.
#[derive(Debug)]
pub(super) struct Browser {
    client: Client,
    runtime: Runtime,
    /// The cookies, by name and path.
    cookies: BTreeMap<(String, String), String>,
}

/// The page at the end of all redirects: the provider's last one, or the foreign address that it
/// redirects the browser to.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) address: Url,
    pub(super) status: u16,
    pub(super) html: String,
}

/// A form in a page.
#[derive(Debug)]
pub(super) struct Form {
    action: Url,
    fields: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_certs_only([])
            .build()
            .expect("a client");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { client, runtime, cookies: BTreeMap::new() }
    }

    /// Opens a page.
    pub(super) fn open(&mut self, address: &str) -> Page {
        self.follow(Url::parse(address).expect("an address"), None)
    }

    /// Submits a form, with some fields filled in.
    pub(super) fn submit(&mut self, mut form: Form, fields: &[(&str, &str)]) -> Page {
        form.fields.extend(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let mut query = Url::parse("http://form.invalid").expect("an address");
        query.query_pairs_mut().extend_pairs(&form.fields);
        self.follow(form.action, Some(query.query().unwrap_or_default().to_owned()))
    }

    fn follow(&mut self, mut address: Url, mut body: Option<String>) -> Page {
        let provider = address.origin();
        for _ in 0..10 {
            if address.origin() != provider {
                return Page { address, status: 0, html: String::new() };
            }
            let mut request = match body.take() {
                None => self.client.get(address.clone()),
                Some(body) => self
                    .client
                    .post(address.clone())
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(body),
            };
            request = request.header(COOKIE, self.cookies_for(&address));
            let response = self.runtime.block_on(request.send()).expect("a page");
            for cookie in response.headers().get_all(SET_COOKIE) {
                self.remember(cookie.to_str().expect("a cookie"));
            }
            let location = response.headers().get(LOCATION).cloned();
            let Some(location) = location else {
                let status = response.status().as_u16();
                let html = self.runtime.block_on(response.text()).expect("a page");
                return Page { address, status, html };
            };
            let location = location.to_str().expect("an address");
            address = address.join(location).expect("an address");
        }
        panic!("too many redirects to {address}")
    }

    fn cookies_for(&self, address: &Url) -> String {
        let mine = self.cookies.iter().filter(|((_, path), _)| address.path().starts_with(path));
        let pairs: Vec<String> = mine.map(|((name, _), value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn remember(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a value");
        let path = attributes
            .split(';')
            .find_map(|attribute| attribute.trim().strip_prefix("path="))
            .unwrap_or("/");
        let key = (name.to_owned(), path.to_owned());
        if value.is_empty() {
            self.cookies.remove(&key);
        } else {
            self.cookies.insert(key, value.to_owned());
        }
    }
}

impl Page {
    /// Returns the only form, if there is one.
    pub(super) fn form(&self) -> Option<Form> {
        let (_, form) = self.html.split_once("<form")?;
        let form = form.split("</form>").next()?;
        let action = attribute(form.split('>').next()?, "action")?;
        let fields = form
            .split("<input")
            .skip(1)
            .filter_map(|input| input.split('>').next())
            .filter_map(|input| {
                let value = attribute(input, "value").unwrap_or_default();
                Some((attribute(input, "name")?, value))
            })
            .collect();
        Some(Form { action: self.address.join(&action).ok()?, fields })
    }
}

impl Form {
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}
