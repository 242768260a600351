//! What to do when something went wrong on the way to the server.

use api_key_helper_http::Words;

pub(crate) const WORDS: Words = Words {
    server: "vault at ",
    way: "check `address`, the network, and whether the server is up",
    impostor: "a proxy or another server may stand in its place: check `address`",
    authority: "name that authority's certificate in `ca_file` (or `VAULT_CACERT`)",
    host: "mend `address`, or name the certificate's host in `tls_server_name`",
    client: Some("see `client_cert` and `client_key` of the source"),
};
