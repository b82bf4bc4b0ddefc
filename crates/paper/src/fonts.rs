//! The three fonts that every paper has inside, and text in them: shaped, measured and broken into lines. A text comes out
//! whole: what a font has no letter for, and what has no look (control characters, marks that turn the direction), is
//! written as its number, such as `[U+0007]`, so that two texts that differ never look alike.

use std::cell::RefCell;
use std::fmt::Write;

use harfrust::{Buffer, Direction, Script, ShapeOptions, ShapePlan, ShaperFont};
use krilla::Data;
use krilla::text::{Font, GlyphId, KrillaGlyph};

use crate::problem::Problem;

const PLAIN: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.ttf");
const MONO: &[u8] = include_bytes!("../fonts/DejaVuSansMono.ttf");

/// Longest piece of a text that is shaped at once, in characters: words of people are shorter, hostile ones are broken.
const MOST_WORD_CHARS: usize = 60;

/// A font by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Plain,
    Bold,
    /// For what is compared letter by letter: keys, roots, commands.
    Mono,
}

/// A piece of text in one face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) face: Face,
    pub(crate) text: String,
}

/// Text in one face with its glyphs, whose measures are parts of the font's size.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) face: Face,
    pub(crate) text: String,
    pub(crate) glyphs: Vec<KrillaGlyph>,
    pub(crate) width: f32,
}

/// A line of text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pub(crate) runs: Vec<Run>,
    /// In points, without a space at its end.
    pub(crate) width: f32,
}

/// The fonts.
pub(crate) struct Fonts {
    faces: [Loaded; 3],
}

struct Loaded {
    letters: harfrust::Font,
    font: Font,
    /// How this font is shaped in a direction and script; made once for each that a document has.
    plans: RefCell<Vec<(Direction, Option<Script>, ShapePlan)>>,
}

