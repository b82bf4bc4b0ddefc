//! Every acknowledgement follows its sync: the client's system calls, as `strace` saw them, are put in order, and for
//! each line that the client wrote the sync that covers it is looked for.

use std::collections::HashMap;

use journal::frames::SEGMENT_START;
use record::Durability;

use crate::acknowledged::Line;
use crate::plan::token;
use crate::session::{Client, Session};

/// One system call that returned; times are lines of the trace.
struct Call {
    name: String,
    /// What the first descriptor or the first argument leads to.
    path: String,
    /// The bytes written, or nothing.
    bytes: Vec<u8>,
    began: usize,
    ended: usize,
    succeeded: bool,
}

/// The calls of a trace, in the order in which they ended.
fn calls(trace: &str) -> Vec<Call> {
    let mut unfinished: Vec<(&str, &str, usize)> = Vec::new();
    let mut calls = Vec::new();
    for (time, line) in trace.lines().enumerate() {
        let (thread, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix("<unfinished ...>") {
            unfinished.push((thread, begun, time));
        } else if rest.starts_with("<... ") {
            let at = unfinished.iter().position(|(other, ..)| *other == thread).unwrap();
            let (_, begun, began) = unfinished.remove(at);
            calls.extend(call(begun, rest, began, time));
        } else {
            calls.extend(call(rest, rest, time, time));
        }
    }
    calls
}

/// A call from its beginning, such as `write(5</a/file>, "text", 4`, and the end of the line where it returned.
fn call(begun: &str, returned: &str, began: usize, ended: usize) -> Option<Call> {
    let (name, arguments) = begun.split_once('(')?;
    let succeeded = returned.rsplit_once("= ")?.1.bytes().next()?.is_ascii_digit();
    let path = match arguments.split_once('<') {
        Some((descriptor, path)) if !descriptor.contains('"') => path.split_once('>')?.0.to_owned(),
        _ => String::from_utf8(quoted(arguments)).ok()?,
    };
    Some(Call { name: name.to_owned(), path, bytes: quoted(arguments), began, ended, succeeded })
}

/// The bytes of the first quoted string.
fn quoted(arguments: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut coming = arguments.bytes().skip_while(|byte| *byte != b'"').skip(1).peekable();
    while let Some(byte) = coming.next() {
        match byte {
            b'"' => break,
            b'\\' => bytes.extend(match coming.next() {
                Some(b'n') => Some(b'\n'),
                Some(b't') => Some(b'\t'),
                Some(b'r') => Some(b'\r'),
                Some(b'v') => Some(11),
                Some(b'f') => Some(12),
                Some(first @ b'0'..=b'7') => {
                    let mut value = u32::from(first - b'0');
                    for _ in 0..2 {
                        let Some(digit) = coming.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                        value = value * 8 + u32::from(digit - b'0');
                    }
                    u8::try_from(value).ok()
                }
                other => other,
            }),
            other => bytes.push(other),
        }
    }
    bytes
}

/// What is looked up in a trace, found in one pass.
struct Trace {
    calls: Vec<Call>,
    /// When the write that first had a step's token in the log, or in the access journal, had ended.
    in_log: HashMap<String, usize>,
    in_access: HashMap<String, usize>,
    /// When each transaction was whole in the log: the end of its last page, whose frame header (24 bytes) states the
    /// size of the database.
    transactions: Vec<usize>,
    /// When each line that the client wrote was begun.
    told: HashMap<String, usize>,
}

impl Trace {
    fn of(calls: Vec<Call>) -> Trace {
        let (mut in_log, mut in_access, mut told) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (mut transactions, mut last_page) = (Vec::new(), false);
        for call in calls.iter().filter(|call| call.name.contains("write")) {
            if call.path.ends_with("-wal") && call.path.contains("record.db") {
                tokens(&call.bytes, |token| _ = in_log.entry(token).or_insert(call.ended));
                if last_page && call.bytes.len() != 24 {
                    transactions.push(call.ended);
                }
                last_page = call.bytes.len() == 24 && call.bytes[4..8] != [0; 4];
            } else if call.path.ends_with(".access") {
                tokens(&call.bytes, |token| _ = in_access.entry(token).or_insert(call.ended));
            } else if call.path.starts_with("pipe:") {
                told.insert(String::from_utf8_lossy(&call.bytes).trim_end().to_owned(), call.began);
            }
        }
        Trace { calls, in_log, in_access, transactions, told }
    }

    /// When a sync of such a file that began after `from` had ended.
    fn synced(&self, ending: &str, from: usize) -> Option<usize> {
        let is_sync = |call: &&Call| call.name.ends_with("sync") && call.succeeded && call.began > from;
        self.calls.iter().filter(is_sync).find(|call| call.path.ends_with(ending)).map(|call| call.ended)
    }

    /// When the transaction with this token was on disk.
    fn logged(&self, token: &str) -> Option<usize> {
        let written = *self.in_log.get(token)?;
        let whole = *self.transactions.iter().find(|end| **end >= written)?;
        self.synced("record.db-wal", whole)
    }

    /// When what was acknowledged by a line was on disk.
    fn on_disk(&self, line: &Line, folder: &str) -> Option<usize> {
        match line {
            Line::Commit { worker, number, .. } | Line::Desk { worker, number } => {
                self.logged(&token(*worker, *number))
            }
            Line::Read { worker, number } => self.synced(".access", *self.in_access.get(&token(*worker, *number))?),
            Line::Checkpoint { text, .. } => {
                let kept = |call: &&Call| call.path.ends_with("/checkpoint.new") && call.bytes == text.as_bytes();
                let kept = self.synced("/checkpoint.new", self.calls.iter().find(kept)?.ended)?;
                let renamed = |call: &&Call| call.name.starts_with("rename") && call.began > kept;
                self.synced(folder, self.calls.iter().find(renamed)?.ended)
            }
            Line::Open { .. } | Line::Stopped(_) => Some(0),
        }
    }
}

/// Every step's token in these bytes, such as `<3.17>`.
fn tokens(bytes: &[u8], mut found: impl FnMut(String)) {
    for start in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<').map(|(at, _)| at) {
        let inside = bytes[start + 1..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        if inside > 2 && bytes.get(start + 1 + inside) == Some(&b'>') {
            found(String::from_utf8_lossy(&bytes[start..start + inside + 2]).into_owned());
        }
    }
}

/// What a client did, as `strace` saw it, and what it was told.
struct Traced {
    trace: Trace,
    /// The record's.
    folder: String,
    lines: Vec<Line>,
}

/// Runs a client under `strace`.
fn traced(durability: Durability) -> Traced {
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    let mut session = Session::new(place.path(), 3);
    session.durability = durability;
    let options = "-f -qq -y -s 12000 -e signal=none -e trace=write,pwrite64,fsync,fdatasync,rename,renameat -o";
    session.under = ["strace"].into_iter().chain(options.split(' ')).map(str::to_owned).collect();
    session.under.push(trace.display().to_string());
    let mut client = Client::start(&session, 0);
    client.wait_for(if crate::soak() { 1000 } else { 200 });
    let ended = client.close();
    assert!(ended.success, "strace is needed, and the right to use it: {:?}", ended.lines.last());
    let trace = Trace::of(calls(&String::from_utf8_lossy(&std::fs::read(trace).unwrap())));
    Traced { trace, folder: session.directory.display().to_string(), lines: ended.lines }
}

impl Traced {
    /// What was acknowledged before its sync.
    fn acknowledged_early(&self) -> Vec<String> {
        let is_early = |line: &&Line| {
            let told = self.trace.told[&line.to_string()];
            self.trace.on_disk(line, &self.folder).is_none_or(|time| time > told)
        };
        self.lines.iter().filter(is_early).map(Line::to_string).collect()
    }

    /// How many segments the access journal has begun, and which had their name before their first bytes were on disk,
    /// or were written to before their name was.
    fn segments_begun_early(&self) -> (usize, Vec<&str>) {
        let (access, calls) = (format!("{}/access", self.folder), &self.trace.calls);
        let renames = calls.iter().filter(|call| call.name.starts_with("rename") && call.path.starts_with(&access));
        let is_early = |rename: &&Call| {
            let begun = |call: &&Call| call.path == rename.path && call.bytes == SEGMENT_START;
            let begun = calls.iter().find(begun).and_then(|call| self.trace.synced(&rename.path, call.ended));
            let name = rename.path.replace(".new", ".access");
            let named = self.trace.synced(&access, rename.ended);
            let used = calls.iter().find(|call| call.path == name && call.name.contains("write"));
            begun.is_none_or(|begun| begun > rename.began)
                || used.is_some_and(|used| named.is_none_or(|named| named > used.began))
        };
        let early: Vec<&str> = renames.clone().filter(is_early).map(|rename| rename.path.as_str()).collect();
        (renames.count(), early)
    }
}

#[test]
fn every_acknowledgement_follows_its_sync() {
    let traced = traced(Durability::Full);
    let (early, (segments, begun_early)) = (traced.acknowledged_early(), traced.segments_begun_early());
    let lines = traced.lines.len();
    crate::publish(&format!("{lines} acknowledgements traced, {} before their sync; {segments} segments", early.len()));
    assert!(early.is_empty(), "{early:#?}");
    assert!(segments > 3 && begun_early.is_empty(), "{segments} {begun_early:#?}");
}

#[test]
fn acknowledgements_without_a_sync_are_found_out() {
    let traced = traced(Durability::Off);
    let (lines, early) = (traced.lines.len(), traced.acknowledged_early());
    crate::publish(&format!("synchronous=OFF: {} of {lines} acknowledgements traced came before a sync", early.len()));
    assert!(early.len() > lines / 4);
}
