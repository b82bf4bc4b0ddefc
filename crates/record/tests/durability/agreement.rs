//! Whether a record's files agree with themselves: entries, versions, resources, index, tallies, retry keys, and the
//! chains and the tree by the journal's verifier. The index is extracted again from every text, and its keys are made
//! here a second time, from their description and not from the product's code.

use std::collections::{BTreeMap, BTreeSet};

use journal::verifier::{Expect, Given, Source, Verifier};
use journal::{Act, Hash};
use terms::index::{Part, Row};
use testkit::toy;

use crate::client::ORIGIN;
use crate::files::{Files, Names, Resource};

/// What does not agree, in sentences. `outside` are checkpoints that were acknowledged.
pub fn find(files: &Files, outside: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    if files.integrity != "ok" {
        found.push(format!("the database is malformed: {}", files.integrity));
    }
    verify(files, outside, &mut found);
    versions(files, &mut found);
    blobs(files, &mut found);
    index(files, &mut found);
    found
}

fn verify(files: &Files, outside: &[String], found: &mut Vec<String>) {
    let expect = Expect { origin: Some(ORIGIN.into()), texts: true, blobs: true, tiles: true, ..Expect::default() };
    let mut verifier = Verifier::new(expect);
    for text in outside {
        verifier.checkpoint(text, Source::Outside);
    }
    if let Some(text) = &files.checkpoint {
        verifier.checkpoint(text, Source::Inside);
    }
    for (name, bytes) in &files.segments {
        verifier.access_segment(name, bytes);
    }
    for stored in &files.entries {
        verifier.entry(&stored.bytes);
        for (number, (change, rid)) in stored.entry.changes.iter().zip(&stored.rids).enumerate() {
            // An erased version has no salt of 16 bytes and no text: the verifier must know it from an entry.
            if let Some(version) = files.versions.get(&(*rid, change.version))
                && let (Ok(salt), Some(text)) = (version.salt.as_slice().try_into(), &version.kept)
            {
                verifier.text(number, Given::Plain((salt, text)));
            }
        }
        for (digest, blob) in files.blobs.iter().filter(|(_, blob)| blob.entry == stored.entry.sequence) {
            if let Some(content) = files.contents.get(digest) {
                let digest_found = journal::hash::blob_digest(&blob.salt, content);
                verifier.blob(digest, Given::Plain((digest_found, content.len() as u64)));
            }
        }
        for made in verifier.take_tiles() {
            let name = [&[made.id.level], made.id.index.to_be_bytes().as_slice()].concat();
            verifier.stored_tile(&made, files.tiles.get(&name).map(Vec::as_slice));
        }
    }
    let report = verifier.finish();
    found.extend(report.findings.iter().map(|finding| format!("the verifier: {finding:?}")));
    let not_agreeing = report.checkpoints.iter().filter(|checkpoint| !checkpoint.agrees);
    found.extend(not_agreeing.map(|checkpoint| format!("a checkpoint is not of this journal: {checkpoint:?}")));
    if files.entries.len() as u64 != files.sequence || report.head.as_slice() != files.chain {
        found.push(format!("the head says {} and the entries are {}", files.sequence, files.entries.len()));
    }
}

/// Entries name exactly the versions that are there; resources, tallies and retry keys follow from them.
fn versions(files: &Files, found: &mut Vec<String>) {
    let mut named = 0;
    let mut newest: BTreeMap<i64, Resource> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for stored in &files.entries {
        let entry = &stored.entry;
        if let Some(kept) = &entry.idempotency {
            keys.insert((kept.principal.clone(), kept.key.clone(), entry.sequence));
        }
        if entry.changes.len() != stored.rids.len() {
            found.push(format!("entry {} does not number its changes", entry.sequence));
        }
        for (change, rid) in entry.changes.iter().zip(&stored.rids) {
            named += 1;
            let operation = change.operation as u8;
            let made = (entry.sequence, entry.moment.0);
            match files.versions.get(&(*rid, change.version)) {
                Some(version) if (version.sequence, version.moment) == made => {
                    let live = version.operation != 3 && version.text.is_some();
                    let (kind, id) = (change.kind.clone(), change.id.clone());
                    let resource = Resource { kind, id, version: change.version, sequence: entry.sequence, live };
                    newest.insert(*rid, resource);
                }
                _ => found.push(format!("entry {}: change {operation} has no version", entry.sequence)),
            }
        }
    }
    if named != files.versions.len() {
        found.push(format!("entries name {named} versions and {} are there", files.versions.len()));
    }
    if keys != files.kept_keys {
        found.push("the retry keys are not those of the entries".into());
    }
    let stored: BTreeMap<&i64, &Resource> =
        files.resources.iter().filter(|(_, resource)| resource.version > 0).collect();
    if stored != newest.iter().collect() {
        found.push("the resources are not as their newest versions".into());
    }
    let mut live: BTreeMap<String, i64> = newest.values().map(|resource| (resource.kind.clone(), 0)).collect();
    for resource in newest.values().filter(|resource| resource.live) {
        *live.entry(resource.kind.clone()).or_default() += 1;
    }
    if live != files.tallies {
        found.push(format!("the tallies are {:?} and should be {live:?}", files.tallies));
    }
}

