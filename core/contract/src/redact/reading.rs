//! The bytes that a text may stand for.

use std::iter;
use std::ops::Range;

use super::unescape::unescape;

/// Bytes that a text may stand for, each with its place in the text.
#[derive(Default)]
pub(super) struct Reading {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

/// The shortest part of a secret that is recognised, in bytes.
pub(super) const PIECE: usize = 8;
/// The most encodings that lie in one another.
const DEEPEST: usize = 4;
/// The most readings of a text.
const MOST_READINGS: usize = 200;

impl Reading {
    /// The text as it stands.
    pub(super) fn of(text: &[u8]) -> Self {
        let places = (0..text.len()).map(|place| place..place + 1).collect();
        Self { bytes: text.to_vec(), places }
    }

    /// All readings of `text`, those with the fewest encodings first.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let mut readings = vec![Self::of(text.as_bytes())];
        let mut newest = 0..1;
        for _ in 0..DEEPEST {
            for index in newest.clone() {
                let decoded = readings[index].decoded();
                readings.extend(decoded);
                if readings.len() > MOST_READINGS {
                    return readings;
                }
            }
            newest = newest.end..readings.len();
        }
        readings
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place in the text of `length` bytes from `start` on.
    pub(super) fn place(&self, start: usize, length: usize) -> Range<usize> {
        self.places[start].start..self.places[start + length - 1].end
    }

    /// The places in the text of a whole secret, which may be broken into lines.
    pub(super) fn places_of(&self, secret: &[u8]) -> impl Iterator<Item = Range<usize>> {
        let mut whole: Vec<u8> = squeezed(secret).map(|(byte, _)| byte).collect();
        let mut text: Vec<(u8, usize)> = squeezed(&self.bytes).collect();
        // What is left of `a+b+c` would be found in words.
        if whole.len() < super::SHORTEST {
            let spaced = |byte: &u8| if *byte == b'+' { b' ' } else { byte.to_ascii_lowercase() };
            whole = secret.iter().map(spaced).collect();
            text = self.bytes.iter().map(spaced).zip(0..).collect();
        }
        let (bytes, indices): (Vec<u8>, Vec<usize>) = text.into_iter().unzip();
        let starts = 0..(bytes.len() + 1).saturating_sub(whole.len());
        let length = whole.len();
        starts.filter(move |start| bytes[*start..].starts_with(&whole)).map(move |start| {
            let (first, last) = (indices[start], indices[start + length - 1]);
            self.place(first, last + 1 - first)
        })
    }

    /// The same without escapes, those that other escapes hid included; `None` if it has none.
    pub(super) fn unescaped_fully(&self) -> Option<Self> {
        iter::successors(self.unescaped(), Self::unescaped).take(DEEPEST).last()
    }

    /// The same with one encoding less.
    fn decoded(&self) -> Vec<Self> {
        let base64 = (0..4).filter_map(|skipped| self.decoded_digits(6, base64_digit, skipped));
        let hex = (0..2).filter_map(|skipped| self.decoded_digits(4, hex_digit, skipped));
        let listed = [16, 10].into_iter().filter_map(|radix| self.listed(radix));
        self.unescaped().into_iter().chain(base64).chain(hex).chain(listed).collect()
    }

    /// The same without the escapes of addresses, JSON and HTML; `None` if it has none.
    fn unescaped(&self) -> Option<Self> {
        let mut plain = Self::default();
        let mut start = 0;
        while let Some((meant, length)) = unescape(&self.bytes[start..]) {
            for &byte in meant.bytes() {
                plain.push(byte, self.place(start, length));
            }
            start += length;
        }
        (plain.bytes != self.bytes).then_some(plain)
    }

    /// The bytes that runs of digits stand for. A digit is one for which `value` gives `bits` bits.
    /// The first digits of a run may belong to what stands before it, so that many are `skipped`. A
    /// run may be broken into lines. What a byte stands for is redacted by the word: part of a
    /// digit cannot be.
    fn decoded_digits(
        &self,
        bits: u32,
        value: fn(u8) -> Option<u8>,
        skipped: usize,
    ) -> Option<Self> {
        let mut plain = Self::default();
        for run in self.runs(value) {
            let start = plain.bytes.len();
            let (mut read, mut filled) = (0_u32, 0);
            let mut before = 0;
            for (digit, word) in run.into_iter().skip(skipped) {
                read = (read << bits) | u32::from(digit);
                if filled == 0 {
                    before = word.start;
                }
                filled += bits;
                if filled >= 8 {
                    filled -= 8;
                    let [.., byte] = (read >> filled).to_be_bytes();
                    plain.push(byte, before..word.end);
                    before = word.start;
                }
            }
            match plain.places.last().cloned() {
                // What is too short for a secret is too short for another encoding of one.
                _ if plain.bytes.len() - start < super::SHORTEST => plain.truncate(start),
                Some(last) => plain.push(b' ', last),
                None => {}
            }
        }
        (!plain.bytes.is_empty()).then_some(plain)
    }

