//! The certificate of a move, checked for somebody who trusts neither host: whose signatures it bears, that the cut follows
//! what both hosts signed, and that what a witness signed before is the beginning of what was moved. Its form is in
//! `docs/formats/move.md`, section 6. Knows no files and prints nothing.

use std::collections::BTreeMap;

use journal::act::{Cut, Signature};
use journal::note::Signer;
use journal::tiles::proof::consistency_holds;
use journal::{Act, Entry, Hash, SignedCheckpoint, VerifierKey};
use serde::Deserialize;

/// Findings and what was checked.
#[derive(Debug, Default)]
pub(crate) struct CertificateReport {
    /// What the certificate is about, in a line.
    pub(crate) about: String,
    /// What is wrong, in sentences.
    pub(crate) findings: Vec<String>,
    /// What was checked and holds.
    pub(crate) checked: Vec<String>,
    /// The witnesses that the checker trusts and that signed what was moved.
    pub(crate) witnesses: Vec<String>,
    /// What the certificate says and nothing here proves.
    pub(crate) stated: Vec<String>,
}

#[derive(Deserialize)]
struct Certificate {
    statement: String,
    signatures: Vec<Signed>,
}

#[derive(Deserialize)]
struct Signed {
    key: String,
    signature: String,
}

#[derive(Deserialize)]
struct Proved {
    checkpoint: String,
    path: Vec<String>,
}

#[derive(Deserialize)]
struct Invariant {
    name: String,
    state: String,
    sentence: String,
}

#[derive(Deserialize)]
struct Statement {
    format: String,
    trust: String,
    name: String,
    origin: String,
    from: String,
    to: String,
    from_key: String,
    to_key: String,
    cut: u64,
    cut_entry: String,
    cut_inclusion: Vec<String>,
    before_from: String,
    before_to: String,
    cut_consistency: Vec<String>,
    after: String,
    after_consistency: Vec<String>,
    rehearsals: Vec<Proved>,
    witnessed: Vec<Proved>,
    invariants: Vec<Invariant>,
    counts_from: BTreeMap<String, u64>,
    counts_to: BTreeMap<String, u64>,
    stated: Vec<String>,
}

/// The five invariants, in their order.
const INVARIANTS: [&str; 5] = ["conservation", "continuity", "feasibility", "delivery", "uniqueness"];

/// A sentence about what is wrong.
type Wrong = String;

impl CertificateReport {
    /// Whether nothing is wrong and a witness that the checker trusts vouches for it.
    pub(crate) fn is_proved(&self) -> bool {
        self.findings.is_empty() && !self.witnesses.is_empty()
    }

    fn add(&mut self, what: &str, outcome: Result<(), Wrong>) {
        match outcome {
            Ok(()) => self.checked.push(what.to_owned()),
            Err(wrong) => self.findings.push(wrong),
        }
    }
}

/// Checks a certificate against the keys of witnesses that the checker trusts.
///
/// # Errors
/// A text that is no certificate.
pub(crate) fn check(text: &str, witnesses: &[VerifierKey]) -> Result<CertificateReport, String> {
    let no = |what: &str| format!("this is no certificate of a move: {what}");
    let certificate: Certificate = serde_json::from_str(text).map_err(|error| no(&error.to_string()))?;
    let statement: Statement = serde_json::from_str(&certificate.statement).map_err(|error| no(&error.to_string()))?;
    if statement.format != "almoner certificate 1" {
        return Err(no("its format is not known"));
    }
    let key = |text: &str| VerifierKey::parse(text).map_err(|error| no(error.what));
    let (from, to) = (key(&statement.from_key)?, key(&statement.to_key)?);
    let Statement { trust, name, cut, .. } = &statement;
    let about = format!("{trust} ({name}), from {} to {}, cut by entry {cut}", statement.from, statement.to);
    let mut report = CertificateReport { about, stated: statement.stated.clone(), ..CertificateReport::default() };
    report.add("both hosts signed the statement", both_signed(&certificate, &from, &to));
    match Before::of(&statement, &from, &to) {
        Err(wrong) => report.findings.push(wrong),
        Ok(before) => {
            report.checked.push(format!("both hosts signed one root over the {} entries before the cut", before.size));
            report.add("the cut follows these entries and is signed by both hosts", before.cut(&statement, &from, &to));
            report.add("the new host signed what ends with the cut", before.after(&statement, &to));
            before.rehearsals(&statement, &from, &mut report);
            before.witnessed(&statement, witnesses, &mut report);
        }
    }
    report.add("both hosts state the same counts", counts(&statement));
    invariants(&statement, &mut report);
    Ok(report)
}

