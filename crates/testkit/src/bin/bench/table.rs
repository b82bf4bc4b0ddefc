//! What was found, as tables of Markdown: one of the machine's limits for each input, one for each
//! store and size, one for each move.
//! Knows no measurement.

use std::fmt;

use testkit::corpus::Corpus;
use testkit::floor::Floor;

/// One line of a table.
pub(crate) struct Figure {
    what: String,
    value: String,
    beside: String,
}

/// The figures of one store at one size, or of one move.
pub(crate) struct Table {
    title: String,
    pub(crate) figures: Vec<Figure>,
}

impl Figure {
    pub(crate) fn new(what: &str, value: String) -> Figure {
        Figure::beside(what, value, String::new())
    }

    /// A figure with the limit that it stands beside, as a ratio.
    pub(crate) fn beside(what: &str, value: String, beside: String) -> Figure {
        Figure { what: what.to_owned(), value, beside }
    }
}

impl Table {
    pub(crate) fn new(title: &str) -> Table {
        Table { title: title.to_owned(), figures: Vec::new() }
    }

    /// The limits of the machine for an input.
    pub(crate) fn limits(corpus: &Corpus, floor: &Floor) -> Table {
        let mut table = Table { title: format!("Limits, {} input", corpus.shape.name()), figures: Vec::new() };
        let input = format!("{} bytes, {:.1} index rows", corpus.mean_bytes(), floor.rows);
        table.figures.push(Figure::new("a resource, on average", input));
        let rate = format!("{:.0} resources/s", floor.resources_per_second);
        table.figures.push(Figure::new("floor of a bulk load, one core", rate));
        table
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n\n| what | figure | beside its limit |\n| --- | --- | --- |", self.title)?;
        for Figure { what, value, beside } in &self.figures {
            writeln!(f, "| {what} | {value} | {beside} |")?;
        }
        Ok(())
    }
}
