//! A small JSON writer: our own objects around texts that are spliced in byte for byte.
//!
//! Stored resources are never parsed and printed again on their way out; this writer puts commas, names and escaped
//! strings around them. It does not know FHIR and does not check that what is spliced in is JSON.

/// Writes one JSON text from left to right.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
    /// Whether the next name or item needs a comma before it.
    comma: bool,
}

impl Writer {
    /// A writer with room for so many bytes.
    pub(crate) fn with_room(bytes: usize) -> Writer {
        Writer { out: Vec::with_capacity(bytes), comma: false }
    }

    /// What was written.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    /// An object whose members `inside` writes.
    pub(crate) fn object(&mut self, inside: impl FnOnce(&mut Writer)) {
        self.enclosed(b'{', b'}', inside);
    }

    /// An array whose items `inside` writes.
    pub(crate) fn array(&mut self, inside: impl FnOnce(&mut Writer)) {
        self.enclosed(b'[', b']', inside);
    }

    /// A member's name; its value must follow.
    pub(crate) fn name(&mut self, name: &str) -> &mut Writer {
        self.separate();
        push_string(&mut self.out, name);
        self.out.push(b':');
        self.comma = false;
        self
    }

    /// A string value.
    pub(crate) fn string(&mut self, value: &str) {
        self.separate();
        push_string(&mut self.out, value);
        self.comma = true;
    }

    /// A whole number.
    pub(crate) fn number(&mut self, value: u64) {
        self.raw(value.to_string().as_bytes());
    }

    /// A text that is JSON already.
    pub(crate) fn raw(&mut self, json: &[u8]) {
        self.separate();
        self.out.extend_from_slice(json);
        self.comma = true;
    }

    /// A member with a string.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name).string(value);
    }

    /// A member with `true` or `false`.
    pub(crate) fn boolean(&mut self, name: &str, value: bool) {
        self.name(name).raw(if value { b"true" } else { b"false" });
    }

    fn enclosed(&mut self, open: u8, close: u8, inside: impl FnOnce(&mut Writer)) {
        self.separate();
        self.out.push(open);
        self.comma = false;
        inside(self);
        self.out.push(close);
        self.comma = true;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push(b',');
            self.comma = false;
        }
    }
}

/// Appends `value` as a JSON string (RFC 8259, section 7: quotes, backslashes and controls are escaped).
pub(crate) fn push_string(out: &mut Vec<u8>, value: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut copied = 0;
    for (at, byte) in value.bytes().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&value.as_bytes()[copied..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(b"00");
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        copied = at + 1;
    }
    out.extend_from_slice(&value.as_bytes()[copied..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut writer = Writer::default();
        writer.object(|w| {
            w.text("a", "1");
            w.name("b").array(|w| {
                w.number(1);
                w.object(|_| {});
                w.raw(b"null");
            });
            w.boolean("c", false);
        });
        assert_eq!(writer.finish(), br#"{"a":"1","b":[1,{},null],"c":false}"#);
    }

    #[test]
    fn strings_read_back_as_they_were() -> Result<(), serde_json::Error> {
        for value in ["", "a\"b\\c", "\u{0}\u{1f}\n\r\t\u{7f}", "Müller 李 😀", "</script>"] {
            let mut out = Vec::new();
            push_string(&mut out, value);
            assert_eq!(serde_json::from_slice::<String>(&out)?, value);
        }
        Ok(())
    }
}
