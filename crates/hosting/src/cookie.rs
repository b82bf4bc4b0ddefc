//! The two cookies: the session's, and the one before a session that ties a sign-in form to its browser.
//!
//! Both are `HttpOnly` and `SameSite=Lax`; behind TLS also `Secure` with the `__Host-` prefix, so that no other host
//! of the same domain can set them.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::secret::Secret;
use crate::trusts::TrustCode;

/// The session's cookie: `CODE.token`.
pub(crate) const SESSION: &str = "almoner";
/// The cookie of the sign-in form.
pub(crate) const BEFORE: &str = "almoner-before";

const SECURE_PREFIX: &str = "__Host-";

/// The trust and token of the session's cookie.
pub(crate) fn session(headers: &HeaderMap) -> Option<(TrustCode, Secret)> {
    let value = get(headers, SESSION)?;
    let (code, token) = value.split_once('.')?;
    Some((TrustCode::parse(code).ok()?, Secret::new(token)))
}

/// A cookie's value, with or without the prefix.
pub(crate) fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut named = pairs.filter(|(found, _)| found.strip_prefix(SECURE_PREFIX).unwrap_or(found) == name);
    named.next().map(|(_, value)| value)
}

/// Sets a cookie until the browser closes, or removes it.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: Option<&str>, secure: bool) {
    let (prefix, mark) = if secure { (SECURE_PREFIX, "; Secure") } else { ("", "") };
    let (value, age) = value.map_or(("", "; Max-Age=0"), |value| (value, ""));
    let line = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{mark}{age}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        headers.append(SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; __Host-almoner=RTX.ff00".parse().unwrap());
        headers.append(COOKIE, "almoner-before=77".parse().unwrap());
        let (code, token) = session(&headers).unwrap();
        assert_eq!((code.as_str(), token.reveal()), ("RTX", "ff00"));
        assert_eq!(get(&headers, BEFORE), Some("77"));
        assert_eq!(get(&headers, "b"), None);
    }

    #[test]
    fn cookies_are_set_for_this_host_alone() {
        let mut headers = HeaderMap::new();
        set(&mut headers, SESSION, Some("RTX.1"), true);
        set(&mut headers, SESSION, None, false);
        let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(lines[0], "__Host-almoner=RTX.1; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(lines[1], "almoner=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    }
}
