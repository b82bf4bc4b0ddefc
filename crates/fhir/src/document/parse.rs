//! The parser behind [`Document::parse`]: recursive descent over bytes, bounded in depth, filling the arena.
//!
//! RFC 8259 and nothing more; what stands inside a string is in `strings`. Paths are only built when something is
//! refused.

use super::strings::{hex4, plain_end, unescape};
use super::{Document, Kind, Limits, Malformed, Record};

/// Objects with more members than this are checked for duplicate names by sorting, when they close.
const FEW_MEMBERS: u32 = 32;
/// No member name may be longer than this.
const LONGEST_NAME: usize = 1024;

pub(super) fn parse<'t>(text: &'t [u8], limits: &Limits) -> Result<Document<'t>, Malformed> {
    let refuse = |offset, message: &str| Malformed { offset, path: String::new(), message: message.to_owned() };
    if text.len() > limits.max_bytes.min(u32::MAX as usize) {
        return Err(refuse(0, "the text is longer than is accepted here"));
    }
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(refuse(0, "the text begins with a byte order mark"));
    }
    let text = std::str::from_utf8(text).map_err(|fault| refuse(fault.valid_up_to(), "the text is not UTF-8"))?;
    let mut parser = Parser {
        text: text.as_bytes(),
        at: 0,
        limits,
        document: Document { text, records: Vec::with_capacity(text.len() / 28 + 4), escaped_names: Vec::new() },
    };
    match parser.whole() {
        Ok(()) => Ok(parser.document),
        Err(fault) => Err(parser.explain(*fault)),
    }
}

/// A fault on its way up; each level it passes adds its step to the path, innermost first.
struct Fault {
    offset: usize,
    message: String,
    steps: Vec<Step>,
}

enum Step {
    Member(String),
    Item(u32),
}

/// Boxed so that the good way stays narrow.
type Outcome<T> = Result<T, Box<Fault>>;

struct Parser<'t, 'l> {
    text: &'t [u8],
    at: usize,
    limits: &'l Limits,
    document: Document<'t>,
}

/// A scanned string: where its inside stands and whether it holds an escape.
struct Scanned {
    start: usize,
    end: usize,
    escaped: bool,
}

