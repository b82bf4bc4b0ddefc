//! Bars of trusts against a deadline: plan, copy, follow and rehearse, way back, and a diamond for the cut, drawn as SVG. Pure:
//! the same rows give the same text. Colours are classes; each phase has a fill of its own and a name in the legend.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};
use terms::{Moment, local_date, start_of_day};

/// The drawing of a row, and of the axis above.
const WIDTH: f64 = 720.0;
const ROW: i64 = 56;
const AXIS: i64 = 34;

/// A trust's bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    /// What stands before them.
    pub name: String,
    /// Begin of plan, copy, following; the cut; the end of the way back. What is not known is not drawn.
    pub begun: Option<Moment>,
    /// When copying begins.
    pub copy: Option<Moment>,
    /// When it is copied.
    pub copied: Option<Moment>,
    /// When it is cut.
    pub cut: Option<Moment>,
    /// When the way back closes.
    pub closes: Option<Moment>,
    /// How grave it is: the class of the diamond.
    pub class: &'static str,
}

/// The chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gantt<'a> {
    /// One row each.
    pub rows: &'a [Bars],
    /// Now.
    pub now: Moment,
    /// The deadline.
    pub deadline: Option<Moment>,
    /// Its date in words.
    pub deadline_words: &'a str,
    /// When nothing may be changed.
    pub freeze: Option<(Moment, Moment)>,
    /// All of it in words.
    pub label: &'a str,
}

/// The legend of the phases.
pub fn legend() -> Markup {
    html! {
        span.al-legend {
            @for (class, words) in [("pl", "Plan"), ("cp", "Copy"), ("fl", "Follow and rehearse"), ("ct", "Cut over"), ("wb", "Way back open")] {
                span { i class=(class) {} (words) }
            }
        }
    }
}

/// The axis: months, today, the deadline. Stands once on a page, before the rows.
pub fn axis(of: &Gantt<'_>) -> Markup {
    let scale = Scale::of(of);
    let mut body = String::new();
    months(&scale, Some(26), AXIS, &mut body);
    mark(&scale, of.now, "now", "Today", &mut body);
    if let Some(deadline) = of.deadline {
        mark(&scale, deadline, "dl", &format!("Exit deadline {}", of.deadline_words), &mut body);
    }
    html! {
        svg.al-chart.al-gantt viewBox={ "0 0 720 " (AXIS) } role="img" aria-label=(of.label) {
            defs {
                pattern #wb width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.p0 width="5" height="5" {}
                    path.p1 d="M0 0V5" {}
                }
                pattern #fz width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" { path.p2 d="M0 0V8" {} }
            }
            (PreEscaped(body))
        }
    }
}

