//! A search engine that can be believed at sight: every resource of a type is looked at, every value comes from the
//! parameter's FHIRPath expression, and is compared by the words of the standard. It shares nothing with the index
//! but the folding of texts. Knows the forms of value that `random` makes, and no others.

use std::cmp::Ordering;
use std::collections::HashMap;

use fhir::definitions::{ParameterKind, SearchParameter};
use fhir::fhirpath::{Context, Expression, Value};
use fhir::search::fold;
use fhir::{Document, Kind, Limits, Node, definitions};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use terms::Moment;

/// A JSON value that keeps its numbers as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// One value under a parameter, with the name of its type.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) kind: String,
    pub(crate) json: Json,
    /// For composites, the values of the parts.
    pub(crate) parts: Vec<Vec<Typed>>,
}

/// One criterion.
#[derive(Debug, Clone)]
pub(crate) enum Criterion {
    Plain {
        code: String,
        modifier: String,
        value: String,
    },
    /// A reference, the type it leads to, and what holds there.
    Chain(String, String, Box<Criterion>),
    /// The type that refers, its reference, and what holds there.
    Reverse(String, String, Box<Criterion>),
}

/// A resource and its values, evaluated when first wanted.
pub(crate) struct Resource {
    pub(crate) kind: String,
    pub(crate) id: String,
    text: Vec<u8>,
    values: HashMap<&'static str, Vec<Typed>>,
}

/// All resources, in the order in which they were created.
#[derive(Default)]
pub(crate) struct Naive {
    pub(crate) resources: Vec<Resource>,
    by_key: HashMap<(String, String), usize>,
    expressions: HashMap<&'static str, Expression>,
}

/// What a value is sorted by: a text without case and accents and then as it is written, a period by its beginning and
/// then its end, a number by its size.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    Text(String, String),
    Period(i64, i64),
    Number(Decimal),
}

