//! Counters and figures: number, noun, and *whose*. An uncounted number is a question mark, never 0.
//!
//! Counts nothing itself; the query that counted also makes the list that the card links to.

use maud::{Markup, html};

/// How a count is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Somebody must act.
    Bad,
    /// Look soon.
    Warning,
    /// As it should be.
    Good,
    /// A fact without judgement.
    Plain,
}

impl Standing {
    const fn suffix(self) -> Option<&'static str> {
        match self {
            Standing::Bad => Some("bad"),
            Standing::Warning => Some("warn"),
            Standing::Good => Some("ok"),
            Standing::Plain => None,
        }
    }
}

/// A count that leads to its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter<'a> {
    /// The number; `None` when it could not be counted.
    pub number: Option<u64>,
    /// What is counted.
    pub noun: &'a str,
    /// Whose it is, the oldest item and its owner, or since when it is not counted.
    pub scope: &'a str,
    /// How it is doing.
    pub standing: Standing,
    /// The list.
    pub href: &'a str,
}

/// The card: all of it is the link.
pub fn counter(of: &Counter<'_>) -> Markup {
    let class = match (of.number, of.standing.suffix()) {
        (Some(_), Some(suffix)) => format!("al-counter al-counter--{suffix}"),
        _ => "al-counter".to_owned(),
    };
    html! {
        a class=(class) href=(of.href) {
            div.al-row {
                b { @match of.number { Some(number) => (number), None => "?" } }
                h3 { (of.noun) }
            }
            p.al-bad[of.number.is_none()] { (of.scope) }
        }
    }
}

/// One large figure with its words, at the top of a page.
pub fn figure(standing: Standing, figure: &str, words: &Markup) -> Markup {
    let class = standing.suffix().map_or_else(|| "al-kpi".to_owned(), |suffix| format!("al-kpi al-kpi--{suffix}"));
    html! { div class=(class) { b { (figure) } span { (words) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uncounted_number_is_never_nought() {
        let of = Counter {
            number: None,
            noun: "letters not sent",
            scope: "Not counted since 14:02. Treat as unknown.",
            standing: Standing::Good,
            href: "#",
        };
        let card = counter(&of).into_string();
        assert!(card.contains("<b>?</b>") && !card.contains("al-counter--ok"), "{card}");
    }
}
