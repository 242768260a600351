//! What to do when something went wrong on the way to a provider.

use api_key_helper_http::Words;

pub(crate) const WORDS: Words = Words {
    server: "",
    way: "check `issuer`, the network, and whether the provider is up",
    impostor: "a proxy or another server may stand in its place: check `issuer`",
    authority: "name that authority's certificate in `ca_file`",
    host: "compare the host in `issuer` with the certificate's",
    client: None,
};
