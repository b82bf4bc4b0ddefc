//! Prepares the assets that the binary carries: our own style sheet and script, and the two libraries that `npm ci`
//! brings (nhsuk-frontend's style sheet, htmx). Takes the web fonts and the unused components out of
//! nhsuk-frontend's sheet and gives each asset a name that changes with its content.
//!
//! Knows nothing of pages. A missing `node_modules` becomes one readable compile error.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Blocks of nhsuk-frontend whose rules the pages use; rules for any other `.nhsuk-…` class are left out.
const USED_BLOCKS: &[&str] = &[
    "nhsuk-body",
    "nhsuk-button",
    "nhsuk-error-message",
    "nhsuk-error-summary",
    "nhsuk-fieldset",
    "nhsuk-form-group",
    "nhsuk-frontend-supported",
    "nhsuk-heading-l",
    "nhsuk-hint",
    "nhsuk-input",
    "nhsuk-label",
    "nhsuk-link",
    "nhsuk-select",
    "nhsuk-skip-link",
    "nhsuk-u-visually-hidden",
];

/// One asset: the stem of its name, its extension, and its bytes.
struct Asset {
    stem: &'static str,
    extension: &'static str,
    bytes: Vec<u8>,
}

fn main() {
    let crate_dir = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let modules = crate_dir.join("../../node_modules");
    let written = match prepare(&crate_dir, &modules) {
        Ok(assets) => emit(&assets),
        Err(missing) => format!(
            "compile_error!(\"the portal's assets cannot be built: {} is missing. Run `npm ci` in the repository's \
             root, then build again.\");\nconst ALL: [Asset; 0] = [];\n",
            missing.display()
        ),
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("assets.rs");
    if let Err(problem) = fs::write(&out, written) {
        println!("cargo::error=cannot write {}: {problem}", out.display());
    }
}

/// Reads every asset; the path that could not be read is the error.
fn prepare(crate_dir: &Path, modules: &Path) -> Result<Vec<Asset>, PathBuf> {
    let nhsuk = read(&modules.join("nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css"))?;
    let assets = crate_dir.join("assets");
    Ok(vec![
        Asset { stem: "nhsuk", extension: "css", bytes: prune(&String::from_utf8_lossy(&nhsuk)).into_bytes() },
        Asset { stem: "almoner", extension: "css", bytes: spare_sheet(&read(&assets.join("almoner.css"))?) },
        Asset { stem: "htmx", extension: "js", bytes: read(&modules.join("htmx.org/dist/htmx.min.js"))? },
        Asset { stem: "almoner", extension: "js", bytes: tighten(&spare(&read(&assets.join("almoner.js"))?)) },
        Asset { stem: "board", extension: "js", bytes: tighten(&spare(&read(&assets.join("board.js"))?)) },
        Asset { stem: "mark", extension: "svg", bytes: read(&assets.join("mark.svg"))? },
    ])
}

fn read(path: &Path) -> Result<Vec<u8>, PathBuf> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(path).map_err(|_| path.to_path_buf())
}

/// Our own text without what only its readers need: the space before each line, comments that are lines of their own, ends of
/// lines behind which something must follow; of a sheet also the prefix that keeps its names apart from others' in the source.
fn spare(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let mut spared = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines().map(str::trim) {
        is_comment |= line.starts_with("/*");
        let is_kept = !is_comment && !line.is_empty() && !line.starts_with("//");
        is_comment &= !line.ends_with("*/");
        if !is_kept {
            continue;
        }
        spared.push_str(line);
        // What ends otherwise may be ended by the end of the line alone.
        if !line.ends_with(['{', '}', ';', ',', '(']) {
            spared.push('\n');
        }
    }
    spared.into_bytes()
}

/// A script without the spaces that part nothing: those beside a sign. What is in quotes stays as it is; our scripts have no
/// space in a pattern and no sign twice.
fn tighten(script: &[u8]) -> Vec<u8> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_$".contains(byte));
    let mut quote = None;
    let mut tight = Vec::with_capacity(script.len());
    for (at, byte) in script.iter().enumerate() {
        match quote {
            Some(begun) if *byte == begun => quote = None,
            None if b"\"'`".contains(byte) => quote = Some(*byte),
            None if *byte == b' ' && !(is_word(tight.last()) && is_word(script.get(at + 1))) => continue,
            _ => {}
        }
        tight.push(*byte);
    }
    tight
}

