//! moto, which has the API of AWS: Secrets Manager, STS and IAM.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::http_client::{self, HttpClient};
use super::http_server::HttpServer;
use crate::install;

/// The account that everything belongs to.
pub const ACCOUNT: &str = "123456789012";

/// The region that is meant where none is named.
pub const REGION: &str = "us-east-1";

/// One server, and its administrator. At first it believes everybody, see [`Moto::check`].
#[derive(Debug)]
pub struct Moto {
    server: HttpServer,
}

/// The long-lived credentials of a user.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: String,
}

impl Moto {
    /// A server that is ready.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let packages = install::pypi(&["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"]);
        let server = start(&packages, "moto.server", &[], |http| {
            http.try_request("GET", "/moto-api/data.json", &[], String::new()).is_ok()
        });
        Self { server }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.http.address()
    }

    /// Checks signatures, session tokens and rights from now on, or believes everybody again. What
    /// this administrator asks for is not signed.
    pub fn check(&self, checks: bool) {
        let without_checks = if checks { "0" } else { "1000000" };
        let headers = [("Content-Type", "text/plain")];
        self.server.http.request(
            "POST",
            "/moto-api/reset-auth",
            &headers,
            without_checks.to_owned(),
        );
    }

    /// Makes a user who may do what `statements` say.
    #[must_use]
    pub fn user(&self, name: &str, statements: &[Value]) -> AccessKey {
        self.iam("CreateUser", &[("UserName", name)]);
        if !statements.is_empty() {
            let parameters =
                [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", &policy(statements))];
            self.iam("PutUserPolicy", &parameters);
        }
        let answer = self.iam("CreateAccessKey", &[("UserName", name)]);
        AccessKey {
            id: element(&answer, "AccessKeyId"),
            secret: element(&answer, "SecretAccessKey"),
        }
    }

    /// Makes a role that may do what `statements` say, and that `trust` says who may assume.
    ///
    /// Returns its ARN.
    pub fn role(&self, name: &str, trust: &Value, statements: &[Value]) -> String {
        let trust = policy(std::slice::from_ref(trust));
        self.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", &trust)]);
        if !statements.is_empty() {
            let parameters =
                [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", &policy(statements))];
            self.iam("PutRolePolicy", &parameters);
        }
        format!("arn:aws:iam::{ACCOUNT}:role/{name}")
    }

    /// Makes a secret in [`REGION`]; `value` has a `SecretString` or a `SecretBinary`.
    ///
    /// Returns its ARN.
    pub fn secret(&self, name: &str, value: &Value) -> String {
        self.secret_in(REGION, name, value)
    }

    /// The same in another region.
    pub fn secret_in(&self, region: &str, name: &str, value: &Value) -> String {
        let mut body = value.clone();
        body["Name"] = json!(name);
        text(&self.secrets_manager_in(region, "CreateSecret", &body), "ARN")
    }

    /// Asks Secrets Manager in [`REGION`].
    pub fn secrets_manager(&self, operation: &str, body: &Value) -> Value {
        self.secrets_manager_in(REGION, operation, body)
    }

    fn secrets_manager_in(&self, region: &str, operation: &str, body: &Value) -> Value {
        let headers = [
            ("Authorization", &*scope(region, "secretsmanager")),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", &*format!("secretsmanager.{operation}")),
        ];
        http_client::json(&self.server.http.request("POST", "/", &headers, body.to_string()))
    }

    fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut form = format!("Action={action}&Version=2010-05-08");
        for (name, value) in parameters {
            // Writing to a string cannot fail.
            let _ = write!(form, "&{name}={}", encoded(value));
        }
        let headers = [
            ("Authorization", &*scope(REGION, "iam")),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.server.http.request("POST", "/", &headers, form)
    }
}

/// A statement that allows `action` on everything: moto does not look at resources.
#[must_use]
pub fn allow(action: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": "*" })
}

/// A statement of trust in the user `name`. With an external id only if that is the one: moto also
/// trusts whoever gives none.
#[must_use]
pub fn trust(name: &str, external_id: Option<&str>) -> Value {
    let user = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    let mut statement =
        json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": user } });
    if let Some(id) = external_id {
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": id } });
    }
    statement
}

/// The text of a field of an answer.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {answer}")).to_owned()
}

/// Starts a Python module that serves HTTP, with the packages that it is in.
pub(super) fn start(
    packages: &Path,
    module: &str,
    arguments: &[&str],
    ready: impl Fn(&HttpClient) -> bool,
) -> HttpServer {
    let command = |port: u16| {
        let mut python = Command::new("env");
        python.arg(format!("PYTHONPATH={}", packages.display()));
        python.args(["PYTHONDONTWRITEBYTECODE=", "python3", "-m", module]);
        python.args(["--host", "127.0.0.1", "--port", &port.to_string()]).args(arguments);
        python
    };
    HttpServer::start(&format!("`{module}`"), command, ready)
}

fn policy(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// What tells the server which service is meant. It is no signature.
fn scope(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=admin/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=none"
    )
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The text of an element of XML.
fn element(answer: &str, name: &str) -> String {
    answer
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once("</"))
        .unwrap_or_else(|| panic!("no `{name}` in {answer}"))
        .0
        .to_owned()
}
