//! What stands on the paper of a certificate, from top to bottom: what happened, what is broken, what was counted, how long
//! people waited, who vouches, what of it is proved and how anybody checks that. It decides with plain data and knows
//! neither pages nor PDF; nothing of the file is judged here but whether its own numbers agree.

use std::collections::{BTreeMap, BTreeSet};

use crate::blocks::{Block, Cell, Column, Paper, Table};
use crate::fonts::{Face, Span};
use crate::statement::{Checkpoint, Invariant, Read, State, Statement, Timings};
use crate::words::{self, duration, number};

/// Digits of the file's digest at the foot of each page, by which loose pages are put together again.
const FOOT_DIGITS: usize = 16;

/// The paper of a certificate whose file has this SHA-256, in hexadecimal digits.
pub(crate) fn paper(read: &Read, digest: &str) -> Paper {
    let statement = &read.statement;
    let Statement { trust, name, from, to, cut, .. } = statement;
    let file = format!("certificate-{trust}-{cut}.json");
    let mut blocks = vec![
        Block::Title("Certificate of a move".into()),
        Block::Lead(vec![bold(format!("{name} ({trust})")), plain(format!(" moved from {from} to {to}."))]),
        verdict(read),
        not_by_itself(&file, digest),
    ];
    invariants(statement, &mut blocks);
    moved(read, &mut blocks);
    waited(&statement.timings, &mut blocks);
    counted(statement, &mut blocks);
    vouched(read, &mut blocks);
    proved(statement, &mut blocks);
    how_to_check(&file, digest, &mut blocks);
    annex(read, &mut blocks);
    Paper {
        title: format!("Certificate of a move: {name} ({trust})"),
        about: format!("{name} ({trust}) moved from {from} to {to}, cut by entry {cut}."),
        moment: read.after.moment.clone(),
        foot: format!(
            "Certificate of a move, {trust}, entry {}. SHA-256 of the file begins {}",
            number(*cut),
            &digest[..FOOT_DIGITS]
        ),
        file,
        blocks,
    }
}

fn plain(text: impl Into<String>) -> Span {
    Span { face: Face::Plain, text: text.into() }
}

fn bold(text: impl Into<String>) -> Span {
    Span { face: Face::Bold, text: text.into() }
}

fn mono(text: impl Into<String>) -> Span {
    Span { face: Face::Mono, text: text.into() }
}

fn text(text: impl Into<String>) -> Block {
    Block::Text(vec![plain(text)])
}

fn cell(face: Face, text: impl Into<String>) -> Cell {
    Cell { face, text: text.into(), is_alarm: false }
}

fn alarm(text: impl Into<String>) -> Cell {
    Cell { face: Face::Bold, text: text.into(), is_alarm: true }
}

fn column(name: &'static str, part: f32) -> Column {
    Column { name, part, is_number: false }
}

fn numbers(name: &'static str, part: f32) -> Column {
    Column { name, part, is_number: true }
}

/// A table of names and what they are, without a head.
fn facts(rows: Vec<(&str, Cell)>) -> Block {
    let rows = rows.into_iter().map(|(name, what)| vec![cell(Face::Bold, name), what]);
    let columns = vec![column("What", 0.27), column("Is", 0.73)];
    Block::Table(Table { columns, has_head: false, rows: rows.collect() })
}

/// Everything that is wrong by the certificate's own numbers, in sentences.
fn faults(read: &Read) -> Vec<String> {
    let statement = &read.statement;
    let mut faults = Vec::new();
    let broken: Vec<&str> = with_state(statement, State::Broken).collect();
    if !broken.is_empty() {
        faults.push(format!("Broken: {}.", broken.join(", ")));
    }
    let differing = differing(statement);
    if differing > 0 {
        faults.push(format!("{} not counted alike on both hosts.", words::of(differing, "thing is", "things are")));
    }
    match &read.before_to {
        None => faults.push("The new host's signature under the entries before the cut is missing.".into()),
        Some(theirs) if theirs.root != read.before_from.root || theirs.size != read.before_from.size => {
            faults.push("The two hosts signed different roots over the entries before the cut.".into());
        }
        Some(_) => {}
    }
    faults
}

fn with_state(statement: &Statement, state: State) -> impl Iterator<Item = &str> {
    statement.invariants.iter().filter(move |one| one.state == state).map(|one| one.name.as_str())
}