fn both_signed(certificate: &Certificate, from: &VerifierKey, to: &VerifierKey) -> Result<(), Wrong> {
    let message = [b"almoner:certificate\n", certificate.statement.as_bytes()].concat();
    for (who, key) in [("The host that handed over", from), ("The host that took over", to)] {
        let own = certificate.signatures.iter().filter(|signed| signed.key == key.to_string());
        let mut signatures = own.filter_map(|signed| unhex::<64>(&signed.signature));
        if !signatures.any(|signature: Signature| key.signed(&message, &signature)) {
            return Err(format!("{who} has not signed this statement."));
        }
    }
    Ok(())
}

/// The tree before the cut.
struct Before {
    size: u64,
    root: Hash,
}

impl Before {
    fn of(statement: &Statement, from: &VerifierKey, to: &VerifierKey) -> Result<Before, Wrong> {
        let size = statement.cut.checked_sub(1).ok_or("The cut has no number.")?;
        let ours = stated(&statement.before_from, statement, from, "the host that handed over")?;
        let theirs = stated(&statement.before_to, statement, to, "the host that took over")?;
        if (ours.0, theirs.0) != (size, size) {
            return Err("A checkpoint before the cut has another size.".into());
        }
        if ours.1 != theirs.1 {
            return Err("The two hosts signed different roots over the entries before the cut.".into());
        }
        Ok(Before { size, root: ours.1 })
    }

    /// The root of the tree that ends with the cut, from the path of its last leaf: every step is on the left.
    fn root_with_cut(statement: &Statement) -> Result<(Hash, Entry), Wrong> {
        let bytes = unhex_all(&statement.cut_entry).ok_or("The cut entry cannot be read.")?;
        let entry = Entry::decode(&bytes).map_err(|error| format!("The cut entry cannot be read: {error}."))?;
        let path = hashes(&statement.cut_inclusion)?;
        let leaf = journal::leaf_hash(&bytes);
        Ok((path.iter().fold(leaf, |node, left| journal::node_hash(left, &node)), entry))
    }

    fn cut(&self, statement: &Statement, from: &VerifierKey, to: &VerifierKey) -> Result<(), Wrong> {
        let (root, entry) = Before::root_with_cut(statement)?;
        let Act::Cut(cut) = &entry.act else { return Err("The entry is no cut.".into()) };
        let Cut { origin, source, target, source_key, target_key, .. } = cut;
        let is_of_statement = entry.sequence == statement.cut
            && (origin, source, target) == (&statement.origin, &statement.from, &statement.to)
            && (source_key, target_key) == (from.public(), to.public());
        if !is_of_statement {
            return Err("The cut names other hosts, keys or another record than the statement.".into());
        }
        if !cut.is_signed(entry.sequence, &entry.previous) {
            return Err("A host's signature under the cut does not hold.".into());
        }
        let path = hashes(&statement.cut_consistency)?;
        if consistency_holds(self.size, &self.root, statement.cut, &root, &path) {
            Ok(())
        } else {
            Err("The cut does not follow the entries that both hosts signed.".into())
        }
    }

    fn after(&self, statement: &Statement, to: &VerifierKey) -> Result<(), Wrong> {
        let (root, _) = Before::root_with_cut(statement)?;
        let (size, after) = stated(&statement.after, statement, to, "the host that took over")?;
        let path = hashes(&statement.after_consistency)?;
        if consistency_holds(statement.cut, &root, size, &after, &path) {
            Ok(())
        } else {
            Err("What the new host signed afterwards does not begin with what was moved.".into())
        }
    }