/// Contents are exactly those of the blobs that are known, which are those that an entry names and none erases.
fn blobs(files: &Files, found: &mut Vec<String>) {
    let known: BTreeSet<&Hash> = files.blobs.keys().collect();
    let there: BTreeSet<&Hash> = files.contents.keys().collect();
    let (mut named, mut erased) = (BTreeSet::new(), BTreeSet::new());
    for stored in &files.entries {
        named.extend(stored.entry.changes.iter().flat_map(|change| &change.blobs).map(|blob| &blob.digest));
        if let Act::Erase(erasure) = &stored.entry.act {
            erased.extend(&erasure.blobs);
        }
    }
    let left: BTreeSet<&Hash> = named.difference(&erased).copied().collect();
    for (digest, blob) in &files.blobs {
        if files.contents.get(digest).is_some_and(|content| content.len() as u64 != blob.length) {
            found.push(format!("the blob of entry {} is not as long as is known", blob.entry));
        }
    }
    for (what, these) in [("blobs known", known), ("contents of blobs", there)] {
        if these != left {
            let (missing, more) = (count(left.difference(&these)), count(these.difference(&left)));
            found.push(format!("{what}: {missing} are missing, {more} are there that nobody names"));
        }
    }
}

fn index(files: &Files, found: &mut Vec<String>) {
    let rids: BTreeMap<(&str, &str), i64> =
        files.resources.iter().map(|(rid, resource)| ((resource.kind.as_str(), resource.id.as_str()), *rid)).collect();
    let (mut current, mut past) = (BTreeSet::new(), BTreeSet::new());
    for ((rid, number), version) in files.versions.iter().filter(|(_, version)| version.operation != 3) {
        let (Some(resource), Some(text)) = (files.resources.get(rid), &version.text) else { continue };
        let mut rows = toy::rows(&resource.kind, text);
        let own = [Part::Kind(resource.kind.clone()), Part::fixed(&version.sequence.to_be_bytes())];
        rows.push(Row::of("~kind", own));
        let keys = rows.iter().map(|row| key(row, &files.names, &rids));
        match files.versions.get(&(*rid, number + 1)) {
            Some(next) => past.extend(keys.map(|key| (key, *rid, version.sequence, next.sequence))),
            None => current.extend(keys.map(|key| (key, *rid))),
        }
    }
    for (name, extracted, stored) in [
        ("index", count(current.difference(&files.index)), count(files.index.difference(&current))),
        ("past rows", count(past.difference(&files.past)), count(files.past.difference(&past))),
    ] {
        if (extracted, stored) != (0, 0) {
            found.push(format!("{name}: {extracted} rows of the texts are missing, {stored} are there without one"));
        }
    }
}

fn count(rows: impl Iterator) -> usize {
    rows.count()
}

/// The key of a row as `docs/formats/index.md` describes it. What has no number gives a key that is nowhere stored.
fn key(row: &Row, names: &Names, rids: &BTreeMap<(&str, &str), i64>) -> Vec<u8> {
    let mut key = names.parameters.get(row.parameter).map_or_else(Vec::new, |number| number.to_be_bytes().to_vec());
    for part in &row.parts {
        match part {
            Part::Code { system, code } => {
                let system = names.systems.get(system).copied().unwrap_or(u32::MAX);
                let symbol = names.symbols.get(&(system, code.clone())).copied().unwrap_or(u32::MAX);
                key.extend(&system.to_be_bytes()[1..]);
                key.extend(symbol.to_be_bytes());
            }
            Part::Target { kind, id } => {
                let rid = rids.get(&(kind.as_str(), id.as_str())).copied().unwrap_or(-1);
                key.extend(&rid.to_be_bytes()[3..]);
            }
            Part::Kind(kind) => key.extend(names.kinds.get(kind).copied().unwrap_or(u16::MAX).to_be_bytes()),
            Part::Fixed(bytes) => key.extend(bytes),
            // No toy text has a byte that is escaped.
            Part::Text(text) => key.extend(text.iter().chain([&0])),
        }
    }
    key
}
