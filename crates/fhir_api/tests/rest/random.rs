//! Thousands of random searches over real resources give what the naive evaluation gives: the same resources, the
//! same totals, in the order asked for.

use fhir::definitions;
use fhir::definitions::{ParameterKind, SearchParameter};
use fhir::search::{fold, row_parameters, sort_parameter};
use fhir_api::Owners;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::naive::{
    Criterion, Naive, SortKey, Typed, amount, in_order, local_reference, period_of_text, periods, strings, tokens,
};
use crate::site::{Site, is_soak};
use crate::suites;

/// How many searches on each store, in full and usually.
const SEARCHES: usize = 5_000;
const USUAL: usize = 125;
const SEED: u64 = 20_261_122;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_searches_on_sqlite_equal_the_naive_evaluation() {
    equal_the_naive_evaluation(Site::on_sqlite(Owners::none()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_searches_on_postgres_equal_the_naive_evaluation() {
    equal_the_naive_evaluation(Site::on_postgres(Owners::none()).await).await;
}

/// A question: the type, what must hold, and the keys of the order, each with whether it goes down.
struct Search {
    kind: String,
    criteria: Vec<Criterion>,
    order: Vec<(&'static str, bool)>,
}

/// What was drawn, so that a soak can say that everything was.
#[derive(Debug, Default)]
struct Drawn {
    searches: usize,
    found: usize,
    ordered: usize,
    alternatives: usize,
    inside: usize,
}

#[expect(clippy::print_stderr, reason = "says what it did")]
async fn equal_the_naive_evaluation(site: Site) {
    let Some(files) = suites::sample() else { return };
    let mut naive = Naive::default();
    let count = suites::load(&site, &files).await;
    for text in site.all_texts().await {
        naive.add(text);
    }
    assert_eq!(naive.resources.len(), count, "everything that was loaded is there");
    let searches = if is_soak() { SEARCHES } else { USUAL };
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut drawn = Drawn::default();
    let mut differences = Vec::new();
    while drawn.searches < searches {
        // Not everything that is drawn makes a search.
        let Some(search) = search(&mut random, &mut naive) else { continue };
        let path = search.path();
        let expected = naive.search(&search.kind, &search.criteria);
        drawn.add(&search, &path, expected.len());
        let difference = match answer(&site, &path).await {
            Ok(found) => difference(&mut naive, &search, &expected, &found),
            Err(refusal) => Some(format!("refused {refusal}")),
        };
        differences.extend(difference.map(|what| format!("{} {path}\n  {what}", drawn.searches)));
    }
    eprintln!("{count} resources, {drawn:?}, {} differences", differences.len());
    let shown: Vec<&str> = differences.iter().take(20).map(String::as_str).collect();
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), shown.join("\n"));
    let least = searches / 100;
    let drew_all = drawn.ordered > least && drawn.alternatives > least && drawn.inside > least;
    assert!(drew_all && drawn.found > searches, "the searches are of every sort and find something: {drawn:?}");
}

impl Drawn {
    fn add(&mut self, search: &Search, path: &str, found: usize) {
        self.searches += 1;
        self.found += found;
        self.ordered += usize::from(!search.order.is_empty() && found > 1);
        self.alternatives += usize::from(path.contains("%2C"));
        self.inside += usize::from(path.contains(":contains=") && found > 0);
    }
}

/// What is wrong with an answer: other resources, or another order than was asked for. What the keys do not tell apart
/// may come in any order.
fn difference(naive: &mut Naive, search: &Search, expected: &[String], found: &[String]) -> Option<String> {
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    if sorted(found) != sorted(expected) {
        let more: Vec<_> = found.iter().filter(|id| !expected.contains(id)).collect();
        let less: Vec<_> = expected.iter().filter(|id| !found.contains(id)).collect();
        return Some(format!("too many {more:?}\n  missing {less:?}"));
    }
    let mut before: Option<(&String, Vec<Option<SortKey>>)> = None;
    for id in found {
        let keys = naive.sort_keys(&search.kind, id, &search.order);
        if let Some((last, last_keys)) = &before
            && in_order(&search.order, last_keys, &keys).is_gt()
        {
            return Some(format!("{last} {last_keys:?} comes before {id} {keys:?}"));
        }
        before = Some((id, keys));
    }
    None
}

/// All pages of a search, and its total.
async fn answer(site: &Site, path: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut next = Some(format!("{path}&_count=200&_total=accurate"));
    while let Some(path) = next {
        let reply = site.get(&path).await;
        if reply.status != 200 {
            return Err(reply.text());
        }
        found.extend(reply.ids());
        next = reply.link("next");
        let total = reply.json()["total"].as_u64();
        if next.is_none() && total != Some(found.len() as u64) {
            return Err(format!("total {total:?} for {} resources", found.len()));
        }
    }
    Ok(found)
}

impl Search {
    fn path(&self) -> String {
        let mut parameters: Vec<String> = Vec::new();
        for criterion in &self.criteria {
            let (name, value) = written(criterion);
            parameters.push(format!("{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC)));
        }
        if !self.order.is_empty() {
            let keys = self.order.iter().map(|(code, down)| format!("{}{code}", if *down { "-" } else { "" }));
            parameters.push(format!("_sort={}", keys.collect::<Vec<_>>().join(",")));
        }
        format!("{}?{}", self.kind, parameters.join("&"))
    }
}

fn written(criterion: &Criterion) -> (String, String) {
    match criterion {
        Criterion::Plain { code, modifier, value } if modifier.is_empty() => (code.clone(), value.clone()),
        Criterion::Plain { code, modifier, value } => (format!("{code}:{modifier}"), value.clone()),
        Criterion::Chain(code, kind, inner) => {
            let (name, value) = written(inner);
            (format!("{code}:{kind}.{name}"), value)
        }
        Criterion::Reverse(kind, code, inner) => {
            let (name, value) = written(inner);
            (format!("_has:{kind}:{code}:{name}"), value)
        }
    }
}

/// A search that some resource satisfies, or nearly; every third in an order, every tenth of those of everything.
fn search(random: &mut ChaCha8Rng, naive: &mut Naive) -> Option<Search> {
    let at = random.random_range(0..naive.resources.len());
    let kind = naive.resources[at].kind.clone();
    let mut criteria = Vec::new();
    for _ in 0..random.random_range(1..=3) {
        // Now and then another resource's value, so that conjunctions may fail.
        let of_kind = naive.of_kind(&kind);
        let source = if random.random_ratio(1, 4) { *pick(random, &of_kind)? } else { at };
        criteria.extend(match random.random_range(0..10) {
            0 | 1 => chain(random, naive, source),
            2 => reverse(random, naive, source),
            _ => plain(random, naive, source),
        });
    }
    let order = if random.random_ratio(1, 3) { order(random, &kind, &criteria) } else { Vec::new() };
    if !order.is_empty() && random.random_ratio(1, 10) {
        criteria.clear();
    }
    (!criteria.is_empty() || !order.is_empty()).then_some(Search { kind, criteria, order })
}

/// One or two keys. Not of a parameter that is asked for as well: there the rows that were asked for may decide.
fn order(random: &mut ChaCha8Rng, kind: &str, criteria: &[Criterion]) -> Vec<(&'static str, bool)> {
    let is_asked =
        |code: &str| criteria.iter().any(|it| matches!(it, Criterion::Plain { code: own, .. } if own == code));
    let has_order = |code: &str| sort_parameter(kind, code).is_ok_and(|rows| rows.len() == 1) && !is_asked(code);
    let mut codes: Vec<_> = parameters(kind).into_iter().map(|it| it.code).filter(|code| has_order(code)).collect();
    codes.push("_lastUpdated");
    let keys = (0..random.random_range(1..=2)).filter_map(|_| Some((*pick(random, &codes)?, random.random_bool(0.5))));
    keys.collect()
}

fn pick<'v, T>(random: &mut ChaCha8Rng, values: &'v [T]) -> Option<&'v T> {
    (!values.is_empty()).then(|| &values[random.random_range(0..values.len())])
}

fn parameters(kind: &str) -> Vec<&'static SearchParameter> {
    let all = definitions().search_parameters(kind).iter().copied();
    all.filter(|it| !row_parameters(kind, it.code).is_empty() && it.code != "phonetic").collect()
}

fn chain(random: &mut ChaCha8Rng, naive: &mut Naive, at: usize) -> Option<Criterion> {
    let kind = naive.resources[at].kind.clone();
    let references = parameters(&kind).into_iter().filter(|it| it.kind == ParameterKind::Reference);
    let parameter = *pick(random, &references.collect::<Vec<_>>())?;
    let links: Vec<_> = naive.values(at, parameter).iter().filter_map(local_reference).collect();
    let (kind, id) = pick(random, &links)?.clone();
    if !parameter.targets.is_empty() && !parameter.targets.contains(&kind.as_str()) {
        return None;
    }
    let target = naive.of_kind(&kind).into_iter().find(|at| naive.resources[*at].id == id)?;
    let inner = if random.random_ratio(1, 4) { chain(random, naive, target) } else { plain(random, naive, target) };
    Some(Criterion::Chain(parameter.code.to_owned(), kind, Box::new(inner?)))
}

fn reverse(random: &mut ChaCha8Rng, naive: &mut Naive, at: usize) -> Option<Criterion> {
    let wanted = (naive.resources[at].kind.clone(), naive.resources[at].id.clone());
    let other = random.random_range(0..naive.resources.len());
    let kind = naive.resources[other].kind.clone();
    let references = parameters(&kind).into_iter().filter(|it| {
        it.kind == ParameterKind::Reference && (it.targets.is_empty() || it.targets.contains(&wanted.0.as_str()))
    });
    let parameter = *pick(random, &references.collect::<Vec<_>>())?;
    let inner = plain(random, naive, other)?;
    Some(Criterion::Reverse(kind, parameter.code.to_owned(), Box::new(inner)))
}

fn plain(random: &mut ChaCha8Rng, naive: &mut Naive, at: usize) -> Option<Criterion> {
    let kind = naive.resources[at].kind.clone();
    let parameter = *pick(random, &parameters(&kind))?;
    let code = parameter.code.to_owned();
    if random.random_ratio(1, 20) {
        let value = if random.random_bool(0.5) { "true" } else { "false" };
        return Some(Criterion::Plain { code, modifier: "missing".into(), value: value.into() });
    }
    let values = naive.values(at, parameter);
    let value = pick(random, &values)?.clone();
    let (modifier, mut value) = value_of(random, parameter, &value)?;
    if random.random_ratio(1, 4) {
        value.extend(alternatives(random, naive, parameter, (at, &modifier)));
    }
    Some(Criterion::Plain { code, modifier, value })
}

/// Up to six letters of a text, from anywhere in it.
fn part_of(random: &mut ChaCha8Rng, words: &str) -> String {
    let letters: Vec<char> = words.chars().collect();
    let from = random.random_range(0..letters.len());
    let part: String = letters[from..].iter().take(random.random_range(1..=6)).collect();
    if fold(&part).is_empty() { words.chars().take(1).collect() } else { part }
}

/// One or two values more, of this resource or another of its type, with the comma before each.
fn alternatives(
    random: &mut ChaCha8Rng,
    naive: &mut Naive,
    parameter: &'static SearchParameter,
    (at, modifier): (usize, &str),
) -> Vec<String> {
    let of_kind = naive.of_kind(&naive.resources[at].kind.clone());
    let mut found = Vec::new();
    for _ in 0..random.random_range(1..=2) {
        let other = if random.random_bool(0.5) { at } else { *pick(random, &of_kind).unwrap_or(&at) };
        let values = naive.values(other, parameter);
        let drawn = pick(random, &values).cloned().and_then(|value| value_of(random, parameter, &value));
        found.extend(drawn.filter(|(own, _)| own == modifier).map(|(_, value)| format!(",{value}")));
    }
    found
}

/// A modifier and a text that the value matches, or nearly.
fn value_of(random: &mut ChaCha8Rng, parameter: &SearchParameter, value: &Typed) -> Option<(String, String)> {
    let plain = |text: String| Some((String::new(), text));
    let found = match parameter.kind {
        ParameterKind::Token => {
            let (system, code) = pick(random, &tokens(value))?.clone();
            // What system a bare code implies is not said by its value.
            let is_bare = matches!(value.kind.as_str(), "code" | "boolean");
            let text = match random.random_range(0..4) {
                0 if !system.is_empty() => format!("{system}|"),
                1 if !system.is_empty() => format!("{system}|{code}"),
                2 if system.is_empty() && !is_bare => format!("|{code}"),
                _ => code,
            };
            let modifier = if random.random_ratio(1, 10) { "not" } else { "" };
            Some((modifier.to_owned(), text))
        }
        ParameterKind::String => {
            let text = pick(random, &strings(value))?.clone();
            let words = fold(&text);
            if words.is_empty() {
                return None;
            }
            match random.random_range(0..6) {
                0 => Some(("exact".to_owned(), text)),
                4 | 5 => Some(("contains".to_owned(), part_of(random, &words))),
                1 => plain(words.chars().take(3).collect()),
                _ => plain(text),
            }
        }
        ParameterKind::Date => plain(date_of(random, value)?),
        ParameterKind::Number | ParameterKind::Quantity => plain(amount_of(random, value)?),
        ParameterKind::Reference => reference_of(random, parameter, value),
        ParameterKind::Uri => plain(value.json.text().to_owned()),
        ParameterKind::Composite => {
            let mut texts = Vec::new();
            for (component, values) in parameter.components.iter().zip(&value.parts) {
                let part = definitions().search_parameter_by_url(parameter.base, component.definition)?;
                let value = pick(random, values)?.clone();
                let (modifier, text) = value_of(random, part, &value)?;
                if !modifier.is_empty() || text.ends_with('|') {
                    return None;
                }
                texts.push(text);
            }
            plain(texts.join("$"))
        }
        ParameterKind::Special => None,
    };
    // What would need escapes is left to the tests of the parser.
    let separators: &[char] = match parameter.kind {
        ParameterKind::Composite => &[',', '\\'],
        ParameterKind::Token | ParameterKind::Quantity => &[',', '$', '\\'],
        _ => &[',', '$', '\\', '|'],
    };
    let bars = if parameter.kind == ParameterKind::Quantity { 2 } else { 1 };
    found.filter(|(_, text)| {
        let simple = !text.contains(separators) && !text.is_empty() && text.len() < 200;
        simple && (parameter.kind == ParameterKind::Composite || text.matches('|').count() <= bars)
    })
}

fn prefix(random: &mut ChaCha8Rng) -> &'static str {
    ["", "", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"][random.random_range(0..11)]
}

fn date_of(random: &mut ChaCha8Rng, value: &Typed) -> Option<String> {
    let (low, high) = *pick(random, &periods(value))?;
    let moment = if random.random_bool(0.5) { low } else { high };
    let shift = if random.random_ratio(1, 4) { random.random_range(-100_000_000..100_000_000) } else { 0 };
    let text = jiff::Timestamp::from_millisecond(moment.checked_add(shift)?).ok()?.to_string();
    let length = *pick(random, &[4, 7, 10, 10, usize::MAX])?;
    let text = text.get(..length).unwrap_or(&text).to_owned();
    period_of_text(&text)?;
    Some(format!("{}{text}", prefix(random)))
}

fn amount_of(random: &mut ChaCha8Rng, value: &Typed) -> Option<String> {
    let own = amount(value)?;
    let json = [&value.json, value.json.get("value"), value.json.get("low").get("value"), value.json.get("upperLimit")];
    let number = json.into_iter().map(|json| json.text()).find(|text| !text.is_empty())?.to_owned();
    if number.contains(['e', 'E']) || number.len() > 12 {
        return None;
    }
    let prefix = prefix(random);
    let unit = pick(random, &own.units).filter(|_| !own.is_range && random.random_bool(0.5));
    Some(match unit {
        // Without a system other units would be meant as well.
        Some((system, code)) if !system.is_empty() => format!("{prefix}{number}|{system}|{code}"),
        _ => format!("{prefix}{number}"),
    })
}

fn reference_of(random: &mut ChaCha8Rng, parameter: &SearchParameter, value: &Typed) -> Option<(String, String)> {
    let Some((kind, id)) = local_reference(value) else {
        let link = if value.kind == "Reference" { value.json.get("reference") } else { &value.json };
        let text = link.text().split('|').next()?.to_owned();
        return (text.contains(':')).then_some((String::new(), text));
    };
    let is_declared = parameter.targets.is_empty() || parameter.targets.contains(&kind.as_str());
    Some(match random.random_range(0..3) {
        0 if is_declared => (kind, id),
        1 if is_declared => (String::new(), id),
        _ => (String::new(), format!("{kind}/{id}")),
    })
}
