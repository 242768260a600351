//! One request and its answer.

use std::fmt;
use std::time::Duration;

use api_key_helper_core::Error;
use reqwest::{RequestBuilder, Response};
use zeroize::Zeroizing;

use crate::{Failure, Words};

/// Sends `request` to `address`, and waits for the answer to begin. All of it has to be there within
/// `time`.
///
/// # Errors
/// See [`Failure::on_the_way`].
pub async fn send(
    request: RequestBuilder,
    address: &impl fmt::Display,
    time: Duration,
    words: &Words,
) -> Result<Response, Failure> {
    let sent = request.timeout(time).send().await;
    sent.map_err(|error| Failure::on_the_way(address, time, &error, words))
}

/// The whole body of what `address` answered to a request that had `time`.
///
/// # Errors
/// Transient, when it breaks off or is longer than 1 MiB. The request was sent.
pub async fn body(
    mut response: Response,
    address: &impl fmt::Display,
    time: Duration,
    words: &Words,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut body = Zeroizing::new(Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= LONGEST => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err(Failure::lost(too_long(address, words))),
            Ok(None) => return Ok(body),
            Err(error) => {
                let failure = Failure::on_the_way(address, time, &error, words);
                return Err(Failure::lost(failure.error));
            }
        }
    }
}

fn too_long(address: &impl fmt::Display, words: &Words) -> Error {
    Error::transient(format!("`{address}` sends more than 1 MiB")).with_hint(words.impostor)
}

/// The longest body that is read, in bytes.
const LONGEST: usize = 1024 * 1024;