fn differing(statement: &Statement) -> u64 {
    let Statement { counts_from, counts_to, .. } = statement;
    let names: BTreeSet<&String> = counts_from.keys().chain(counts_to.keys()).collect();
    names.into_iter().filter(|name| counts_from.get(*name) != counts_to.get(*name)).count() as u64
}

/// Names on the witnessed checkpoints that are not the record's own, each with the checkpoint.
fn witnesses(read: &Read) -> impl Iterator<Item = (&String, &Checkpoint)> {
    let names = read.witnessed.iter().flat_map(|one| one.signers.iter().map(move |name| (name, one)));
    names.filter(|(name, _)| **name != read.statement.origin)
}

fn verdict(read: &Read) -> Block {
    let faults = faults(read);
    if !faults.is_empty() {
        let mut text = faults.join(" ");
        text.push_str(" Do not accept this move before somebody has explained it.");
        return Block::Notice {
            is_alarm: true,
            title: "\u{2717} Something is wrong with this move".into(),
            text: vec![plain(text)],
        };
    }
    let as_before: Vec<&str> = with_state(&read.statement, State::AsBefore).collect();
    let title = match as_before.len() {
        0 => "\u{2713} All five invariants hold".to_owned(),
        _ => "\u{2713} No invariant is broken".to_owned(),
    };
    let mut text = "Both hosts counted the record at the cut, and every number is the same on both.".to_owned();
    if !as_before.is_empty() {
        let which = as_before.join(", ");
        text.push_str(&format!(" Exceptions that were there before the move are there as before: {which}."));
    }
    if witnesses(read).next().is_none() {
        text.push_str(" No witness outside has signed it, so that it can be proved to nobody who trusts neither host.");
    }
    text.push_str(" What this proves, and what is only stated, is said below.");
    Block::Notice { is_alarm: false, title, text: vec![plain(text)] }
}

fn not_by_itself(file: &str, digest: &str) -> Block {
    let spans = vec![
        plain("Anybody can print a paper like this. What both hosts signed is the file "),
        mono(file),
        plain(", which is attached to this document and can be checked without trusting either host. Its SHA-256 is "),
        mono(digest),
        plain("."),
    ];
    Block::Notice { is_alarm: false, title: "This paper proves nothing by itself: the file does".into(), text: spans }
}

fn moved(read: &Read, blocks: &mut Vec<Block>) {
    let Statement { trust, name, origin, from, to, from_key, to_key, cut, timings, .. } = &read.statement;
    let before = number(cut - 1);
    let when = |checkpoint: &Checkpoint| match &checkpoint.moment {
        Some(moment) => words::moment(moment),
        None => "not stated".into(),
    };
    let way = match timings.back {
        true => "Back to the host that the trust had come from",
        false => "To a new host",
    };
    blocks.push(Block::Heading("What was moved"));
    blocks.push(facts(vec![
        ("Trust", cell(Face::Plain, format!("{name} ({trust})"))),
        ("Record", cell(Face::Mono, origin)),
        ("Old host", cell(Face::Plain, from)),
        ("Old host's key", cell(Face::Mono, from_key)),
        ("New host", cell(Face::Plain, to)),
        ("New host's key", cell(Face::Mono, to_key)),
        ("Which way", cell(Face::Plain, way)),
        ("Cut", cell(Face::Plain, format!("Entry {} of the journal; {before} before it were moved.", number(*cut)))),
        ("Old host signed", cell(Face::Plain, when(&read.before_from))),
        ("New host signed", cell(Face::Plain, when(&read.after))),
    ]));
}

fn invariants(statement: &Statement, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("The five invariants"));
    blocks.push(Block::Text(vec![
        plain("What must be so of a record wherever it is, as both hosts counted it at the cut. "),
        bold("Holds"),
        plain(": so it is on both hosts. "),
        bold("As before"),
        plain(": there were exceptions before the move and the same ones are on both hosts; they moved with the trust and are not the move's doing. "),
        bold("Broken"),
        plain(": the two hosts differ."),
    ]));
    let columns = vec![
        column("Invariant", 0.175),
        column("State", 0.16),
        numbers("Before", 0.135),
        numbers("After", 0.135),
        column("What it says", 0.395),
    ];
    let rows = statement.invariants.iter().map(invariant).collect();
    blocks.push(Block::Table(Table { columns, has_head: true, rows }));
}

