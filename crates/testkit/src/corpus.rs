//! The input: the resources of the Synthea suite, and copies of them with fresh ids and matching references.
//! Knows nothing of stores; the suite stays outside the repository.
//!
//! The suite's texts are indented and a tenth of them are claims of many kilobytes. Goals are set for resources of about
//! 1,000 bytes, as systems send them; so there are two inputs, and figures say which.

use std::collections::HashMap;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use fhir::{Document, Limits};
use record::{Key, Template};

/// One resource as it lies in the suite.
pub struct Source {
    /// Its type.
    pub kind: String,
    /// Its id there.
    pub id: String,
    /// Its text, of the shape wanted.
    pub text: Vec<u8>,
}

/// Which texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Every resource of the suite, indented as it is there.
    AsIs,
    /// Without indentation, and without the texts that are then longer than 4,000 bytes.
    Compact,
}

/// Longest text of the compact input, in bytes.
const LONGEST: usize = 4000;
/// Lines of one file of NDJSON.
const LINES: usize = 50_000;
/// The first copy of what makes one patient's history long; no size has so many.
const LONG: usize = 100_000;

/// The whole input.
pub struct Corpus {
    /// Of which shape the texts are.
    pub shape: Shape,
    /// Every resource, in the order of the suite.
    pub resources: Vec<Source>,
    /// The type behind each id that references name.
    kinds: HashMap<String, String>,
}

impl Shape {
    /// The shape that a name on the command line means.
    ///
    /// # Errors
    /// There is no input of that name.
    pub fn of(name: &str) -> Result<Shape> {
        match name {
            "as-is" => Ok(Shape::AsIs),
            "compact" => Ok(Shape::Compact),
            other => anyhow::bail!("there is no input {other}"),
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Shape::AsIs => "as-is",
            Shape::Compact => "compact",
        }
    }
}