/// The bars of one row, on the scale of all.
pub fn bars(of: &Gantt<'_>, row: &Bars) -> Markup {
    let scale = Scale::of(of);
    let mut body = String::new();
    months(&scale, None, ROW, &mut body);
    if let Some((from, until)) = of.freeze {
        let (x, width) = scale.between(from, until);
        let _ = write!(body, r#"<rect class="fz" x="{x:.1}" y="0" width="{width:.1}" height="{ROW}"/>"#);
    }
    spans(row, &scale, &mut body);
    for (at, class) in [(Some(of.now), "now"), (of.deadline, "dl")] {
        if let Some(at) = at {
            let _ = write!(body, r#"<line class="{class}" x1="{0:.1}" x2="{0:.1}" y1="0" y2="{ROW}"/>"#, scale.x(at));
        }
    }
    // The cells beside it say the same in words.
    html! { svg.al-chart.al-gantt viewBox={ "0 0 720 " (ROW) } aria-hidden="true" { (PreEscaped(body)) } }
}

/// Moments to places.
struct Scale {
    from: Moment,
    until: Moment,
}

impl Scale {
    /// From the month of the earliest bar to a month after the latest; at least around now.
    fn of(chart: &Gantt<'_>) -> Scale {
        let all = chart.rows.iter().flat_map(|row| [row.begun, row.copy, row.cut, row.closes]).flatten();
        let all: Vec<Moment> = all.chain(chart.deadline).chain([chart.now]).collect();
        let first = all.iter().copied().min().unwrap_or(chart.now);
        let last = all.iter().copied().max().unwrap_or(chart.now);
        let from = start_of_day(local_date(first).first_of_month());
        let day = local_date(last).last_of_month();
        Scale { from, until: start_of_day(day.tomorrow().unwrap_or(day)) }
    }

    fn x(&self, at: Moment) -> f64 {
        let whole = (self.until.0 - self.from.0).max(1) as f64;
        4.0 + (WIDTH - 8.0) * ((at.0 - self.from.0) as f64 / whole).clamp(0.0, 1.0)
    }

    fn between(&self, from: Moment, until: Moment) -> (f64, f64) {
        (self.x(from), (self.x(until) - self.x(from)).max(1.0))
    }
}

fn months(scale: &Scale, words_at: Option<i64>, bottom: i64, body: &mut String) {
    let mut month = local_date(scale.from).first_of_month();
    let every = (scale.until.0 - scale.from.0) / (30 * 86_400_000) / 9 + 1;
    for number in 0.. {
        let at = start_of_day(month);
        if at >= scale.until {
            break;
        }
        if number % every == 0 {
            let x = scale.x(at);
            let top = if words_at.is_some() { 30 } else { 0 };
            let _ = write!(body, r#"<line class="g2" x1="{x:.1}" x2="{x:.1}" y1="{top}" y2="{bottom}"/>"#);
            if let Some(y) = words_at {
                let words: String = terms::print::date_text(month).chars().skip(3).collect();
                let _ = write!(body, r#"<text class="m" x="{:.1}" y="{y}">{words}</text>"#, x + 4.0);
            }
        }
        let Ok(next) = month.last_of_month().tomorrow() else { break };
        month = next;
    }
}

fn spans(row: &Bars, scale: &Scale, body: &mut String) {
    let spans = [
        (row.begun, row.copy, "pl"),
        (row.copy, row.copied, "cp"),
        (row.copied, row.cut, "fl"),
        (row.cut, row.closes, "wb"),
    ];
    for (from, until, class) in spans {
        let (Some(from), Some(until)) = (from, until) else { continue };
        if until > from {
            let (x, width) = scale.between(from, until);
            let _ = write!(body, r#"<rect class="{class}" x="{x:.1}" y="20" width="{width:.1}" height="16"/>"#);
        }
    }
    if let Some(cut) = row.cut {
        let _ = write!(body, r#"<path class="{}" d="M{:.1} 16l9 12-9 12-9-12z"/>"#, row.class, scale.x(cut));
    }
}

fn mark(scale: &Scale, at: Moment, class: &str, words: &str, body: &mut String) {
    let x = scale.x(at);
    let anchor = match x {
        x if x > WIDTH - 90.0 => "end",
        x if x < 60.0 => "start",
        _ => "middle",
    };
    let _ = write!(
        body,
        r#"<line class="{class}" x1="{x:.1}" x2="{x:.1}" y1="14" y2="{AXIS}"/><text class="b {class}" x="{x:.1}" y="11" text-anchor="{anchor}">{words}</text>"#
    );
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn at(text: &str) -> Option<Moment> {
        Some(Moment::parse(text).unwrap())
    }

    #[test]
    fn bars_follow_each_other_and_what_is_not_known_is_not_drawn() {
        let row = Bars {
            name: "Thameside Royal".into(),
            begun: at("2026-09-10T00:00:00Z"),
            copy: at("2026-09-20T00:00:00Z"),
            copied: at("2026-10-01T00:00:00Z"),
            cut: at("2026-11-01T00:00:00Z"),
            closes: at("2026-11-15T00:00:00Z"),
            class: "ct",
        };
        let chart = Gantt {
            rows: &[row.clone(), Bars { copied: None, cut: None, ..row }],
            now: at("2026-10-10T00:00:00Z").unwrap(),
            deadline: at("2027-01-31T00:00:00Z"),
            deadline_words: "31-Jan-2027",
            freeze: at("2026-12-19T00:00:00Z").zip(at("2027-01-04T00:00:00Z")),
            label: "Two trusts",
        };
        for (row, expected) in chart.rows.iter().zip([["pl", "cp", "fl", "wb", "ct"].as_slice(), &["pl"]]) {
            let html = bars(&chart, row).into_string();
            for class in ["pl", "cp", "fl", "wb", "ct"] {
                let count = html.matches(&format!("class=\"{class}\"")).count();
                assert_eq!(count, usize::from(expected.contains(&class)), "{class}: {html}");
            }
            assert!(html.contains("class=\"fz\"") && html.contains("class=\"dl\""));
        }
        let html = axis(&chart).into_string();
        assert!(html.contains("Sep-2026") && html.contains("Jan-2027") && html.contains("Exit deadline 31-Jan-2027"));
    }
}