fn invariant(of: &Invariant) -> Vec<Cell> {
    let state = match of.state {
        State::Holds => cell(Face::Plain, "\u{2713} holds"),
        State::AsBefore => cell(Face::Plain, "= as before"),
        State::Broken => alarm("\u{2717} BROKEN"),
    };
    let count = |count: Option<u64>| cell(Face::Plain, count.map_or_else(|| "not counted".into(), number));
    vec![cell(Face::Bold, &of.name), state, count(of.from), count(of.to), cell(Face::Plain, &of.sentence)]
}

fn waited(of: &Timings, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("How long people waited"));
    blocks.push(text(
        "By the clock of the host that handed over, counted from when it began to hold new changes back until the new \
         host wrote.",
    ));
    let mut rows = vec![(
        "Changes held back",
        match of.held {
            Some(0) => "None: nobody was writing.".to_owned(),
            Some(held) => words::of(held, "change", "changes"),
            None => "Not known: nobody measured it.".to_owned(),
        },
    )];
    let measured = |ms: Option<u64>| ms.map_or_else(|| "Not known.".to_owned(), duration);
    if of.held.is_some_and(|held| held > 0) {
        rows.push(("Held, the middle one", measured(of.held_median_ms)));
        rows.push(("Held, the longest", measured(of.held_longest_ms)));
    }
    rows.push(("No writer inside after", measured(of.drained_ms)));
    rows.push(("Cut on disk after", measured(of.cut_ms)));
    rows.push(("New host open after", measured(of.live_ms)));
    blocks.push(facts(rows.into_iter().map(|(name, what)| (name, cell(Face::Plain, what))).collect()));
}

fn counted(statement: &Statement, blocks: &mut Vec<Block>) {
    let Statement { counts_from, counts_to, .. } = statement;
    let names: BTreeSet<&String> = counts_from.keys().chain(counts_to.keys()).collect();
    let (others, types): (Vec<&String>, Vec<&String>) = names.into_iter().partition(|name| name.starts_with('~'));
    let row =
        |name: &String, shown: String| compared(shown, counts_from.get(name).copied(), counts_to.get(name).copied());
    blocks.push(Block::Heading("Resources on both hosts"));
    blocks.push(text("Live resources by their FHIR type, as each host counted its own store at the cut."));
    let total = |counts: &BTreeMap<String, u64>| {
        counts.iter().filter(|(name, _)| !name.starts_with('~')).map(|(_, count)| u128::from(*count)).sum::<u128>()
    };
    let mut rows: Vec<Vec<Cell>> = types.iter().map(|name| row(name, (*name).clone())).collect();
    let (from, to) = (total(counts_from), total(counts_to));
    rows.push(vec![
        cell(Face::Bold, "Together"),
        cell(Face::Bold, number(from)),
        cell(Face::Bold, number(to)),
        if from == to { cell(Face::Bold, "same") } else { alarm("\u{2717} DIFFERS") },
    ]);
    blocks.push(count_table("Type", rows));
    if !others.is_empty() {
        blocks.push(Block::Heading("What else was counted"));
        let rows = others.iter().map(|name| row(name, words::counted(name))).collect();
        blocks.push(count_table("What", rows));
    }
}

fn count_table(name: &'static str, rows: Vec<Vec<Cell>>) -> Block {
    let columns =
        vec![column(name, 0.46), numbers("Old host", 0.17), numbers("New host", 0.17), column("Compared", 0.2)];
    Block::Table(Table { columns, has_head: true, rows })
}

fn compared(name: String, from: Option<u64>, to: Option<u64>) -> Vec<Cell> {
    let count = |count: Option<u64>| cell(Face::Plain, count.map_or_else(|| "none".into(), number));
    let compared = if from == to { cell(Face::Plain, "same") } else { alarm("\u{2717} DIFFERS") };
    vec![cell(Face::Plain, name), count(from), count(to), compared]
}

