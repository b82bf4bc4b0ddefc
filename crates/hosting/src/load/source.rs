//! From paths to texts: files, directories, gzip, tar; whole documents and NDJSON lines. One pass, bounded memory.
//!
//! What a file is, its first bytes say; its name only decides whether a file found in a directory or archive is read
//! at all. Knows nothing of FHIR beyond "a JSON object".

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::account::Place;

/// The largest single document, in bytes: a Bundle is held in memory while its entries are prepared.
const LARGEST_DOCUMENT: u64 = 50 << 20;
/// The longest NDJSON line.
const LONGEST_LINE: u64 = 50 << 20;
/// Archives and compressions inside each other.
const DEEPEST: u32 = 4;
/// Bytes of an archive between the contents of two members: their headers, which may be long names.
const LONGEST_HEADERS: u64 = 1 << 20;
/// How much of a file is looked at to see what it is: a tar header has its mark at byte 257.
const PEEK: usize = 512;

/// Something read from the input, or not.
#[derive(Debug)]
pub(super) enum Found {
    /// A JSON text: a document or a line.
    Text(Place, Vec<u8>),
    /// A file begins.
    File,
    /// A file that does not look like FHIR.
    PassedOver(String, &'static str),
    /// Something that should be FHIR but cannot be read.
    Unreadable(Place, String),
}

/// What reads the input.
pub(super) struct Reader<'a> {
    /// Bytes read from disk so far, compressed as they are.
    pub(super) bytes: Arc<AtomicU64>,
    /// Hears of everything found; can stop the reading.
    pub(super) hear: &'a mut dyn FnMut(Found) -> ControlFlow<()>,
}

/// All files that the paths name, directories walked, in the order of their names, with their sizes.
///
/// # Errors
/// A path that is not there or cannot be read.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, u64, bool)>, String> {
    let mut files = Vec::new();
    for path in paths {
        walk(path, true, &mut files).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(files)
}

fn walk(path: &Path, is_named: bool, files: &mut Vec<(PathBuf, u64, bool)>) -> io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_dir() {
        files.push((path.to_owned(), metadata.len(), is_named));
        return Ok(());
    }
    let mut inside =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    inside.sort();
    for path in inside {
        // A link could lead round in a circle; what it leads to can be named instead.
        if !std::fs::symlink_metadata(&path)?.is_symlink() {
            walk(&path, false, files)?;
        }
    }
    Ok(())
}

impl Reader<'_> {
    /// Reads one file. `is_named`: the person named it, so it is read whatever it is called.
    pub(super) fn read_file(&mut self, path: &Path, is_named: bool) -> ControlFlow<()> {
        let name = path.display().to_string();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return self.unreadable(&name, &error),
        };
        let counted = Counted { file, bytes: Arc::clone(&self.bytes) };
        self.read(&name, &mut BufReader::with_capacity(128 * 1024, counted), is_named, 0)
    }

    fn read(&mut self, name: &str, input: &mut dyn BufRead, is_named: bool, depth: u32) -> ControlFlow<()> {
        if !is_named && !has_known_name(name) {
            return (self.hear)(Found::PassedOver(name.to_owned(), "its name is not one of a FHIR file"));
        }
        if depth > DEEPEST {
            return self.refuse(name, "archives are nested too deeply");
        }
        let mut start = Vec::with_capacity(PEEK);
        if let Err(error) = (&mut *input).take(PEEK as u64).read_to_end(&mut start) {
            return self.unreadable(name, &error);
        }
        let is_gzip = start.starts_with(&[0x1f, 0x8b]);
        let is_tar = start.get(257..262) == Some(b"ustar");
        let mut input = BufReader::with_capacity(64 * 1024, io::Cursor::new(start).chain(input));
        if is_gzip {
            return self.read(name, &mut BufReader::new(MultiGzDecoder::new(input)), true, depth + 1);
        }
        if is_tar {
            return self.read_archive(name, &mut input, depth);
        }
        (self.hear)(Found::File)?;
        if is_ndjson(name) { self.read_lines(name, &mut input) } else { self.read_document(name, &mut input) }
    }

    fn read_archive(&mut self, name: &str, input: &mut dyn BufRead, depth: u32) -> ControlFlow<()> {
        let (read, until) = (Cell::new(0), Cell::new(LONGEST_HEADERS));
        let mut archive = tar::Archive::new(Bounded { input, read: &read, until: &until });
        let members = match archive.entries() {
            Ok(members) => members,
            Err(error) => return self.unreadable(name, &error),
        };
        for member in members {
            let mut member = match member {
                Ok(member) => member,
                Err(error) => return self.unreadable(name, &error),
            };
            let is_file = member.header().entry_type().is_file();
            let stored = if is_file { member.size() } else { member.header().entry_size().unwrap_or(0) };
            until.set(read.get().saturating_add(stored).saturating_add(LONGEST_HEADERS));
            if !is_file {
                continue;
            }
            let inside = format!("{name}:{}", String::from_utf8_lossy(&member.path_bytes()));
            self.read(&inside, &mut BufReader::new(&mut member), false, depth + 1)?;
        }
        ControlFlow::Continue(())
    }

    fn read_document(&mut self, name: &str, input: &mut dyn BufRead) -> ControlFlow<()> {
        let mut text = Vec::new();
        match input.take(LARGEST_DOCUMENT + 1).read_to_end(&mut text) {
            Err(error) => return self.unreadable(name, &error),
            Ok(length) if length as u64 > LARGEST_DOCUMENT => {
                return self.refuse(name, "the document is larger than 50 MiB; send it as NDJSON");
            }
            Ok(_) => {}
        }
        if is_lines_after_all(&text) {
            return self.read_lines(name, &mut text.as_slice());
        }
        (self.hear)(Found::Text(Place { file: name.to_owned(), line: None, inside: None }, text))
    }

    fn read_lines(&mut self, name: &str, input: &mut dyn BufRead) -> ControlFlow<()> {
        for number in 1.. {
            let mut line = Vec::new();
            let place = || Place { file: name.to_owned(), line: Some(number), inside: None };
            match (&mut *input).take(LONGEST_LINE + 1).read_until(b'\n', &mut line) {
                Ok(0) => break,
                Err(error) => return (self.hear)(Found::Unreadable(place(), format!("cannot be read: {error}"))),
                Ok(length) if length as u64 > LONGEST_LINE => {
                    let reason = "the line is longer than 50 MiB; the rest of the file was not read";
                    return (self.hear)(Found::Unreadable(place(), reason.into()));
                }
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(_) => (self.hear)(Found::Text(place(), line))?,
            }
        }
        ControlFlow::Continue(())
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) -> ControlFlow<()> {
        self.refuse(name, &format!("cannot be read: {error}"))
    }

    fn refuse(&mut self, name: &str, reason: &str) -> ControlFlow<()> {
        let place = Place { file: name.to_owned(), line: None, inside: None };
        (self.hear)(Found::Unreadable(place, reason.to_owned()))
    }
}

