//! A trust's folder, and the folders that it inherits from, as texts; and files written to an empty folder.
//!
//! Nothing outside the root is read, wherever a path or a symbolic link leads. Only files that are called `.toml` and lie
//! in a folder itself are read, in the order of their names.

use std::fs;
use std::path::{Path, PathBuf};

use administration::configuration::{File, Files, Layer, MOST_BYTES, MOST_FILE_BYTES, MOST_FILES, inherits, resolve};

use super::FileText;
use crate::failure::Failure;

/// Reads a trust's own folder and all that it inherits.
///
/// # Errors
/// A folder or file that is not there, lies outside the root, is too large, or is no text.
pub(crate) fn read(root: &Path, own: &Path) -> Result<Files, Failure> {
    let real_root = real(root)?;
    let real_own = real(own)?;
    let folder = name_in(&real_root, &real_own).ok_or_else(|| {
        Failure::Refused(format!("{} does not lie in {}. Name another --root.", own.display(), root.display()))
    })?;
    let own = layer(&real_root, folder)?;
    let mut layers = Vec::new();
    for path in own.trust_file().map(|file| inherits(&file.text)).unwrap_or_default() {
        let outside = || {
            Failure::Refused(format!(
                "{}trust.toml inherits from {path:?}, which does not lie in {}. Name the folder both lie in with --root.",
                if own.folder.is_empty() { String::new() } else { format!("{}/", own.folder) },
                root.display()
            ))
        };
        let folder = resolve(&own.folder, &path).ok_or_else(outside)?;
        if folder == own.folder || layers.iter().any(|layer: &Layer| layer.folder == folder) {
            return Err(Failure::Refused(format!("trust.toml inherits from {path:?} twice, or from itself.")));
        }
        layers.push(layer(&real_root, folder)?);
    }
    layers.push(own);
    let files = Files { layers };
    let bytes: usize = files.all().map(|file| file.text.len()).sum();
    if files.all().count() > MOST_FILES || bytes > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(Failure::Refused(format!("A configuration has at most {MOST_FILES} files and {most} MB.")));
    }
    Ok(files)
}

fn layer(root: &Path, folder: String) -> Result<Layer, Failure> {
    let path = root.join(&folder);
    let doing = format!("reading {}", path.display());
    let real_path = real(&path)?;
    if name_in(root, &real_path).is_none() {
        return Err(Failure::Refused(format!("{} leads out of {}.", path.display(), root.display())));
    }
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&real_path).map_err(|error| refused(&doing, &error))? {
        let path = entry.map_err(|error| refused(&doing, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            names.push(path);
        }
    }
    names.sort();
    if names.len() > MOST_FILES {
        return Err(Failure::Refused(format!("{} has more than {MOST_FILES} files.", path.display())));
    }
    let files = names.iter().map(|path| file(root, &folder, path)).collect::<Result<_, _>>()?;
    Ok(Layer { folder, files })
}

fn file(root: &Path, folder: &str, path: &Path) -> Result<File, Failure> {
    let doing = format!("reading {}", path.display());
    let real_path = real(path)?;
    if name_in(root, &real_path).is_none() {
        return Err(Failure::Refused(format!("{} leads out of {}.", path.display(), root.display())));
    }
    let length = fs::metadata(&real_path).map_err(|error| refused(&doing, &error))?.len();
    if length > MOST_FILE_BYTES as u64 {
        return Err(Failure::Refused(format!("{} has more than {} kB.", path.display(), MOST_FILE_BYTES >> 10)));
    }
    let text = fs::read_to_string(&real_path).map_err(|error| refused(&doing, &error))?;
    let own = path.file_name().and_then(|name| name.to_str());
    let own = own.ok_or_else(|| Failure::Refused(format!("{} has a name that is no text.", path.display())))?;
    let name = if folder.is_empty() { own.to_owned() } else { format!("{folder}/{own}") };
    Ok(File { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
}

/// Writes files into a folder that is empty or not there yet.
///
/// # Errors
/// There is something in the folder, or it cannot be written.
pub(super) fn write(to: &Path, files: &[FileText]) -> Result<(), Failure> {
    let doing = format!("writing to {}", to.display());
    if fs::read_dir(to).is_ok_and(|mut inside| inside.next().is_some()) {
        return Err(Failure::Refused(format!("{} is not empty. Name another folder.", to.display())));
    }
    for file in files {
        let name =
            resolve("", &file.name).ok_or_else(|| Failure::refused("A file has a name that leads elsewhere."))?;
        let path = to.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| Failure::problem(&doing, &error))?;
        }
        fs::write(&path, &file.text).map_err(|error| Failure::problem(&doing, &error))?;
    }
    Ok(())
}