impl Fonts {
    /// Reads the fonts.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) fn new() -> Result<Fonts, Problem> {
        Ok(Fonts { faces: [Loaded::read(PLAIN)?, Loaded::read(BOLD)?, Loaded::read(MONO)?] })
    }

    /// The font as the writer of PDF wants it.
    pub(crate) fn font(&self, face: Face) -> Font {
        self.loaded(face).font.clone()
    }

    /// Breaks spans into lines that are no wider than `width` at `size`, both in points. A word that is too wide for a line
    /// of its own is broken where it must be. There is always a line.
    pub(crate) fn lines(&self, spans: &[Span], size: f32, width: f32) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut line: Vec<Span> = Vec::new();
        let mut used = 0.0;
        for word in self.words(spans) {
            let (with_space, bare) = self.measure(&word, size);
            if used + bare > width && !line.is_empty() {
                lines.push(self.line(&std::mem::take(&mut line), size));
                used = 0.0;
            }
            if bare <= width {
                for part in word {
                    push(&mut line, part.face, &part.text);
                }
                used += with_space;
                continue;
            }
            for piece in self.pieces(&word, size, width) {
                if !line.is_empty() {
                    lines.push(self.line(&std::mem::take(&mut line), size));
                }
                used = self.measure(std::slice::from_ref(&piece), size).0;
                line.push(piece);
            }
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(self.line(&line, size));
        }
        lines
    }

    /// Words, each with the space that ends it: one may begin in one face and end in another.
    fn words(&self, spans: &[Span]) -> Vec<Vec<Span>> {
        let mut all = Vec::new();
        let mut word: Vec<Span> = Vec::new();
        for span in spans {
            for part in self.readable(span.face, &span.text).split_inclusive(' ') {
                word.push(Span { face: span.face, text: part.to_owned() });
                if part.ends_with(' ') {
                    all.push(std::mem::take(&mut word));
                }
            }
        }
        all.push(word);
        all.retain(|word| !word.is_empty());
        all
    }

    /// A line of [`Face::Mono`], broken wherever it is full: spaces do not matter. There is always a line.
    pub(crate) fn chopped(&self, text: &str, size: f32, width: f32) -> Vec<Line> {
        let span = Span { face: Face::Mono, text: self.readable(Face::Mono, text) };
        self.pieces(&[span], size, width).iter().map(|piece| self.line(std::slice::from_ref(piece), size)).collect()
    }

    /// A text on one line, however long.
    pub(crate) fn one_line(&self, face: Face, text: &str, size: f32) -> Line {
        self.line(&[Span { face, text: self.readable(face, text) }], size)
    }

    fn line(&self, spans: &[Span], size: f32) -> Line {
        let runs: Vec<Run> = spans.iter().map(|span| self.shape(span.face, &span.text)).collect();
        let all: f32 = runs.iter().map(|run| run.width).sum();
        let space =
            runs.last().filter(|run| run.text.ends_with(' ')).map_or(0.0, |run| self.shape(run.face, " ").width);
        Line { width: (all - space) * size, runs }
    }

    /// A word broken so that each piece fits a line of its own; one letter always does.
    fn pieces(&self, word: &[Span], size: f32, width: f32) -> Vec<Span> {
        let mut pieces: Vec<Span> = Vec::new();
        for part in word {
            pieces.push(Span { face: part.face, text: String::new() });
            let mut used = 0.0;
            for letter in part.text.chars() {
                let advance = self.shape(part.face, letter.encode_utf8(&mut [0; 4])).width * size;
                let is_full = used + advance > width && letter != ' ' && advance > 0.0;
                match pieces.last_mut().filter(|piece| !is_full || piece.text.is_empty()) {
                    Some(piece) => piece.text.push(letter),
                    None => {
                        pieces.push(Span { face: part.face, text: letter.to_string() });
                        used = 0.0;
                    }
                }
                used += advance;
            }
        }
        pieces
    }

    /// Widths in points of a word with the space that ends it, and without.
    fn measure(&self, word: &[Span], size: f32) -> (f32, f32) {
        let line = self.line(word, size);
        (line.runs.iter().map(|run| run.width).sum::<f32>() * size, line.width)
    }

    fn shape(&self, face: Face, text: &str) -> Run {
        let loaded = self.loaded(face);
        let mut glyphs = Vec::new();
        let mut start = 0;
        for piece in bounded(text) {
            loaded.shape(piece, start, &mut glyphs);
            start += piece.len();
        }
        let width = glyphs.iter().map(|glyph: &KrillaGlyph| glyph.x_advance).sum();
        Run { face, text: text.to_owned(), glyphs, width }
    }

    /// The text with everything that cannot be seen written as its number.
    pub(crate) fn readable(&self, face: Face, text: &str) -> String {
        let mut readable = String::with_capacity(text.len());
        for letter in text.chars() {
            if self.loaded(face).letters.charmap().map_unicode(letter).is_some() && !has_no_look(letter) {
                readable.push(letter);
            } else {
                // Writing to a text cannot fail.
                let _ = write!(readable, "[U+{:04X}]", u32::from(letter));
            }
        }
        readable
    }

    fn loaded(&self, face: Face) -> &Loaded {
        match face {
            Face::Plain => &self.faces[0],
            Face::Bold => &self.faces[1],
            Face::Mono => &self.faces[2],
        }
    }
}

impl Loaded {
    fn read(bytes: &'static [u8]) -> Result<Loaded, Problem> {
        let letters = harfrust::Font::new(bytes, 0);
        match (letters, Font::new(Data::from(bytes), 0)) {
            (Some(letters), Some(font)) => Ok(Loaded { letters, font, plans: RefCell::default() }),
            _ => Err(Problem::Writing { what: "a font cannot be read".into() }),
        }
    }

    /// Puts glyphs in the place of letters. Nothing fails: direction and script are those of the plan.
    fn shaped(&self, mut buffer: Buffer) -> Buffer {
        let (direction, script) = (buffer.direction(), buffer.script());
        let mut plans = self.plans.borrow_mut();
        let known = plans.iter().position(|plan| (plan.0, plan.1) == (direction, script));
        let at = known.unwrap_or_else(|| {
            plans.push((direction, script, ShapePlan::new(&self.letters, direction, script, None, &[])));
            plans.len() - 1
        });
        let done =
            harfrust::shape(&ShaperFont::new(&self.letters), &mut buffer, ShapeOptions::new().plan(Some(&plans[at].2)));
        debug_assert!(done.is_ok(), "a plan is made for the direction and script that it is kept by");
        buffer
    }