impl Corpus {
    /// Reads the suite.
    ///
    /// # Errors
    /// The suite is not there, or cannot be read.
    pub fn read(shape: Shape) -> Result<Corpus> {
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
                // Organisations stand in the file of each of their patients.
                if kinds.insert(id.clone(), kind.clone()).is_some() {
                    continue;
                }
                let text = match shape {
                    Shape::AsIs => resource.raw().to_vec(),
                    Shape::Compact => compact(resource.raw()),
                };
                if shape == Shape::AsIs || text.len() <= LONGEST {
                    resources.push(Source { kind, id, text });
                }
            }
        }
        Ok(Corpus { shape, resources, kinds })
    }

    /// How long a text is, on average.
    pub fn mean_bytes(&self) -> usize {
        self.resources.iter().map(|source| source.text.len()).sum::<usize>() / self.resources.len().max(1)
    }

    /// Writes so many resources as NDJSON files into a new folder.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_ndjson(&self, folder: &Path, size: usize) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        for from in (0..size).step_by(LINES) {
            let file = std::fs::File::create(folder.join(format!("{from:09}.ndjson")))?;
            let mut file = BufWriter::new(file);
            for number in from..size.min(from + LINES) {
                let source = &self.resources[number % self.resources.len()];
                let (_, template) = self.accept(source, number / self.resources.len())?;
                file.write_all(&template.text)?;
                file.write_all(b"\n")?;
            }
            file.flush()?;
        }
        Ok(())
    }

    /// Writes one patient more, who has so many encounters at least: the one with most of them, whose history is there as often
    /// as that takes. Their id, and how many encounters and resources they have.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_long_history(&self, folder: &Path, encounters: usize) -> Result<(String, usize, usize)> {
        let counted = self.counted("Encounter");
        let (patient, most) = counted.into_iter().max_by_key(|(_, most)| *most).context("nobody has an encounter")?;
        let times = encounters.div_ceil(most);
        std::fs::create_dir_all(folder)?;
        let mut file = BufWriter::new(std::fs::File::create(folder.join("long.ndjson"))?);
        let about = format!("urn:uuid:{patient}");
        let is_theirs = |source: &&Source| source.id == patient || whom(&source.text).is_some_and(|whom| whom == about);
        let theirs: Vec<&Source> = self.resources.iter().filter(is_theirs).collect();
        let mut written = 0;
        for time in 0..times {
            for source in theirs.iter().filter(|source| time == 0 || source.id != patient) {
                // Whatever is theirs is of a copy that nothing else is of, and the patient of the first of these.
                let copy = |id: &str| if id == patient { LONG } else { LONG + time };
                let (_, template) = self.accept_in(source, &copy)?;
                file.write_all(&template.text)?;
                file.write_all(b"\n")?;
                written += 1;
            }
        }
        file.flush()?;
        Ok((self.id_in(&patient, LONG), most * times, written))
    }

    /// The ids of a type among the first so many resources.
    pub fn ids(&self, kind: &str, size: usize) -> Vec<String> {
        let count = self.resources.len();
        let numbers = (0..size).filter(|number| self.resources[number % count].kind == kind);
        numbers.map(|number| self.id_in(&self.resources[number % count].id, number / count)).collect()
    }

    /// The patients with most resources, most first, as in the first copy.
    pub fn largest_patients(&self, most: usize) -> Vec<String> {
        let mut patients: Vec<(usize, String)> =
            self.counted("").into_iter().map(|(patient, count)| (count, self.id_in(&patient, 0))).collect();
        patients.sort_unstable_by(|a, b| b.cmp(a));
        patients.into_iter().take(most).map(|(_, id)| id).collect()
    }

    /// How many encounters the patient with most of them has.
    pub fn most_encounters(&self) -> usize {
        self.counted("Encounter").into_values().max().unwrap_or(0)
    }

    /// How many resources of a type (or of any) are about each patient.
    fn counted(&self, kind: &str) -> HashMap<String, usize> {
        let mut counted = HashMap::new();
        for source in self.resources.iter().filter(|source| kind.is_empty() || source.kind == kind) {
            let Some(reference) = whom(&source.text) else { continue };
            if let Some(patient) = reference.strip_prefix("urn:uuid:") {
                *counted.entry(patient.to_owned()).or_default() += 1;
            }
        }
        counted
    }

    /// The id of a resource in a copy: the first block of its UUID shifted by the copy's number.
    pub fn id_in(&self, id: &str, copy: usize) -> String {
        match (id.get(..8).map(|block| u32::from_str_radix(block, 16)), id.get(8..)) {
            (Some(Ok(block)), Some(rest)) => format!("{:08x}{rest}", block.wrapping_add(copy as u32 * 7919)),
            _ => format!("{id}-{copy}"),
        }
    }

    /// A resource of a copy as a door accepts it: parsed, validated, id and references in place.
    ///
    /// # Errors
    /// The product would not accept it.
    pub fn accept(&self, source: &Source, copy: usize) -> Result<(Key, Template)> {
        self.accept_in(source, &|_| copy)
    }

    /// The same where each id is of a copy of its own.
    fn accept_in(&self, source: &Source, copy: &dyn Fn(&str) -> usize) -> Result<(Key, Template)> {
        let document = Document::parse(&source.text, &Limits::default())?;
        let issues = fhir::validate(&document);
        anyhow::ensure!(!issues.iter().any(|issue| issue.is_error()), "a resource of the suite is not valid");
        let id = self.id_in(&source.id, copy(&source.id));
        let references = |reference: &str| {
            let target = reference.strip_prefix("urn:uuid:")?;
            let kind = self.kinds.get(target)?;
            Some(format!("{kind}/{}", self.id_in(target, copy(target))))
        };
        let template = fhir::accept(&document, &id, &references);
        let holes = template.holes.into_iter().map(|hole| record::Hole { at: hole.at, bytes: hole.bytes.into() });
        let (text, slot, before, after) = (template.text, template.slot, template.before, template.after);
        let template = Template { text, holes: holes.collect(), slot, before, after };
        Ok((Key::new(source.kind.as_str(), id), template))
    }
}

/// The reference by which a text says whom it is about.
fn whom(text: &[u8]) -> Option<String> {
    let document = Document::parse(text, &Limits::default()).ok()?;
    let about = ["subject", "patient"].into_iter().find_map(|name| document.root().get(name)?.get("reference"))?;
    about.text().map(std::borrow::Cow::into_owned)
}

/// A text without the space between its tokens.
fn compact(text: &[u8]) -> Vec<u8> {
    let (mut kept, mut in_string, mut escaped) = (Vec::with_capacity(text.len()), false, false);
    for &byte in text {
        if in_string || !byte.is_ascii_whitespace() {
            kept.push(byte);
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ => {}
        }
    }
    kept
}
