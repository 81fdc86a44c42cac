//! Forms: what was posted kept as text, what is refused beside each field, and how a field is shown again.

mod field;
mod read;

pub use field::{Choice, Field, FieldKind, Width};

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use askama::Template;
use askama::filters::HtmlSafe;
use uuid::Uuid;

use crate::error::AppError;
use crate::idempotency::Key;
use crate::ids::AccountId;
use crate::web::{body, csrf};

/// The name of the hidden field that carries the idempotency key.
pub const IDEMPOTENCY_FIELD: &str = "idempotency_key";
/// The name of the hidden field that carries the CSRF token.
pub const CSRF_FIELD: &str = "csrf";

/// A form's values by name, and the refusals in the order in which they were found.
///
/// It is an extractor: a handler that takes `mut form: FormState` gets what was posted, and only from a page of the
/// same sign-in: a form without its token is refused before the handler runs.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    values: Vec<(String, String)>,
    refusals: Vec<Refusal>,
}

/// Why a field, or the whole form when the name is empty, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field's name, or nothing.
    pub name: String,
    /// What is wrong and what to do, as one sentence.
    pub message: String,
}

impl FormState {
    /// A form not yet filled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads what a browser posts (`application/x-www-form-urlencoded`); what cannot be read is an empty form.
    pub fn parse(body: &[u8]) -> Self {
        Self { values: serde_urlencoded::from_bytes(body).unwrap_or_default(), refusals: Vec::new() }
    }

    /// Gives a field its value before it is first shown.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.push((name.to_owned(), value.to_string()));
        self
    }

    /// Gives a field another value than the one posted.
    pub fn set(&mut self, name: &str, value: impl ToString) {
        self.values.retain(|(key, _)| key != name);
        self.values.push((name.to_owned(), value.to_string()));
    }

    /// The first value of a field, trimmed; empty when absent.
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// The value of a field as it was typed, for passwords.
    pub fn raw(&self, name: &str) -> &str {
        self.values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// All values of a field that may have several, such as boxes of a list.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim()).collect()
    }

    /// Whether a box is ticked or a button was pressed: whether the name is there.
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(key, _)| key == name)
    }

    /// The idempotency key posted with the form, if it is one, for a verb and all that it is given.
    pub fn key(&self, account: AccountId, verb: &str, asked: impl AsRef<[u8]>) -> Option<Key> {
        let key: Uuid = self.value(IDEMPOTENCY_FIELD).parse().ok()?;
        Key::new(account, &key.to_string(), verb, asked.as_ref())
    }

    /// A hash of all that was posted, its token included: what the idempotency key stands for.
    pub fn digest(&self) -> Vec<u8> {
        use sha2::{Digest, Sha256};
        let posted = serde_urlencoded::to_string(&self.values).unwrap_or_default();
        Sha256::digest(posted.as_bytes()).to_vec()
    }

    /// Refuses a field, saying what is wrong and what to do.
    pub fn refuse(&mut self, name: &str, message: impl ToString) {
        self.refusals.push(Refusal { name: name.to_owned(), message: message.to_string() });
    }

    /// Refuses the form as a whole.
    pub fn refuse_whole(&mut self, message: impl ToString) {
        self.refuse("", message);
    }

    /// Whether nothing is refused.
    pub fn is_accepted(&self) -> bool {
        self.refusals.is_empty()
    }

    /// Whether something is refused.
    pub fn is_refused(&self) -> bool {
        !self.is_accepted()
    }

    /// The first refusal of a field.
    pub fn refusal(&self, name: &str) -> Option<&str> {
        self.refusals.iter().find(|refusal| refusal.name == name).map(|refusal| refusal.message.as_str())
    }

    /// The refusals together, for the top of the page: `{{ form.error_summary() }}`; nothing when there is none.
    pub fn error_summary(&self) -> ErrorSummary {
        ErrorSummary { refusals: self.refusals.clone() }
    }
}

impl FromRequest for FormState {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body::read(request, payload, body::FORM);
        let request = request.clone();
        Box::pin(async move {
            let form = Self::parse(&body.await?);
            if !csrf::is_expected(&request, form.value(CSRF_FIELD)) {
                return Err(AppError::StaleForm);
            }
            Ok(form)
        })
    }
}

/// The refusals of a form, each a link to its field.
#[derive(Debug, Clone, Template)]
#[template(path = "components/error_summary.html")]
pub struct ErrorSummary {
    refusals: Vec<Refusal>,
}

impl HtmlSafe for ErrorSummary {}