/// A sheet of ours, spared, with short names for its own properties: a letter and a number, in the order of their names.
fn spare_sheet(text: &[u8]) -> Vec<u8> {
    let spared = String::from_utf8_lossy(&spare(text)).into_owned();
    let ends = |part: &str| part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let names: std::collections::BTreeSet<&str> =
        spared.split("--al-").skip(1).map(|part| &part[..ends(part).unwrap_or(part.len())]).collect();
    // A name may be the beginning of another one: the longer ones are replaced first.
    let mut names: Vec<(usize, String)> = names.into_iter().map(str::to_owned).enumerate().collect();
    names.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
    let mut short = spared.clone();
    for (number, name) in names {
        short = short.replace(&format!("--al-{name}"), &format!("--{}", letters(number)));
    }
    short.into_bytes()
}

/// A number in letters: `a` to `z`, `aa` and so on.
fn letters(number: usize) -> String {
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)).to_string();
    if number < 26 { letter(number) } else { format!("{}{}", letters(number / 26 - 1), letter(number)) }
}

/// The generated source: writes each asset beside it and lists them with their fingerprinted names.
fn emit(assets: &[Asset]) -> String {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut source = String::new();
    for asset in assets {
        let file = format!("{}.{}", asset.stem, asset.extension);
        if let Err(problem) = fs::write(out.join(&file), &asset.bytes) {
            println!("cargo::error=cannot write {file}: {problem}");
        }
        let name = format!("{}-{:016x}.{}", asset.stem, fingerprint(&asset.bytes), asset.extension);
        let constant = format!("{}_{}", asset.stem, asset.extension).to_uppercase();
        let _ = writeln!(
            source,
            "/// `{file}`, prepared at build.\npub(crate) const {constant}: Asset = Asset {{ name: {name:?}, url: \
             \"/assets/{name}\", media: media({:?}), bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\")) }};",
            asset.extension
        );
    }
    let names: Vec<String> =
        assets.iter().map(|asset| format!("{}_{}", asset.stem, asset.extension).to_uppercase()).collect();
    let _ = writeln!(source, "const ALL: [Asset; {}] = [{}];", names.len(), names.join(", "));
    source
}

/// FNV-1a, 64 bits (draft-eastlake-fnv): changes when the content does, which is all a cache name needs.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Takes out `@font-face` (web fonts come from another host, and their licence is for NHS sites) and every rule
/// whose selectors all name a component we do not use. Media queries are pruned inside; other at-rules stay.
fn prune(css: &str) -> String {
    let mut kept = String::with_capacity(css.len() / 4);
    let mut rest = css;
    while let Some(open) = rest.find('{') {
        let (prelude, after) = (&rest[..open], &rest[open + 1..]);
        let close = matching_brace(after);
        let body = &after[..close];
        rest = after.get(close + 1..).unwrap_or("");
        // A statement such as `@charset "…";` may stand before the selector.
        let selector = prelude.rsplit(';').next().unwrap_or(prelude).trim();
        if selector.starts_with("@font-face") {
            continue;
        }
        if selector.starts_with("@media") || selector.starts_with("@supports") {
            let inner = prune(body);
            if !inner.is_empty() {
                let _ = write!(kept, "{selector}{{{inner}}}");
            }
            continue;
        }
        let used: Vec<&str> = selector.split(',').filter(|one| is_used(one)).collect();
        if selector.starts_with('@') {
            let _ = write!(kept, "{selector}{{{body}}}");
        } else if !used.is_empty() {
            let _ = write!(kept, "{}{{{body}}}", used.join(","));
        }
    }
    kept
}

/// The index of the brace that closes a block whose opening brace stands just before `text`.
fn matching_brace(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether every nhsuk class of a selector belongs to a block we use.
fn is_used(selector: &str) -> bool {
    selector.match_indices(".nhsuk-").all(|(at, _)| {
        let class = &selector[at + 1..];
        let end = class.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_')).unwrap_or(class.len());
        let block = class[..end].split("__").next().unwrap_or("").split("--").next().unwrap_or("");
        USED_BLOCKS.contains(&block)
    })
}
