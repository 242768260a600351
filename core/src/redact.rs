//! What must not be repeated of what somebody else wrote.

/// `text` without every piece that also occurs in `known`, which is a secret or has one in it. By pieces
/// of 8 bytes and not by words, for a secret stands in quotes, behind a `=` or cut off as well as alone.
#[must_use]
pub fn redact(text: &str, known: &[u8]) -> String {
    let pieces = |text| <[u8]>::windows(text, PIECE);
    let is_word = |piece: &&[u8]| !piece.iter().any(u8::is_ascii_whitespace);
    let mut shown: Vec<&[u8]> = pieces(text.as_bytes()).filter(is_word).collect();
    shown.sort_unstable();
    shown.dedup();
    let mut occurs = vec![false; shown.len()];
    for piece in pieces(known) {
        if let Ok(index) = shown.binary_search(&piece) {
            occurs[index] = true;
        }
    }
    let mut is_secret = vec![false; text.len()];
    for (start, piece) in pieces(text.as_bytes()).enumerate() {
        if shown.binary_search(&piece).is_ok_and(|index| occurs[index]) {
            is_secret[start..start + PIECE].fill(true);
        }
    }
    let mut clean = String::new();
    let mut was_secret = false;
    for (start, character) in text.char_indices() {
        let is_secret = is_secret[start..start + character.len_utf8()].contains(&true);
        if !is_secret {
            clean.push(character);
        } else if !was_secret {
            clean.push_str(REDACTED);
        }
        was_secret = is_secret;
    }
    clean
}

/// The shortest piece that is recognised, in bytes.
const PIECE: usize = 8;
/// Stands for what is not repeated.
const REDACTED: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_redacted_wherever_they_stand() {
        let shown = |text: &str| redact(text, b"{\"key\": \"sk-ant-0123456789\"}\n");
        assert_eq!(shown("got sk-ant-0123456789 twice"), "got [redacted] twice");
        assert_eq!(shown("KEY='sk-ant-0123456789'"), "KEY='[redacted]'");
        assert_eq!(shown("sk-ant-0123456789sk-ant-0123456789"), "[redacted]");
        assert_eq!(shown("ends in 23456789"), "ends in [redacted]");
        assert_eq!(shown("ends in 3456789"), "ends in 3456789");
        assert_eq!(shown("sk-ant-öö"), "sk-ant-öö");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn much_of_it_costs_little() {
        assert_eq!(redact(&"a".repeat(4096), &vec![b'a'; 1 << 20]), REDACTED);
    }
}