    /// The bytes that a list of numbers stands for, as programs print bytes: `68:75`, `0x68 0x75`,
    /// `[104, 117]`.
    fn listed(&self, radix: u32) -> Option<Self> {
        let (mut plain, mut run) = (Self::default(), Self::default());
        let mut start = 0;
        for part in
            self.bytes.chunk_by(|a, b| a.is_ascii_alphanumeric() == b.is_ascii_alphanumeric())
        {
            match listed_byte(part, radix) {
                Some(byte) => run.push(byte, self.place(start, part.len())),
                None if is_between_numbers(part) => {}
                None => plain.extend_by(&mut run),
            }
            start += part.len();
        }
        plain.extend_by(&mut run);
        (!plain.bytes.is_empty()).then_some(plain)
    }

    /// Takes over `run`, unless it is too short for a secret.
    fn extend_by(&mut self, run: &mut Self) {
        if run.bytes.len() >= super::SHORTEST {
            self.bytes.append(&mut run.bytes);
            self.places.append(&mut run.places);
            if let Some(last) = self.places.last().cloned() {
                self.push(b' ', last);
            }
        }
        *run = Self::default();
    }

    /// Runs of digits: the value of each, and the place of its word, which has the padding as well.
    fn runs(&self, value: fn(u8) -> Option<u8>) -> Vec<Vec<(u8, Range<usize>)>> {
        let mut runs = vec![Vec::new()];
        let mut start = 0;
        while start < self.bytes.len() {
            let rest = &self.bytes[start..];
            let digits = rest.iter().map_while(|byte| value(*byte)).count();
            let padding = rest[digits..].iter().take_while(|byte| **byte == b'=').count();
            if digits > 0 {
                let word = self.place(start, digits + padding);
                let values = rest.iter().map_while(|byte| value(*byte));
                let run = runs.last_mut();
                run.into_iter()
                    .for_each(|run| run.extend(values.clone().map(|it| (it, word.clone()))));
            }
            let is_space = digits == 0 && rest[0].is_ascii_whitespace();
            if padding > 0 || (digits == 0 && !is_space) {
                runs.push(Vec::new());
            }
            start += (digits + padding).max(1);
        }
        runs
    }

    fn push(&mut self, byte: u8, place: Range<usize>) {
        self.bytes.push(byte);
        self.places.push(place);
    }

    fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
        self.places.truncate(length);
    }
}

/// Each part of `bytes` of length [`PIECE`] without white space, in lower case, and where it
/// begins: servers change the case, of a UUID for one.
pub(super) fn pieces(bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    bytes.windows(PIECE).enumerate().filter_map(|(start, piece)| {
        let piece: [u8; PIECE] = piece.try_into().ok()?;
        let is_text = piece.iter().any(u8::is_ascii_whitespace);
        (!is_text).then(|| (start, u64::from_ne_bytes(piece.map(|byte| byte.to_ascii_lowercase()))))
    })
}

/// The [`pieces`] by which `secret` is recognised. Letters alone are left out where it has other
/// characters too: `password` is a part of many a password, and a word of our own messages.
pub(super) fn pieces_of_secret(secret: &[u8]) -> impl Iterator<Item = u64> {
    let is_word = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_lowercase);
    let has_only_letters = is_word(secret.trim_ascii());
    let is_known = move |start: usize| has_only_letters || !is_word(&secret[start..start + PIECE]);
    pieces(secret).filter(move |(start, _)| is_known(*start)).map(|(_, piece)| piece)
}

/// `bytes` in lower case without white space and `+`, each with its index: in a form a `+` is a
/// space.
pub(super) fn squeezed(bytes: &[u8]) -> impl Iterator<Item = (u8, usize)> {
    let stays = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'+';
    let bytes = bytes.iter().enumerate().filter(move |(_, byte)| stays(byte));
    bytes.map(|(index, byte)| (byte.to_ascii_lowercase(), index))
}

/// The byte that one number of a list stands for.
fn listed_byte(word: &[u8], radix: u32) -> Option<u8> {
    let word = std::str::from_utf8(word).ok()?;
    let digits = word.strip_prefix("0x").filter(|_| radix == 16).unwrap_or(word);
    let is_one = if radix == 16 { digits.len() == 2 } else { (1..=3).contains(&digits.len()) };
    u8::from_str_radix(digits, radix).ok().filter(|_| is_one)
}

/// Returns whether `part` may stand between two numbers of a list.
fn is_between_numbers(part: &[u8]) -> bool {
    part.len() <= 2 && part.iter().all(|byte| b" :,;-[](){}".contains(byte))
}

/// The value of a digit of base64 (RFC 4648, sections 4 and 5).
fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| digit.try_into().ok())
}
