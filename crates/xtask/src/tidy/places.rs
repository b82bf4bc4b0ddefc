//! Names of machines in files that travel: folders of somebody's computer, hosts that packages were fetched from, lock
//! files that carry such a host. The patterns are written in pieces, so that this file does not find itself.

use super::finding::Finding;
use super::tree::TextFile;

/// Folders that exist on one machine only. They count where a path begins, not in the middle of another.
const FOLDERS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];
/// Package hosts and mirrors, anywhere in a line.
const HOSTS: &[&str] = &[
    concat!("artif", "actory"),
    concat!("index.cr", "ates.io"),
    concat!("static.cr", "ates.io"),
    concat!("registry.npm", "js"),
    concat!("files.python", "hosted"),
    concat!("/tmp/ba", "sh_jobs"),
];
/// The name under which cargo's lock file knows the default registry, whatever mirror served it.
const DEFAULT_REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Every line that names a place it should not know.
pub(crate) fn find(file: &TextFile) -> Vec<Finding> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let what = if HOSTS.iter().any(|host| line.contains(host)) || FOLDERS.iter().any(|folder| begins(line, folder))
        {
            "the name of a machine or package host"
        } else if name == "Cargo.lock" && line.starts_with("source = ") && line != DEFAULT_REGISTRY {
            "a dependency from elsewhere than the default registry"
        } else if name == "package-lock.json" && line.trim_start().starts_with("\"resolved\":") {
            "the address that a package was fetched from"
        } else {
            continue;
        };
        found.push(Finding {
            path: file.path.clone(),
            line: index + 1,
            what: what.to_owned(),
            why: "it means nothing on the next machine, or leads it somewhere else",
            remedy: "use a path from the repository's root, or the registry's default name",
        });
    }
    found
}

/// Whether a path in the line begins with `folder`: at the start, or after something that is not part of a path.
fn begins(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !['.', '-', '_', '}', ')', '*', '/'].contains(&c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        find(&file).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn folders_count_where_a_path_begins() {
        let folder = FOLDERS[0];
        assert_eq!(lines("a.md", &format!("fine\nsee {folder}main\n`{folder}a`\n\"{folder}\"\n")), [2, 3, 4]);
        assert_eq!(lines("a.md", &format!("some{folder}list\n../a{folder}b\n")), [] as [usize; 0]);
    }

    #[test]
    fn hosts_count_anywhere() {
        for host in HOSTS {
            assert_eq!(lines("a.toml", &format!("url = \"https://x.{host}.y\"\n")), [1], "{host}");
        }
    }

    #[test]
    fn lock_files_name_no_mirror() {
        let mirror = "source = \"registry+https://mirror.example/index\"";
        assert_eq!(lines("Cargo.lock", &format!("{DEFAULT_REGISTRY}\n{mirror}\n")), [2]);
        assert_eq!(lines("package-lock.json", "  \"resolved\": \"https://mirror.example/a.tgz\",\n"), [1]);
    }
}
