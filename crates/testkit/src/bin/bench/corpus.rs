//! The input: the resources of the Synthea suite, and copies of them with fresh ids and matching references.
//! Knows nothing of stores; the suite stays outside the repository.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use fhir::{Document, Limits};
use record::{Key, Template};

/// One resource as it lies in the suite.
pub(crate) struct Source {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) text: Vec<u8>,
}

/// The whole input.
pub(crate) struct Corpus {
    pub(crate) resources: Vec<Source>,
    /// The type behind each id that references name.
    kinds: HashMap<String, String>,
}

impl Corpus {
    pub(crate) fn read() -> Result<Corpus> {
        let suites = std::env::var("ALMONER_SUITES").map_or_else(
            |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites")),
            PathBuf::from,
        );
        let path = suites.join("synthea-150.tar.gz");
        let file = std::fs::File::open(&path).with_context(|| format!("opening {}", path.display()))?;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        let (mut resources, mut kinds) = (Vec::new(), HashMap::new());
        for entry in archive.entries()? {
            let mut bundle = Vec::new();
            entry?.read_to_end(&mut bundle)?;
            if bundle.is_empty() {
                continue;
            }
            let document = Document::parse(&bundle, &Limits::default())?;
            let Some(entries) = document.root().get("entry") else { continue };
            for entry in entries.items() {
                let Some(resource) = entry.get("resource") else { continue };
                let word = |name| resource.get(name).and_then(|node| node.text()).map(|text| text.into_owned());
                let (Some(kind), Some(id)) = (word("resourceType"), word("id")) else { continue };
                kinds.insert(id.clone(), kind.clone());
                resources.push(Source { kind, id, text: resource.raw().to_vec() });
            }
        }
        Ok(Corpus { resources, kinds })
    }

    pub(crate) fn mean_bytes(&self) -> usize {
        self.resources.iter().map(|source| source.text.len()).sum::<usize>() / self.resources.len().max(1)
    }

    /// The id of a resource in a copy: the first block of its UUID shifted by the copy's number.
    pub(crate) fn id_in(&self, id: &str, copy: usize) -> String {
        match (id.get(..8).map(|block| u32::from_str_radix(block, 16)), id.get(8..)) {
            (Some(Ok(block)), Some(rest)) => format!("{:08x}{rest}", block.wrapping_add(copy as u32 * 7919)),
            _ => format!("{id}-{copy}"),
        }
    }

    /// A resource of a copy as a door accepts it: parsed, validated, id and references in place.
    pub(crate) fn accept(&self, source: &Source, copy: usize) -> Result<(Key, Template)> {
        let document = Document::parse(&source.text, &Limits::default())?;
        let issues = fhir::validate(&document);
        anyhow::ensure!(!issues.iter().any(|issue| issue.is_error()), "a resource of the suite is not valid");
        let id = self.id_in(&source.id, copy);
        let references = |reference: &str| {
            let target = reference.strip_prefix("urn:uuid:")?;
            let kind = self.kinds.get(target)?;
            Some(format!("{kind}/{}", self.id_in(target, copy)))
        };
        let template = fhir::accept(&document, &id, &references);
        let holes = template.holes.into_iter().map(|hole| record::Hole { at: hole.at, bytes: hole.bytes.into() });
        let (text, slot, before, after) = (template.text, template.slot, template.before, template.after);
        let template = Template { text, holes: holes.collect(), slot, before, after };
        Ok((Key::new(source.kind.as_str(), id), template))
    }
}
