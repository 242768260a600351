//! QR codes in a terminal.

use anstyle::Style;
use fast_qr::{ECL, QRBuilder};

/// Draws `text` as a QR code. Each character holds two modules, and all lines have the same length.
///
/// The code is dark on light, with a margin of four modules (ISO/IEC 18004, section 5.3.8): many
/// cameras need both. `paper` is the style for black on white. Without colours, the light modules
/// are drawn, because most terminals are dark.
pub(crate) fn drawn(text: &str, paper: Style) -> Option<Vec<String>> {
    let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
    let is_dark = |x: usize, y: usize| {
        let within = |place: usize| place.checked_sub(MARGIN).filter(|place| *place < code.size);
        within(x).zip(within(y)).is_some_and(|(x, y)| code[y][x].value())
    };
    let writes_dark = paper != Style::new();
    let is_written = |x, y| is_dark(x, y) == writes_dark;
    let size = code.size + 2 * MARGIN;
    let line = |y| {
        let characters = (0..size).map(|x| match (is_written(x, y), is_written(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        characters.collect()
    };
    Some((0..size).step_by(2).map(line).collect())
}

const MARGIN: usize = 4;