fn vouched(read: &Read, blocks: &mut Vec<Block>) {
    let when = |checkpoint: &Checkpoint| {
        cell(Face::Plain, checkpoint.moment.as_deref().map_or_else(|| "not stated".into(), words::moment))
    };
    blocks.push(Block::Heading("Rehearsals"));
    if read.rehearsals.is_empty() {
        blocks.push(text("The certificate names no rehearsal."));
    } else {
        blocks.push(text(
            "At these entries, before the cut, what was on both hosts was compared. Their checkpoints are in the file.",
        ));
        let rows = read
            .rehearsals
            .iter()
            .map(|one| vec![cell(Face::Plain, number(one.size)), cell(Face::Mono, &one.root), when(one)]);
        let columns = vec![column("At entry", 0.15), column("Root", 0.5), column("When", 0.35)];
        blocks.push(Block::Table(Table { columns, has_head: true, rows: rows.collect() }));
    }
    blocks.push(Block::Heading("Witnesses"));
    let rows: Vec<Vec<Cell>> = witnesses(read)
        .map(|(name, one)| {
            vec![cell(Face::Bold, name), cell(Face::Plain, number(one.size)), cell(Face::Mono, &one.root), when(one)]
        })
        .collect();
    if rows.is_empty() {
        blocks.push(text(
            "No witness outside has signed anything of what was moved. Two hosts that agree with each other prove nothing to \
             somebody who trusts neither.",
        ));
        return;
    }
    blocks.push(text(
        "By the names on its checkpoints these signed, from outside, the beginning of what was moved. Whether they did is what the checker finds out.",
    ));
    let columns = vec![column("Witness", 0.24), column("Entries", 0.13), column("Root", 0.4), column("When", 0.23)];
    blocks.push(Block::Table(Table { columns, has_head: true, rows }));
}

fn proved(statement: &Statement, blocks: &mut Vec<Block>) {
    let list = |items: &[String]| Block::List {
        is_numbered: false,
        items: items.iter().map(|item| vec![plain(item)]).collect(),
    };
    for (heading, about, items) in [
        ("What is proved", "By the file, to whoever checks it with a witness's key:", &statement.proved),
        (
            "What is only stated",
            "Both hosts signed that they say so. Nobody can check it from the file alone:",
            &statement.stated,
        ),
    ] {
        blocks.push(Block::Heading(heading));
        if items.is_empty() {
            blocks.push(text("The certificate names nothing."));
        } else {
            blocks.push(text(about));
            blocks.push(list(items));
        }
    }
}

fn how_to_check(file: &str, digest: &str, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("How to check it"));
    blocks.push(Block::Notice {
        is_alarm: false,
        title: "Without a witness's key the answer is \u{201c}not proved\u{201d}".into(),
        text: vec![plain(
            "That is no fault of the file. Two hosts that agree with each other prove nothing to somebody who trusts \
             neither; only a witness's key that you have from the witness does.",
        )],
    });
    blocks.push(text("On any computer, without a network, and without asking either host:"));
    blocks.push(Block::List {
        is_numbered: true,
        items: vec![
            vec![
                plain("Save the file "),
                mono(file),
                plain(" that is attached to this document, or ask either host for it."),
            ],
            vec![plain("Compare its SHA-256 with the one on this paper: "), mono(digest)],
            vec![plain("Ask a witness, and not the hosts, for the witness's key. It is put where KEY stands.")],
            vec![plain("Run the checker, which is a small program of its own:")],
        ],
    });
    blocks.push(Block::Code { title: None, lines: vec![format!("almoner-verify certificate {file} --witness KEY")] });
}

fn annex(read: &Read, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Annex: roots and checkpoints"));
    blocks.push(text(
        "As they stand in the file, to be compared letter by letter with what somebody else has kept. They were not checked \
         when this paper was written; a line that is too long goes on in the next, set in.",
    ));
    let mut checkpoint = |title: String, of: &Checkpoint| {
        blocks.push(Block::Code { title: Some(title), lines: of.text.lines().map(str::to_owned).collect() });
    };
    checkpoint("Before the cut, signed by the host that handed over".into(), &read.before_from);
    if let Some(theirs) = &read.before_to {
        checkpoint("Before the cut, signed by the host that took over".into(), theirs);
    }
    checkpoint("With the cut or later, signed by the host that took over".into(), &read.after);
    for one in &read.witnessed {
        checkpoint(format!("Signed by witnesses, at {}", words::of(one.size, "entry", "entries")), one);
    }
    for one in &read.signatures {
        let lines = vec![one.key.clone(), one.signature.clone()];
        blocks.push(Block::Code { title: Some("Signature under the statement, with its key".into()), lines });
    }
}
