//! What the API's addresses share: bodies read once, idempotency keys, pages of a list.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;

use crate::app::App;
use crate::db::Tx;
use crate::error::AppError;
use crate::failure::{Failure, Refusal};
use crate::idempotency::{Key, Once, write_once};
use crate::ids::AccountId;
use crate::web::{body, csrf};

/// The header that carries an idempotency key.
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// The header that carries the token of a sign-in, for scripts of our own pages.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// A JSON body, with what was sent beside it. An unknown key or a wrong type is refused, saying which.
#[derive(Debug)]
pub struct Posted<T> {
    /// What was asked.
    pub value: T,
    /// The body as it came: what the idempotency key stands for.
    pub bytes: Bytes,
    /// The idempotency key, if one was sent.
    pub key: Option<String>,
}

impl<T: DeserializeOwned> FromRequest for Posted<T> {
    type Error = AppError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, AppError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body::read(request, payload, body::JSON);
        let request = request.clone();
        Box::pin(async move {
            if !csrf::is_expected(&request, header(&request, CSRF_HEADER).unwrap_or_default()) {
                return Err(AppError::StaleForm);
            }
            let bytes = body.await?;
            let value = read(if bytes.is_empty() { b"{}" } else { &bytes }).map_err(|e| unreadable(&e.to_string()))?;
            let key = header(&request, IDEMPOTENCY_HEADER).map(str::to_owned);
            Ok(Self { value, bytes, key })
        })
    }
}

/// Reads an object. JSON has one kind of number: 45.0 is as whole as 45.
fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    // serde would take a list for an object, its values in the order of the fields
    if text.trim_ascii_start().first() == Some(&b'[') {
        return Err(serde_json::Error::custom("a list, expected an object"));
    }
    serde_json::from_slice(text).or_else(|first| {
        let mut value: Value = serde_json::from_slice(text).map_err(|_| serde_json::Error::custom(&first))?;
        if make_whole(&mut value) { serde_json::from_value(value) } else { Err(first) }
    })
}

/// Writes numbers without a fraction as whole ones; whether there was any.
fn make_whole(value: &mut Value) -> bool {
    // beyond, two whole numbers share one writing
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(exact) if exact.fract() == 0.0 && exact.abs() < LARGEST => {
                *value = Value::from(exact as i64);
                true
            }
            _ => false,
        },
        Value::Array(values) => count_whole(values.iter_mut()) > 0,
        Value::Object(entries) => count_whole(entries.values_mut()) > 0,
        _ => false,
    }
}

/// Every value is visited: the first that changes is not the last.
fn count_whole<'v>(values: impl Iterator<Item = &'v mut Value>) -> usize {
    values.map(make_whole).filter(|changed| *changed).count()
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn unreadable(why: &str) -> AppError {
    AppError::Unreadable(format!("Le corps JSON de la demande ne se lit pas : {why}."))
}

/// The key that was sent, for a verb and the body that it came with.
///
/// # Errors
/// When it is too short, too long, or not visible.
pub fn key<T>(posted: &Posted<T>, account: AccountId, verb: &str) -> Result<Option<Key>, AppError> {
    let wrong = || AppError::Unreadable("La clé d’idempotence a de 8 à 128 caractères visibles.".to_owned());
    let make = |key: &String| Key::new(account, key, verb, &posted.bytes).ok_or_else(wrong);
    posted.key.as_ref().map(make).transpose()
}

/// Runs a verb once for its key.
///
/// # Errors
/// When the key came before with another body, or as the verb says.
pub async fn run<T, R>(
    app: &App,
    key: Option<Key>,
    work: impl FnMut(&mut Tx<'_>) -> Result<T, Failure<R>> + Send + 'static,
) -> Result<T, AppError>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    R: Refusal + Send + 'static,
{
    answered(write_once(&app.db, &app.clock, key, work).await?)
}

/// What a verb answered, now or when the key came first.
///
/// # Errors
/// When the key came before with another body.
pub fn answered<T>(outcome: Once<T>) -> Result<T, AppError> {
    match outcome {
        Once::Answer(answer) => Ok(answer),
        Once::KeyReused => Err(AppError::KeyReused),
    }
}

/// What a text of a query says; nothing when it is empty.
pub fn said(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Which page of a list is asked for.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageOf {
    /// From 1.
    pub page: Option<i64>,
}

/// A page of a list.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Paged<T> {
    /// What is on the page.
    pub items: Vec<T>,
    /// The page, from 1.
    pub page: i64,
    /// How many things are on a page at most.
    pub size: i64,
    /// How many things there are in all.
    pub total: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Length {
        minutes: i32,
    }

    #[test]
    fn a_whole_number_is_whole_however_it_is_written() {
        let length = |text: &str| read::<Length>(text.as_bytes());
        assert_eq!(length(r#"{"minutes": 45.0}"#).ok(), Some(Length { minutes: 45 }));
        assert_eq!(length(r#"{"minutes": 4.5e1}"#).ok(), Some(Length { minutes: 45 }));
        for wrong in [r#"{"minutes": 45.5}"#, r#"{"minutes": 1e300}"#, r#"{"minutes": 45.0, "hours": 1}"#, "{", "[45]"]
        {
            assert!(length(wrong).is_err(), "{wrong}");
        }
        let unknown = length(r#"{"minutes": 1, "hours": 1}"#).expect_err("an unknown key").to_string();
        assert!(unknown.contains("hours") && unknown.contains("line 1"), "{unknown}");
    }
}
