//! The face of a crate: how many public names its root shows. About thirty can be learnt; many more mean that the crate
//! is two crates, or shows its inside. It counts; whether a name is a good one is for people.

use super::finding::Finding;
use super::source::RustSource;
use super::tree::TextFile;

/// Names that a reader can take in; more are printed as a warning.
pub(crate) const COMFORTABLE: usize = 30;
/// More than this fails.
const MOST: usize = 40;

/// Public names at the root of the crate, if the file is a crate's root.
pub(crate) fn count(file: &TextFile, source: &RustSource) -> Option<usize> {
    let crate_name = file.crate_name()?;
    if file.path != format!("crates/{crate_name}/src/lib.rs") {
        return None;
    }
    Some(source.syntax.items.iter().map(public_names).sum())
}

/// A face that is too wide.
pub(crate) fn judge(file: &TextFile, names: usize) -> Option<Finding> {
    let finding = Finding {
        path: file.path.clone(),
        line: 0,
        what: format!("the crate shows {names} public names at its root, {MOST} at most"),
        why: "a face that wide cannot be learnt",
        remedy: "hide what nobody uses, group it under a module, or split the crate",
    };
    (names > MOST).then_some(finding)
}

fn public_names(item: &syn::Item) -> usize {
    let visibility = match item {
        syn::Item::Use(item) if is_public(&item.vis) => return names_in(&item.tree),
        syn::Item::Const(item) => &item.vis,
        syn::Item::Enum(item) => &item.vis,
        syn::Item::Fn(item) => &item.vis,
        syn::Item::Mod(item) => &item.vis,
        syn::Item::Static(item) => &item.vis,
        syn::Item::Struct(item) => &item.vis,
        syn::Item::Trait(item) => &item.vis,
        syn::Item::Type(item) => &item.vis,
        _ => return 0,
    };
    usize::from(is_public(visibility))
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// A glob is counted as too many: it cannot be counted here, and a reader cannot see what it brings.
fn names_in(tree: &syn::UseTree) -> usize {
    match tree {
        syn::UseTree::Path(path) => names_in(&path.tree),
        syn::UseTree::Group(group) => group.items.iter().map(names_in).sum(),
        syn::UseTree::Name(_) | syn::UseTree::Rename(_) => 1,
        _ => MOST + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<usize> {
        let file = TextFile { path: "crates/a/src/lib.rs".into(), text: text.to_owned() };
        RustSource::parse(&file).ok().and_then(|source| count(&file, &source))
    }

    #[test]
    fn counts_what_the_root_shows() {
        let text =
            "pub mod a; mod b; pub(crate) mod c; pub use b::{C, d::{E, F as G}}; use b::H; pub fn i() {} fn j() {}";
        assert_eq!(names(text), Some(5));
        assert!(names("pub use b::*;").is_some_and(|count| count > MOST));
    }

    #[test]
    fn forty_names_are_the_limit() {
        let file = TextFile { path: "crates/a/src/lib.rs".into(), text: String::new() };
        assert!(judge(&file, 40).is_none());
        assert!(judge(&file, 41).is_some());
    }
}
