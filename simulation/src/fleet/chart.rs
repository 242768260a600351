//! The chart of a morning: plain SVG, with colours for light and dark pages.
//!
//! Not by a charting crate: those use one set of colours for an image, and the drawing is simple.

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use super::figures::minutes;
use super::morning::{BEGINS, ENDS};
use super::record::Record;
use super::tally::Minute;

/// Returns the chart of `record`.
#[must_use]
pub fn chart(record: &Record) -> String {
    let limit = record.morning.limit as f64;
    let panels = [
        Panel {
            title: "requests a second at the server",
            scale: Scale { least: 1.0, most: 10_000.0, step: 10.0 },
            curves: vec![
                Curve::area("busiest second of a minute", record, |it| it.busiest_second as f64),
                Curve::line("strong", "mean", record, |it| it.requests as f64 / 60.0),
                Curve::line("limit", "limit", record, move |_| limit),
            ],
        },
        Panel {
            title: "keys printed a second",
            scale: Scale { least: 1.0, most: 1_000.0, step: 10.0 },
            curves: vec![Curve::line("strong", "mean", record, |it| it.printed as f64 / 60.0)],
        },
        Panel {
            title: "calls a minute that waited",
            scale: Scale { least: 1.0, most: 100_000.0, step: 10.0 },
            curves: vec![
                Curve::area("at all", record, |it| it.waited.iter().sum::<u64>() as f64),
                Curve::line("strong", "more than 1 s", record, |it| {
                    (it.waited[2] + it.waited[3]) as f64
                }),
                Curve::line("limit", "without a key in the end", record, |it| it.failed as f64),
            ],
        },
        Panel {
            title: "longest wait, in seconds",
            scale: Scale { least: 0.01, most: 100.0, step: 10.0 },
            curves: vec![Curve::line("strong", "", record, |it| it.longest_wait as f64 / 1_000.0)],
        },
    ];
    let height = TOP + panels.len() as f64 * (PANEL + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <style>{STYLE}</style>\n<rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        let top = TOP + number as f64 * (PANEL + GAP);
        panel.draw(&mut svg, top, &record.morning.outage);
    }
    svg.push_str("</svg>\n");
    svg
}

/// One of several diagrams with a common time axis.
struct Panel {
    title: &'static str,
    scale: Scale,
    curves: Vec<Curve>,
}

/// A logarithmic scale with a line at each step, because values range from a few to some thousand.
struct Scale {
    least: f64,
    most: f64,
    step: f64,
}

struct Curve {
    class: &'static str,
    name: &'static str,
    /// One value for each minute.
    values: Vec<f64>,
}

impl Curve {
    fn line(
        class: &'static str,
        name: &'static str,
        record: &Record,
        value: impl Fn(&Minute) -> f64,
    ) -> Self {
        Self { class, name, values: minutes(record).map(|(_, minute)| value(minute)).collect() }
    }

    fn area(name: &'static str, record: &Record, value: impl Fn(&Minute) -> f64) -> Self {
        Self::line(AREA, name, record, value)
    }
}

impl Panel {
    fn draw(&self, svg: &mut String, top: f64, outage: &Range<Duration>) {
        let bottom = top + PANEL;
        let (down, up) = (across(outage.start), across(outage.end));
        let _ = writeln!(
            svg,
            "<rect class=\"outage\" x=\"{down:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{PANEL}\"/>",
            up - down
        );
        self.write_titles(svg, top - 8.0);
        self.draw_grid(svg, top, bottom);
        for Curve { class, values, .. } in &self.curves {
            let points = values.iter().enumerate().map(|(minute, value)| {
                let at = BEGINS + Duration::from_secs(60 * minute as u64);
                let height = PANEL * self.scale.height(*value);
                format!("{:.1},{:.1}", across(at), bottom - height)
            });
            let points = points.collect::<Vec<_>>().join(" ");
            let _ = if *class == AREA {
                let (left, right) = (across(BEGINS), across(ENDS - Duration::from_secs(60)));
                let ends = format!("{left:.1},{bottom:.1} {points} {right:.1},{bottom:.1}");
                writeln!(svg, "<polygon class=\"{class}\" points=\"{ends}\"/>")
            } else {
                writeln!(svg, "<polyline class=\"{class}\" points=\"{points}\"/>")
            };
        }
    }

    fn write_titles(&self, svg: &mut String, y: f64) {
        let _ = write!(
            svg,
            "<text x=\"{LEFT}\" y=\"{y:.1}\"><tspan class=\"title\">{}</tspan>",
            self.title
        );
        for Curve { class, name, .. } in self.curves.iter().filter(|curve| !curve.name.is_empty()) {
            let _ = write!(svg, "<tspan class=\"key {class}\" dx=\"14\">■</tspan> {name}");
        }
        svg.push_str("</text>\n");
    }

    fn draw_grid(&self, svg: &mut String, top: f64, bottom: f64) {
        let right = WIDTH - RIGHT;
        let mut value = self.scale.least;
        while value <= self.scale.most {
            let y = bottom - PANEL * self.scale.height(value);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{value}</text>",
                LEFT - 6.0,
                y + 4.0
            );
            value *= self.scale.step;
        }
        for hour in BEGINS.as_secs().div_ceil(3_600)..=ENDS.as_secs() / 3_600 {
            let x = across(Duration::from_secs(hour * 3_600));
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>\
                 <text class=\"hour\" x=\"{x:.1}\" y=\"{:.1}\">{hour}:00</text>",
                bottom + 15.0
            );
        }
    }
}

impl Scale {
    /// Returns the height of a value, from 0 to 1; values below the scale are at 0.
    fn height(&self, value: f64) -> f64 {
        let Self { least, most, .. } = self;
        let value = value.clamp(*least, *most);
        (value / least).log10() / (most / least).log10()
    }
}

/// Returns the horizontal position of a time of day.
fn across(at: Duration) -> f64 {
    let share = (at - BEGINS).as_secs_f64() / (ENDS - BEGINS).as_secs_f64();
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 32.0;
const PANEL: f64 = 130.0;
const GAP: f64 = 52.0;

/// The class of curves that are filled instead of drawn.
const AREA: &str = "area";

const STYLE: &str = "
text { font: 12px sans-serif; fill: #24292f; }
.title { font-weight: bold; }
.value { text-anchor: end; }
.hour { text-anchor: middle; }
.page { fill: #ffffff; }
.grid { stroke: #d0d7de; stroke-width: 0.5; }
.outage { fill: #ffd8d3; }
polyline { fill: none; stroke-width: 1.5; }
.area { fill: #a9c9ef; }
.strong { stroke: #0550ae; }
.limit { stroke: #c4320a; }
.key { stroke: none; }
.key.strong { fill: #0550ae; }
.key.limit { fill: #c4320a; }
@media (prefers-color-scheme: dark) {
  text { fill: #d6dde5; }
  .page { fill: #14181d; }
  .grid { stroke: #3a434d; }
  .outage { fill: #4a2420; }
  .area { fill: #28497a; }
  .strong { stroke: #79b8ff; }
  .limit { stroke: #ff9a66; }
  .key.strong { fill: #79b8ff; }
  .key.limit { fill: #ff9a66; }
}
";
