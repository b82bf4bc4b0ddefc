//! Encounters and documents on a real time axis: one row a kind, oldest left, newest right, a line at now.
//! Kind has a shape (bar, triangle, circle, envelope, square); a label is drawn only where it fits.
//!
//! The list view is the text alternative; this drawing says only how many there are of each.

use maud::{Markup, html};

const WIDTH: f64 = 1112.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 1100.0;
const ROW: f64 = 26.0;
/// A letter of the small type is about this wide.
const LETTER: f64 = 5.6;

/// What happened at a clinic visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// The patient was seen.
    Seen,
    /// The patient did not come, or it was cancelled.
    NotSeen,
    /// It lies in the future.
    Planned,
}

/// The shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A stay: a bar over its days.
    Stay {
        /// Whether it goes on.
        open: bool,
    },
    /// An emergency attendance: a triangle.
    Emergency,
    /// A clinic visit: a circle.
    Clinic(Visit),
    /// A letter or other document: an envelope.
    Letter,
    /// An image or image report: a square.
    Image,
}

/// One mark.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where it begins, as a share of the axis from 0 to 1.
    pub from: f64,
    /// Where it ends, for a stay.
    pub to: f64,
    /// Its shape.
    pub shape: Shape,
    /// Words beside it, drawn if they fit.
    pub label: String,
    /// Whether the words are bold.
    pub strong: bool,
}

/// One row of the drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its kind, such as `Stays`.
    pub name: &'static str,
    /// Its marks, oldest first.
    pub marks: Vec<Mark>,
}

/// A tick of the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Its place, as a share of the axis.
    pub at: f64,
    /// Its words, such as `Jan-2026`.
    pub words: String,
    /// Whether a year begins here.
    pub strong: bool,
}

/// What the timeline shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// The rows, top to bottom.
    pub rows: Vec<Row>,
    /// The ticks.
    pub ticks: Vec<Tick>,
    /// Where now is, as a share of the axis.
    pub now: f64,
    /// The sentence that says what is drawn.
    pub sentence: String,
}

/// The timeline as SVG.
pub fn timeline(of: &Timeline) -> Markup {
    let bottom = 10.0 + ROW * of.rows.len() as f64;
    let view = format!("0 0 {WIDTH} {}", bottom + 18.0);
    html! {
        svg.al-chart viewBox=(view) width="100%" role="img" aria-label=(of.sentence) {
            @for tick in &of.ticks {
                @let class = if tick.strong { "g2" } else { "g" };
                line class=(class) x1=(one(x(tick.at))) x2=(one(x(tick.at))) y1="8" y2=(bottom) {}
                text.m.t11 x=(one(x(tick.at) + 3.0)) y=(bottom + 12.0) { (tick.words) }
            }
            @for (at, row) in of.rows.iter().enumerate() { (draw_row(row, 8.0 + ROW * at as f64)) }
            line.now x1=(one(x(of.now))) x2=(one(x(of.now))) y1="4" y2=(bottom) {}
        }
    }
}

/// One row whose top edge is at `top`: its name, its line, its marks, and the labels that fit.
fn draw_row(row: &Row, top: f64) -> Markup {
    html! {
        text.b x="0" y=(top + 16.0) { (row.name) }
        line.g x1=(LEFT) x2=(RIGHT) y1=(top + 23.0) y2=(top + 23.0) {}
        @for mark in &row.marks { (draw_mark(mark, top)) }
        @for (at, mark) in row.marks.iter().enumerate() {
            @if let Some(place) = label_place(row, at) {
                text.t11.b[mark.strong] x=(one(place.x)) y=(top + 16.0) text-anchor=(place.anchor) { (mark.label) }
            }
        }
    }
}

