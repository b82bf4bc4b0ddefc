//! The NEWS2 chip and its trend: number and word together, the time of the set always beside them.
//!
//! Draws a score that `clinical` worked out; scores nothing itself.

use maud::{Markup, html};

/// The risk band of a total, as the NEWS2 table names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Band {
    /// 0 to 4, no single parameter at 3.
    Low,
    /// 0 to 4 with a 3 in one parameter.
    ThreeInOne,
    /// 5 or 6.
    Medium,
    /// 7 and more.
    High,
}

impl Band {
    /// The word on the chip.
    pub const fn word(self) -> &'static str {
        match self {
            Band::Low => "Low",
            Band::ThreeInOne => "3 in one",
            Band::Medium => "Medium",
            Band::High => "High",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Band::Low => "al-news--low",
            Band::ThreeInOne => "al-news--lowmed",
            Band::Medium => "al-news--med",
            Band::High => "al-news--high",
        }
    }
}

/// The state of a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chip {
    /// A total from a complete set.
    Scored {
        /// The total, 0 to 20.
        total: u8,
        /// Its band.
        band: Band,
        /// Whether the set is older than its frequency allows.
        out_of_date: bool,
    },
    /// No complete set.
    NotScored,
}

/// The chip.
pub fn news_chip(chip: Chip) -> Markup {
    match chip {
        Chip::Scored { total, band, out_of_date } => html! {
            span.al-news.(band.class()).al-news--old[out_of_date] { b { (total) } span { (band.word()) } }
        },
        Chip::NotScored => html! { span.al-news.al-news--none { b { "–" } span { "Not scored" } } },
    }
}

/// The change since the set before: `None` when this is the first.
pub fn news_trend(change: Option<i16>) -> Markup {
    match change {
        None => html! { span.al-trend { "first set" } },
        Some(0) => html! { span.al-trend { "● same" } },
        Some(up) if up > 0 => html! { span.al-trend.al-trend--up { "▲ up " (up) } },
        Some(down) => html! { span.al-trend.al-trend--down { "▼ down " (-down) } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_always_says_its_direction_in_words() {
        let cases = [(None, "first set"), (Some(0), "● same"), (Some(3), "▲ up 3"), (Some(-1), "▼ down 1")];
        for (change, words) in cases {
            assert!(news_trend(change).into_string().contains(words), "{words}");
        }
    }

    #[test]
    fn a_chip_is_number_and_word() {
        let chip = Chip::Scored { total: 7, band: Band::High, out_of_date: false };
        assert_eq!(
            news_chip(chip).into_string(),
            "<span class=\"al-news al-news--high\"><b>7</b><span>High</span></span>"
        );
    }
}
