//! The folder of an exit, file by file: written, or written once more from a copy and compared with what lies there, by
//! the same calls. So what a copy would give out and what was given out are compared to the last byte, and the first line
//! that differs is named.
//!
//! Every file is for its owner alone and on disk before the folder is. Knows nothing of what is in a file.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::secret::hex;

/// Bytes of a file that are written or read together.
const BUFFER: usize = 64 << 10;

/// One file as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FilePart {
    /// Its name in the folder, with slashes.
    pub(crate) path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// Lines, of a file that has lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lines: Option<u64>,
}

/// What is done with files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Write,
    Compare,
}

/// A folder that is being written or compared.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    purpose: Purpose,
    made: BTreeSet<PathBuf>,
}

/// One file of it.
#[derive(Debug)]
pub(crate) struct Sheet {
    path: String,
    side: Side,
    hash: Sha256,
    bytes: u64,
    /// Ends of lines so far; `None` for a file without lines.
    lines: Option<u64>,
}

#[derive(Debug)]
enum Side {
    Write(BufWriter<File>),
    Compare {
        original: BufReader<File>,
        seen: Vec<u8>,
    },
    /// It was found to differ; the rest is only hashed.
    Differs(String),
}

impl Folder {
    /// A folder that is there already.
    pub(crate) fn at(root: &Path, purpose: Purpose) -> Folder {
        Folder { root: root.to_owned(), purpose, made: BTreeSet::new() }
    }

    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// A file of lines.
    pub(crate) fn lines(&mut self, path: &str) -> Result<Sheet, Failure> {
        self.sheet(path, Some(0))
    }

    /// A file of bytes.
    pub(crate) fn bytes(&mut self, path: &str) -> Result<Sheet, Failure> {
        self.sheet(path, None)
    }

    fn sheet(&mut self, path: &str, lines: Option<u64>) -> Result<Sheet, Failure> {
        let whole = self.root.join(path);
        let side = match self.purpose {
            Purpose::Write => {
                self.make_folder_of(&whole)?;
                let mut options = OpenOptions::new();
                let file = options.write(true).create_new(true).mode(0o600).open(&whole);
                Side::Write(BufWriter::with_capacity(BUFFER, file.map_err(|error| problem("writing", path, &error))?))
            }
            Purpose::Compare => match File::open(&whole) {
                Ok(file) => Side::Compare { original: BufReader::with_capacity(BUFFER, file), seen: Vec::new() },
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Side::Differs("it is not in the folder".into())
                }
                Err(error) => return Err(problem("reading", path, &error)),
            },
        };
        Ok(Sheet { path: path.to_owned(), side, hash: Sha256::new(), bytes: 0, lines })
    }

    fn make_folder_of(&mut self, path: &Path) -> Result<(), Failure> {
        let Some(folder) = path.parent() else { return Ok(()) };
        if !self.made.contains(folder) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(|error| Failure::problem(format_args!("making {}", folder.display()), &error))?;
            self.made.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Once every file is written: their names are on disk too.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        for folder in self.made.iter().map(PathBuf::as_path).chain([self.root.as_path()]) {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| Failure::problem(format_args!("syncing {}", folder.display()), &error))?;
        }
        Ok(())
    }
}