fn draw_mark(mark: &Mark, top: f64) -> Markup {
    let at = x(mark.from);
    match mark.shape {
        Shape::Stay { open } => html! {
            rect.stay.is-open[open] x=(one(at)) y=(top + 3.0) width=(one((x(mark.to) - at).max(5.0))) height="16" {}
        },
        Shape::Emergency => html! { path.mk d=(format!("M{at:.1} {:.1}l6 11h-12z", top + 6.0)) {} },
        Shape::Clinic(Visit::Seen) => html! { circle.seen cx=(one(at)) cy=(top + 12.0) r="6" {} },
        Shape::Clinic(Visit::NotSeen) => html! { circle.hollow cx=(one(at)) cy=(top + 12.0) r="6" {} },
        Shape::Clinic(Visit::Planned) => html! { circle.hollow.future cx=(one(at)) cy=(top + 12.0) r="5.5" {} },
        Shape::Letter => html! { path.mk d=(format!("M{:.1} {:.1}h12v9h-12zl6 5 6-5", at - 6.0, top + 7.0)) {} },
        Shape::Image => html! { rect.solid x=(one(at - 5.0)) y=(top + 7.0) width="10" height="10" {} },
    }
}

/// Where a label is drawn.
struct Place {
    x: f64,
    anchor: &'static str,
}

/// To the right of its mark if it fits before the next one, else to the left, else nowhere.
fn label_place(row: &Row, at: usize) -> Option<Place> {
    let mark = row.marks.get(at).filter(|mark| !mark.label.is_empty())?;
    let width = mark.label.chars().count() as f64 * LETTER + 12.0;
    let edge = |mark: &Mark| if matches!(mark.shape, Shape::Stay { .. }) { 4.0 } else { 9.0 };
    let end = x(mark.to.max(mark.from)).max(x(mark.from) + if edge(mark) < 5.0 { 5.0 } else { 0.0 });
    let limit = row.marks.get(at + 1).map_or(RIGHT + 12.0, |next| x(next.from) - edge(next));
    if end + edge(mark) + width <= limit {
        return Some(Place { x: end + edge(mark), anchor: "start" });
    }
    let before = at.checked_sub(1).and_then(|before| row.marks.get(before));
    // The mark before may have put its own label to its right.
    let taken = before.map_or(LEFT, |other| {
        let its_label = label_place(row, at - 1).filter(|place| place.anchor == "start");
        its_label
            .map_or(x(other.to.max(other.from)) + 9.0, |place| place.x + other.label.chars().count() as f64 * LETTER)
    });
    let start = x(mark.from) - edge(mark);
    (start - width >= taken).then_some(Place { x: start, anchor: "end" })
}

fn x(share: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * share.clamp(0.0, 1.0)
}

fn one(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(from: f64, label: &str) -> Mark {
        Mark { from, to: from, shape: Shape::Clinic(Visit::Seen), label: label.into(), strong: false }
    }

    fn check(marks: &[(f64, &str)], expected: &[Option<&str>]) {
        let row = Row { name: "Clinics", marks: marks.iter().map(|(at, label)| mark(*at, label)).collect() };
        let placed: Vec<Option<&str>> =
            (0..marks.len()).map(|at| label_place(&row, at).map(|place| place.anchor)).collect();
        assert_eq!(placed, expected, "{marks:?}");
    }

    #[test]
    fn labels_stand_right_then_left_then_nowhere() {
        check(&[(0.1, "first seen")], &[Some("start")]);
        check(&[(0.99, "Respiratory, first seen")], &[Some("end")]);
        check(&[(0.5, "a long label here"), (0.51, "")], &[Some("end"), None]);
        check(&[(0.49, ""), (0.5, "a long label here"), (0.51, "")], &[None, None, None]);
    }

    #[test]
    fn the_two_views_agree_that_every_mark_is_drawn() {
        let row = Row { name: "Clinics", marks: (0..7).map(|at| mark(f64::from(at) / 7.0, "")).collect() };
        let svg = timeline(&Timeline { rows: vec![row], ..Timeline::default() }).into_string();
        assert_eq!(svg.matches("<circle").count(), 7);
    }
}
