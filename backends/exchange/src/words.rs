//! What to do when something went wrong on the way to a token endpoint.

use api_key_helper_http::Words;

pub(crate) const WORDS: Words = Words {
    server: "",
    way: "check `token_endpoint`, the network, and whether the server is up",
    impostor: "a proxy or another server may stand in its place: check `token_endpoint`",
    authority: "name that authority's certificate in `ca_file`",
    host: "compare the host in `token_endpoint` with the certificate's",
    client: None,
};

/// Where the TLS settings are.
pub(crate) const TLS_HINT: &str = "see `ca_file` of the source";