    /// Adds the glyphs of a piece that begins at byte `start` of its text.
    fn shape(&self, piece: &str, start: usize, glyphs: &mut Vec<KrillaGlyph>) {
        let mut buffer = Buffer::new();
        buffer.push_str(piece);
        buffer.guess_segment_properties();
        if buffer.script().is_none_or(|script| [Script::COMMON, Script::INHERITED].contains(&script)) {
            buffer.set_script(Some(Script::LATIN));
        }
        if buffer.direction() == Direction::Invalid {
            buffer.set_direction(Direction::LeftToRight);
        }
        let is_backward = buffer.direction() == Direction::RightToLeft;
        let shaped = self.shaped(buffer);
        let mut clusters: Vec<usize> = shaped.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        if is_backward {
            clusters.reverse();
        }
        clusters.dedup();
        let em = self.font.units_per_em();
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let from = info.cluster as usize;
            let to = clusters.iter().copied().find(|next| *next > from).unwrap_or(piece.len());
            let measures = [position.x_advance, position.x_offset, position.y_offset, position.y_advance];
            let [x_advance, x_offset, y_offset, y_advance] = measures.map(|units| units as f32 / em);
            let range = start + from..start + to;
            let id = GlyphId::new(info.glyph_id);
            glyphs.push(KrillaGlyph::new(id, x_advance, x_offset, y_offset, y_advance, range, None));
        }
    }
}

/// Control characters, and what only changes how its neighbours look or where they stand.
fn has_no_look(letter: char) -> bool {
    letter.is_control()
        || matches!(u32::from(letter),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFC
            | 0xFFFE..=0xFFFF | 0x1D173..=0x1D17A | 0xE0000..=0x10FFFF)
}

/// Pieces of at most [`MOST_WORD_CHARS`] characters, broken after spaces where there are any.
fn bounded(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    for word in text.split_inclusive(' ') {
        let mut rest = word;
        while let Some((at, _)) = rest.char_indices().nth(MOST_WORD_CHARS) {
            let (piece, after) = rest.split_at(at);
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
    }
    pieces
}

/// Adds a word to a line, to the span before it when it has the same face.
fn push(line: &mut Vec<Span>, face: Face, word: &str) {
    match line.last_mut().filter(|last| last.face == face) {
        Some(last) => last.text.push_str(word),
        None => line.push(Span { face, text: word.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, width: f32) -> Vec<String> {
        let Ok(fonts) = Fonts::new() else { panic!("the fonts cannot be read") };
        let spans = [Span { face: Face::Plain, text: text.to_owned() }];
        let lines = fonts.lines(&spans, 10.0, width);
        assert!(
            lines.iter().all(|line| line.width <= width || line.runs[0].text.trim().chars().count() == 1),
            "{text}"
        );
        lines.iter().map(|line| line.runs.iter().map(|run| run.text.as_str()).collect()).collect()
    }

    #[test]
    fn text_is_broken_at_spaces_and_long_words_where_they_must_be() {
        let cases: [(&str, f32, &[&str]); 6] = [
            ("one two", 100.0, &["one two"]),
            ("one two three", 45.0, &["one two ", "three"]),
            ("aaaaaaaaaa", 32.0, &["aaaaa", "aaaaa"]),
            ("", 10.0, &[""]),
            ("aa", 1.0, &["a", "a"]),
            ("e\u{301}e\u{301}e\u{301}e\u{301}", 14.0, &["e\u{301}e\u{301}", "e\u{301}e\u{301}"]),
        ];
        for (text, width, broken) in cases {
            assert_eq!(lines(text, width), broken, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_written_as_its_number() {
        let cases = [
            ("\u{141}\u{f3}d\u{17a}", "\u{141}\u{f3}d\u{17a}"),
            ("a\u{7}b\nc", "a[U+0007]b[U+000A]c"),
            ("\u{202e}x\u{ad}", "[U+202E]x[U+00AD]"),
            ("\u{75c5}\u{1F3E5}\u{0}", "[U+75C5][U+1F3E5][U+0000]"),
        ];
        for (text, readable) in cases {
            assert_eq!(lines(text, 1000.0).concat(), readable);
        }
    }

    #[test]
    fn every_glyph_knows_its_letters() {
        let Ok(fonts) = Fonts::new() else { panic!("the fonts cannot be read") };
        for text in ["Office fi", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "e\u{301}x", &"w".repeat(200)] {
            let run = fonts.shape(Face::Plain, text);
            let mut ranges: Vec<_> = run.glyphs.iter().map(|glyph| glyph.text_range.clone()).collect();
            ranges.sort_by_key(|range| range.start);
            ranges.dedup();
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start), "{text}: {ranges:?}");
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, text.len()), "{text}");
        }
    }
}
