//! Narratives: the XHTML of `text.div` (narrative.html; txt-1 and txt-2).
//!
//! A scanner, not a parser: it checks that tags match, and that elements, attributes and links are among those that
//! cannot run anything or fetch anything but pictures. What is not on the lists is refused.

use super::{Checker, IssueCode, Path};

/// Elements inside each other in one narrative.
const DEEPEST: usize = 64;
const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

/// HTML 4.0 chapters 7 to 11 (without section 9.4) and 15, links and images.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Attributes of those elements that only format, name or link.
const ATTRIBUTES: &[&str] = &[
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "cite",
    "class",
    "colspan",
    "dir",
    "frame",
    "headers",
    "height",
    "href",
    "id",
    "lang",
    "longdesc",
    "name",
    "nowrap",
    "rel",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "coords",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "usemap",
    "valign",
    "value",
    "width",
    "xml:lang",
    "xml:space",
    "xml:base",
];

/// Schemes a link may have; a picture may also be `data:image/…`.
const SCHEMES: &[&str] = &["http", "https", "mailto", "tel", "urn", "ftp", "cid"];

impl Checker {
    /// The text of a `div`.
    pub(super) fn narrative(&mut self, text: &str, path: &Path<'_>) {
        let mut scanner = Scanner { rest: text.trim(), open: [""; DEEPEST], depth: 0, has_content: false };
        if let Err(message) = scanner.whole() {
            self.error(path, IssueCode::Invariant, format!("{message} (txt-1)"));
        } else if !scanner.has_content {
            self.error(path, IssueCode::Invariant, "a narrative must have some content (txt-2)");
        }
    }
}

struct Scanner<'x> {
    rest: &'x str,
    open: [&'x str; DEEPEST],
    depth: usize,
    has_content: bool,
}

type Outcome<T> = Result<T, &'static str>;

impl<'x> Scanner<'x> {
    fn whole(&mut self) -> Outcome<()> {
        if !self.rest.starts_with("<div") {
            return Err("a narrative must begin with <div");
        }
        loop {
            self.tag()?;
            if self.depth == 0 {
                break;
            }
            self.characters()?;
        }
        if self.rest.is_empty() { Ok(()) } else { Err("a narrative must end with its </div>") }
    }

    /// Text up to the next tag.
    fn characters(&mut self) -> Outcome<()> {
        let end = memchr::memchr(b'<', self.rest.as_bytes()).ok_or("a narrative must close what it opens")?;
        let (text, rest) = self.rest.split_at(end);
        self.has_content |= !text.trim_ascii().is_empty();
        self.rest = rest;
        check_entities(text)
    }

    /// A tag or a comment; `rest` begins with `<`.
    fn tag(&mut self) -> Outcome<()> {
        let inside = &self.rest[1..];
        if let Some(comment) = inside.strip_prefix("!--") {
            let (_, rest) = comment.split_once("-->").ok_or("a comment in a narrative does not end")?;
            self.rest = rest;
            return Ok(());
        }
        if let Some(closing) = inside.strip_prefix('/') {
            let (name, rest) = closing.split_once('>').ok_or("a tag in a narrative does not end")?;
            self.depth = self.depth.checked_sub(1).ok_or("a narrative closes what is not open")?;
            self.rest = rest;
            let matches = self.open[self.depth] == name.trim_ascii_end();
            return if matches { Ok(()) } else { Err("a narrative must close what it opens, in order") };
        }
        self.opening(inside)
    }

    fn opening(&mut self, inside: &'x str) -> Outcome<()> {
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inside.len());
        let (name, mut rest) = inside.split_at(end);
        if !ELEMENTS.contains(&name) {
            return Err("a narrative may use only the basic formatting elements of HTML");
        }
        self.has_content |= name == "img";
        loop {
            let trimmed = rest.trim_ascii_start();
            if let Some(after) = trimmed.strip_prefix("/>") {
                self.rest = after;
                return Ok(());
            }
            if let Some(after) = trimmed.strip_prefix('>') {
                *self.open.get_mut(self.depth).ok_or("a narrative is nested too deeply")? = name;
                self.depth += 1;
                self.rest = after;
                return Ok(());
            }
            if trimmed.len() == rest.len() {
                return Err("a tag in a narrative is not well formed");
            }
            rest = attribute(trimmed)?;
        }
    }
}

