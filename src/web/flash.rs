//! A message for the next page, carried by a cookie: what was just done, and how to undo it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "message";
/// Its name over TLS: a browser binds it to this host.
const BOUND_COOKIE: &str = "__Host-message";
const LONGEST_TEXT: usize = 600;

/// What a message announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlashKind {
    /// It is done.
    Success,
    /// Something to know.
    Info,
    /// It was not done.
    Error,
}

/// A message shown once, at the top of the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What it announces.
    pub kind: FlashKind,
    /// One or two French sentences, without a child's name.
    pub text: String,
    /// The address that undoes it by POST, and the button's words.
    pub undo_action: Option<String>,
    /// What the undoing button says.
    pub undo_label: Option<String>,
    /// An address to go on from.
    pub link_href: Option<String>,
    /// What the link says.
    pub link_label: Option<String>,
}

impl Flash {
    /// Something was done: "La séance est enregistrée."
    pub fn success(text: impl ToString) -> Self {
        Self::new(FlashKind::Success, text)
    }

    /// Something to know.
    pub fn info(text: impl ToString) -> Self {
        Self::new(FlashKind::Info, text)
    }

    /// Something could not be done, and what to do.
    pub fn error(text: impl ToString) -> Self {
        Self::new(FlashKind::Error, text)
    }

    fn new(kind: FlashKind, text: impl ToString) -> Self {
        let text = text.to_string().chars().take(LONGEST_TEXT).collect();
        Self { kind, text, undo_action: None, undo_label: None, link_href: None, link_label: None }
    }

    /// Adds a button that undoes it by POST to an address of ours.
    #[must_use]
    pub fn with_undo(mut self, label: impl ToString, action: impl ToString) -> Self {
        self.undo_label = Some(label.to_string());
        self.undo_action = Some(action.to_string());
        self
    }

    /// Adds a link to an address of ours.
    #[must_use]
    pub fn with_link(mut self, label: impl ToString, href: impl ToString) -> Self {
        self.link_label = Some(label.to_string());
        self.link_href = Some(href.to_string());
        self
    }

    /// The button that undoes it: its words and its address.
    pub fn undo(&self) -> Option<(&str, &str)> {
        Some((self.undo_label.as_deref()?, self.undo_action.as_deref()?))
    }

    /// The link to go on from: its words and its address.
    pub fn link(&self) -> Option<(&str, &str)> {
        Some((self.link_label.as_deref()?, self.link_href.as_deref()?))
    }

    /// The cookie that carries it to the next page.
    pub fn cookie(&self) -> Cookie<'static> {
        let value = serde_urlencoded::to_string(self).unwrap_or_default();
        let mut cookie = bare_cookie(value);
        cookie.set_max_age(Duration::minutes(1));
        cookie
    }

    /// The message that a request carries; what is not ours is ignored.
    pub fn from_request(request: &HttpRequest) -> Option<Self> {
        let cookie = received(request)?;
        let flash: Self = serde_urlencoded::from_str(cookie.value()).ok()?;
        let ours = [&flash.undo_action, &flash.link_href].into_iter().flatten().all(|href| is_local(href));
        ours.then_some(flash)
    }
}

/// Whether an address stays on this site: `/seances`, never `//elsewhere`, nor what a browser would read so: it takes
/// `\` for `/`, and passes over tabs and line ends.
pub fn is_local(href: &str) -> bool {
    href.starts_with('/') && !href.starts_with("//") && !href.contains(|c: char| c == '\\' || c.is_control())
}

/// Whether a request carries a message.
pub fn is_waiting(request: &HttpRequest) -> bool {
    received(request).is_some()
}

/// The cookie that forgets the message.
pub fn removal() -> Cookie<'static> {
    let mut cookie = bare_cookie(String::new());
    cookie.make_removal();
    cookie
}

fn received(request: &HttpRequest) -> Option<Cookie<'static>> {
    request.cookie(BOUND_COOKIE).or_else(|| request.cookie(COOKIE))
}

/// Over TLS, binds the cookie of a message to this host: who sets it does not know how the page is reached.
pub fn bind_to_host(headers: &mut HeaderMap) {
    let cookies: Vec<HeaderValue> = headers.remove(SET_COOKIE).collect();
    for cookie in cookies {
        let words =
            cookie.to_str().ok().and_then(|text| text.strip_prefix(COOKIE)).filter(|rest| rest.starts_with('='));
        let bound = words.and_then(|rest| HeaderValue::from_str(&format!("{BOUND_COOKIE}{rest}; Secure")).ok());
        headers.append(SET_COOKIE, bound.unwrap_or(cookie));
    }
}

fn bare_cookie(value: String) -> Cookie<'static> {
    Cookie::build(COOKIE, value).path("/").http_only(true).same_site(SameSite::Lax).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn travels_in_a_cookie() {
        let flash = Flash::success("12 séances sont validées ; « à payer »=60 €.").with_undo("Annuler", "/annulation");
        let request = TestRequest::default().cookie(flash.cookie()).to_http_request();
        assert_eq!(Flash::from_request(&request), Some(flash));
        assert!(is_waiting(&request));
    }

    #[test]
    fn never_leads_elsewhere() {
        for href in
            ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere", "/\t/elsewhere", "javascript:alert(1)"]
        {
            let flash = Flash::info("Bonjour").with_link("Ici", href);
            let request = TestRequest::default().cookie(flash.cookie()).to_http_request();
            assert_eq!(Flash::from_request(&request), None, "{href}");
        }
    }
}
