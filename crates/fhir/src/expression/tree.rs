//! Functions of FHIR and of the tree: children, types, time, extensions, references (FHIRPath 2.0.0, 5.8 to 5.10;
//! FHIR R4, "FHIRPath Functions").

use super::Fault;
use super::ast::Expr;
use super::evaluate::{Evaluation, Outcome, Scope, answer};
use super::functions::Function;
use super::reference::{self, Reference};
use super::temporal::Temporal;
use super::value::{Collection, Element, Value};
use crate::definitions::definitions;
use smallvec::smallvec;

pub(super) fn call<'d>(
    evaluation: &Evaluation<'_, 'd>,
    function: Function,
    items: Collection<'d>,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    use Function::*;
    match function {
        HasValue => Ok(answer(Some(match items.as_slice() {
            [Value::Element(element)] => element.primitive().is_some() && element.node.is_some(),
            [_] => true,
            _ => false,
        }))),
        GetValue => Ok(evaluation.at_most_one(items)?.map(Value::simplified).into_iter().collect()),
        Children => children(evaluation, &items),
        Descendants => descendants(evaluation, items),
        Type => Ok(items.iter().map(type_of).collect()),
        Trace => {
            // The name and projection are only for a log, which is not kept; faults in them still count.
            for argument in arguments.iter().take(1) {
                evaluation.eval(argument, scope)?;
            }
            Ok(items)
        }
        Now => Ok(smallvec![Value::Temporal(Temporal::of_instant(evaluation.context.now.0))]),
        Today => Ok(smallvec![Value::Temporal(Temporal::of_instant(evaluation.context.now.0).date_only())]),
        TimeOfDay => Ok(smallvec![Value::Temporal(Temporal::of_instant(evaluation.context.now.0).time_only())]),
        Extension | HasExtension => {
            let url = match arguments.first() {
                Some(argument) => evaluation.text_argument(argument, scope)?,
                None => None,
            };
            let found = extensions(evaluation, &items, url.as_deref().unwrap_or_default())?;
            Ok(if function == HasExtension { answer(Some(!found.is_empty())) } else { found })
        }
        Resolve => {
            let resource = evaluation.context.resource;
            Ok(items.iter().filter_map(|item| resolve(item, &resource)).collect())
        }
        ConformsTo => conforms_to(evaluation, items, arguments, scope),
        _ => Err(Fault::new("this function is not known here")),
    }
}

fn children<'d>(evaluation: &Evaluation<'_, 'd>, items: &Collection<'d>) -> Outcome<'d> {
    let mut found = Collection::new();
    for item in items {
        if let Value::Element(element) = item {
            element.all_children(&mut found);
        }
    }
    evaluation.bounded(found)
}

fn descendants<'d>(evaluation: &Evaluation<'_, 'd>, items: Collection<'d>) -> Outcome<'d> {
    let mut found = Collection::new();
    let mut level = children(evaluation, &items)?;
    while !level.is_empty() {
        let next = children(evaluation, &level)?;
        found.extend(level);
        found = evaluation.bounded(found)?;
        level = next;
    }
    Ok(found)
}

fn type_of<'d>(item: &Value<'d>) -> Value<'d> {
    let is_fhir = matches!(item, Value::Element(_) | Value::Elsewhere(_));
    let namespace = if is_fhir { "FHIR" } else { "System" };
    Value::Type { namespace, name: item.type_name().into() }
}

fn extensions<'d>(evaluation: &Evaluation<'_, 'd>, items: &Collection<'d>, url: &str) -> Outcome<'d> {
    let mut found = evaluation.children(items, "extension")?;
    found.retain(|item| match item {
        Value::Element(Element { node: Some(node), .. }) => {
            node.get("url").and_then(|own| own.text()).is_some_and(|own| own == url)
        }
        _ => false,
    });
    Ok(found)
}

/// What a reference points to: a contained resource itself, of another its type.
fn resolve<'d>(item: &Value<'d>, resource: &Element<'d>) -> Option<Value<'d>> {
    let Value::Element(Element { node: Some(node), .. }) = item else { return None };
    let text = node.get("reference").and_then(|text| text.text()).or_else(|| node.text());
    let named_type = || {
        let name = node.get("type").and_then(|name| name.text())?;
        definitions().resource_type(&name)
    };
    match text.as_deref().map(reference::read) {
        Some(Reference::Contained(id)) => {
            let mut contained = resource.node?.get("contained")?.items();
            let found = contained.find(|node| node.get("id").and_then(|own| own.text()).is_some_and(|own| own == id));
            found.map(|node| Value::Element(Element::resource(node)))
        }
        Some(Reference::Local { structure, .. } | Reference::Absolute { of: Some((structure, _)), .. }) => {
            Some(Value::Elsewhere(structure))
        }
        _ => named_type().map(Value::Elsewhere),
    }
}

fn conforms_to<'d>(
    evaluation: &Evaluation<'_, 'd>,
    items: Collection<'d>,
    arguments: &[Expr],
    scope: Scope<'_, 'd>,
) -> Outcome<'d> {
    let Some(item) = evaluation.at_most_one(items)? else { return Ok(Collection::new()) };
    let url = match arguments.first() {
        Some(argument) => evaluation.text_argument(argument, scope)?.unwrap_or_default(),
        None => String::new(),
    };
    let name = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/").unwrap_or_default();
    let Some(wanted) = definitions().structure(name) else {
        return Err(Fault::new("only the standard's own types can be asked for"));
    };
    let Value::Element(Element { structure: Some(structure), .. }) = item else { return Ok(answer(Some(false))) };
    Ok(answer(Some(structure.is_a(wanted.name))))
}
