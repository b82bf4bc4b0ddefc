//! Acuity at a glance: shape, colour, number and word of a triage category, and the clock of an attendance as a bar.
//!
//! The shapes tell the categories apart without colour: octagon, triangle, square, circle; whoever is not triaged has a
//! dashed circle. Knows no limit: the caller says how far a clock has come and what is said of it.

use maud::{Markup, html};

/// The mark of a category, 1 to 5; `None` for whoever is not triaged. The word stands beside it.
pub fn acuity(category: Option<u8>) -> Markup {
    let (class, number) = match category {
        Some(number @ 1..=5) => (format!("al-acuity al-acuity--{number}"), number.to_string()),
        _ => ("al-acuity al-acuity--none".to_owned(), "?".to_owned()),
    };
    html! {
        svg class=(class) viewBox="0 0 40 36" aria-hidden="true" {
            @match category {
                Some(1) => polygon points="13,1 27,1 37,11 37,25 27,35 13,35 3,25 3,11" {},
                Some(2) => polygon points="20,1 39,35 1,35" {},
                Some(3) => rect x="4" y="2" width="32" height="32" {},
                _ => circle cx="20" cy="18" r="16" {},
            }
            text x="20" y=(if category == Some(2) { 31 } else { 24 }) text-anchor="middle" { (number) }
        }
    }
}

/// How a clock is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// There is time.
    Within,
    /// Three quarters are gone.
    Soon,
    /// It is over.
    Over,
}

/// A clock as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockBar {
    /// Minutes that have gone by.
    pub minutes: i64,
    /// The limit in minutes; the bar is a quarter longer.
    pub limit: i64,
    /// How it is doing.
    pub pace: Pace,
}

/// The bar with the mark of the limit; the words beside it say the same.
pub fn clock_bar(of: &ClockBar) -> Markup {
    let whole = of.limit + of.limit / 4;
    let done = of.minutes.clamp(0, whole);
    let class = match of.pace {
        Pace::Within => "al-clock__bar",
        Pace::Soon => "al-clock__bar al-clock__bar--warn",
        Pace::Over => "al-clock__bar al-clock__bar--bad",
    };
    html! {
        svg class=(class) viewBox={ "0 0 " (whole) " 12" } preserveAspectRatio="none" aria-hidden="true" {
            rect.base x="0" y="2" width=(whole) height="8" {}
            rect.done x="0" y="2" width=(done) height="8" {}
            rect.mark x=(of.limit - 2) y="0" width="4" height="12" {}
        }
    }
}

/// `4 h 37`, as a clock has it.
pub fn clock_words(minutes: i64) -> String {
    format!("{} h {:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_category_has_a_shape_and_its_number() {
        let cases = [
            (Some(1), "<polygon points=\"13", ">1<"),
            (Some(2), "<polygon points=\"20", ">2<"),
            (Some(3), "<rect", ">3<"),
            (Some(4), "<circle", ">4<"),
            (Some(5), "<circle", ">5<"),
            (None, "<circle", ">?<"),
        ];
        for (category, shape, number) in cases {
            let drawn = acuity(category).into_string();
            assert!(drawn.contains(shape) && drawn.contains(number), "{drawn}");
        }
    }

    #[test]
    fn a_bar_ends_a_quarter_beyond_its_limit() {
        let bar = |minutes| clock_bar(&ClockBar { minutes, limit: 240, pace: Pace::Over }).into_string();
        assert!(bar(9999).contains("class=\"done\" x=\"0\" y=\"2\" width=\"300\""), "{}", bar(9999));
        assert!(bar(-5).contains("width=\"0\""));
        assert_eq!((clock_words(47), clock_words(277)), ("0 h 47".into(), "4 h 37".into()));
    }
}
