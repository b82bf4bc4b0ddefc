//! A small, exact part of UCUM: enough to compare everyday clinical quantities across their units.
//!
//! Metric prefixes, products, quotients and exponents of the atoms listed here; annotations in braces count as 1.
//! Every factor is an exact decimal. Temperatures on a scale, logarithms, `mo`, `a` (whose length UCUM fixes but
//! calendars do not) and arbitrary units with prefixes are left out: such quantities compare as written.
//! Source: The Unified Code for Units of Measure, version 2.1, tables 1 to 6 (<https://ucum.org/ucum>).

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// How many base dimensions there are: those of `m g s mol cd rad K C`, then arbitrary `[iU]` and `osm`.
const DIMENSIONS: usize = 10;
/// The codes of the base dimensions, in which canonical units are written.
const BASE: [&str; DIMENSIONS] = ["m", "g", "s", "mol", "cd", "rad", "K", "C", "[iU]", "osm"];

/// A unit in terms of base units: `factor` times the product of the bases to these powers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measure {
    /// Exact size of the unit.
    pub(crate) factor: Decimal,
    /// Power of each base dimension.
    pub(crate) dimensions: [i8; DIMENSIONS],
}

/// What a unit code means, if this table knows all of its parts.
pub(crate) fn measure(code: &str) -> Option<Measure> {
    if code.len() > 64 {
        return None;
    }
    let mut result = Measure { factor: Decimal::ONE, dimensions: [0; DIMENSIONS] };
    let mut rest = code;
    let mut divide = false;
    if let Some(after) = rest.strip_prefix('/') {
        (rest, divide) = (after, true);
    }
    loop {
        let end = operator_at(rest);
        let part = component(&rest[..end])?;
        result = combine(&result, &part, divide)?;
        let Some(operator) = rest[end..].chars().next() else { return Some(result) };
        divide = operator == '/';
        rest = &rest[end + 1..];
    }
}

/// The canonical code of the product (or quotient) of two units' dimensions, such as `g.m-3`; `1` if none is left.
pub(crate) fn base_code(left: &[i8; DIMENSIONS], right: &[i8; DIMENSIONS], divide: bool) -> Option<String> {
    let mut sum = *left;
    for (mine, theirs) in sum.iter_mut().zip(right) {
        *mine = if divide { mine.checked_sub(*theirs)? } else { mine.checked_add(*theirs)? };
    }
    Some(code_of(&sum))
}

/// The canonical code of some dimensions.
pub(crate) fn code_of(dimensions: &[i8; DIMENSIONS]) -> String {
    let mut code = String::new();
    for (power, base) in dimensions.iter().zip(BASE).filter(|(power, _)| **power != 0) {
        if !code.is_empty() {
            code.push('.');
        }
        code.push_str(base);
        if *power != 1 {
            code.push_str(&power.to_string());
        }
    }
    if code.is_empty() { "1".to_owned() } else { code }
}

