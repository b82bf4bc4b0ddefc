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

/// The files of Thameside Royal and its consortium.
pub(crate) fn thameside() -> Files {
    let mut layers: Vec<Layer> = Vec::new();
    for (folder, name, text) in FILES {
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
        let read = crate::configure::read_folder_at(&root, &root.join("thameside")).unwrap();
        assert_eq!(read, thameside());
        assert_eq!(administration::configuration::read(&thameside()).findings, []);
    }
}
