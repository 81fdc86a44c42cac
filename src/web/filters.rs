//! Filters of the templates: dates and times as French people write them.
//!
//! Money and lengths of time need none: `Cents` and `Minutes` write themselves.

use chrono::{NaiveDate, NaiveTime};

use crate::calendar;
use crate::sql_types::Ts;

/// `mardi 24 novembre`: `{{ session.held_on|day }}`.
#[askama::filter_fn]
pub fn day(on: &NaiveDate, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(calendar::french_day(*on))
}

/// `24 novembre 2026`.
#[askama::filter_fn]
pub fn date(on: &NaiveDate, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(calendar::french_date(*on))
}

/// `24/11/2026`, for tables.
#[askama::filter_fn]
pub fn short_date(on: &NaiveDate, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(calendar::short_date(*on))
}

/// `2026-11-24`, for the `datetime` of `<time>` and for values of fields.
#[askama::filter_fn]
pub fn iso_date(on: &NaiveDate, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(on.to_string())
}

/// `14 h 30`.
#[askama::filter_fn]
pub fn time(at: &NaiveTime, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(calendar::french_time(*at))
}

/// The local day and time of an instant: `24 novembre 2026 à 14 h 30`.
#[askama::filter_fn]
pub fn moment(at: &Ts, _: &dyn askama::Values) -> askama::Result<String> {
    let local = calendar::local(*at);
    Ok(format!("{} à {}", calendar::french_date(local.date_naive()), calendar::french_time(local.time())))
}

/// A count with its noun: `{{ 12|count("séance", "séances") }}` gives `12 séances`; zero is singular in French.
#[askama::filter_fn]
pub fn count(number: &i64, _: &dyn askama::Values, singular: &str, plural: &str) -> askama::Result<String> {
    Ok(format!("{number}\u{a0}{}", if number.abs() < 2 { singular } else { plural }))
}
