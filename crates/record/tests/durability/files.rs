//! A closed record as its files hold it, read without `record`: what the product writes is judged by other eyes.
//! Judges nothing; that is for `agreement.rs` and `check.rs`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use journal::frames::Frames;
use journal::hash::holes;
use journal::{AccessLeaf, Entry, Hash, Salt};
use rusqlite::{Connection, Row};

/// Everything that is in the files of a record.
pub struct Files {
    pub sequence: u64,
    pub chain: Vec<u8>,
    pub integrity: String,
    pub entries: Vec<Stored>,
    pub versions: BTreeMap<(i64, u64), Version>,
    pub resources: BTreeMap<i64, Resource>,
    pub blobs: BTreeMap<Hash, Blob>,
    pub contents: Contents,
    pub index: BTreeSet<(Vec<u8>, i64)>,
    pub past: BTreeSet<(Vec<u8>, i64, u64, u64)>,
    pub tallies: BTreeMap<String, i64>,
    /// Principal, key and sequence.
    pub kept_keys: BTreeSet<(String, String, u64)>,
    pub tiles: HashMap<Vec<u8>, Vec<u8>>,
    pub desk: BTreeMap<String, Vec<u8>>,
    pub names: Names,
    /// Name and bytes of each segment of the access journal.
    pub segments: Vec<(String, Vec<u8>)>,
    /// Names of files beside segments and blobs that are not those of the list of who has looked.
    pub leftovers: Vec<String>,
    pub checkpoint: Option<String>,
}

pub struct Stored {
    pub entry: Entry,
    pub bytes: Vec<u8>,
    /// As stored: differences, zigzag, seven bits to a byte.
    pub rids: Vec<i64>,
}

pub struct Version {
    pub sequence: u64,
    pub moment: i64,
    pub operation: u8,
    /// 16 bytes; of an erased version the sequence of the entry that erased it.
    pub salt: Vec<u8>,
    /// What is kept and hashed, with holes where blobs belong; `None` when erased.
    pub kept: Option<Vec<u8>>,
    /// What is served: the same with its holes filled, as far as the blobs are there.
    pub text: Option<Vec<u8>>,
}

/// The contents of blobs.
type Contents = BTreeMap<Hash, Vec<u8>>;

/// What is known of a blob beside its content.
pub struct Blob {
    pub salt: Salt,
    pub length: u64,
    pub entry: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    pub kind: String,
    pub id: String,
    pub version: u64,
    pub sequence: u64,
    pub live: bool,
}

/// The numbers that stand for names in index keys.
#[derive(Default)]
pub struct Names {
    pub kinds: HashMap<String, u16>,
    pub parameters: HashMap<String, u16>,
    pub systems: HashMap<String, u32>,
    pub symbols: HashMap<(u32, String), u32>,
}

