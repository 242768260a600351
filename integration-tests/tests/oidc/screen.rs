//! The screen of a terminal, and a camera that reads it.

/// The visible lines after an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) lines: Vec<String>,
    /// The column of the cursor in the last line.
    pub(crate) column: usize,
    /// The bold texts.
    pub(crate) bold: Vec<String>,
    /// The texts that are black on white, whatever the terminal's own colours are.
    pub(crate) paper: Vec<String>,
}

impl Screen {
    /// Interprets the sequences that we send; an unknown one is an error.
    #[track_caller]
    pub(crate) fn after(sent: &str) -> Self {
        let mut lines: Vec<Vec<char>> = vec![Vec::new()];
        let mut column = 0;
        let (mut bold, mut paper): (Option<String>, Option<String>) = (None, None);
        let (mut bolds, mut papers) = (Vec::new(), Vec::new());
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
                        "[38;5;16m" if rest.starts_with("\u{1b}[48;5;231m") => {}
                        "[48;5;231m" => paper = Some(String::new()),
                        "[0m" => {
                            bolds.extend(bold.take());
                            papers.extend(paper.take());
                        }
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
                    bold.iter_mut().chain(&mut paper).for_each(|text| text.push(character));
                }
            }
        }
        let lines = lines.into_iter().map(String::from_iter).collect();
        Self { lines, column, bold: bolds, paper: papers }
    }

    /// Returns the length of the longest line.
    pub(crate) fn width(&self) -> usize {
        self.lines.iter().map(|line| line.chars().count()).max().unwrap_or_default()
    }

    /// Replaces the lines of the QR code by `[QR]`, and returns what a camera reads. A code that is
    /// not on paper is read on a dark terminal, the most common kind.
    pub(crate) fn take_picture(&mut self) -> Option<Picture> {
        let is_paper = !self.paper.is_empty();
        let is_picture = |line: &String| match is_paper {
            true => self.paper.contains(line),
            false => line.contains(['█', '▀', '▄']),
        };
        let first = self.lines.iter().position(is_picture)?;
        let count = self.lines[first..].iter().take_while(|line| is_picture(line)).count();
        let picture: Vec<String> =
            self.lines.splice(first..first + count, ["[QR]".to_owned()]).collect();
        Some(scan(&picture, is_paper))
    }
}

/// The text of a QR code, as a camera reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) says: String,
    /// The smallest number of light modules between the code and the edge.
    pub(crate) margin: usize,
}

/// Reads a QR code with two modules in each character.
fn scan(picture: &[String], is_paper: bool) -> Picture {
    // A camera sees several points of each module.
    const SCALE: usize = 4;
    let light = |x: usize, y: usize| {
        let drawn = picture[y / 2].chars().nth(x).unwrap_or(' ');
        let is_written = match drawn {
            '█' => true,
            '▀' => y.is_multiple_of(2),
            '▄' => !y.is_multiple_of(2),
            ' ' => false,
            other => panic!("{other:?} in a picture"),
        };
        is_written != is_paper
    };
    let (width, height) =
        (picture.iter().map(|line| line.chars().count()).max().unwrap(), picture.len() * 2);
    let edge = |x: usize, y: usize| x.min(y).min(width - 1 - x).min(height - 1 - y);
    let modules = (0..width).flat_map(|x| (0..height).map(move |y| (x, y)));
    let dark = modules.filter(|(x, y)| !light(*x, *y));
    let margin = dark.map(|(x, y)| edge(x, y)).min().unwrap();
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width * SCALE, height * SCALE, |x, y| {
            if light(x / SCALE, y / SCALE) { 255 } else { 0 }
        });
    let [code] = &image.detect_grids()[..] else { panic!("not one QR code: {picture:#?}") };
    Picture { says: code.decode().expect("a whole QR code").1, margin }
}
