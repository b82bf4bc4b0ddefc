//! The formats of R4's primitive types (datatypes.html, Primitive Types), as hand-written matchers over bytes.
//!
//! Each follows the regular expression of the standard, tightened where its text says more: days that exist, 32-bit
//! integers. Knows nothing of documents: a matcher sees one value.

/// A primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// `true` or `false`.
    Boolean,
    /// A signed 32-bit number.
    Integer,
    /// Text.
    String,
    /// A number whose digits matter.
    Decimal,
    /// A URI reference.
    Uri,
    /// A URL.
    Url,
    /// A URI that names a definition, perhaps with `|version`.
    Canonical,
    /// Bytes in base64.
    Base64Binary,
    /// A moment, to the second at least, with time zone.
    Instant,
    /// A year, month or day.
    Date,
    /// A year, month, day or moment.
    DateTime,
    /// A time of day.
    Time,
    /// A word of a code system.
    Code,
    /// `urn:oid:…`.
    Oid,
    /// A logical id.
    Id,
    /// Text in GitHub's markdown.
    Markdown,
    /// 0 or more.
    UnsignedInt,
    /// 1 or more.
    PositiveInt,
    /// `urn:uuid:…`.
    Uuid,
    /// A fragment of XHTML.
    Xhtml,
}

/// How a primitive is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As a string.
    String,
    /// As a number.
    Number,
    /// As `true` or `false`.
    Boolean,
}

impl Primitive {
    const ALL: [Primitive; 20] = [
        Primitive::Boolean,
        Primitive::Integer,
        Primitive::String,
        Primitive::Decimal,
        Primitive::Uri,
        Primitive::Url,
        Primitive::Canonical,
        Primitive::Base64Binary,
        Primitive::Instant,
        Primitive::Date,
        Primitive::DateTime,
        Primitive::Time,
        Primitive::Code,
        Primitive::Oid,
        Primitive::Id,
        Primitive::Markdown,
        Primitive::UnsignedInt,
        Primitive::PositiveInt,
        Primitive::Uuid,
        Primitive::Xhtml,
    ];

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Primitive> {
        Primitive::ALL.into_iter().find(|primitive| primitive.name() == name)
    }

    /// The name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Primitive::Boolean => "boolean",
            Primitive::Integer => "integer",
            Primitive::String => "string",
            Primitive::Decimal => "decimal",
            Primitive::Uri => "uri",
            Primitive::Url => "url",
            Primitive::Canonical => "canonical",
            Primitive::Base64Binary => "base64Binary",
            Primitive::Instant => "instant",
            Primitive::Date => "date",
            Primitive::DateTime => "dateTime",
            Primitive::Time => "time",
            Primitive::Code => "code",
            Primitive::Oid => "oid",
            Primitive::Id => "id",
            Primitive::Markdown => "markdown",
            Primitive::UnsignedInt => "unsignedInt",
            Primitive::PositiveInt => "positiveInt",
            Primitive::Uuid => "uuid",
            Primitive::Xhtml => "xhtml",
        }
    }

    /// How JSON writes it.
    pub fn form(self) -> Form {
        match self {
            Primitive::Boolean => Form::Boolean,
            Primitive::Integer | Primitive::Decimal | Primitive::UnsignedInt | Primitive::PositiveInt => Form::Number,
            _ => Form::String,
        }
    }

    /// Whether a value, given as its characters (for numbers, as written), has this type's format. Says nothing about
    /// XHTML, which is checked as a narrative.
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Primitive::Boolean => matches!(value, "true" | "false"),
            Primitive::Integer => is_integer(value, i64::from(i32::MIN)),
            Primitive::UnsignedInt => is_integer(value, 0),
            Primitive::PositiveInt => is_integer(value, 1),
            Primitive::Decimal => is_decimal(value),
            Primitive::String | Primitive::Markdown => is_text(value),
            Primitive::Uri | Primitive::Url | Primitive::Canonical => is_uri(value),
            Primitive::Base64Binary => is_base64(value.as_bytes()),
            Primitive::Instant => date_time(value).is_some_and(|precision| precision == Precision::Moment),
            Primitive::Date => date_time(value).is_some_and(|precision| precision == Precision::Date),
            Primitive::DateTime => date_time(value).is_some(),
            Primitive::Time => time(value.as_bytes()).is_some_and(<[u8]>::is_empty),
            Primitive::Code => is_code(value),
            Primitive::Oid => is_oid(value),
            Primitive::Id => is_id(value),
            Primitive::Uuid => value.strip_prefix("urn:uuid:").is_some_and(is_uuid),
            Primitive::Xhtml => !value.is_empty(),
        }
    }
}

