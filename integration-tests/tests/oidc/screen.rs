//! What a terminal shows, and what a camera in front of it reads.

/// The visible lines, after all that was sent so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) lines: Vec<String>,
    /// Where the cursor stands in the last line.
    pub(crate) column: usize,
    /// What is bold.
    pub(crate) bold: Vec<String>,
}

impl Screen {
    /// Understands what we send and nothing else: a sequence that it does not know is an error.
    #[track_caller]
    pub(crate) fn after(sent: &str) -> Self {
        let mut lines: Vec<Vec<char>> = vec![Vec::new()];
        let mut column = 0;
        let mut bold: Option<String> = None;
        let mut bolds = Vec::new();
        let mut rest = sent;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            let line = lines.last_mut().unwrap();
            match character {
                '\r' => column = 0,
                '\n' => lines.push(Vec::new()),
                '\u{1b}' => {
                    let (sequence, after) =
                        rest.split_at(rest.find(char::is_alphabetic).unwrap() + 1);
                    rest = after;
                    match sequence {
                        "[K" => line.truncate(column),
                        "[1m" => bold = Some(String::new()),
                        "[0m" => bolds.extend(bold.take()),
                        other => panic!("{other:?} in {sent:?}"),
                    }
                }
                _ => {
                    assert!(!character.is_control(), "{character:?} in {sent:?}");
                    line.truncate(column.max(line.len()));
                    if column < line.len() {
                        line[column] = character;
                    } else {
                        line.push(character);
                    }
                    column += 1;
                    if let Some(bold) = &mut bold {
                        bold.push(character);
                    }
                }
            }
        }
        let lines = lines.into_iter().map(String::from_iter).collect();
        Self { lines, column, bold: bolds }
    }

    /// The longest line's length.
    pub(crate) fn width(&self) -> usize {
        self.lines.iter().map(|line| line.chars().count()).max().unwrap_or_default()
    }

    /// Takes the QR code's lines out, leaves `[QR]` there, and gives what it says to a camera that
    /// sees a dark terminal, which is how most of them are.
    pub(crate) fn take_picture(&mut self) -> Option<String> {
        let is_picture = |line: &String| line.contains(['█', '▀', '▄']);
        let first = self.lines.iter().position(is_picture)?;
        let count = self.lines[first..].iter().take_while(|line| is_picture(line)).count();
        let picture: Vec<String> =
            self.lines.splice(first..first + count, ["[QR]".to_owned()]).collect();
        Some(scan(&picture))
    }
}

/// Reads a QR code that is drawn with two modules in each character.
fn scan(picture: &[String]) -> String {
    // A camera sees more than one point of each module.
    const SCALE: usize = 4;
    let light = |x: usize, y: usize| {
        let drawn = picture[y / 2].chars().nth(x).unwrap_or(' ');
        match drawn {
            '█' => true,
            '▀' => y.is_multiple_of(2),
            '▄' => !y.is_multiple_of(2),
            ' ' => false,
            other => panic!("{other:?} in a picture"),
        }
    };
    let width = picture.iter().map(|line| line.chars().count()).max().unwrap();
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(
        width * SCALE,
        picture.len() * 2 * SCALE,
        |x, y| if light(x / SCALE, y / SCALE) { 255 } else { 0 },
    );
    let [code] = &image.detect_grids()[..] else { panic!("not one QR code: {picture:#?}") };
    code.decode().expect("a whole QR code").1
}