/// An archive that is read up to a place only, which moves with each member: the library keeps the names of members in
/// memory, however long the archive says they are.
struct Bounded<'a> {
    input: &'a mut dyn BufRead,
    /// Bytes read so far.
    read: &'a Cell<u64>,
    /// How many may be.
    until: &'a Cell<u64>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.get() - self.read.get();
        if left == 0 {
            return Err(io::Error::other("a name in this archive is too long"));
        }
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let length = self.input.read(&mut buffer[..most])?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

/// A file that counts what is read of it.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// Whether a file in a directory or archive is meant to be read.
fn has_known_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    let is_archive = name.ends_with(".tgz") || inner.ends_with(".tar");
    is_archive || [".json", ".ndjson", ".jsonl"].iter().any(|ending| inner.ends_with(ending))
}

fn is_ndjson(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let inner = name.strip_suffix(".gz").unwrap_or(&name);
    inner.ends_with(".ndjson") || inner.ends_with(".jsonl")
}

/// Whether a text is several objects, one a line, whatever its file is called.
fn is_lines_after_all(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let whole = |line: Option<&[u8]>| line.is_some_and(|line| line.starts_with(b"{") && line.ends_with(b"}"));
    // A document over several lines has its first line open; only lines of whole objects follow each other so.
    whole(lines.next()) && whole(lines.next())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// Everything found in these files, in words.
    fn found(inputs: &[(&str, Vec<u8>)]) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in inputs {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let root = format!("{}/", directory.path().display());
        let mut words = Vec::new();
        let mut hear = |found: Found| {
            let said = match found {
                Found::Text(place, text) => format!("{place}: {}", String::from_utf8_lossy(&text).trim()),
                Found::File => return ControlFlow::Continue(()),
                Found::PassedOver(file, reason) => format!("{file} passed over: {reason}"),
                Found::Unreadable(place, reason) => format!("{place} unreadable: {reason}"),
            };
            words.push(said.replace(&root, ""));
            ControlFlow::Continue(())
        };
        for (path, _, is_named) in files(&[directory.path().to_owned()]).unwrap() {
            let mut reader = Reader { bytes: Arc::default(), hear: &mut hear };
            assert!(reader.read_file(&path, is_named).is_continue());
        }
        words
    }

    #[test]
    fn files_of_every_form_are_read_in_the_order_of_their_names() {
        let lines = b"{\"a\":1}\r\n\n{\"a\":2}";
        let inputs = [
            ("a.json", b"{\n\"x\": 1}".to_vec()),
            ("b/c.ndjson", lines.to_vec()),
            ("d.json.gz", gzip(b"{\"y\":1}")),
            ("e.ndjson.gz", gzip(lines)),
            ("f.tar.gz", gzip(&archive(&[("p/q.json", b"{\"z\":1}"), ("p/LICENSE", b"MIT"), ("r.ndjson", lines)]))),
            ("g.json", lines.to_vec()),
            ("h.txt", b"hello".to_vec()),
        ];
        let expected = [
            "a.json: {\n\"x\": 1}",
            "b/c.ndjson, line 1: {\"a\":1}",
            "b/c.ndjson, line 3: {\"a\":2}",
            "d.json.gz: {\"y\":1}",
            "e.ndjson.gz, line 1: {\"a\":1}",
            "e.ndjson.gz, line 3: {\"a\":2}",
            "f.tar.gz:p/q.json: {\"z\":1}",
            "f.tar.gz:p/LICENSE passed over: its name is not one of a FHIR file",
            "f.tar.gz:r.ndjson, line 1: {\"a\":1}",
            "f.tar.gz:r.ndjson, line 3: {\"a\":2}",
            "g.json, line 1: {\"a\":1}",
            "g.json, line 3: {\"a\":2}",
            "h.txt passed over: its name is not one of a FHIR file",
        ];
        assert_eq!(found(&inputs), expected);
    }

    #[test]
    fn a_broken_archive_is_said_once() {
        let mut broken = gzip(&vec![b' '; 100_000]);
        broken.truncate(broken.len() / 2);
        let words = found(&[("a.json.gz", broken), ("b.json", b"{}".to_vec())]);
        assert_eq!(words.len(), 2);
        assert!(words[0].starts_with("a.json.gz unreadable: cannot be read"), "{words:?}");
        assert_eq!(words[1], "b.json: {}");
    }
}