impl Files {
    pub fn read(directory: &Path) -> rusqlite::Result<Files> {
        let database = Connection::open(directory.join("record.db"))?;
        let (sequence, chain) =
            database.query_row("SELECT sequence, chain FROM head", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let integrity = database.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        let kinds: HashMap<u16, String> =
            all(&database, "SELECT number, name FROM name WHERE list = 1", |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (contents, mut leftovers) = contents(&database, &directory.join("blobs"))?;
        let beside = listed(&directory.join("access"));
        let is_known = |name: &String| name.ends_with(".access") || name.starts_with("index.db");
        leftovers.extend(beside.iter().filter(|name| !is_known(name)).cloned());
        Ok(Files {
            sequence,
            chain,
            integrity,
            entries: all(&database, "SELECT body, rids FROM entry ORDER BY sequence", entry)?,
            versions: versions(&database, &contents)?,
            blobs: all(&database, "SELECT digest, salt, length, entry FROM blob", |row| {
                Ok((row.get(0)?, Blob { salt: row.get(1)?, length: row.get(2)?, entry: row.get(3)? }))
            })?,
            contents,
            resources: all(&database, "SELECT rid, kind, id, version, sequence, live FROM resource", |row| {
                resource(row, &kinds)
            })?,
            index: all(&database, "SELECT key, rid FROM idx", |row| Ok((row.get(0)?, row.get(1)?)))?,
            past: all(&database, "SELECT key, rid, from_sequence, to_sequence FROM index_past", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?,
            tallies: all(&database, "SELECT kind, live FROM tally", |row| {
                Ok((kinds[&row.get(0)?].clone(), row.get(1)?))
            })?,
            kept_keys: all(&database, "SELECT principal, key, sequence FROM kept_key", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?,
            tiles: all(&database, "SELECT name, hashes FROM tile", |row| Ok((row.get(0)?, row.get(1)?)))?,
            desk: all(&database, "SELECT key, bytes FROM desk", |row| Ok((row.get(0)?, row.get(1)?)))?,
            names: Names {
                kinds: kinds.iter().map(|(number, name)| (name.clone(), *number)).collect(),
                parameters: all(&database, "SELECT name, number FROM name WHERE list = 2", |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?,
                systems: all(&database, "SELECT name, number FROM name WHERE list = 3", |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?,
                symbols: all(&database, "SELECT system, code, symbol FROM symbol", |row| {
                    Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
                })?,
            },
            segments: segments(&beside, &directory.join("access")),
            leftovers,
            checkpoint: std::fs::read_to_string(directory.join("checkpoint")).ok(),
        })
    }

    /// Every read in the access journal.
    pub fn reads(&self) -> Vec<journal::AccessRead> {
        let mut reads = Vec::new();
        for (_, bytes) in &self.segments {
            for frame in Frames::of(bytes).into_iter().flatten().flatten() {
                reads.extend(AccessLeaf::decode(frame).into_iter().flat_map(|leaf| leaf.reads));
            }
        }
        reads
    }
}

fn all<T, C: FromIterator<T>>(
    database: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<C> {
    database.prepare(sql)?.query_map([], read)?.collect()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let (bytes, packed): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
    let entry = Entry::decode(&bytes).unwrap();
    Ok(Stored { entry, bytes, rids: unpacked(&packed) })
}

fn unpacked(packed: &[u8]) -> Vec<i64> {
    let (mut rids, mut rid) = (Vec::new(), 0);
    for step in packed.split_inclusive(|byte| *byte < 128) {
        let zigzag = step.iter().rev().fold(0u64, |value, byte| value << 7 | u64::from(byte & 127));
        rid += (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        rids.push(rid);
    }
    rids
}

fn versions(database: &Connection, contents: &Contents) -> rusqlite::Result<BTreeMap<(i64, u64), Version>> {
    let dictionaries: HashMap<u32, Vec<u8>> =
        all(database, "SELECT number, bytes FROM dictionary", |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "SELECT rid, version, sequence, moment, operation, salt, coding, text FROM version";
    all(database, sql, |row| {
        let (coding, coded): (u32, Option<Vec<u8>>) = (row.get(6)?, row.get(7)?);
        let decoded = |coded: Vec<u8>| match coding {
            0 => coded,
            number => {
                let dictionary = if number == 1 { &Vec::new() } else { &dictionaries[&number] };
                let mut decompressor = zstd::bulk::Decompressor::with_dictionary(dictionary).unwrap();
                // From 3 on a frame begins without its magic number.
                let magic = zstd::zstd_safe::MAGICNUMBER.to_le_bytes();
                let frame = if number < 3 { coded } else { [&magic, coded.as_slice()].concat() };
                decompressor.decompress(&frame, 1 << 20).unwrap()
            }
        };
        let kept = coded.map(decoded);
        let text = kept.as_ref().map(|kept| filled(kept, contents));
        let (sequence, moment, operation, salt) = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(((row.get(0)?, row.get(1)?), Version { sequence, moment, operation, salt, kept, text }))
    })
}

fn filled(kept: &[u8], contents: &Contents) -> Vec<u8> {
    let (holes, text) = holes::split(kept).unwrap();
    let content = |hole: &holes::Hole| contents.get(&hole.digest).map_or(&[][..], Vec::as_slice);
    let fillings: Vec<(usize, &[u8])> = holes.iter().map(|hole| (hole.at as usize, content(hole))).collect();
    holes::filled(text, &fillings)
}

/// The contents of blobs, in files or in the rows of PostgreSQL, and the names of files that are none.
fn contents(database: &Connection, folder: &Path) -> rusqlite::Result<(Contents, Vec<String>)> {
    let (mut contents, mut others) = (Contents::new(), Vec::new());
    if database.table_exists(None, "blob_part")? {
        let parts: Vec<(Hash, Vec<u8>)> =
            all(database, "SELECT digest, bytes FROM blob_part ORDER BY digest, part", |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for (digest, bytes) in parts {
            contents.entry(digest).or_default().extend(bytes);
        }
    }
    for outer in listed(folder) {
        for inner in listed(&folder.join(&outer)) {
            let folder = folder.join(&outer).join(&inner);
            for name in listed(&folder) {
                match digest_of(&name).filter(|_| name.starts_with(&format!("{outer}{inner}"))) {
                    Some(digest) => _ = contents.insert(digest, std::fs::read(folder.join(&name)).unwrap()),
                    None => others.push(name),
                }
            }
        }
    }
    Ok((contents, others))
}

fn digest_of(name: &str) -> Option<Hash> {
    let digits = name.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    digits.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

fn resource(row: &Row<'_>, kinds: &HashMap<u16, String>) -> rusqlite::Result<(i64, Resource)> {
    let (kind, id): (u16, Vec<u8>) = (row.get(1)?, row.get(2)?);
    // The ids of the plan are no UUIDs: a 1, then the text.
    let id = String::from_utf8(id[1..].to_vec()).unwrap();
    let kind = kinds[&kind].clone();
    Ok((row.get(0)?, Resource { kind, id, version: row.get(3)?, sequence: row.get(4)?, live: row.get(5)? }))
}

fn segments(names: &[String], directory: &Path) -> Vec<(String, Vec<u8>)> {
    let segments = names.iter().filter(|name| name.ends_with(".access"));
    segments.map(|name| (name.clone(), std::fs::read(directory.join(name)).unwrap())).collect()
}

/// The names in a folder, in order; none where it is not there.
fn listed(directory: &Path) -> Vec<String> {
    let Ok(listed) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> =
        listed.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