impl Sheet {
    /// One line; its end is added.
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.put(line)?;
        self.put(b"\n")
    }

    /// Bytes.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_all(bytes).map_err(|error| problem("writing", &self.path, &error))
    }

    /// The end of the file: how the manifest lists it, and how it differs when it was compared.
    pub(crate) fn finish(self) -> Result<(FilePart, Option<String>), Failure> {
        let Sheet { path, side, hash, bytes, lines } = self;
        let difference = match side {
            Side::Write(writer) => {
                let written = writer.into_inner().map_err(io::IntoInnerError::into_error);
                written.and_then(|file| file.sync_all()).map_err(|error| problem("writing", &path, &error))?;
                None
            }
            Side::Compare { mut original, .. } => {
                let more = original.read(&mut [0]).map_err(|error| problem("reading", &path, &error))?;
                let lines = lines.map(|lines| format!(" after line {lines}")).unwrap_or_default();
                (more > 0).then(|| format!("it goes on in the folder where the copy ends{lines}"))
            }
            Side::Differs(how) => Some(how),
        };
        let difference = difference.map(|how| format!("{path}: {how}."));
        Ok((FilePart { path, sha256: hex(&hash.finalize()), bytes, lines }, difference))
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        match &mut self.side {
            Side::Write(writer) => writer.write_all(bytes)?,
            Side::Compare { original, seen } => {
                seen.clear();
                original.by_ref().take(bytes.len() as u64).read_to_end(seen)?;
                if seen != bytes {
                    let same = bytes.iter().zip(seen.iter()).take_while(|(a, b)| a == b).count();
                    let place = match self.lines {
                        Some(lines) => format!("line {}", lines + 1 + ends(&bytes[..same])),
                        None => format!("byte {}", self.bytes + same as u64),
                    };
                    self.side = Side::Differs(format!("{place} is otherwise in the folder than in the copy"));
                }
            }
            Side::Differs(_) => {}
        }
        self.bytes += bytes.len() as u64;
        if let Some(lines) = &mut self.lines {
            *lines += ends(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.side {
            Side::Write(writer) => writer.flush(),
            Side::Compare { .. } | Side::Differs(_) => Ok(()),
        }
    }
}

/// SHA-256, length and lines of a file, as it lies there.
pub(crate) fn measured(path: &Path) -> io::Result<(String, u64, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut lines, mut part) = (Sha256::new(), 0, 0, vec![0; BUFFER]);
    loop {
        let count = file.read(&mut part)?;
        if count == 0 {
            return Ok((hex(&hash.finalize()), bytes, lines));
        }
        hash.update(&part[..count]);
        bytes += count as u64;
        lines += ends(&part[..count]);
    }
}

/// Whether a name leads to a file in the folder and nowhere else.
pub(crate) fn is_inside(path: &str) -> bool {
    !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'))
}

fn ends(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn problem(doing: &str, path: &str, error: &io::Error) -> Failure {
    Failure::problem(format_args!("{doing} {path}"), error)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn written(root: &Path, purpose: Purpose, lines: &[&str]) -> (FilePart, Option<String>) {
        let mut folder = Folder::at(root, purpose);
        let mut sheet = folder.lines("a/b.ndjson").unwrap();
        for line in lines {
            sheet.line(line.as_bytes()).unwrap();
        }
        sheet.finish().unwrap()
    }

    #[test]
    fn the_same_lines_agree_and_the_first_other_one_is_named() {
        let kept = tempfile::tempdir().unwrap();
        let (first, _) = written(kept.path(), Purpose::Write, &["one", "two", "three"]);
        assert_eq!(first.lines, Some(3));
        let measured = measured(&kept.path().join("a/b.ndjson")).unwrap();
        assert_eq!((first.sha256.clone(), first.bytes, 3), measured);
        let cases: [(&[&str], Option<&str>); 6] = [
            (&["one", "two", "three"], None),
            (&["one", "tWo", "three"], Some("line 2")),
            (&["two", "one", "three"], Some("line 1")),
            (&["one", "two"], Some("goes on in the folder")),
            (&["one", "two", "three", "four"], Some("line 4")),
            (&["one", "three"], Some("line 2")),
        ];
        for (lines, expected) in cases {
            let (again, difference) = written(kept.path(), Purpose::Compare, lines);
            assert_eq!(again == first, expected.is_none(), "{lines:?}");
            match expected {
                None => assert_eq!(difference, None),
                Some(words) => assert!(difference.as_ref().unwrap().contains(words), "{lines:?}: {difference:?}"),
            }
        }
        std::fs::remove_file(kept.path().join("a/b.ndjson")).unwrap();
        let (_, difference) = written(kept.path(), Purpose::Compare, &["one"]);
        assert!(difference.unwrap().contains("not in the folder"));
    }

    #[test]
    fn names_that_lead_elsewhere() {
        for (name, inside) in
            [("a/b", true), ("../a", false), ("/a", false), ("a//b", false), ("a/./b", false), ("", false)]
        {
            assert_eq!(is_inside(name), inside, "{name}");
        }
    }
}