/// Where the next `.` or `/` outside brackets and braces stands, or the end.
fn operator_at(text: &str) -> usize {
    let mut inside = 0;
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => inside += 1,
            ']' | '}' => inside -= 1,
            '.' | '/' if inside == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn combine(left: &Measure, right: &Measure, divide: bool) -> Option<Measure> {
    let factor = if divide { left.factor.checked_div(right.factor) } else { left.factor.checked_mul(right.factor) }?;
    let mut dimensions = left.dimensions;
    for (mine, theirs) in dimensions.iter_mut().zip(&right.dimensions) {
        *mine = if divide { mine.checked_sub(*theirs)? } else { mine.checked_add(*theirs)? };
    }
    Some(Measure { factor, dimensions })
}

/// One component: a number, an annotation, or an atom with prefix, exponent and annotation.
fn component(text: &str) -> Option<Measure> {
    let text = match text.find('{') {
        Some(0) if text.ends_with('}') => return number("1"),
        Some(at) if text.ends_with('}') => &text[..at],
        Some(_) => return None,
        None => text,
    };
    if let Some(power) = text.strip_prefix("10*").or(text.strip_prefix("10^")) {
        return ten_to(power.parse().ok()?);
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return number(text);
    }
    let (name, power) = split_power(text)?;
    raise(&unit(name)?, power)
}

fn number(text: &str) -> Option<Measure> {
    let factor: u32 = text.parse().ok().filter(|factor| *factor > 0)?;
    Some(Measure { factor: Decimal::from(factor), dimensions: [0; DIMENSIONS] })
}

fn ten_to(power: i8) -> Option<Measure> {
    let exact = if power >= 0 {
        exact_power(Decimal::from(10), power)?
    } else {
        Decimal::try_new(1, u32::from(power.unsigned_abs())).ok()?
    };
    Some(Measure { factor: exact, dimensions: [0; DIMENSIONS] })
}

/// A small power by multiplication, which stays exact or fails.
fn exact_power(base: Decimal, power: i8) -> Option<Decimal> {
    (0..power).try_fold(Decimal::ONE, |product, _| product.checked_mul(base))
}

/// An atom's name and its exponent: `m2`, `s-1`, `[in_i]`.
fn split_power(text: &str) -> Option<(&str, i8)> {
    if text.ends_with(']') {
        return Some((text, 1));
    }
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let name = name.strip_suffix(['-', '+']).unwrap_or(name);
    if name.len() == text.len() {
        return Some((text, 1));
    }
    let power: i8 = text[name.len()..].parse().ok().filter(|power: &i8| power.abs() <= 9)?;
    Some((name, power))
}

fn raise(unit: &Measure, power: i8) -> Option<Measure> {
    let size = exact_power(unit.factor, power.abs())?;
    let factor = if power < 0 { Decimal::ONE.checked_div(size)? } else { size };
    let mut dimensions = unit.dimensions;
    for dimension in &mut dimensions {
        *dimension = dimension.checked_mul(power)?;
    }
    Some(Measure { factor, dimensions })
}

/// An atom, alone or behind a metric prefix.
fn unit(name: &str) -> Option<Measure> {
    if let Some((_, _, measure)) = atom(name) {
        return Some(measure);
    }
    for (prefix, power) in PREFIXES {
        let Some(rest) = name.strip_prefix(prefix) else { continue };
        if let Some((_, true, measure)) = atom(rest) {
            return Some(Measure { factor: measure.factor.checked_mul(ten_to(*power)?.factor)?, ..measure });
        }
    }
    None
}

fn atom(name: &str) -> Option<(&'static str, bool, Measure)> {
    static BY_CODE: LazyLock<FxHashMap<&str, &Atom>> =
        LazyLock::new(|| ATOMS.iter().map(|atom| (atom.0, atom)).collect());
    let (code, metric, mantissa, scale, powers) = *BY_CODE.get(name)?;
    let mut dimensions = [0; DIMENSIONS];
    for (base, power) in *powers {
        dimensions[*base] = *power;
    }
    Some((code, *metric, Measure { factor: Decimal::try_new(*mantissa, *scale).ok()?, dimensions }))
}

const PREFIXES: &[(&str, i8)] = &[
    ("da", 1),
    ("Y", 24),
    ("Z", 21),
    ("E", 18),
    ("P", 15),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
];

/// Places in [`BASE`].
const M: usize = 0;
const G: usize = 1;
const S: usize = 2;
const MOL: usize = 3;
const CD: usize = 4;
const RAD: usize = 5;
const K: usize = 6;
const C: usize = 7;
const IU: usize = 8;
const OSM: usize = 9;

/// Code, whether it takes prefixes, factor as mantissa and number of decimals, powers of the base dimensions.
type Atom = (&'static str, bool, i64, u32, &'static [(usize, i8)]);

#[rustfmt::skip]
const ATOMS: &[Atom] = &[
    ("1", false, 1, 0, &[]),
    ("m", true, 1, 0, &[(M, 1)]),
    ("g", true, 1, 0, &[(G, 1)]),
    ("s", true, 1, 0, &[(S, 1)]),
    ("mol", true, 1, 0, &[(MOL, 1)]),
    ("cd", true, 1, 0, &[(CD, 1)]),
    ("rad", true, 1, 0, &[(RAD, 1)]),
    ("K", true, 1, 0, &[(K, 1)]),
    ("C", true, 1, 0, &[(C, 1)]),
    ("%", false, 1, 2, &[]),
    ("[ppth]", false, 1, 3, &[]),
    ("[ppm]", false, 1, 6, &[]),
    ("l", true, 1, 3, &[(M, 3)]),
    ("L", true, 1, 3, &[(M, 3)]),
    ("min", false, 60, 0, &[(S, 1)]),
    ("h", false, 3600, 0, &[(S, 1)]),
    ("d", false, 86_400, 0, &[(S, 1)]),
    ("wk", false, 604_800, 0, &[(S, 1)]),
    ("t", true, 1_000_000, 0, &[(G, 1)]),
    ("ar", true, 100, 0, &[(M, 2)]),
    ("Hz", true, 1, 0, &[(S, -1)]),
    ("N", true, 1000, 0, &[(G, 1), (M, 1), (S, -2)]),
    ("Pa", true, 1000, 0, &[(G, 1), (M, -1), (S, -2)]),
    ("J", true, 1000, 0, &[(G, 1), (M, 2), (S, -2)]),
    ("W", true, 1000, 0, &[(G, 1), (M, 2), (S, -3)]),
    ("A", true, 1, 0, &[(C, 1), (S, -1)]),
    ("V", true, 1000, 0, &[(G, 1), (M, 2), (S, -2), (C, -1)]),
    ("bar", true, 100_000_000, 0, &[(G, 1), (M, -1), (S, -2)]),
    // Metre of mercury: 133.322 kPa.
    ("m[Hg]", true, 133_322_000, 0, &[(G, 1), (M, -1), (S, -2)]),
    ("m[H2O]", true, 9_806_650, 0, &[(G, 1), (M, -1), (S, -2)]),
    ("cal", true, 4184, 0, &[(G, 1), (M, 2), (S, -2)]),
    ("Cal", false, 4_184_000, 0, &[(G, 1), (M, 2), (S, -2)]),
    ("kat", true, 1, 0, &[(MOL, 1), (S, -1)]),
    ("eq", true, 1, 0, &[(MOL, 1)]),
    ("osm", true, 1, 0, &[(OSM, 1)]),
    ("[IU]", true, 1, 0, &[(IU, 1)]),
    ("[iU]", true, 1, 0, &[(IU, 1)]),
    ("[in_i]", false, 254, 4, &[(M, 1)]),
    ("[ft_i]", false, 3048, 4, &[(M, 1)]),
    ("[yd_i]", false, 9144, 4, &[(M, 1)]),
    ("[mi_i]", false, 1_609_344, 3, &[(M, 1)]),
    ("[lb_av]", false, 45_359_237, 5, &[(G, 1)]),
    ("[oz_av]", false, 28_349_523_125, 9, &[(G, 1)]),
    ("[stone_av]", false, 635_029_318, 5, &[(G, 1)]),
    ("[gr]", false, 6_479_891, 8, &[(G, 1)]),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn units_become_exact_measures() {
        let same = |left: &str, times: &str, right: &str| {
            let (left, right) = (measure(left).unwrap(), measure(right).unwrap());
            let times: Decimal = times.parse().unwrap();
            assert_eq!((left.factor, left.dimensions), (right.factor * times, right.dimensions));
        };
        same("kg", "1000000", "mg");
        same("mg/dL", "0.01", "g/L");
        same("mmol/L", "1", "mol/m3");
        same("mm[Hg]", "133.322", "Pa");
        same("kg/m2", "1000", "g.m-2");
        same("/min", "1", "{beats}/min");
        same("10*3/uL", "1", "10*9/L");
        same("[lb_av]", "453.59237", "g");
        same("wk", "7", "d");
    }

    #[test]
    fn what_is_not_known_has_no_measure() {
        for code in ["Cel", "mo", "a", "foo", "", "m/", "[pH]", "{", "m{", "}{", "é", "m99", "10*99", "0"] {
            assert_eq!(measure(code), None, "{code}");
        }
    }
}