impl Parser<'_, '_> {
    fn whole(&mut self) -> Outcome<()> {
        self.skip_space();
        self.value(0)?;
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.fault("there is more after the end of the value")) }
    }

    fn value(&mut self, depth: usize) -> Outcome<usize> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Kind::Boolean, Record::TRUE),
            Some(b'f') => self.word(b"false", Kind::Boolean, 0),
            Some(b'n') => self.word(b"null", Kind::Null, 0),
            Some(_) => Err(self.fault("a value was expected here")),
            None => Err(self.fault("the text ends in the middle")),
        }
    }

    fn object(&mut self, depth: usize) -> Outcome<usize> {
        let index = self.open(Kind::Object, depth)?;
        self.skip_space();
        if self.peek() == Some(b'}') {
            return Ok(self.close(index, 0));
        }
        let mut members = 0;
        let mut seen = 0u64;
        loop {
            self.member(index, depth, members, &mut seen)?;
            members += 1;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.fault("a comma or a closing brace was expected here")),
            }
            self.skip_space();
        }
        if members > FEW_MEMBERS {
            self.check_many_names(index)?;
        }
        Ok(self.close(index, members))
    }

    /// One `"name": value` of the object at `parent`, with the spaces behind it.
    fn member(&mut self, parent: usize, depth: usize, before: u32, seen: &mut u64) -> Outcome<()> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("a member name in quotes was expected here"));
        }
        let name = self.scan_string()?;
        if name.end - name.start > LONGEST_NAME {
            return Err(self.fault_at(name.start, "a member name is longer than 1024 bytes"));
        }
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.fault("a colon was expected here"));
        }
        self.at += 1;
        self.skip_space();
        let child = self.document.records.len();
        if let Err(mut fault) = self.value(depth + 1) {
            fault.steps.push(Step::Member(decode(self.text, &name)));
            return Err(fault);
        }
        let record = &mut self.document.records[child];
        record.flags |= Record::MEMBER;
        record.name = name.start as u32;
        record.name_length = (name.end - name.start) as u16;
        if name.escaped {
            record.flags |= Record::NAME_ESCAPED;
            // Children were added before their parent's name: keep the list in order of nodes.
            let place = self.document.escaped_names.partition_point(|(at, _)| (*at as usize) < child);
            let decoded = decode(self.text, &name).into_boxed_str();
            self.document.escaped_names.insert(place, (child as u32, decoded));
        }
        if self.document.name_of(child as u32).starts_with('_') {
            self.document.records[parent].flags |= Record::UNDERSCORED;
        }
        if before < FEW_MEMBERS {
            self.check_name(parent, child, seen)?;
        }
        self.skip_space();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Outcome<usize> {
        let index = self.open(Kind::Array, depth)?;
        self.skip_space();
        if self.peek() == Some(b']') {
            return Ok(self.close(index, 0));
        }
        let mut items = 0;
        loop {
            if let Err(mut fault) = self.value(depth + 1) {
                fault.steps.push(Step::Item(items));
                return Err(fault);
            }
            items += 1;
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.fault("a comma or a closing bracket was expected here")),
            }
            self.skip_space();
        }
        Ok(self.close(index, items))
    }

    fn open(&mut self, kind: Kind, depth: usize) -> Outcome<usize> {
        if depth >= self.limits.max_depth.min(Limits::DEEPEST) {
            return Err(self.fault("objects and arrays are nested deeper than is accepted here"));
        }
        let index = self.add(kind, self.at, self.at, 0)?;
        self.at += 1;
        Ok(index)
    }

    fn close(&mut self, index: usize, children: u32) -> usize {
        self.at += 1;
        let after = self.document.records.len() as u32;
        let record = &mut self.document.records[index];
        record.end = self.at as u32;
        record.after = after;
        record.children = children;
        index
    }

    fn add(&mut self, kind: Kind, start: usize, end: usize, flags: u8) -> Outcome<usize> {
        let index = self.document.records.len();
        if index >= self.limits.max_nodes {
            return Err(self.fault("the text has more values than are accepted here"));
        }
        self.document.records.push(Record {
            start: start as u32,
            end: end as u32,
            after: index as u32 + 1,
            children: 0,
            name: 0,
            name_length: 0,
            kind,
            flags,
        });
        Ok(index)
    }

    fn string(&mut self) -> Outcome<usize> {
        let scanned = self.scan_string()?;
        if scanned.end - scanned.start > self.limits.max_string {
            return Err(self.fault_at(scanned.start, "a string is longer than is accepted here"));
        }
        let flags = if scanned.escaped { Record::ESCAPED } else { 0 };
        self.add(Kind::String, scanned.start - 1, scanned.end + 1, flags)
    }

    /// Scans from the opening quote to behind the closing one.
    fn scan_string(&mut self) -> Outcome<Scanned> {
        let start = self.at + 1;
        self.at = start;
        let mut escaped = false;
        loop {
            self.at = plain_end(self.text, self.at);
            match self.peek() {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(Scanned { start, end, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fault("a control character stands in a string without an escape")),
                None => return Err(self.fault("the text ends inside a string")),
            }
        }
    }

    fn escape(&mut self) -> Outcome<()> {
        let start = self.at;
        match self.text.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let Some(unit) = hex4(self.text, start + 2) else {
                    return Err(self.fault("four hexadecimal digits were expected after \\u"));
                };
                self.at += 6;
                match unit {
                    0xD800..=0xDBFF => self.low_surrogate(start),
                    0xDC00..=0xDFFF => Err(self.fault_at(start, "a surrogate stands alone")),
                    _ => Ok(()),
                }
            }
            _ => Err(self.fault("this escape is not part of JSON")),
        }
    }

    fn low_surrogate(&mut self, start: usize) -> Outcome<()> {
        let follows = self.text[self.at..].starts_with(b"\\u");
        match hex4(self.text, self.at + 2) {
            Some(0xDC00..=0xDFFF) if follows => {
                self.at += 6;
                Ok(())
            }
            _ => Err(self.fault_at(start, "a surrogate stands alone")),
        }
    }

    fn number(&mut self) -> Outcome<usize> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        if let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'.' | b'+' | b'-' | b'_') = self.peek() {
            return Err(self.fault("this is not how JSON writes a number"));
        }
        if self.at - start > self.limits.max_number {
            return Err(self.fault_at(start, "a number is longer than is accepted here"));
        }
        self.add(Kind::Number, start, self.at, 0)
    }

    fn digits(&mut self) -> Outcome<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.fault("this is not how JSON writes a number")) }
    }

    fn word(&mut self, word: &[u8], kind: Kind, flags: u8) -> Outcome<usize> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.fault("a value was expected here"));
        }
        let start = self.at;
        self.at += word.len();
        self.add(kind, start, self.at, flags)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Looks for an elder sibling of the same name, unless a 64-bit sketch of the names seen says there is none.
    fn check_name(&self, parent: usize, child: usize, seen: &mut u64) -> Outcome<()> {
        let name = self.document.name_of(child as u32);
        let bit = 1u64 << sketch(name.as_bytes());
        if *seen & bit != 0 {
            let mut elder = parent + 1;
            while elder < child {
                if self.document.name_of(elder as u32) == name {
                    return Err(self.duplicate(child));
                }
                elder = self.document.records[elder].after as usize;
            }
        }
        *seen |= bit;
        Ok(())
    }

    /// Checks all names of an object with many members, in n log n.
    fn check_many_names(&self, parent: usize) -> Outcome<()> {
        let mut children = Vec::new();
        let mut child = parent + 1;
        while child < self.document.records.len() {
            children.push(child);
            child = self.document.records[child].after as usize;
        }
        children.sort_by(|a, b| {
            let (left, right) = (self.document.name_of(*a as u32), self.document.name_of(*b as u32));
            left.cmp(right).then(a.cmp(b))
        });
        let same = |pair: &&[usize]| self.document.name_of(pair[0] as u32) == self.document.name_of(pair[1] as u32);
        match children.windows(2).find(same) {
            Some(pair) => Err(self.duplicate(pair[1])),
            None => Ok(()),
        }
    }

    #[cold]
    fn duplicate(&self, child: usize) -> Box<Fault> {
        let name = self.document.name_of(child as u32).to_owned();
        let offset = self.document.records[child].name as usize;
        Box::new(Fault {
            offset,
            message: format!("the name {name:?} stands twice in one object"),
            steps: vec![Step::Member(name)],
        })
    }

    #[cold]
    fn fault(&self, message: &str) -> Box<Fault> {
        self.fault_at(self.at, message)
    }

    #[cold]
    fn fault_at(&self, offset: usize, message: &str) -> Box<Fault> {
        Box::new(Fault { offset, message: message.to_owned(), steps: Vec::new() })
    }

    fn explain(&self, fault: Fault) -> Malformed {
        let mut path = self.root_type().unwrap_or_default();
        for step in fault.steps.iter().rev() {
            match step {
                Step::Member(name) if path.is_empty() => path.push_str(name),
                Step::Member(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        Malformed { offset: fault.offset, path, message: fault.message }
    }

    /// The root's `resourceType`, if it was read before the fault.
    fn root_type(&self) -> Option<String> {
        let records = &self.document.records;
        let mut child = 1;
        while child < records.len() {
            let record = &records[child];
            if !record.is(Record::MEMBER) {
                return None;
            }
            if record.kind == Kind::String && self.document.name_of(child as u32) == "resourceType" {
                let inside = record.start as usize + 1..record.end as usize - 1;
                return Some(self.document.text[inside].to_owned());
            }
            child = record.after as usize;
        }
        None
    }
}

/// A number from 0 to 63 made of a name's length and ends.
#[inline]
fn sketch(name: &[u8]) -> u32 {
    let first = name.first().copied().unwrap_or(0);
    let middle = name.get(name.len() / 2).copied().unwrap_or(0);
    let last = name.last().copied().unwrap_or(0);
    let mixed = u32::from(first) * 31 + u32::from(middle) * 17 + u32::from(last) * 7 + name.len() as u32 * 13;
    mixed & 63
}

fn decode(text: &[u8], name: &Scanned) -> String {
    let inside = String::from_utf8_lossy(&text[name.start..name.end]);
    if name.escaped { unescape(&inside) } else { inside.into_owned() }
}

#[cfg(test)]
mod tests;