    /// Whether a checkpoint is of the beginning of this tree.
    fn begins_with(&self, proved: &Proved, origin: &str) -> Result<SignedCheckpoint, Wrong> {
        let signed = SignedCheckpoint::parse(&proved.checkpoint)
            .map_err(|error| format!("A checkpoint cannot be read: {error}."))?;
        let of = signed.checkpoint();
        let path = hashes(&proved.path)?;
        if of.origin != origin {
            return Err("A checkpoint is of another record.".into());
        }
        if of.size == 0 {
            return Err("A checkpoint of no entries says nothing about what was moved.".into());
        }
        match consistency_holds(of.size, &of.root, self.size, &self.root, &path) {
            true => Ok(signed),
            false => Err(format!("The checkpoint of {} entries is not of the beginning of what was moved.", of.size)),
        }
    }

    fn rehearsals(&self, statement: &Statement, from: &VerifierKey, report: &mut CertificateReport) {
        for rehearsal in &statement.rehearsals {
            let checked = self.begins_with(rehearsal, &statement.origin).and_then(|signed| {
                let is_signed = signed.verify(std::slice::from_ref(from)).is_ok();
                is_signed.then_some(()).ok_or_else(|| "A rehearsal's checkpoint is not signed by its host.".to_owned())
            });
            report.add("a rehearsal is the beginning of what was moved", checked);
        }
    }

    fn witnessed(&self, statement: &Statement, witnesses: &[VerifierKey], report: &mut CertificateReport) {
        for witnessed in &statement.witnessed {
            let signed = match self.begins_with(witnessed, &statement.origin) {
                Ok(signed) => signed,
                Err(wrong) => {
                    report.findings.push(wrong);
                    continue;
                }
            };
            let size = signed.checkpoint().size;
            match signed.verify(witnesses) {
                Ok(signers) => {
                    let names = signers.iter().map(|signer: &Signer| signer.key.name().to_owned());
                    report.witnesses.extend(names);
                    let all = self.size;
                    report
                        .checked
                        .push(format!("a witness that you trust signed the first {size} of these {all} entries"));
                }
                Err(journal::note::NotVerified::NoKnownKey) => {}
                Err(error) => report.findings.push(format!("A witness's signature does not hold: {error}.")),
            }
        }
        report.witnesses.sort();
        report.witnesses.dedup();
    }
}

/// Size and root of a checkpoint of this record, signed with a key.
fn stated(text: &str, statement: &Statement, key: &VerifierKey, who: &str) -> Result<(u64, Hash), Wrong> {
    let signed = SignedCheckpoint::parse(text).map_err(|error| format!("The checkpoint of {who}: {error}."))?;
    if signed.checkpoint().origin != statement.origin {
        return Err(format!("The checkpoint of {who} is of another record."));
    }
    signed
        .verify(std::slice::from_ref(key))
        .map_err(|_| format!("The checkpoint of {who} is not signed with its key."))?;
    Ok((signed.checkpoint().size, signed.checkpoint().root))
}

fn counts(statement: &Statement) -> Result<(), Wrong> {
    let kinds = statement.counts_from.keys().chain(statement.counts_to.keys());
    let differing = kinds.filter(|kind| statement.counts_from.get(*kind) != statement.counts_to.get(*kind));
    match differing.min() {
        None => Ok(()),
        Some(kind) => Err(format!("The hosts count {kind} differently.")),
    }
}

fn invariants(statement: &Statement, report: &mut CertificateReport) {
    let names: Vec<&str> = statement.invariants.iter().map(|one| one.name.as_str()).collect();
    if names != INVARIANTS {
        report.findings.push("It does not name the five invariants in their order.".into());
    }
    for Invariant { name, state, sentence } in &statement.invariants {
        match state.as_str() {
            "broken" => report.findings.push(format!("The invariant {name} is broken.")),
            state => report.stated.push(format!("{name}: {state}. {sentence}")),
        }
    }
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, Wrong> {
    texts.iter().map(|text| unhex(text).ok_or_else(|| "A proof holds something that is no hash.".to_owned())).collect()
}

/// So many bytes as hexadecimal digits say.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    unhex_all(text)?.try_into().ok()
}

fn unhex_all(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
