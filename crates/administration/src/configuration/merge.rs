//! Layers into one: a later layer overrides an earlier one by code, key by key, and may switch things off.
//!
//! A list of beds replaces the list that was inherited, as a whole. What lies in a place that is switched off is switched
//! off with it. Knows codes and keys, and nothing of what they mean.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{DOUBLED_CODE, Finding, OFF_NOTHING, SAME_AGAIN};
use super::model::Origin;
use super::objects::{ELSE_IN, Object, Objects, What};

/// The objects that count, with their origins, and those that were switched off.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    pub(super) objects: Vec<(Object, Origin)>,
    pub(super) off: Vec<Object>,
}

/// Merges layers, the last of which is the trust's own.
pub(super) fn merge(layers: Vec<Objects>, findings: &mut Vec<Finding>) -> Merged {
    let mut merging = Merging::default();
    let last = layers.len().saturating_sub(1);
    for (number, layer) in layers.into_iter().enumerate() {
        merging.lay_over(layer, number == last, findings);
    }
    let (objects, mut off) = (merging.objects.into_iter().flatten().collect(), merging.off);
    let objects = switch_off_what_lies_in_it(objects, &mut off);
    Merged { objects, off }
}

/// What an object is and its code.
type Name = (What, String);

#[derive(Default)]
struct Merging {
    /// Objects in the order in which they were first written; `None` where one was taken out.
    objects: Vec<Option<(Object, Origin)>>,
    by_name: BTreeMap<Name, usize>,
    off: Vec<Object>,
}

impl Merging {
    fn lay_over(&mut self, layer: Objects, is_own: bool, findings: &mut Vec<Finding>) {
        let objects = without_doubles(layer.objects, findings);
        self.drop_replaced(&layer.lists, &objects);
        for object in objects {
            let before = self.by_name.get(&name_of(&object)).copied();
            match (before, object.off) {
                (Some(at), true) => {
                    self.by_name.remove(&name_of(&object));
                    self.off.extend(self.objects[at].take().map(|(object, _)| object));
                }
                (None, true) => {
                    let what = format!("“{}” is switched off, but nothing of this code is inherited", object.code);
                    findings.push(OFF_NOTHING.found(&object.at, what, "Leave it out, or look at its code."));
                }
                (Some(at), false) => {
                    if let Some((base, origin)) = &mut self.objects[at] {
                        override_with(base, origin, object, findings);
                    }
                }
                (None, false) => {
                    let origin = if is_own { Origin::Own } else { Origin::Inherited };
                    self.by_name.insert(name_of(&object), self.objects.len());
                    self.objects.push(Some((object, origin)));
                }
            }
        }
    }

    /// Takes out the places of lists that are written again without them.
    fn drop_replaced(&mut self, lists: &[(String, &'static str)], again: &[Object]) {
        let again: BTreeSet<Name> = again.iter().map(name_of).collect();
        for slot in &mut self.objects {
            let Some((object, _)) = slot else { continue };
            let is_replaced = object.list.as_ref().is_some_and(|list| lists.contains(list));
            if is_replaced && !again.contains(&name_of(object)) {
                self.by_name.remove(&name_of(object));
                *slot = None;
            }
        }
    }
}

fn name_of(object: &Object) -> Name {
    (object.what, object.code.clone())
}

/// The first of two objects with one code counts, and the second is a finding.
fn without_doubles(objects: Vec<Object>, findings: &mut Vec<Finding>) -> Vec<Object> {
    let mut first: BTreeMap<Name, usize> = BTreeMap::new();
    let mut kept: Vec<Object> = Vec::with_capacity(objects.len());
    for object in objects {
        match first.get(&name_of(&object)) {
            Some(at) => {
                let what = format!("the code “{}” is there twice", object.code);
                let advice = format!("It was used in {}. Write another code.", kept[*at].at);
                findings.push(DOUBLED_CODE.found(&object.at, what, advice));
            }
            None => {
                first.insert(name_of(&object), kept.len());
                kept.push(object);
            }
        }
    }
    kept
}

fn override_with(base: &mut Object, origin: &mut Origin, by: Object, findings: &mut Vec<Finding>) {
    let is_had = |key: &&'static str, items: &[String]| base.values.get(*key).is_some_and(|had| had.items == items);
    let is_same = by.values.iter().all(|(key, value)| is_had(key, &value.items));
    // Whoever changes what lies in a ward or bay names it again, and a list repeats most of its places.
    let names_again = matches!(by.what, What::Trust | What::Place);
    if is_same && !names_again {
        let what = format!("“{}” says what is inherited already", by.code);
        findings.push(SAME_AGAIN.found(&by.at, what, format!("Leave it out: it is in {}.", base.at)));
    }
    if !is_same {
        *origin = Origin::Overridden { of: base.at.clone() };
        base.at = by.at;
    }
    base.list = by.list.or_else(|| base.list.take());
    base.values.extend(by.values);
}

/// What lies in a place that is off, or in something in it, goes too.
fn switch_off_what_lies_in_it(objects: Vec<(Object, Origin)>, off: &mut Vec<Object>) -> Vec<(Object, Origin)> {
    let is_place = |object: &&Object| object.what == What::Place;
    let mut codes: BTreeSet<String> = off.iter().filter(is_place).map(|object| object.code.clone()).collect();
    let mut objects = objects;
    loop {
        let before = codes.len();
        let (gone, stay): (Vec<_>, Vec<_>) = objects.into_iter().partition(|(object, _)| {
            let of = object.values.get("in").or_else(|| object.values.get(ELSE_IN));
            object.what == What::Place && of.is_some_and(|of| of.items.iter().any(|code| codes.contains(code)))
        });
        codes.extend(gone.iter().map(|(object, _)| object.code.clone()));
        off.extend(gone.into_iter().map(|(object, _)| object));
        objects = stay;
        if codes.len() == before {
            return objects;
        }
    }
}
