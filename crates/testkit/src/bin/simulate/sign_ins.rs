//! How to sign in to the trusts of a demonstration, as the demonstration keeps it for its next run.
//! The file is written by the product: a key and a quoted text on each line.

use std::path::Path;

use anyhow::{Context as _, Result};
use testkit::http::Target;

/// A trust and its people: role, name, password.
pub(crate) struct People {
    pub(crate) trust: String,
    sign_ins: Vec<(String, String, String)>,
}

/// Reads the file: each trust begins with its code.
pub(crate) fn read(path: &Path) -> Result<Vec<People>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading {}: is the demonstration there?", path.display()))?;
    let mut all: Vec<People> = Vec::new();
    let (mut role, mut name) = (String::new(), String::new());
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim().trim_matches('"').to_owned();
        match key.trim() {
            "trust" => all.push(People { trust: value, sign_ins: Vec::new() }),
            "role" => role = value,
            "name" => name = value,
            "password" => {
                let people = all.last_mut().context("the file has sign-ins before it has a trust")?;
                people.sign_ins.push((std::mem::take(&mut role), std::mem::take(&mut name), value));
            }
            _ => {}
        }
    }
    Ok(all)
}

impl People {
    pub(crate) async fn sign_in(&self, address: &str, role: &str) -> Result<Target> {
        let person = self.sign_ins.iter().find(|(of, ..)| of == role);
        let (_, name, password) = person.with_context(|| format!("nobody signs in as {role}"))?;
        Target::signed_in(address, &self.trust, name, password).await
    }
}