fn real(path: &Path) -> Result<PathBuf, Failure> {
    fs::canonicalize(path).map_err(|error| refused(&format!("finding {}", path.display()), &error))
}

/// A path from the root, with slashes; `None` when it lies outside or is no text.
fn name_in(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.iter().map(|part| part.to_str());
    Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
}

fn refused(doing: &str, error: &std::io::Error) -> Failure {
    Failure::Refused(format!("{doing}: {error}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn put(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_folder_is_read_with_what_it_inherits_and_written_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        put(root, "shared/roles.toml", "# roles\n");
        put(root, "own/trust.toml", "inherit = [\"../shared\"]\n");
        put(root, "own/b.toml", "\u{feff}# b\n");
        put(root, "own/a.toml", "# a\n");
        put(root, "own/readme.txt", "not read");
        put(root, "own/deeper/c.toml", "not read");
        let files = read(root, &root.join("own")).unwrap();
        let names: Vec<&str> = files.all().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["shared/roles.toml", "own/a.toml", "own/b.toml", "own/trust.toml"]);
        assert_eq!(files.text("own/b.toml"), Some("# b\n"));
        let texts: Vec<FileText> =
            files.all().map(|file| FileText { name: file.name.clone(), text: file.text.clone() }).collect();
        write(&root.join("copy"), &texts).unwrap();
        assert_eq!(read(&root.join("copy"), &root.join("copy/own")).unwrap(), files);
        assert!(matches!(write(&root.join("copy"), &texts), Err(Failure::Refused(why)) if why.contains("not empty")));
    }

    #[test]
    fn nothing_outside_the_root_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("root");
        put(directory.path(), "secret/a.toml", "secret");
        put(&root, "own/trust.toml", "inherit = [\"../../secret\"]\n");
        put(&root, "linked/trust.toml", "");
        put(&root, "far/trust.toml", "inherit = [\"../link\"]\n");
        std::os::unix::fs::symlink(directory.path().join("secret/a.toml"), root.join("linked/a.toml")).unwrap();
        std::os::unix::fs::symlink(directory.path().join("secret"), root.join("link")).unwrap();
        for (folder, why) in [
            ("own", "does not lie in"),
            ("linked", "leads out of"),
            ("far", "leads out of"),
            ("../secret", "Name another --root"),
            ("nowhere", "finding"),
        ] {
            let refused = read(&root, &root.join(folder));
            assert!(matches!(&refused, Err(Failure::Refused(said)) if said.contains(why)), "{folder}: {refused:?}");
        }
        put(&root, "own/trust.toml", "inherit = [\".\"]\n");
        assert!(matches!(read(&root, &root.join("own")), Err(Failure::Refused(why)) if why.contains("itself")));
    }

    #[test]
    fn what_is_too_large_or_no_text_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        put(root, "large/a.toml", &"#".repeat(MOST_FILE_BYTES + 1));
        fs::create_dir(root.join("bytes")).unwrap();
        fs::write(root.join("bytes/a.toml"), [0xff, 0xfe]).unwrap();
        for number in 0..=MOST_FILES {
            put(root, &format!("many/{number}.toml"), "");
        }
        for folder in ["large", "bytes", "many"] {
            assert!(matches!(read(root, &root.join(folder)), Err(Failure::Refused(_))), "{folder}");
        }
    }
}
