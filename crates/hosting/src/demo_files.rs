//! The configuration of the demonstration: the example files of the repository, as they are.
//! A test finds files that are missing here.

use administration::configuration::{File, Files, Layer};

/// Folder, name and text of each file, what is inherited first.
const FILES: &[(&str, &str, &str)] = &[
    ("consortium", "consortium/roles.toml", include_str!("../../../demo/configuration/consortium/roles.toml")),
    ("consortium", "consortium/services.toml", include_str!("../../../demo/configuration/consortium/services.toml")),
    (
        "thameside",
        "thameside/inpatient-wards.toml",
        include_str!("../../../demo/configuration/thameside/inpatient-wards.toml"),
    ),
    ("thameside", "thameside/services.toml", include_str!("../../../demo/configuration/thameside/services.toml")),
    ("thameside", "thameside/staff.toml", include_str!("../../../demo/configuration/thameside/staff.toml")),
    ("thameside", "thameside/trust.toml", include_str!("../../../demo/configuration/thameside/trust.toml")),
    ("thameside", "thameside/units.toml", include_str!("../../../demo/configuration/thameside/units.toml")),
];

/// The same of the second trust, without what it inherits.
const MARSHGATE: &[(&str, &str, &str)] = &[
    ("marshgate", "marshgate/people.toml", include_str!("../../../demo/configuration/marshgate/people.toml")),
    ("marshgate", "marshgate/trust.toml", include_str!("../../../demo/configuration/marshgate/trust.toml")),
    ("marshgate", "marshgate/wards.toml", include_str!("../../../demo/configuration/marshgate/wards.toml")),
];

/// The files of Thameside Royal and its consortium.
pub(crate) fn thameside() -> Files {
    files(FILES.iter())
}

/// The files of Marshgate General and the same consortium.
pub(crate) fn marshgate() -> Files {
    files(FILES.iter().filter(|(folder, ..)| *folder == "consortium").chain(MARSHGATE))
}

fn files<'f>(all: impl Iterator<Item = &'f (&'f str, &'f str, &'f str)>) -> Files {
    let mut layers: Vec<Layer> = Vec::new();
    for (folder, name, text) in all {
        let file = File { name: (*name).to_owned(), text: (*text).to_owned() };
        match layers.last_mut() {
            Some(layer) if layer.folder == *folder => layer.files.push(file),
            _ => layers.push(Layer { folder: (*folder).to_owned(), files: vec![file] }),
        }
    }
    Files { layers }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn the_demonstration_has_every_file_of_the_example() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/configuration");
        for (folder, files) in [("thameside", thameside()), ("marshgate", marshgate())] {
            assert_eq!(crate::configure::read_folder_at(&root, &root.join(folder)).unwrap(), files);
            assert_eq!(administration::configuration::read(&files).findings, []);
        }
    }
}
