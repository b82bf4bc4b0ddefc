//! The likely pairs of a file, for people and for other programs: weight, verdict, and what each field says.
//! Names people by line and id only.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use administration::matching::{Evidence, Field, Found, Pair};

use super::read::Input;
use super::{FieldSays, MatchedPair};
use crate::failure::Failure;

/// A pair with what each field says.
pub(super) fn pair(input: &Input, found: &Found, pair: &Pair) -> MatchedPair {
    let comparison = found.model.compare(&input.people, pair.a, pair.b);
    let rows = comparison.rows.iter().map(|row| FieldSays {
        field: about(row.about).to_owned(),
        found: row.found.to_owned(),
        bits: hundredths(row.bits),
        says: row.says.words().to_owned(),
    });
    let id = |at: usize| input.ids.get(at).map(|id| id.to_string());
    MatchedPair {
        lines: [input.lines[pair.a], input.lines[pair.b]],
        ids: id(pair.a).zip(id(pair.b)).map(|(a, b)| [a, b]),
        weight_bits: hundredths(comparison.weight_bits),
        probability: comparison.probability,
        verdict: comparison.verdict.words().to_owned(),
        fields: rows.collect(),
        holds: comparison.holds.iter().map(|hold| hold.sentence().to_owned()).collect(),
    }
}

fn about(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Before => "Before",
        Evidence::Field(field) => field.words(),
        Evidence::Relatives => "Relatives",
    }
}

fn hundredths(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0
}

/// Writes all pairs as CSV, the heaviest first.
pub(super) fn write(path: &Path, input: &Input, found: &Found) -> Result<(), Failure> {
    let problem =
        |error: &(dyn std::error::Error + 'static)| Failure::problem(format_args!("writing {}", path.display()), error);
    let file = File::create(path).map_err(|error| problem(&error))?;
    let mut out = csv::Writer::from_writer(BufWriter::new(file));
    let mut header = vec!["weight_bits", "probability", "verdict", "line_a", "line_b", "id_a", "id_b"];
    header.extend(Field::ALL.iter().map(|field| field.words()));
    header.extend(["Relatives", "held_because"]);
    out.write_record(&header).map_err(|error| problem(&error))?;
    for of in &found.pairs {
        let pair = pair(input, found, of);
        let [id_a, id_b] = pair.ids.unwrap_or_default();
        let mut values = vec![
            format!("{:.2}", pair.weight_bits),
            format!("{:.6}", pair.probability),
            pair.verdict,
            pair.lines[0].to_string(),
            pair.lines[1].to_string(),
            id_a,
            id_b,
        ];
        let said = pair.fields.iter().skip(1);
        values.extend(said.map(|field| format!("{}: {} ({:+.2})", field.says, field.found, field.bits)));
        values.push(pair.holds.join(" "));
        out.write_record(&values).map_err(|error| problem(&error))?;
    }
    out.flush().map_err(|error| problem(&error))
}
