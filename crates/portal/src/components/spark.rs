//! The sparkline beside a result: points and a line, the reference range as a pale band, the last point large.
//!
//! Hidden from assistive technology: number, word, change and range stand beside it. A caller gives only points of
//! one unit and method; a line is never drawn across a change (GTAB-028).

use std::fmt::Write as _;

use maud::{Markup, html};

const SIDE: f64 = 4.0;
const LAST_X: f64 = 78.0;
const TOP: f64 = 3.0;
const BOTTOM: f64 = 19.0;

/// What a sparkline shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spark<'a> {
    /// Values, oldest first.
    pub values: &'a [f64],
    /// The lower end of the reference range.
    pub low: Option<f64>,
    /// The upper end of the reference range.
    pub high: Option<f64>,
    /// Whether the last value lies outside its range.
    pub last_is_abnormal: bool,
}

/// The sparkline; nothing when there is no value.
pub fn spark(of: &Spark<'_>) -> Markup {
    let Some(scale) = Scale::of(of) else { return html! {} };
    let points: Vec<(f64, f64)> =
        of.values.iter().enumerate().map(|(at, value)| (scale.x(at), scale.y(*value))).collect();
    let line = points.iter().fold(String::new(), |mut line, (x, y)| {
        let _ = write!(line, "{x:.1},{y:.1} ");
        line
    });
    let last = points.len() - 1;
    html! {
        svg.al-spark width="84" height="22" viewBox="0 0 84 22" aria-hidden="true" {
            @if let Some((top, bottom)) = scale.band(of) {
                rect.rng x="0" y=(one(top)) width="84" height=(one(bottom - top)) {}
            }
            polyline.ln points=(line.trim_end()) {}
            @for (at, (x, y)) in points.iter().enumerate() {
                circle.dot.hi[at == last && of.last_is_abnormal] cx=(one(*x)) cy=(one(*y))
                    r=(if at == last { "3" } else { "1.5" }) {}
            }
        }
    }
}

/// A wider line of values from nought on, over the band below a limit; nothing when there is no value.
pub fn wide_spark(values: &[f64], limit: f64) -> Markup {
    let highest = values.iter().copied().fold(limit, f64::max).max(1.0);
    let step = 190.0 / (values.len().max(2) - 1) as f64;
    let y = |value: f64| 53.0 - 50.0 * value / highest;
    let points: Vec<(f64, f64)> =
        values.iter().enumerate().map(|(at, value)| (5.0 + step * at as f64, y(*value))).collect();
    let line = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
    html! {
        @if !values.is_empty() {
            svg.al-spark width="200" height="56" viewBox="0 0 200 56" aria-hidden="true" {
                rect.rng x="0" y=(one(y(limit))) width="200" height=(one(53.0 - y(limit))) {}
                polyline.ln points=(line) {}
                @for (at, (x, y)) in points.iter().enumerate() {
                    circle.dot.hi[values[at] > limit] cx=(one(*x)) cy=(one(*y)) r=(if at + 1 == points.len() { "3" } else { "1.5" }) {}
                }
            }
        }
    }
}

/// One decimal, as SVG attributes are printed.
fn one(value: f64) -> String {
    format!("{value:.1}")
}

/// Values to pixels: the points fill the height, a range that lies near widens it, one far off stays outside.
struct Scale {
    count: usize,
    low: f64,
    high: f64,
}

impl Scale {
    fn of(spark: &Spark<'_>) -> Option<Scale> {
        let low = spark.values.iter().copied().reduce(f64::min)?;
        let high = spark.values.iter().copied().reduce(f64::max)?;
        let reach = if high > low { high - low } else { high.abs().max(1.0) * 0.1 };
        let near = |end: &f64| (low - reach..=high + reach).contains(end);
        let low = spark.low.filter(near).map_or(low, |end| end.min(low));
        let high = spark.high.filter(near).map_or(high, |end| end.max(high));
        let (low, high) = if high > low { (low, high) } else { (low - reach, high + reach) };
        Some(Scale { count: spark.values.len(), low, high })
    }

    fn x(&self, at: usize) -> f64 {
        if self.count < 2 { LAST_X } else { SIDE + (LAST_X - SIDE) * at as f64 / (self.count - 1) as f64 }
    }

    fn y(&self, value: f64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * (value - self.low) / (self.high - self.low)
    }

    /// The band of the reference range, cut to the drawing; none when no part of it is in sight.
    fn band(&self, spark: &Spark<'_>) -> Option<(f64, f64)> {
        if spark.low.is_none() && spark.high.is_none() {
            return None;
        }
        let top = spark.high.map_or(TOP, |high| self.y(high)).clamp(TOP, BOTTOM);
        let bottom = spark.low.map_or(BOTTOM, |low| self.y(low)).clamp(TOP, BOTTOM);
        (bottom - top > 0.05).then_some((top, bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_point_is_large_and_red_only_when_abnormal() {
        let values = [5.0, 5.2, 5.9];
        let drawn = |abnormal| {
            spark(&Spark { values: &values, low: Some(3.5), high: Some(5.3), last_is_abnormal: abnormal }).into_string()
        };
        assert_eq!(drawn(true).matches("dot hi").count(), 1);
        assert_eq!(drawn(false).matches("dot hi").count(), 0);
        assert_eq!(drawn(true).matches("r=\"3\"").count(), 1);
    }

    #[test]
    fn nothing_is_drawn_without_values_and_nothing_is_divided_by_zero() {
        assert_eq!(spark(&Spark::default()).into_string(), "");
        let flat = spark(&Spark { values: &[0.0, 0.0], ..Spark::default() }).into_string();
        assert!(!flat.contains("NaN") && !flat.contains("inf"), "{flat}");
        let single = spark(&Spark { values: &[4.1], low: Some(1.0), high: Some(9.0), last_is_abnormal: false });
        assert!(single.into_string().contains("cx=\"78.0\""));
    }
}
