//! The NEWS2 trend on the summary: totals on a proportional time axis, the score's bands behind them, a dotted grey
//! area where a set was due and not taken, and no line across it (GTAB-001, 085, 088).
//!
//! Points arrive in minutes of an axis that the caller chose; the text alternative says every value.

use std::fmt::Write as _;

use maud::{Markup, html};

const LEFT: f64 = 22.0;
const RIGHT: f64 = 356.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 72.0;
/// The scale ends here; a higher total is drawn at the edge with its number.
const TOP_SCORE: f64 = 13.0;

/// One scored set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Minutes since the axis begins.
    pub at: f64,
    /// The total.
    pub total: u8,
}

/// A time when a set was due and none was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// When the set was due, in minutes of the axis.
    pub due: f64,
    /// When the next set was taken.
    pub taken: f64,
}

/// What the trend shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObsTrend {
    /// The length of the axis in minutes.
    pub minutes: f64,
    /// Scored sets, oldest first.
    pub points: Vec<Point>,
    /// Late sets.
    pub gaps: Vec<Gap>,
    /// Where another SpO2 scale begins, with its words: scores on either side are not comparable.
    pub scales: Vec<(f64, &'static str)>,
    /// Where days begin, with their date in words.
    pub days: Vec<(f64, String)>,
    /// The sentence that says the same.
    pub sentence: String,
}

/// The trend as SVG.
pub fn obs_trend(of: &ObsTrend) -> Markup {
    let x = |minute: f64| LEFT + (RIGHT - LEFT) * (minute / of.minutes.max(1.0)).clamp(0.0, 1.0);
    html! {
        svg.al-chart viewBox="0 0 368 92" width="100%" role="img" aria-label=(of.sentence) {
            defs {
                pattern #gap width="5" height="5" patternUnits="userSpaceOnUse" { circle.gapdot cx="2.5" cy="2.5" r="1" {} }
            }
            (bands())
            @for (at, day) in &of.days {
                line.g2 x1=(one(x(*at))) x2=(one(x(*at))) y1=(TOP) y2=(BOTTOM) {}
                @if x(*at) < RIGHT - 34.0 { text.m.t11 x=(one(x(*at) + 3.0)) y="87" { (day) } }
            }
            @for gap in &of.gaps {
                rect x=(one(x(gap.due))) y=(TOP) width=(one(x(gap.taken) - x(gap.due))) height=(BOTTOM - TOP)
                    fill="url(#gap)" {}
            }
            @for (at, words) in &of.scales {
                line.scale x1=(one(x(*at) - 3.0)) x2=(one(x(*at) - 3.0)) y1=(TOP) y2=(BOTTOM) {}
                text.t11.b x=(one(x(*at) - 6.0)) y=(BOTTOM - 3.0) text-anchor="end" { (words) }
            }
            @for run in runs(of) { polyline.ln points=(line(&run, x)) {} }
            @for point in &of.points { circle.pt r="3" cx=(one(x(point.at))) cy=(one(y(point.total))) {} }
            @if let Some(last) = of.points.last() {
                text.b.t14 x=(one(x(last.at) - 8.0)) y=(one((y(last.total) - 5.0).max(TOP + 10.0))) text-anchor="end" {
                    (last.total)
                }
            }
        }
    }
}

/// The bands of NEWS2: 0 to 4, 5 and 6, 7 and more, with their first scores printed at the side.
fn bands() -> Markup {
    html! {
        rect.s3 x=(LEFT) y=(TOP) width=(RIGHT - LEFT) height=(one(y(7) - TOP)) {}
        rect.s2 x=(LEFT) y=(one(y(7))) width=(RIGHT - LEFT) height=(one(y(5) - y(7))) {}
        rect.base x=(LEFT) y=(one(y(5))) width=(RIGHT - LEFT) height=(one(BOTTOM - y(5))) {}
        @for score in [0_u8, 5, 7] {
            text.m.t11 x="17" y=(one(y(score) + 4.0)) text-anchor="end" { (score) }
        }
    }
}

fn y(total: u8) -> f64 {
    BOTTOM - (BOTTOM - TOP) * f64::from(total).min(TOP_SCORE) / TOP_SCORE
}

/// The points in runs without a gap or a change of scale between two neighbours.
fn runs(of: &ObsTrend) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    for point in &of.points {
        let broken = |last: &Point| {
            of.gaps.iter().any(|gap| gap.due < point.at && gap.taken > last.at)
                || of.scales.iter().any(|(from, _)| last.at < *from && *from <= point.at)
        };
        match runs.last_mut() {
            Some(run) if !run.last().is_some_and(broken) => run.push(*point),
            _ => runs.push(vec![*point]),
        }
    }
    runs
}

fn line(run: &[Point], x: impl Fn(f64) -> f64) -> String {
    run.iter().fold(String::new(), |mut line, point| {
        let space = if line.is_empty() { "" } else { " " };
        let _ = write!(line, "{space}{:.1},{:.1}", x(point.at), y(point.total));
        line
    })
}

fn one(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: f64, total: u8) -> Point {
        Point { at, total }
    }

    #[test]
    fn no_line_crosses_a_gap() {
        let points = vec![point(0.0, 3), point(60.0, 2), point(400.0, 4), point(460.0, 7)];
        let gaps = vec![Gap { due: 120.0, taken: 400.0 }];
        let of = ObsTrend { minutes: 500.0, points, gaps, ..ObsTrend::default() };
        assert_eq!(runs(&of).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(obs_trend(&of).into_string().matches("<polyline").count(), 2);
    }

    #[test]
    fn no_line_crosses_a_change_of_scale() {
        let points = vec![point(0.0, 3), point(60.0, 2), point(120.0, 4)];
        let of = ObsTrend { minutes: 200.0, points, scales: vec![(120.0, "scale 2")], ..ObsTrend::default() };
        assert_eq!(runs(&of).iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert!(obs_trend(&of).into_string().contains(">scale 2</text>"));
    }

    #[test]
    fn a_total_off_the_scale_is_drawn_at_the_edge_with_its_number() {
        let of = ObsTrend { minutes: 10.0, points: vec![point(5.0, 20)], ..ObsTrend::default() };
        let svg = obs_trend(&of).into_string();
        assert!(svg.contains("cy=\"8.0\""), "{svg}");
        assert!(svg.contains(">20</text>"), "{svg}");
    }
}
