// The values of search parameters, found by another FHIRPath engine (npm fhirpath) and read by code of its own.
//
// Reads lines of JSON: first {"parameters": {Type: [{name, kind, expression, components}]}}, then one resource a line.
// Writes a line for each resource: {name: [values as text, sorted, each once]}. How a value is written as text is
// agreed with the test that compares; nothing of the Rust code is used here.
import fs from 'node:fs';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4/index.js';

const [parametersLine, ...lines] = fs.readFileSync(process.argv[2], 'utf8').trim().split('\n');
const { parameters } = JSON.parse(parametersLine);
const compiled = new Map();

function evaluate(expression, resource, base) {
  let run = compiled.get(expression + base);
  if (!run) {
    const where = base ? { base, expression } : expression;
    run = fhirpath.compile(where, r4);
    compiled.set(expression + base, run);
  }
  return run;
}

// `(A.b as T)` is meant for every item, and `resolve()` would ask a server: both are taken off and done here.
function unionMembers(expression) {
  return expression.split('|').map((member) => {
    let text = member.trim();
    let target = null;
    const resolved = text.match(/^(.*)\.where\(resolve\(\) is (\w+)\)$/);
    if (resolved) [, text, target] = resolved;
    text = text.replace(/\((\S+) as (\w+)\)/g, '$1.ofType($2)').replace(/\.as\((\w+)\)/g, '.ofType($1)');
    text = text.replace('ofType(DateTime)', 'ofType(dateTime)').replace(/hasExtension\(([^)]*)\)/, 'extension($1).exists()');
    return { text, target };
  });
}

function targetType(value, resource) {
  const text = value?.reference ?? (typeof value === 'string' ? value : undefined);
  if (text?.startsWith('#')) return (resource.contained ?? []).find((one) => one.id === text.slice(1))?.resourceType;
  const match = text?.match(/(?:^|\/)([A-Z]\w+)\/[A-Za-z0-9.-]+(?:\/_history\/[A-Za-z0-9.-]+)?$/);
  return match ? match[1] : value?.type;
}

function select(expression, resource, type) {
  const found = [];
  for (const { text, target } of unionMembers(expression)) {
    const root = text.match(/^\(?([A-Z]\w+)/)?.[1];
    if (root && ![type, 'Resource', 'DomainResource'].includes(root)) continue;
    for (const item of evaluate(text, resource, '')(resource)) {
      if (!target || targetType(item, resource) === target) found.push(item);
    }
  }
  return found;
}

const kindOf = (item) => item?.__path__?.fhirNodeDataType ?? item?.__path__?.path ?? '';
const list = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]).filter((one) => one !== null);
const readable = (text) => /[\p{L}\p{N}]/u.test(text.normalize('NFKD').replace(/\p{M}/gu, ''));

function tokens(item) {
  if (typeof item !== 'object') return [`|${item}`];
  if (item.coding || kindOf(item) === 'CodeableConcept') return list(item.coding).flatMap(tokensOfCoding);
  if ('value' in item) return typeof item.value === 'string' && item.value ? [`${item.system ?? ''}|${item.value}`] : [];
  return tokensOfCoding(item);
}

const tokensOfCoding = (coding) => (coding.code ? [`${coding.system ?? ''}|${coding.code}`] : []);

function strings(item) {
  if (typeof item === 'string') return [item];
  if (typeof item !== 'object') return [];
  const parts = ['text', 'family', 'given', 'prefix', 'suffix', 'line', 'city', 'district', 'state', 'postalCode', 'country'];
  const own = kindOf(item) === 'Address' ? parts.filter((part) => !['family', 'given', 'prefix', 'suffix'].includes(part)) : parts;
  return own.flatMap((part) => list(item[part]));
}

const FIRST = '-9223372036854775808';
const LAST = '9223372036854775807';

// The first and last millisecond of a partial date; a missing zone is UTC.
function instants(text) {
  const match = text.match(/^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const start = Date.parse(`${year}-${month ?? '01'}-${day ?? '01'}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}.${(fraction ?? '').padEnd(3, '0').slice(0, 3)}${zone ?? 'Z'}`);
  if (Number.isNaN(start)) return null;
  let end;
  if (!month) end = Date.parse(`${String(Number(year) + 1).padStart(4, '0')}-01-01T00:00:00Z`);
  else if (!day) end = Date.UTC(Number(year), Number(month), 1);
  else if (!hour) end = start + 86400000;
  else if (!second) end = start + 60000;
  else end = start + Math.max(1, 1000 / 10 ** (fraction ?? '').length);
  return [start, end - 1];
}

function periods(item) {
  if (typeof item === 'string') {
    const found = instants(item);
    return found ? [found.join('..')] : [];
  }
  if (item.event || item.repeat || item.code) {
    const bounds = item.repeat?.boundsPeriod;
    return [...list(item.event).flatMap(periods), ...(bounds ? periods(bounds) : [])];
  }
  const [start, end] = [item.start && instants(item.start), item.end && instants(item.end)];
  if (!start && !end) return [];
  return [`${start ? start[0] : FIRST}..${end ? end[1] : LAST}`];
}

function amounts(item) {
  if (typeof item === 'number') return [`${item}`];
  if (typeof item?.value === 'number') return [`${item.value}`];
  const low = item?.low?.value ?? item?.lowerLimit;
  const high = item?.high?.value ?? item?.upperLimit;
  return low === undefined && high === undefined ? [] : [`${low ?? ''}..${high ?? ''}`];
}

function references(item) {
  if (typeof item === 'object' && item.resourceType) return item.id ? [`${item.resourceType}/${item.id}`] : [];
  const found = [];
  const text = typeof item === 'string' ? item : item.reference;
  if (text && !text.startsWith('#')) {
    const local = text.match(/^([A-Z]\w+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/);
    found.push(local ? local[1] : text);
  }
  if (item?.identifier?.value) found.push(`identifier ${item.identifier.system ?? ''}|${item.identifier.value}`);
  return found;
}

const READERS = {
  token: tokens, string: (item) => strings(item).filter(readable), date: periods, number: amounts, quantity: amounts,
  reference: references, uri: (item) => (typeof item === 'string' ? [item] : []),
};

function composites(item, parameter, resource) {
  let combinations = [''];
  for (const { kind, expression } of parameter.components) {
    const path = item.__path__?.path ?? resource.resourceType;
    const parts = unionMembers(expression).flatMap(({ text }) => {
      if (text.startsWith('%resource.')) return evaluate(text.slice(10), resource, '')(resource);
      return evaluate(text, item, path)(item);
    });
    let values = parts.flatMap((part) => READERS[kind](part));
    if (kind === 'quantity') values = values.filter((value) => !value.includes('..'));
    combinations = combinations.flatMap((before) => values.map((value) => (before ? `${before}$${value}` : value)));
  }
  return combinations;
}

for (const line of lines) {
  const resource = JSON.parse(line);
  const type = resource.resourceType;
  const values = {};
  for (const parameter of parameters[type] ?? []) {
    const found = select(parameter.expression, resource, type).flatMap((item) =>
      parameter.kind === 'composite' ? composites(item, parameter, resource) : READERS[parameter.kind](item));
    if (found.length) values[parameter.name] = [...new Set(found)].sort();
  }
  process.stdout.write(`${JSON.stringify(values)}\n`);
}
