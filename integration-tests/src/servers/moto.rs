//! Moto, which implements the API of AWS: Secrets Manager, STS and IAM.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::http_client::{self, HttpClient};
use super::http_server::HttpServer;
use crate::install;

/// The account of all resources.
pub const ACCOUNT: &str = "123456789012";

/// The default region.
pub const REGION: &str = "us-east-1";

/// A server, and its administrator. At first it accepts every request; see [`Moto::check`].
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
    /// Starts a server, and waits until it is ready.
    ///
    /// # Panics
    /// It does not start.
    #[must_use]
    pub fn start() -> Self {
        let packages = install::pypi(&["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"]);
        let server = start(&packages, "moto.server", &[], |http| {
            http.try_request("GET", "/moto-api/data.json", &[], String::new()).is_ok()
        });
        Self { server }
    }

    /// Returns the address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.server.http.address()
    }

    /// Enables or disables the checks of signatures, session tokens and permissions. Requests of
    /// this administrator are not signed.
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

    /// Creates a user with the permissions of `statements`.
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

    /// Creates a role with the permissions of `statements`, which the principals in `trust` may
    /// assume. Returns its ARN.
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

    /// Creates a secret in [`REGION`]; `value` has a `SecretString` or a `SecretBinary`. Returns
    /// its ARN.
    pub fn secret(&self, name: &str, value: &Value) -> String {
        self.secret_in(REGION, name, value)
    }

    /// Creates a secret in another region.
    pub fn secret_in(&self, region: &str, name: &str, value: &Value) -> String {
        let mut body = value.clone();
        body["Name"] = json!(name);
        text(&self.secrets_manager_in(region, "CreateSecret", &body), "ARN")
    }

    /// Calls Secrets Manager in [`REGION`].
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

/// Returns a statement that allows `action` on everything: moto does not check resources.
#[must_use]
pub fn allow(action: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": "*" })
}

/// Returns a statement of trust in the user `name`, with a condition on the external ID. Moto also
/// trusts requests without an external ID.
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

/// Returns the string in a field of a response.
///
/// # Panics
/// There is none.
#[must_use]
pub fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {answer}")).to_owned()
}

/// Starts a Python module that serves HTTP, from these packages.
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

/// The header by which the server knows the service. It is not a valid signature.
fn scope(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=admin/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=none"
    )
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Returns the text of an XML element.
fn element(answer: &str, name: &str) -> String {
    answer
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once("</"))
        .unwrap_or_else(|| panic!("no `{name}` in {answer}"))
        .0
        .to_owned()
}
