//! Escapes of addresses, JSON, programming languages and HTML.

/// The meaning of an escape: a byte, or the bytes of a character.
pub(super) struct Meant {
    bytes: [u8; 4],
    length: usize,
}

impl Meant {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let length = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self { bytes, length })
    }
}

/// Decodes the beginning of `text`, and returns its length too; `None` where there is no text.
pub(super) fn unescape(text: &[u8]) -> Option<(Meant, usize)> {
    let (first, rest) = text.split_first()?;
    let escape = match first {
        b'%' => byte(rest).map(|meant| (meant, 3)),
        b'\\' => backslash(rest).map(|(meant, length)| (meant, length + 1)),
        b'&' => entity(rest).map(|(meant, length)| (meant, length + 1)),
        _ => None,
    };
    Some(escape.unwrap_or((Meant::byte(*first), 1)))
}

/// Decodes what follows a `\` (RFC 8259, section 7, and what languages add).
fn backslash(rest: &[u8]) -> Option<(Meant, usize)> {
    Some(match rest {
        [b'u', rest @ ..] => match (number(rest, 4)?, rest.get(4..)) {
            (high @ 0xd800..0xdc00, Some([b'\\', b'u', rest @ ..])) => {
                let low = number(rest, 4)?.checked_sub(0xdc00)?;
                (Meant::character(0x1_0000 + ((high - 0xd800) << 10) + low)?, 11)
            }
            (code, _) => (Meant::character(code)?, 5),
        },
        [b'x', rest @ ..] => (byte(rest)?, 3),
        [b'n', ..] => (Meant::byte(b'\n'), 1),
        [b'r', ..] => (Meant::byte(b'\r'), 1),
        [b't', ..] => (Meant::byte(b'\t'), 1),
        [other @ (b'"' | b'\'' | b'/' | b'\\'), ..] => (Meant::byte(*other), 1),
        _ => return None,
    })
}

/// Decodes what follows a `&`: a number, or a name that encoders of HTML use.
fn entity(rest: &[u8]) -> Option<(Meant, usize)> {
    let length = rest.iter().take(LONGEST_ENTITY).position(|byte| *byte == b';')?;
    let meant = match &rest[..length] {
        [b'#', b'x' | b'X', digits @ ..] => Meant::character(number_of(digits, 16)?)?,
        [b'#', digits @ ..] => Meant::character(number_of(digits, 10)?)?,
        b"amp" => Meant::byte(b'&'),
        b"apos" => Meant::byte(b'\''),
        b"equals" => Meant::byte(b'='),
        b"gt" => Meant::byte(b'>'),
        b"lt" => Meant::byte(b'<'),
        b"plus" => Meant::byte(b'+'),
        b"quot" => Meant::byte(b'"'),
        b"sol" => Meant::byte(b'/'),
        _ => return None,
    };
    Some((meant, length + 1))
}

/// The longest entity without its `&`.
const LONGEST_ENTITY: usize = 10;

/// The byte that the next two hexadecimal digits stand for.
fn byte(rest: &[u8]) -> Option<Meant> {
    Some(Meant::byte(number(rest, 2)?.try_into().ok()?))
}

/// The number that the next `digits` hexadecimal digits stand for.
fn number(rest: &[u8], digits: usize) -> Option<u32> {
    number_of(rest.get(..digits)?, 16)
}

fn number_of(digits: &[u8], radix: u32) -> Option<u32> {
    // `from_str_radix` takes a sign.
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with(['+', '-']))?;
    u32::from_str_radix(digits, radix).ok()
}