impl Json {
    fn of(node: Node<'_, '_>) -> Json {
        match node.kind() {
            Kind::Null => Json::Null,
            Kind::Boolean => Json::Flag(node.boolean().unwrap()),
            Kind::Number => Json::Number(node.number().unwrap().to_owned()),
            Kind::String => Json::Text(node.text().unwrap().into_owned()),
            Kind::Array => Json::List(node.items().map(Json::of).collect()),
            Kind::Object => {
                Json::Object(node.members().map(|(name, node)| (name.to_owned(), Json::of(node))).collect())
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> &Json {
        match self {
            Json::Object(members) => members.iter().find(|(own, _)| own == name).map_or(&Json::Null, |(_, json)| json),
            _ => &Json::Null,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Json::Text(text) | Json::Number(text) => text,
            Json::Flag(true) => "true",
            Json::Flag(false) => "false",
            _ => "",
        }
    }

    pub(crate) fn list(&self) -> Vec<&Json> {
        match self {
            Json::List(items) => items.iter().collect(),
            Json::Null => Vec::new(),
            one => vec![one],
        }
    }

    fn decimal(&self) -> Option<Decimal> {
        match self {
            Json::Number(text) if text.contains(['e', 'E']) => Decimal::from_scientific(text).ok(),
            Json::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl Naive {
    pub(crate) fn add(&mut self, text: Vec<u8>) {
        let document = Document::parse(&text, &Limits::default()).unwrap();
        let kind = document.resource_type().unwrap().into_owned();
        let id = document.root().get("id").unwrap().text().unwrap().into_owned();
        self.by_key.insert((kind.clone(), id.clone()), self.resources.len());
        self.resources.push(Resource { kind, id, text, values: HashMap::new() });
    }

    /// The places of the resources of a type.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<usize> {
        (0..self.resources.len()).filter(|at| self.resources[*at].kind == kind).collect()
    }

    /// The ids of the resources of a type that satisfy all criteria, in the order of creation.
    pub(crate) fn search(&mut self, kind: &str, criteria: &[Criterion]) -> Vec<String> {
        let mut found = Vec::new();
        for at in self.of_kind(kind) {
            if criteria.iter().all(|criterion| self.holds(at, criterion)) {
                found.push(self.resources[at].id.clone());
            }
        }
        found
    }

    /// What a resource is sorted by: for each key of an order its smallest value, or its largest where the key goes down.
    pub(crate) fn sort_keys(&mut self, kind: &str, id: &str, order: &[(&str, bool)]) -> Vec<Option<SortKey>> {
        let at = self.by_key[&(kind.to_owned(), id.to_owned())];
        let keys = order.iter().map(|(code, down)| {
            let parameter = definitions().search_parameter(kind, code).unwrap();
            let values = self.values(at, parameter);
            let keys = values.iter().flat_map(|value| sort_keys_of(parameter.kind, value));
            if *down { keys.max() } else { keys.min() }
        });
        keys.collect()
    }

    fn holds(&mut self, at: usize, criterion: &Criterion) -> bool {
        match criterion {
            Criterion::Plain { code, modifier, value } => self.holds_plain(at, code, modifier, value),
            Criterion::Chain(code, kind, inner) => {
                let targets = self.targets(at, code);
                targets.into_iter().any(|target| self.resources[target].kind == *kind && self.holds(target, inner))
            }
            Criterion::Reverse(kind, code, inner) => self
                .of_kind(kind)
                .into_iter()
                .any(|other| self.targets(other, code).contains(&at) && self.holds(other, inner)),
        }
    }

    /// Where the references under a parameter lead, as far as they lead anywhere.
    fn targets(&mut self, at: usize, code: &str) -> Vec<usize> {
        let parameter = definitions().search_parameter(&self.resources[at].kind, code).unwrap();
        let links: Vec<(String, String)> = self.values(at, parameter).iter().filter_map(local_reference).collect();
        links.into_iter().filter_map(|key| self.by_key.get(&key).copied()).collect()
    }

    fn holds_plain(&mut self, at: usize, code: &str, modifier: &str, value: &str) -> bool {
        if code == "_id" {
            return value.split(',').any(|id| id == self.resources[at].id);
        }
        let parameter = definitions().search_parameter(&self.resources[at].kind, code).unwrap();
        let values = self.values(at, parameter);
        match modifier {
            "missing" => values.iter().all(|it| !has_value(parameter.kind, it)) == (value == "true"),
            "not" => !alternatives(value).iter().any(|one| values.iter().any(|it| is_match(parameter, it, "", one))),
            _ => alternatives(value).iter().any(|one| values.iter().any(|it| is_match(parameter, it, modifier, one))),
        }
    }

    /// The values of a parameter.
    pub(crate) fn values(&mut self, at: usize, parameter: &'static SearchParameter) -> Vec<Typed> {
        if let Some(values) = self.resources[at].values.get(parameter.full_name) {
            return values.clone();
        }
        let text = self.resources[at].text.clone();
        let document = Document::parse(&text, &Limits::default()).unwrap();
        let context = Context::resource(&document, Moment(0));
        let found = self.evaluate(parameter.expression.unwrap(), &context);
        let typed: Vec<Typed> = found
            .iter()
            .map(|value| {
                let parts = parameter.components.iter().map(|component| {
                    let inner = Context { focus: value.clone(), ..context.clone() };
                    self.evaluate(component.expression, &inner).iter().map(|part| Typed::of(part, Vec::new())).collect()
                });
                let parts = parts.collect();
                Typed::of(value, parts)
            })
            .collect();
        self.resources[at].values.insert(parameter.full_name, typed.clone());
        typed
    }

    fn evaluate<'d>(&mut self, text: &'static str, context: &Context<'d>) -> Vec<Value<'d>> {
        let compiled = self.expressions.entry(text).or_insert_with(|| Expression::compile_for_search(text).unwrap());
        compiled.evaluate(context).map(|found| found.into_vec()).unwrap_or_default()
    }
}

impl Typed {
    fn of(value: &Value<'_>, parts: Vec<Vec<Typed>>) -> Typed {
        let (kind, json) = match value {
            Value::Element(element) => (element.type_name().to_owned(), element.node.map_or(Json::Null, Json::of)),
            Value::Boolean(flag) => ("boolean".to_owned(), Json::Flag(*flag)),
            other => ("string".to_owned(), other.to_text().map_or(Json::Null, Json::Text)),
        };
        Typed { kind, json, parts }
    }
}

fn sort_keys_of(kind: ParameterKind, value: &Typed) -> Vec<SortKey> {
    match kind {
        ParameterKind::Date => {
            periods(value).into_iter().map(|(low, high)| SortKey::Period(low.min(high), high.max(low))).collect()
        }
        ParameterKind::Number | ParameterKind::Quantity => {
            amount(value).filter(|own| !own.is_range).map(|own| SortKey::Number(own.low)).into_iter().collect()
        }
        ParameterKind::String => {
            let texts = strings(value).into_iter().map(|text| SortKey::Text(fold(&text), text));
            texts.filter(|key| !matches!(key, SortKey::Text(folded, _) if folded.is_empty())).collect()
        }
        ParameterKind::Token => tokens(value).into_iter().map(|(system, code)| SortKey::Text(code, system)).collect(),
        _ => vec![SortKey::Text(value.json.text().to_owned(), String::new())],
    }
}

/// How two resources follow each other; one without a value comes after those that have one, whichever way the key goes.
pub(crate) fn in_order(order: &[(&str, bool)], a: &[Option<SortKey>], b: &[Option<SortKey>]) -> Ordering {
    let compared = order.iter().zip(a.iter().zip(b)).map(|((_, down), (a, b))| match (a, b) {
        (Some(a), Some(b)) if *down => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        _ => a.is_none().cmp(&b.is_none()),
    });
    compared.fold(Ordering::Equal, Ordering::then)
}

fn alternatives(value: &str) -> Vec<&str> {
    value.split(',').collect()
}

/// Whether there is something to search by.
fn has_value(kind: ParameterKind, value: &Typed) -> bool {
    match kind {
        ParameterKind::Token => !tokens(value).is_empty() || !texts_of_token(value).is_empty(),
        ParameterKind::String => strings(value).iter().any(|text| !fold(text).is_empty()),
        ParameterKind::Date => !periods(value).is_empty(),
        ParameterKind::Number | ParameterKind::Quantity => amount(value).is_some(),
        ParameterKind::Reference => leads_somewhere(value),
        ParameterKind::Composite => {
            // A part that has no value of its own kind makes no value of the whole. A concept of words alone has none:
            // composites are searched by code (search.html#combining, which leaves modifiers undefined on them).
            let is_value =
                |it: &Typed| it.json != Json::Null && (it.kind != "CodeableConcept" || !tokens(it).is_empty());
            value.parts.iter().all(|values| values.iter().any(is_value))
        }
        _ => value.json != Json::Null,
    }
}

/// A reference that only has a display, or means a resource inside its own, leads nowhere: for a search it is missing.
fn leads_somewhere(value: &Typed) -> bool {
    let link = if value.kind == "Reference" { value.json.get("reference") } else { &value.json };
    let leads = !link.text().is_empty() && !link.text().starts_with('#');
    leads || !value.json.get("identifier").get("value").text().is_empty() || value.json.get("resourceType").text() != ""
}

fn is_match(parameter: &SearchParameter, value: &Typed, modifier: &str, wanted: &str) -> bool {
    match parameter.kind {
        ParameterKind::Composite => {
            let wanted: Vec<&str> = wanted.split('$').collect();
            let kinds = parameter.components.iter().map(|component| {
                let base = parameter.base;
                definitions().search_parameter_by_url(base, component.definition).unwrap()
            });
            kinds
                .zip(&value.parts)
                .zip(wanted)
                .all(|((part, values), wanted)| values.iter().any(|value| is_match(part, value, "", wanted)))
        }
        ParameterKind::Token => is_token(value, wanted),
        ParameterKind::String => {
            let texts = strings(value);
            match modifier {
                "exact" => texts.iter().any(|text| text == wanted),
                "contains" => texts.iter().any(|text| indexed(&fold(text)).contains(&fold(wanted))),
                _ => texts.iter().any(|text| fold(text).starts_with(&fold(wanted))),
            }
        }
        ParameterKind::Date => periods(value).into_iter().any(|own| is_date(own, wanted)),
        ParameterKind::Number | ParameterKind::Quantity => amount(value).is_some_and(|own| is_amount(&own, wanted)),
        ParameterKind::Reference => is_reference(parameter, value, modifier, wanted),
        ParameterKind::Uri => value.json.text() == wanted,
        ParameterKind::Special => false,
    }
}

/// As much of a text as is looked into: 240 bytes, to the end of a letter.
fn indexed(text: &str) -> &str {
    &text[..text.floor_char_boundary(240)]
}

/// System and code; the system is empty when there is none.
pub(crate) fn tokens(value: &Typed) -> Vec<(String, String)> {
    let pair = |system: &Json, code: &Json| (system.text().to_owned(), code.text().to_owned());
    let found = match value.kind.as_str() {
        "CodeableConcept" => {
            let codings = value.json.get("coding").list();
            codings.into_iter().map(|coding| pair(coding.get("system"), coding.get("code"))).collect()
        }
        "Coding" => vec![pair(value.json.get("system"), value.json.get("code"))],
        "Identifier" | "ContactPoint" => vec![pair(value.json.get("system"), value.json.get("value"))],
        _ => vec![pair(&Json::Null, &value.json)],
    };
    found.into_iter().filter(|(_, code)| !code.is_empty()).collect()
}

fn texts_of_token(value: &Typed) -> Vec<&str> {
    let own = match value.kind.as_str() {
        "Identifier" => value.json.get("type"),
        _ => &value.json,
    };
    let mut texts = vec![own.get("text").text(), own.get("display").text()];
    if value.kind == "CodeableConcept" {
        texts.extend(own.get("coding").list().into_iter().map(|coding| coding.get("display").text()));
    }
    texts.into_iter().filter(|text| !fold(text).is_empty()).collect()
}

fn is_token(value: &Typed, wanted: &str) -> bool {
    tokens(value).iter().any(|(system, code)| match wanted.split_once('|') {
        None => code == wanted,
        Some((wanted, "")) => system == wanted,
        Some((wanted_system, wanted)) => system == wanted_system && code == wanted,
    })
}

pub(crate) fn strings(value: &Typed) -> Vec<String> {
    let parts: &[&str] = match value.kind.as_str() {
        "HumanName" => &["text", "family", "given", "prefix", "suffix"],
        "Address" => &["text", "line", "city", "district", "state", "postalCode", "country"],
        _ => return vec![value.json.text().to_owned()],
    };
    let texts = parts.iter().flat_map(|part| value.json.get(part).list()).map(|text| text.text().to_owned());
    texts.collect()
}

/// First and last millisecond, by the precision that is written; without a zone UTC is meant.
pub(crate) fn period_of_text(text: &str) -> Option<(i64, i64)> {
    let millisecond =
        |moment: DateTime| Some(moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond());
    let start_of = |date: Date| millisecond(date.at(0, 0, 0, 0));
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    if text.len() <= 10 {
        let year = number(0..4)?;
        let (first, next) = match text.len() {
            4 => (Date::new(year, 1, 1).ok()?, Date::new(year + 1, 1, 1).ok()?),
            7 => {
                let month = number(5..7)? as i8;
                let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                (Date::new(year, month, 1).ok()?, Date::new(next.0, next.1, 1).ok()?)
            }
            10 => {
                let day = Date::new(year, number(5..7)? as i8, number(8..10)? as i8).ok()?;
                (day, day.tomorrow().ok()?)
            }
            _ => return None,
        };
        return Some((start_of(first)?, start_of(next)? - 1));
    }
    let first = match text.parse::<Timestamp>() {
        Ok(moment) => moment.as_millisecond(),
        Err(_) => millisecond(text.parse::<DateTime>().ok()?)?,
    };
    let fraction = text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count());
    let width = [1000, 100, 10].get(fraction).copied().unwrap_or(1);
    Some((first, first + width - 1))
}

pub(crate) fn periods(value: &Typed) -> Vec<(i64, i64)> {
    let of_period = |period: &Json| {
        let (start, end) = (period_of_text(period.get("start").text()), period_of_text(period.get("end").text()));
        let any = start.is_some() || end.is_some();
        any.then(|| (start.map_or(i64::MIN, |it| it.0), end.map_or(i64::MAX, |it| it.1)))
    };
    match value.kind.as_str() {
        "Period" => of_period(&value.json).into_iter().collect(),
        "Timing" => {
            let events = value.json.get("event").list().into_iter().filter_map(|it| period_of_text(it.text()));
            events.chain(of_period(value.json.get("repeat").get("boundsPeriod"))).collect()
        }
        _ => period_of_text(value.json.text()).into_iter().collect(),
    }
}

fn prefixed(wanted: &str) -> (&str, &str) {
    let prefixes = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"];
    let found = prefixes.into_iter().find_map(|prefix| Some((prefix, wanted.strip_prefix(prefix)?)));
    found.unwrap_or(("eq", wanted))
}

/// search.html, 3.1.1.4.5: both sides are ranges.
fn is_date((low, high): (i64, i64), wanted: &str) -> bool {
    let (prefix, wanted) = prefixed(wanted);
    let (first, last) = period_of_text(wanted).unwrap();
    let (low, high) = (low.min(high), high.max(low));
    let is_inside = first <= low && high <= last;
    match prefix {
        "eq" => is_inside,
        "ne" => !is_inside,
        "gt" => high > last,
        "lt" => low < first,
        "ge" => high > last || is_inside,
        "le" => low < first || is_inside,
        "sa" => low > last,
        _ => high < first,
    }
}

/// A number or range, and the units under which it may be asked for.
pub(crate) struct Amount {
    low: Decimal,
    high: Decimal,
    pub(crate) units: Vec<(String, String)>,
    pub(crate) is_range: bool,
}

pub(crate) fn amount(value: &Typed) -> Option<Amount> {
    let json = &value.json;
    let range = |low: Option<Decimal>, high: Option<Decimal>| {
        let any = low.is_some() || high.is_some();
        let (low, high) = (low.unwrap_or(Decimal::MIN), high.unwrap_or(Decimal::MAX));
        any.then_some(Amount { low, high, units: Vec::new(), is_range: true })
    };
    match value.kind.as_str() {
        "Range" => range(json.get("low").get("value").decimal(), json.get("high").get("value").decimal()),
        "SampledData" => range(json.get("lowerLimit").decimal(), json.get("upperLimit").decimal()),
        _ => {
            let number = json.decimal().or_else(|| json.get("value").decimal())?;
            let pair = |system: &str, code: &Json| (system.to_owned(), code.text().to_owned());
            let units = vec![
                pair(json.get("system").text(), json.get("code")),
                pair("", json.get("unit")),
                pair("urn:iso:std:iso:4217", json.get("currency")),
            ];
            let units = units.into_iter().filter(|(_, code)| !code.is_empty()).collect();
            Some(Amount { low: number, high: number, units, is_range: false })
        }
    }
}

/// search.html, 3.1.1.4.6: a number without prefix covers half a unit of its last digit on both sides.
fn is_amount(own: &Amount, wanted: &str) -> bool {
    let mut parts = wanted.split('|');
    let (prefix, number) = prefixed(parts.next().unwrap());
    if let (Some(system), Some(code)) = (parts.next(), parts.next())
        && !own.units.iter().any(|(own_system, own_code)| own_system == system && own_code == code)
    {
        return false;
    }
    let number: Decimal = number.parse().unwrap();
    let half = Decimal::new(5, number.scale() + 1);
    let (least, most) = (number - half, number + half);
    let is_inside = least <= own.low && own.low < most && least <= own.high && own.high < most;
    match prefix {
        "eq" => is_inside,
        "ne" => !is_inside,
        "gt" | "sa" => {
            if prefix == "gt" {
                own.high > number
            } else {
                own.low > number
            }
        }
        "lt" | "eb" => {
            if prefix == "lt" {
                own.low < number
            } else {
                own.high < number
            }
        }
        "ge" => own.high >= number,
        _ => own.low <= number,
    }
}

/// `Type/id` of a reference that is neither absolute nor contained.
pub(crate) fn local_reference(value: &Typed) -> Option<(String, String)> {
    let link = match value.kind.as_str() {
        "Reference" => value.json.get("reference").text(),
        _ => value.json.text(),
    };
    let mut parts = link.split('/');
    let (kind, id) = (parts.next()?, parts.next()?);
    definitions().resource_type(kind)?;
    let is_whole = matches!((parts.next(), parts.next(), parts.next()), (None, ..) | (Some("_history"), Some(_), None));
    is_whole.then(|| (kind.to_owned(), id.to_owned()))
}

fn is_reference(parameter: &SearchParameter, value: &Typed, modifier: &str, wanted: &str) -> bool {
    let Some((kind, id)) = local_reference(value) else {
        let link = if value.kind == "Reference" { value.json.get("reference") } else { &value.json };
        return link.text() == wanted || link.text().split_once('|').is_some_and(|(address, _)| address == wanted);
    };
    match wanted.split_once('/') {
        Some((wanted_kind, wanted_id)) => kind == wanted_kind && id == wanted_id,
        None if !modifier.is_empty() => kind == modifier && id == wanted,
        None => id == wanted && (parameter.targets.is_empty() || parameter.targets.contains(&kind.as_str())),
    }
}
