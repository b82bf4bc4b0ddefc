//! The files of a configuration as texts in layers: the folders that a trust inherits from, then its own.
//!
//! Names are relative to one root and written with slashes; nothing outside the root has a name. Reading folders is the
//! caller's.

use toml::de::{DeTable, DeValue};

use crate::refusal::Refusal;

/// Most files of one configuration.
pub const MOST_FILES: usize = 200;
/// Most bytes of one file.
pub const MOST_FILE_BYTES: usize = 512 << 10;
/// Most bytes of all files together.
pub const MOST_BYTES: usize = 4 << 20;

/// The file that says which trust it is and from which folders it inherits.
pub(super) const TRUST_FILE: &str = "trust.toml";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name from the root, such as `thameside/wards.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The files of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layer {
    /// The folder's name from the root; empty for the root itself.
    pub folder: String,
    /// Its files, in the order in which they are read.
    pub files: Vec<File>,
}

/// All files of a trust's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files {
    /// The folders that are inherited, in their order, and last the trust's own.
    pub layers: Vec<Layer>,
}

impl Files {
    /// Every file, in the order in which they are read.
    pub fn all(&self) -> impl Iterator<Item = &File> {
        self.layers.iter().flat_map(|layer| &layer.files)
    }

    /// The same with another text in a file of the trust's own folder, by its name from the root or in the folder; a new
    /// name is a new file, an empty text takes the file away.
    ///
    /// # Errors
    /// A name that leads elsewhere, or belongs to what is inherited, or does not end in `.toml`.
    pub fn with_own(&self, name: &str, text: &str) -> Result<Files, Refusal> {
        let mut files = self.clone();
        if files.layers.is_empty() {
            files.layers.push(Layer::default());
        }
        let inherited = files.layers.len() - 1;
        if files.layers[..inherited].iter().flat_map(|layer| &layer.files).any(|file| file.name == name) {
            let sentence = "This file is inherited: change it where it belongs, or override it in a file of your own.";
            return Err(Refusal::at("inherited", "file", sentence));
        }
        let own = &mut files.layers[inherited];
        let prefix = joined(&own.folder, "");
        let plain = name.strip_prefix(&prefix).unwrap_or(name);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !plain.ends_with(".toml") || plain.len() <= ".toml".len() || !plain.chars().all(is_plain) {
            let sentence = "Write the name of a file that ends in .toml, of letters, digits and hyphens.";
            return Err(Refusal::at("file-name", "file", sentence));
        }
        let name = joined(&own.folder, plain);
        own.files.retain(|file| file.name != name || !text.trim().is_empty());
        match own.files.iter_mut().find(|file| file.name == name) {
            Some(file) => file.text = text.to_owned(),
            None if text.trim().is_empty() => {}
            None => own.files.push(File { name, text: text.to_owned() }),
        }
        own.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all().find(|file| file.name == name).map(|file| file.text.as_str())
    }
}

impl Layer {
    /// The file in which the folder says that it inherits.
    pub fn trust_file(&self) -> Option<&File> {
        let name = joined(&self.folder, TRUST_FILE);
        self.files.iter().find(|file| file.name == name)
    }
}

/// The folders that a trust's own `trust.toml` names under `inherit`, as written there. Nothing when the text is no
/// TOML or says it in another form: [`read`](super::read) finds that.
pub fn inherits(text: &str) -> Vec<String> {
    let Ok(table) = DeTable::parse(text) else { return Vec::new() };
    let Some(value) = table.get_ref().get("inherit") else { return Vec::new() };
    let DeValue::Array(items) = value.get_ref() else { return Vec::new() };
    let texts = items.iter().filter_map(|item| match item.get_ref() {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        _ => None,
    });
    texts.collect()
}

/// What a path in a folder means from the root; `None` when it leads out of the root.
pub fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A name in a folder, from the root.
pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