/// `[A-Za-z0-9\-\.]{1,64}`: what a logical id looks like.
pub fn is_id(value: &str) -> bool {
    (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

/// Eight, four, four, four and twelve hexadecimal digits. The standard's expression asks for small letters; capitals
/// are accepted, since RFC 4122 says that readers must.
pub fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_integer(value: &str, least: i64) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let plain = !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    plain && !leading_zero && value.parse().is_ok_and(|number: i64| (least..=i64::from(i32::MAX)).contains(&number))
}

/// JSON's grammar for numbers is the standard's for decimals.
fn is_decimal(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

/// Not empty, no control characters but tab, carriage return and line feed. White space alone is allowed: the
/// standard only asks (SHOULD) for more.
fn is_text(value: &str) -> bool {
    let allowed = |byte: u8| byte >= 0x20 || matches!(byte, b'\t' | b'\r' | b'\n');
    !value.is_empty() && value.bytes().all(allowed)
}

/// `\S*`, but not empty: JSON writes no empty strings (json.html).
fn is_uri(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte > 0x20 && byte != 0x7f)
}

/// Groups of four base64 characters, `=` only at the end, white space anywhere between characters.
fn is_base64(value: &[u8]) -> bool {
    let mut count = 0usize;
    let mut padding = 0;
    for byte in value {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => count += 1,
            b'=' if padding < 2 => {
                padding += 1;
                count += 1;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return false,
        }
    }
    count > 0 && count.is_multiple_of(4)
}

/// `[^\s]+(\s[^\s]+)*`: words with single spaces between.
fn is_code(value: &str) -> bool {
    let mut after_space = true;
    for byte in value.bytes() {
        let space = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        if (space && after_space) || (byte < 0x20 && !space) {
            return false;
        }
        after_space = space;
    }
    !after_space
}

fn is_oid(value: &str) -> bool {
    let Some(rest) = value.strip_prefix("urn:oid:") else { return false };
    let mut arcs = rest.split('.');
    let first = matches!(arcs.next(), Some("0" | "1" | "2"));
    let arc = |arc: &str| {
        let digits = !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit());
        digits && (arc == "0" || !arc.starts_with('0'))
    };
    first && rest.contains('.') && arcs.all(arc)
}

#[derive(Debug, PartialEq, Eq)]
enum Precision {
    Date,
    Moment,
}

