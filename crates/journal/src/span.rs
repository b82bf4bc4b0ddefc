//! The canonical bytes of an index span, made only to be digested: an entry asserts about a span without showing
//! whose identifier it holds.
//!
//! One-way: nothing reads these bytes back. Byte by byte in `docs/formats/journal.md`, section 2.4.

use crate::wire::Writer;
use terms::index::{End, Next, Part, Range, Span};

/// The bytes that stand for a span; equal spans give equal bytes and different spans different ones.
pub(crate) fn encode(span: &Span) -> Vec<u8> {
    let mut to = Writer::with_capacity(128);
    to.text(span.parameter);
    to.number(span.head.len() as u64);
    for part in &span.head {
        write_part(&mut to, part);
    }
    write_next(&mut to, &span.next);
    to.finish()
}

fn write_next(to: &mut Writer, next: &Next) {
    match next {
        Next::Any => to.byte(0),
        Next::Within(range) => {
            to.byte(1);
            write_range(to, range);
        }
        Next::WithinBoth(first, second) => {
            to.byte(2);
            write_range(to, first);
            write_range(to, second);
        }
        Next::Prefix(bytes) => {
            to.byte(3);
            to.bytes(bytes);
        }
        Next::TextEqual(bytes) => {
            to.byte(4);
            to.bytes(bytes);
        }
        Next::Containing(texts) => {
            to.byte(8);
            to.number(texts.len() as u64);
            for bytes in texts {
                to.bytes(bytes);
            }
        }
        Next::CodeAnySystem(code) => {
            to.byte(5);
            to.text(code);
        }
        Next::AnyCodeOf(system) => {
            to.byte(6);
            to.text(system);
        }
        Next::CodeAnySystemThen(code, rest) => {
            to.byte(7);
            to.text(code);
            to.number(rest.head.len() as u64);
            for part in &rest.head {
                write_part(to, part);
            }
            write_next(to, &rest.next);
        }
    }
}

fn write_part(to: &mut Writer, part: &Part) {
    match part {
        Part::Code { system, code } => {
            to.byte(1);
            to.text(system);
            to.text(code);
        }
        Part::Target { kind, id } => {
            to.byte(2);
            to.text(kind);
            to.text(id);
        }
        Part::Kind(kind) => {
            to.byte(3);
            to.text(kind);
        }
        Part::Fixed(bytes) => {
            to.byte(4);
            to.bytes(bytes);
        }
        Part::Text(bytes) => {
            to.byte(5);
            to.bytes(bytes);
        }
    }
}

fn write_range(to: &mut Writer, range: &Range) {
    for end in [&range.low, &range.high] {
        match end {
            End::Open => to.byte(0),
            End::Including(bytes) => {
                to.byte(1);
                to.bytes(bytes);
            }
            End::Excluding(bytes) => {
                to.byte(2);
                to.bytes(bytes);
            }
        }
    }
}
