//! What came of a step of a move, for people.
//! Knows the outcomes as `hosting` states them and decides nothing.

use std::fmt::Write as _;

use hosting::moving::{Cutting, MoveOutcome, MoveView, Packed, Rehearsal};

/// What came of a step.
pub(super) fn moved(of: &MoveOutcome, text: &mut String) -> std::fmt::Result {
    match of {
        MoveOutcome::Key { key, address } => {
            writeln!(text, "{key}")?;
            match address {
                Some(address) => writeln!(text, "other hosts reach it at {address}"),
                None => writeln!(text, "It does not listen for other hosts: serve it with --move-listen ADDRESS."),
            }
        }
        MoveOutcome::Ticket { text: file }
        | MoveOutcome::Certificate { text: file }
        | MoveOutcome::CutEntry { text: file }
        | MoveOutcome::GivenUp { text: file }
        | MoveOutcome::Refusal { text: file }
        | MoveOutcome::Letter { text: Some(file) } => {
            text.push_str(file);
            Ok(())
        }
        MoveOutcome::Letter { text: None } => writeln!(text, "Taken. Nothing is to be answered."),
        MoveOutcome::Packed(of) => packed(of, text),
        MoveOutcome::Rehearsed(rehearsal) => rehearsed(rehearsal, text),
        MoveOutcome::Cut(cutting) => cut(cutting, text),
        MoveOutcome::Destroyed { statement } => {
            text.push_str(statement);
            Ok(())
        }
        MoveOutcome::Status(views) if views.is_empty() => writeln!(text, "Nothing moves here."),
        MoveOutcome::Status(views) => views.iter().try_for_each(|view| status(view, text)),
    }
}

fn packed(of: &Packed, text: &mut String) -> std::fmt::Result {
    writeln!(text, "{} entries in {} segments and a rest; {} segments are new", of.entries, of.segments, of.written)?;
    let Some(since) = &of.held else { return Ok(()) };
    writeln!(text, "WRITERS ARE HELD since {since}: nobody can record anything until the disk was carried,")?;
    writeln!(
        text,
        "the other host has signed (move sign), this one has cut (move cut --signed) and the other one is open"
    )?;
    writeln!(text, "(move take). Until the cut `almoner move release` lets them go on, and nothing has happened.")
}

fn rehearsed(of: &Rehearsal, text: &mut String) -> std::fmt::Result {
    writeln!(text, "at entry {}: {} questions, {} differences", of.sequence, of.questions, of.differences.len())?;
    of.differences.iter().try_for_each(|difference| writeln!(text, "DIFFERS: {difference}"))?;
    of.not_compared.iter().try_for_each(|what| writeln!(text, "not compared: {what}"))?;
    match of.mock_cut_ms {
        0 => Ok(()),
        waited => writeln!(text, "a cut would have waited {waited} ms for this host"),
    }
}

fn cut(of: &Cutting, text: &mut String) -> std::fmt::Result {
    let Cutting { entry, back, drained_ms, cut_ms, live_ms, held, held_median_ms, held_longest_ms, .. } = of;
    writeln!(text, "{} with entry {entry}.", if *back { "Cut back" } else { "Cut over" })?;
    let ms = |measured: &Option<u64>| measured.map_or_else(|| "an unknown time".to_owned(), |ms| format!("{ms} ms"));
    writeln!(
        text,
        "no writer inside after {}, cut on disk after {}, open there after {}",
        ms(drained_ms),
        ms(cut_ms),
        ms(live_ms)
    )?;
    match held {
        Some(held) => {
            writeln!(text, "held writers: {held}, median {}, longest {}", ms(held_median_ms), ms(held_longest_ms))
        }
        None => writeln!(text, "held writers: unknown"),
    }
}

fn status(of: &MoveView, text: &mut String) -> std::fmt::Result {
    let MoveView { trust, phase, source, target, writes, entries, theirs, lag_ms, .. } = of;
    writeln!(text, "{trust}: {}, from {source} to {target}", phase.word())?;
    match writes {
        true => {
            writeln!(text, "    this host writes: {entries} entries; the other had {theirs} when it was last heard")?
        }
        false => writeln!(text, "    this host follows: {entries} of {theirs} entries, the newest {lag_ms} ms late")?,
    }
    if let Some(since) = &of.held {
        writeln!(
            text,
            "    WRITERS ARE HELD since {since}, until a disk has arrived; `almoner move release` ends that"
        )?;
    }
    if let Some(rate) = of.throttle.rate {
        writeln!(text, "    copied at {rate} bytes a second at most")?;
    }
    if let Some((from, to)) = of.throttle.hours {
        let time = |minutes: i16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        writeln!(text, "    segments are fetched from {} to {}", time(from), time(to))?;
    }
    if let Some(last) = of.rehearsals.last() {
        let found = if last.agrees() { "no difference" } else { "differences" };
        writeln!(text, "    rehearsed {} times, the last at entry {}: {found}", of.rehearsals.len(), last.sequence)?;
    }
    of.missing.iter().try_for_each(|what| writeln!(text, "    before a cut: {what}"))?;
    match &of.problem {
        Some(problem) => writeln!(text, "    NOT getting on: {problem}"),
        None => Ok(()),
    }
}
