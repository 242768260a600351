//! Characters that are invisible, or that change the output of a terminal.

/// Replaces each invisible character of `text` by its code, such as `U+200B`. So readers see it in
/// a name, and no terminal interprets it.
#[must_use]
pub fn visible(text: impl Into<String>) -> String {
    let text = text.into();
    if !text.contains(is_invisible) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if is_invisible(character) {
            shown.push_str(&format!("U+{:04X}", u32::from(character)));
        } else {
            shown.push(character);
        }
        shown
    })
}

/// Escapes such characters in JSON, where they can occur only in strings.
#[must_use]
pub fn visible_json(json: String) -> String {
    let is_escaped = |character| character != '\n' && is_invisible(character);
    if !json.contains(is_escaped) {
        return json;
    }
    json.chars().fold(String::with_capacity(json.len()), |mut shown, character| {
        if is_escaped(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
        shown
    })
}

/// Returns foreign text as one line of a message: without such characters, and without terminal
/// sequences (ECMA-48, ECMA-35). White space becomes one space.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let introducer = match character {
            '\u{1b}' => rest.next_if(|c| !c.is_control()),
            // The same introducer as one character (C1).
            '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}' => {
                char::from_u32(u32::from(character) - 0x40)
            }
            _ if character.is_whitespace() => {
                clean.push(' ');
                None
            }
            _ if is_invisible(character) => None,
            _ => {
                clean.push(character);
                None
            }
        };
        match introducer {
            // A control sequence: parameters, then a final character.
            Some('[') => {
                while rest.next_if(|c| (' '..='?').contains(c)).is_some() {}
                rest.next_if(|c| ('@'..='~').contains(c));
            }
            // A control string, up to BEL or ESC `\`. An unterminated one ends with its
            // line.
            Some(']' | 'P' | 'X' | '^' | '_') => {
                while rest.next_if(|c| !c.is_control()).is_some() {}
                if rest.next_if_eq(&'\u{1b}').is_some() {
                    rest.next_if_eq(&'\\');
                }
            }
            // The choice of a character set: intermediate characters, then a final one.
            Some(' '..='/') => {
                while rest.next_if(|c| (' '..='/').contains(c)).is_some() {}
                rest.next_if(|c| !c.is_control());
            }
            Some(_) | None => {}
        }
    }
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns whether a character is invisible or can mislead: terminal and direction controls,
/// unusual spaces, and Unicode's `Default_Ignorable_Code_Point`.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{890}'..='\u{891}'
            | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'
            | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{205f}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}'
            | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind: C0, DEL, C1, a soft hyphen, zero width, direction, lines, a byte order
    /// mark, a variation selector, a tag, a filler, odd spaces.
    const INVISIBLE: &str = "\0\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{a0}\u{ad}\u{61c}\u{180e}\u{200b}\u{200d}\
         \u{200f}\u{2028}\u{2029}\u{202e}\u{2060}\u{2066}\u{2069}\u{2800}\u{3000}\u{3164}\u{fe0f}\
         \u{feff}\u{fff9}\u{e0041}\u{e0100}";

    #[test]
    fn invisible_unicode_character_is_shown_by_its_code() {
        assert_eq!(visible("v\u{200b}"), "vU+200B");
        assert_eq!(visible("a\tb\u{e0041}"), "aU+0009bU+E0041");
        for character in INVISIBLE.chars() {
            let shown = visible(character);
            assert_eq!(shown, format!("U+{:04X}", u32::from(character)));
            assert_eq!(visible(shown.as_str()), shown);
        }
    }

    #[test]
    fn visible_unicode_text_is_unchanged() {
        for text in ["a b", "ü é e\u{301} 日本 🔑 ‘’ … עברית العربية हिन्दी", "U+200B", ""]
        {
            assert_eq!(visible(text), text);
            assert_eq!(visible_json(text.to_owned()), text);
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn json_keeps_its_meaning_and_has_no_invisible_character() {
        let json = visible_json(format!("{{\n  \"a\": \"{}b\"\n}}\n", &INVISIBLE[5..]));
        assert!(!json.replace('\n', "").contains(is_invisible), "{json}");
        assert!(json.contains("\\u009b") && json.contains("\\udb40\\udc41"), "{json}");
        assert!(json.starts_with("{\n  ") && json.ends_with("b\"\n}\n"), "{json}");
    }

    #[test]
    fn plain_text_drops_terminal_escape_sequences() {
        assert_eq!(plain("\u{1b}[1;31merror:\u{1b}[0m\tno\u{7} \u{1b}(Bway"), "error: no way");
        assert_eq!(plain("\u{1b}]0;title\u{7}a\u{1b}]8;;http://b\u{1b}\\c\u{0}"), "ac");
        assert_eq!(plain("\u{9b}1;31merror:\u{9b}0m no\u{9d}0;title\u{9c} way"), "error: no way");
        assert_eq!(plain("\u{1b}]never closed\nb"), "b");
        assert_eq!(plain("a\u{1b}"), "a");
    }

    #[test]
    fn plain_text_is_one_line_without_control_characters() {
        assert_eq!(plain(" a\r\n\tb\u{2028}c\u{a0}d\u{3000}"), "a b c d");
        assert_eq!(plain("a\u{200b}b\u{202e}c\u{e0041}d"), "abcd");
        assert!(!plain(INVISIBLE).contains(is_invisible));
    }
}