/// Matches a date, or a date with time to the second and time zone.
fn date_time(value: &str) -> Option<Precision> {
    let (year, rest) = digits(value.as_bytes(), 4)?;
    let Some(rest) = rest.strip_prefix(b"-") else { return end(rest, year > 0) };
    let (month, rest) = digits(rest, 2)?;
    let Some(rest) = rest.strip_prefix(b"-") else { return end(rest, year > 0 && (1..=12).contains(&month)) };
    let (day, rest) = digits(rest, 2)?;
    let exists = year > 0 && (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    let Some(rest) = rest.strip_prefix(b"T") else { return end(rest, exists) };
    let zone = time(rest)?;
    (exists && is_zone(zone)).then_some(Precision::Moment)
}

fn end(rest: &[u8], exists: bool) -> Option<Precision> {
    (rest.is_empty() && exists).then_some(Precision::Date)
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `hh:mm:ss(.s+)?`, with 60 allowed as a leap second; gives what follows.
fn time(value: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = digits(value, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    let (second, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(rest) };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (length > 0).then(|| &fraction[length..])
}

/// `Z`, or `+hh:mm` up to 14:00.
fn is_zone(zone: &[u8]) -> bool {
    let offset = |rest: &[u8]| {
        let (hours, rest) = digits(rest, 2)?;
        let (minutes, rest) = digits(rest.strip_prefix(b":")?, 2)?;
        Some(rest.is_empty() && minutes <= 59 && (hours < 14 || (hours == 14 && minutes == 0)))
    };
    match zone.split_first() {
        Some((b'Z', rest)) => rest.is_empty(),
        Some((b'+' | b'-', rest)) => offset(rest).unwrap_or(false),
        _ => false,
    }
}

/// Exactly this many digits, as a number, and the rest.
fn digits(value: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = value.split_at_checked(count)?;
    let number =
        head.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::Primitive::{self, *};

    #[test]
    fn formats() {
        let cases: &[(Primitive, &[&str], &[&str])] = &[
            (Boolean, &["true", "false"], &["True", ""]),
            (Integer, &["0", "-1", "2147483647", "-2147483648"], &["2147483648", "1.0", "1e2", "-", "+1", "01"]),
            (UnsignedInt, &["0", "7"], &["-1", "-0.5"]),
            (PositiveInt, &["1"], &["0", "-1"]),
            (Decimal, &["72.50", "-0", "1E-7"], &["abc"]),
            (String, &["a", " a\t\r\n", "é", " "], &["", "a\u{1}"]),
            (Uri, &["urn:x", "http://a/b?c", "é"], &["", "a b", "a\n"]),
            (Base64Binary, &["QUJD", "QQ==", "QUI=", "QU JD\n"], &["", "QUJ", "Q===", "QQ==QUJD", "Q*JD"]),
            (Instant, &["2015-02-07T13:28:17.239+02:00", "2017-01-01T00:00:00Z"], &["2017-01-01", "2017-01-01T00:00Z"]),
            (
                Date,
                &["2018", "1973-06", "1905-08-23", "2024-02-29"],
                &["18", "2018-13", "2018-02-29", "2018-1-1", "0000"],
            ),
            (Date, &["1900-02-28"], &["1900-02-29", "2018-04-31", "2015-02-07T13:28:17Z", "2018-", "2018-01-"]),
            (DateTime, &["2018", "2015-02-07T13:28:17-05:00", "2015-02-07T23:59:60Z"], &["2015-02-07T13:28:17", "x"]),
            (DateTime, &["2015-02-07T13:28:17+14:00"], &["2015-02-07T13:28:17+14:01", "2015-02-07T24:00:00Z"]),
            (Time, &["12:00:00", "12:00:00.5"], &["12:00", "12:00:00Z", "24:00:00", "12:00:00."]),
            (Code, &["a", "a b", "a-b"], &["", " a", "a ", "a  b"]),
            (Oid, &["urn:oid:1.2.3.4.5", "urn:oid:2.0"], &["urn:oid:1", "urn:oid:3.1", "1.2.3", "urn:oid:1.02"]),
            (Id, &["a", "A-1.b"], &["", "a_b", "a b", "urn:x"]),
            (Uuid, &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"], &["c757873d-ec9a-4326-a141-556f43239520"]),
        ];
        for (primitive, good, bad) in cases {
            for value in *good {
                assert!(primitive.accepts(value), "{primitive:?} {value:?}");
            }
            for value in *bad {
                assert!(!primitive.accepts(value), "{primitive:?} {value:?}");
            }
        }
        assert!(!Id.accepts(&"x".repeat(65)) && Id.accepts(&"x".repeat(64)));
    }
}
