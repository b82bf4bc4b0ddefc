//! What the client says it was told, one line for each acknowledgement, written to another process at that moment.
//! Only words and their parsing; knows no process and no record.

use std::fmt::{Display, Formatter};

use record::{Key, Receipt};

/// One acknowledgement, or how the client began and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The record is open: its epoch and the key that signs its checkpoints.
    Open {
        epoch: u64,
        key: String,
    },
    Commit {
        worker: u64,
        number: u64,
        sequence: u64,
        written: Vec<(Key, u64)>,
    },
    Read {
        worker: u64,
        number: u64,
    },
    Desk {
        worker: u64,
        number: u64,
    },
    Checkpoint {
        worker: u64,
        number: u64,
        text: String,
    },
    /// The client met a problem and ends.
    Stopped(String),
}

impl Line {
    pub fn commit(worker: u64, number: u64, receipt: &Receipt) -> Line {
        let written = receipt.written.iter().map(|written| (written.key.clone(), written.version)).collect();
        Line::Commit { worker, number, sequence: receipt.sequence, written }
    }

    /// The worker and the number of the acknowledged step.
    pub fn step(&self) -> Option<(u64, u64)> {
        match self {
            Line::Commit { worker, number, .. }
            | Line::Read { worker, number }
            | Line::Desk { worker, number }
            | Line::Checkpoint { worker, number, .. } => Some((*worker, *number)),
            Line::Open { .. } | Line::Stopped(_) => None,
        }
    }

    /// A line of the client's output; `None` when it is something else, such as the test runner's own.
    pub fn parse(line: &str) -> Option<Line> {
        let (word, rest) = line.split_once(' ')?;
        let mut words = rest.split(' ');
        let mut number = || words.next()?.parse().ok();
        Some(match word {
            "commit" => Line::Commit {
                worker: number()?,
                number: number()?,
                sequence: number()?,
                written: words.map(parse_written).collect::<Option<_>>()?,
            },
            "read" => Line::Read { worker: number()?, number: number()? },
            "desk" => Line::Desk { worker: number()?, number: number()? },
            "checkpoint" => Line::Checkpoint {
                worker: number()?,
                number: number()?,
                text: words.collect::<Vec<_>>().join(" ").replace('|', "\n"),
            },
            "open" => Line::Open { epoch: number()?, key: words.next()?.to_owned() },
            "stopped" => Line::Stopped(rest.to_owned()),
            _ => return None,
        })
    }
}

fn parse_written(word: &str) -> Option<(Key, u64)> {
    let (key, version) = word.split_once('@')?;
    let (kind, id) = key.split_once('/')?;
    Some((Key::new(kind, id), version.parse().ok()?))
}

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Line::Open { epoch, key } => write!(f, "open {epoch} {key}"),
            Line::Commit { worker, number, sequence, written } => {
                write!(f, "commit {worker} {number} {sequence}")?;
                written.iter().try_for_each(|(key, version)| write!(f, " {key}@{version}"))
            }
            Line::Read { worker, number } => write!(f, "read {worker} {number}"),
            Line::Desk { worker, number } => write!(f, "desk {worker} {number}"),
            Line::Checkpoint { worker, number, text } => {
                write!(f, "checkpoint {worker} {number} {}", text.replace('\n', "|"))
            }
            Line::Stopped(why) => write!(f, "stopped {}", why.replace('\n', " ")),
        }
    }
}
