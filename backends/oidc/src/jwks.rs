//! The keys that a provider publishes (RFC 7517).

use api_key_helper_backend::{Fields, jwt};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

/// A key by which a provider may have signed.
pub(crate) struct PublicKey {
    id: Option<String>,
    key: DecodingKey,
}

impl PublicKey {
    /// The keys of a set; `None` where it is none. A key that cannot be read costs none of the
    /// others.
    pub(crate) fn all(set: &Fields<'_>) -> Option<Vec<Self>> {
        let keys = set.list("keys")?;
        Some(keys.into_iter().filter_map(|key| Self::read(&Fields::of(key)?)).collect())
    }

    /// The numbers of a key of a known kind (RFC 7518, section 6; RFC 8037, section 2). A secret is
    /// not one of them: what is published must not sign.
    fn read(fields: &Fields<'_>) -> Option<Self> {
        if fields.text("use").as_deref() == Some("enc") {
            return None;
        }
        let number = |name| jwt::decode(&fields.string(name)?);
        let key = match (fields.text("kty")?.as_str(), fields.text("crv").as_deref()) {
            ("RSA", _) => DecodingKey::from_rsa_raw_components(
                without_zeros(&number("n")?),
                without_zeros(&number("e")?),
            ),
            ("EC", Some("P-256")) => point(&number("x")?, &number("y")?, 32)?,
            ("EC", Some("P-384")) => point(&number("x")?, &number("y")?, 48)?,
            ("OKP", Some("Ed25519")) => DecodingKey::from_ed_der(&number("x")?),
            _ => return None,
        };
        Some(Self { id: fields.text("kid"), key })
    }

    /// Returns whether it may be the key that a token names by `id`.
    pub(crate) fn may_be(&self, id: Option<&str>) -> bool {
        match (&self.id, id) {
            (Some(own), Some(id)) => own == id,
            _ => true,
        }
    }

    /// Returns whether `signature` is its signature of `message`.
    pub(crate) fn has_signed(&self, message: &str, signature: &str, by: Algorithm) -> bool {
        // An error is that of a key for another algorithm, or of a signature that is none.
        crypto::verify(signature, message.as_bytes(), &self.key, by).unwrap_or_default()
    }
}

/// The point of a curve, in the form that a verifier takes: both numbers in full width, whatever
/// zeros the server wrote in front or left out.
fn point(x: &[u8], y: &[u8], width: usize) -> Option<DecodingKey> {
    let mut point = vec![UNCOMPRESSED];
    for number in [x, y].map(without_zeros) {
        point.resize(point.len() + width.checked_sub(number.len())?, 0);
        point.extend_from_slice(number);
    }
    Some(DecodingKey::from_ec_der(&point))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// SEC 1, section 2.3.3.
const UNCOMPRESSED: u8 = 4;
