//! Links between our own documents: a relative link in a Markdown file leads to a file or folder of the repository.
//! Addresses elsewhere are not tried: a check must give the same answer without a network.

use std::path::{Component, Path};

use super::finding::Finding;
use super::tree::TextFile;

/// Every relative link that leads nowhere.
pub(crate) fn find(files: &[TextFile]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        for (index, line) in file.text.lines().enumerate() {
            for target in targets(line).filter(|target| !leads_somewhere(&file.path, target, files)) {
                found.push(Finding {
                    path: file.path.clone(),
                    line: index + 1,
                    what: format!("the link to {target} leads nowhere"),
                    why: "a reader who follows it is lost",
                    remedy: "correct it, or write what it should lead to",
                });
            }
        }
    }
    found
}

/// Targets of the relative links in a line, without their fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let relative = parts.filter(|target| !target.contains("://") && !target.starts_with(['#', '/', '<']));
    relative.filter_map(|target| target.split('#').next())
}

fn leads_somewhere(from: &str, target: &str, files: &[TextFile]) -> bool {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for component in Path::new(target).components() {
        match component {
            Component::Normal(part) => parts.extend(part.to_str()),
            Component::ParentDir if parts.pop().is_none() => return false, // out of the repository
            _ => {}
        }
    }
    let path = parts.join("/");
    files.iter().any(|file| file.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_files_and_folders() {
        let cases = [
            ("docs/a.md", "see [b](b.md) and [c](../c.md#part)", 0),
            ("docs/a.md", "[folder](../docs) [web](https://example.org/x) [here](#part)", 0),
            ("docs/a.md", "[gone](gone.md) and [b](b.md)", 1),
            ("docs/a.md", "[outside](../../c.md)", 1),
            ("docs/a.md", "[half a name](b)", 1),
        ];
        for (path, text, count) in cases {
            let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
            let files = [file(path, text), file("docs/b.md", ""), file("c.md", "")];
            assert_eq!(find(&files).len(), count, "{text}");
        }
    }
}
