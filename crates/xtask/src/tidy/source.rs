//! One Rust file as the rules need it: flat tokens with lines, lines that hold code, stretches that are tests, functions.
//! It knows the grammar (through `syn`) and no rule.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::Visit;

use super::tree::TextFile;

/// A Rust file, taken apart.
pub(crate) struct RustSource {
    pub(crate) tokens: Vec<Token>,
    pub(crate) functions: Vec<Function>,
    pub(crate) syntax: syn::File,
    code_lines: BTreeSet<usize>,
    test_lines: Vec<RangeInclusive<usize>>,
    all_test: bool,
}

/// A token with its first line; brackets are tokens too.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

/// What a token is, as far as a rule asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword.
    Name,
    /// A literal of any type.
    Literal,
    /// The text of a doc comment.
    Doc,
    /// Punctuation and brackets.
    Mark,
}

/// A function with a body, and the lines from its signature to its closing brace.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: RangeInclusive<usize>,
}

impl RustSource {
    /// Takes a Rust file apart.
    ///
    /// # Errors
    /// The file does not parse.
    pub(crate) fn parse(file: &TextFile) -> Result<Self> {
        let problem = |error: syn::Error| anyhow!("{}:{}: {error}", file.path, error.span().start().line);
        let syntax = syn::parse_file(&file.text).map_err(problem)?;
        let stream: TokenStream = file.text.parse().map_err(|error| anyhow!("{}: {error}", file.path))?;

        let mut tokens = Vec::new();
        let mut covered = BTreeSet::new();
        flatten(stream, &mut tokens, &mut covered);
        mark_docs(&mut tokens);
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        let comments = file.text.lines().enumerate().filter(|(_, line)| is_comment(line)).map(|(index, _)| index + 1);
        let comments: BTreeSet<usize> = comments.collect();
        let code_lines = covered.difference(&comments).copied().collect();

        let mut outline = Outline::default();
        outline.visit_file(&syntax);
        let Outline { functions, test_lines } = outline;
        Ok(Self { tokens, functions, syntax, code_lines, test_lines, all_test: file.is_test() })
    }

    /// Whether the line lies in a test.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        self.all_test || self.test_lines.iter().any(|lines| lines.contains(&line))
    }

    /// Lines with code in a stretch: no blank lines, no comments.
    pub(crate) fn code_lines_in(&self, lines: &RangeInclusive<usize>) -> usize {
        self.code_lines.range(lines.clone()).count()
    }

    /// Lines with code outside tests.
    pub(crate) fn code_lines_outside_tests(&self) -> usize {
        self.code_lines.iter().filter(|line| !self.is_test(**line)).count()
    }

    /// Lines at which the tokens stand in this order.
    pub(crate) fn lines_with<'a>(&'a self, sequence: &'a [&'a str]) -> impl Iterator<Item = usize> + 'a {
        let windows = self.tokens.windows(sequence.len());
        let found = windows.filter(move |window| window.iter().zip(sequence).all(|(token, text)| token.is(text)));
        found.filter_map(|window| window.first()).map(|token| token.line)
    }
}

impl Token {
    /// Whether this is the name or mark `text` (never a literal, whatever it says).
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Name | Kind::Mark) && self.text == text
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>, covered: &mut BTreeSet<usize>) {
    for tree in stream {
        let (first, last) = (tree.span().start().line, tree.span().end().line);
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                covered.extend([first, last]);
                tokens.push(Token { text: open.to_owned(), line: first, kind: Kind::Mark });
                flatten(group.stream(), tokens, covered);
                tokens.push(Token { text: close.to_owned(), line: last, kind: Kind::Mark });
            }
            TokenTree::Ident(name) => {
                covered.insert(first);
                tokens.push(Token { text: name.to_string(), line: first, kind: Kind::Name });
            }
            TokenTree::Punct(mark) => {
                covered.insert(first);
                tokens.push(Token { text: mark.as_char().to_string(), line: first, kind: Kind::Mark });
            }
            TokenTree::Literal(literal) => {
                covered.extend(first..=last);
                tokens.push(Token { text: literal.to_string(), line: first, kind: Kind::Literal });
            }
        }
    }
}

/// A doc comment reaches us as the attribute `doc = "…"`.
fn mark_docs(tokens: &mut [Token]) {
    for index in 2..tokens.len() {
        let is_doc = tokens[index - 2].is("doc") && tokens[index - 1].is("=") && tokens[index].kind == Kind::Literal;
        if is_doc {
            tokens[index].kind = Kind::Doc;
        }
    }
}

#[derive(Default)]
struct Outline {
    functions: Vec<Function>,
    test_lines: Vec<RangeInclusive<usize>>,
}

impl Outline {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = signature.span().start().line..=block.brace_token.span.close().end().line;
        self.functions.push(Function { name: signature.ident.to_string(), lines });
    }

    fn note_test(&mut self, attributes: &[syn::Attribute], first: usize, last: usize) {
        if attributes.iter().any(is_test_attribute) {
            self.test_lines.push(first..=last);
        }
    }
}

/// `#[cfg(test)]`, also inside `all(…)`, and `#[test]` or `#[tokio::test]`.
fn is_test_attribute(attribute: &syn::Attribute) -> bool {
    if attribute.path().segments.last().is_some_and(|segment| segment.ident == "test") {
        return true;
    }
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let words = list.tokens.to_string();
    let mut words = words.split(|c: char| !c.is_alphanumeric());
    attribute.path().is_ident("cfg") && words.any(|word| word == "test")
}

impl<'ast> Visit<'ast> for Outline {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        let last = item.block.brace_token.span.close().end().line;
        self.note_test(&item.attrs, item.span().start().line, last);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note_test(&item.attrs, item.span().start().line, item.span().end().line);
        syn::visit::visit_item_mod(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_test(&item.attrs, item.span().start().line, item.span().end().line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"//! A header
fn outer() {
    // a comment

    let text = "two
lines";
    inner(text);
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn check() {}
}
"#;

    fn parse(path: &str, text: &str) -> RustSource {
        match RustSource::parse(&TextFile { path: path.to_owned(), text: text.to_owned() }) {
            Ok(source) => source,
            Err(problem) => panic!("{problem}"),
        }
    }

    #[test]
    fn counts_code_and_tells_tests_apart() {
        let source = parse("crates/a/src/b.rs", SAMPLE);
        let functions: Vec<_> = source.functions.iter().map(|f| (f.name.as_str(), f.lines.clone())).collect();
        assert_eq!(functions, [("outer", 2..=8), ("check", 13..=13)]);
        assert_eq!(source.code_lines_in(&(2..=8)), 5);
        assert_eq!(source.code_lines_outside_tests(), 5);
        assert!(source.is_test(13) && !source.is_test(7));
    }

    #[test]
    fn finds_sequences_in_code_and_not_in_text() {
        let source = parse("crates/a/src/b.rs", "/// a :: b\nfn f() { m!(a::b(\"a::b\")); }\n");
        assert_eq!(source.lines_with(&["a", ":", ":", "b"]).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_file_in_a_tests_folder_is_all_test() {
        assert!(parse("crates/a/tests/b.rs", SAMPLE).is_test(3));
    }
}