/// `name="value"`; gives what follows.
fn attribute(text: &str) -> Outcome<&str> {
    let (name, rest) = text.split_once('=').ok_or("an attribute in a narrative has no value")?;
    let (name, rest) = (name.trim_ascii_end(), rest.trim_ascii_start());
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let quote = quote.ok_or("an attribute in a narrative has no quotes")?;
    let (value, rest) = rest[1..].split_once(quote).ok_or("an attribute in a narrative does not end")?;
    if value.contains('<') {
        return Err("an attribute in a narrative contains <");
    }
    check_entities(value)?;
    match name {
        "xmlns" if value == NAMESPACE => Ok(rest),
        "xmlns" => Err("a narrative must be in the namespace of XHTML"),
        "href" | "src" | "longdesc" | "cite" if !is_harmless_link(name, value) => {
            Err("a link in a narrative has a scheme that is not allowed")
        }
        "style" if is_active_style(value) => Err("a style in a narrative fetches or runs something"),
        _ if ATTRIBUTES.contains(&name.to_ascii_lowercase().as_str()) => Ok(rest),
        _ => Err("a narrative may use only attributes that format, name or link"),
    }
}

/// Relative, or of a scheme that runs nothing. An entity before the colon could hide one.
fn is_harmless_link(attribute: &str, value: &str) -> bool {
    let value = value.trim();
    let Some((scheme, content)) = value.split_once(':') else { return !value.starts_with('&') };
    if scheme.contains(['/', '?', '#']) && !scheme.contains('&') {
        return true;
    }
    if scheme.eq_ignore_ascii_case("data") {
        let kind = content.trim_ascii_start().get(..6).unwrap_or_default();
        return attribute == "src" && kind.eq_ignore_ascii_case("image/");
    }
    SCHEMES.iter().any(|allowed| scheme.eq_ignore_ascii_case(allowed))
}

fn is_active_style(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    ["expression(", "javascript:", "@import", "-moz-binding", "behavior:", "\\"].iter().any(|part| value.contains(part))
}

/// `&` begins an entity: a name, or a number.
fn check_entities(text: &str) -> Outcome<()> {
    let mut rest = text;
    while let Some(start) = memchr::memchr(b'&', rest.as_bytes()) {
        rest = &rest[start + 1..];
        let end = rest.bytes().take(32).position(|byte| byte == b';').ok_or("an & in a narrative is no entity")?;
        let name = &rest.as_bytes()[..end];
        let name = name.strip_prefix(b"#").unwrap_or(name);
        if name.is_empty() || !name.iter().all(u8::is_ascii_alphanumeric) {
            return Err("an & in a narrative is no entity");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Scanner;

    fn verdict(text: &str) -> Option<&'static str> {
        let mut scanner = Scanner { rest: text.trim(), open: [""; super::DEEPEST], depth: 0, has_content: false };
        match scanner.whole() {
            Err(message) => Some(message),
            Ok(()) if !scanner.has_content => Some("empty"),
            Ok(()) => None,
        }
    }

    #[test]
    fn narratives() {
        let good = [
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>",
            "<div>\n<p class='x' id=\"y\">a &amp; b &#160; <br/><b>c</b></p><!-- <x> --></div>",
            "<div><img src=\"#pic\" alt=\"x\"/></div>",
            "<div><img src=\"data: image/png;base64,QQ==\" alt=\"x\"/></div>",
            "<div><a href=\"Patient/1?x=a:b\">x</a><a href=\"https://a/\">x</a></div>",
            "<div><table border='1'><tr><td colspan=\"2\" style=\"color: red\">x</td></tr></table></div >",
        ];
        for text in good {
            assert_eq!(verdict(text), None, "{text}");
        }
        let bad = [
            "",
            "a",
            "<p>a</p>",
            "<div>a",
            "<div>a</p></div>",
            "<div><p>a</div></p>",
            "<div>a</div>b",
            "<div> </div>",
            "<div/>",
            "<div><script>x</script></div>",
            "<div><SCRIPT>x</SCRIPT></div>",
            "<div onclick=\"x\">a</div>",
            "<div ONLOAD='x'>a</div>",
            "<div><iframe src=\"x\">a</iframe></div>",
            "<div><form>a</form></div>",
            "<div><a href=\"javascript:x\">a</a></div>",
            "<div><a href=' JavaScript:x'>a</a></div>",
            "<div><a href=\"java&#115;cript:x\">a</a></div>",
            "<div><a href=\"data:text/html,x\">a</a></div>",
            "<div><a href=\"data:image/svg+xml,x\">a</a></div>",
            "<div><img src=\"data:text/html,x\"/></div>",
            "<div><a href=\"&#106;avascript&#58;x\">a</a></div>",
            "<div><object data=\"x\">a</object></div>",
            "<div class=x>a</div>",
            "<div class>a</div>",
            "<div>a & b</div>",
            "<div xmlns=\"http://www.w3.org/2000/svg\">a</div>",
            "<div style=\"x: expression(1)\">a</div>",
            "<div><![CDATA[<script>]]></div>",
            "<div><?php x ?>a</div>",
            "<div>&;</div>",
            "<divx>a</divx>",
        ];
        for text in bad {
            assert!(verdict(text).is_some(), "{text}");
        }
        let deep = format!("{}a{}", "<div>".repeat(70), "</div>".repeat(70));
        assert_eq!(verdict(&deep), Some("a narrative is nested too deeply"));
    }
}
