//! Why a request came to nothing, in words.

use std::error::Error as StdError;
use std::time::SystemTime;

use api_key_helper_backend::{Error, Secret};
use api_key_helper_http::{Unanswered, Words, cause, find, parse_retry_after, quote};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::{DateTime, Format};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::answer::{Answer, Skew, Verdict};

/// Why a request came to nothing.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Answer(Answer),
    /// An answer began, and did not come to its end, or not in a form that can be read.
    Broken(String),
    Late,
    /// The SDK cannot make such a request.
    Unsendable(String),
    /// The network, a proxy or the server's certificate.
    Unanswered(Unanswered),
    /// Something nearer is wrong, and says so itself.
    Near(Error),
}

/// What was asked, for words about it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The right that it takes, as policies write it.
    pub(crate) action: &'static str,
    /// What a policy would name.
    pub(crate) resource: String,
    /// As in "aws refused to ...".
    pub(crate) what: String,
    /// As in "cannot reach ...".
    pub(crate) server: String,
    /// Whose credentials signed it.
    pub(crate) who: String,
    /// What a person does about those.
    pub(crate) advice: String,
    /// Secrets that an answer may repeat and a message must not.
    pub(crate) hidden: Vec<Secret>,
}

impl Failure {
    /// What the SDK's `error` says.
    pub(crate) fn new<E>(error: &SdkError<E, HttpResponse>, now: SystemTime) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::Late,
            SdkError::DispatchFailure(_) => match (find::<Unanswered>(error), find(error)) {
                (Some(unanswered), _) if unanswered.is_late() => Self::Late,
                (Some(unanswered), _) => Self::Unanswered(unanswered.clone()),
                (None, Some(near)) => Self::Near(Error::clone(near)),
                (None, None) => Self::Unsendable(cause(error)),
            },
            SdkError::ServiceError(context) => {
                let response = context.raw();
                let mut answer = Answer {
                    status: response.status().as_u16(),
                    code: context.err().code().map(code),
                    message: context.err().message().map(str::to_owned),
                    ..head(response, now)
                };
                if let Some(Ok(body)) = response.body().bytes().map(std::str::from_utf8) {
                    answer.read_xml(body);
                }
                Self::Answer(answer)
            }
            SdkError::ResponseError(_) => Self::Broken(cause(error)),
            _ => Self::Unsendable(cause(error)),
        }
    }

    pub(crate) fn blames_credentials(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.verdict().blames_credentials())
    }

    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.verdict() == Verdict::Forbidden)
    }

    /// The error, with what to do about it.
    pub(crate) fn error(&self, asked: &Asked) -> Error {
        let server = &asked.server;
        match self {
            Self::Answer(answer) => refusal(answer, asked),
            Self::Broken(why) => {
                Error::transient(format!("{server} broke off its response: {why}"))
                    .with_hint(WORDS.way)
            }
            Self::Late => Error::transient(format!("{server} did not answer in time"))
                .with_hint("if it is slow by nature, raise `timeout` of the source"),
            Self::Unsendable(why) => Error::misconfigured(format!("cannot ask {server}: {why}"))
                .with_hint("check `region`, `endpoint` and `secret_id` of the source"),
            Self::Unanswered(why) => why.error(server, None, &WORDS),
            Self::Near(error) => error.clone(),
        }
    }
}

fn refusal(answer: &Answer, asked: &Asked) -> Error {
    let Asked { action, resource, what, server, who, advice, hidden } = asked;
    let because = answer.because(hidden);
    let verdict = answer.verdict();
    let error = |message: String| Error::new(verdict.kind(), message);
    let error =
        match verdict {
            Verdict::Absent => error(format!("aws found nothing to {what}{because}")),
            // Its own words repeat all of the request.
            Verdict::BadSignature => {
                let clock = answer.skew.map(|skew| format!("this machine's clock is {skew} aws's"));
                if answer.blames_clock() {
                    let clock = clock.unwrap_or_else(|| "this machine's clock is wrong".to_owned());
                    error(format!("aws refused the signature for its time: {clock}"))
                        .with_hint("set this machine's clock: `sudo timedatectl set-ntp true`")
                } else {
                    let clock = clock.map(|clock| format!(" ({clock})")).unwrap_or_default();
                    error(format!(
                    "aws refused the signature of {who}: the secret access key does not belong to \
                     the access key id{clock}"
                ))
                .with_hint(advice.as_str())
                }
            }
            Verdict::Deleted => error(format!("aws refused to {what}: it is marked for deletion")),
            Verdict::Expired => error(format!("the aws credentials of {who} have expired"))
                .with_hint(advice.as_str()),
            Verdict::Forbidden => error(format!("aws refused to {what}{because}"))
                .with_hint(format!("ask for `{action}` on `{resource}`")),
            Verdict::Foreign => {
                let status = answer.status;
                error(format!("{server} answered {status}, but not as aws does"))
                    .with_hint(WORDS.impostor)
            }
            Verdict::Locked => {
                error(format!("aws refused to {what}: kms does not decrypt it{because}"))
                    .with_hint(format!("ask for `kms:Decrypt` on the key of `{resource}`"))
            }
            Verdict::Refused => {
                let code = quote(answer.code.as_deref().unwrap_or_default(), hidden);
                error(format!("aws refused to {what}: `{code}`{because}"))
                    .with_hint("check the source's settings")
            }
            Verdict::Stranger => error(format!("aws does not know the credentials of {who}"))
                .with_hint(advice.as_str()),
            Verdict::Unavailable => {
                let status = answer.status;
                let code = answer.code.as_deref().map(|code| format!(" `{}`", quote(code, hidden)));
                let code = code.unwrap_or_default();
                error(format!("{server} answered {status}{code}{because}")).with_hint(WAIT)
            }
        };
    match answer.retry_after {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

/// What will pass is asked again by itself.
const WAIT: &str = "wait a little; if it stays so, see whether the service is well in that region";

/// A code as documentation writes it, without the name space and the address around it.
fn code(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split(':').next().unwrap_or(code).to_owned()
}

fn head(response: &HttpResponse, now: SystemTime) -> Answer {
    let header = |name: &str| response.headers().get(name);
    let date = header("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    let date = date.and_then(|date| SystemTime::try_from(date).ok());
    Answer {
        retry_after: header("retry-after").and_then(|wait| parse_retry_after(wait, now)),
        skew: date.map(|date| Skew::between(now, date)),
        ..Answer::default()
    }
}

const WORDS: Words = Words {
    server: "",
    way: "check the network, its proxy variables, and `region` and `endpoint` of the source",
    impostor: "a proxy or another server may stand in its place: check `endpoint`",
    authority: "name that authority's certificate in `AWS_CA_BUNDLE`",
    host: "check `endpoint` of the source, and the proxy",
    client: None,
};
