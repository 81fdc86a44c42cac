//! Writes a convention as its file: what is written reads back the same, so that a screen and a file say one thing.

use std::fmt::Write;

use chrono::NaiveDate;

use super::Period;
use super::file::{ConventionFile, DefaultRate, Heading, Neighbourhood, Programme, ServiceLine, Signatory, Year};
use super::{AbsenceRule, Buyer, Terms};
use crate::money::Cents;

/// The text of a convention's file, for `psypre convention import` and for people.
pub fn write(file: &ConventionFile) -> String {
    let mut text = Text::default();
    heading(&mut text, &file.convention);
    buyer(&mut text, &file.buyer);
    for each in &file.signatories {
        signatory(&mut text, each);
    }
    for each in &file.neighbourhoods {
        neighbourhood(&mut text, each);
    }
    for each in &file.programmes {
        programme(&mut text, each);
    }
    for each in &file.grants {
        text.section("[[grants]]");
        text.text("code", &each.code);
        text.text("name", &each.name);
    }
    for each in &file.budget_years {
        year(&mut text, each);
    }
    for each in &file.service_lines {
        service_line(&mut text, each);
    }
    for each in &file.terms {
        terms(&mut text, each);
    }
    for each in &file.rates {
        rate(&mut text, each);
    }
    text.0
}

/// The name of a convention's file: its short name, or what stands for it.
pub fn file_name(file: &ConventionFile) -> String {
    let name: String = file.convention.slug.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "convention.toml".to_owned() } else { format!("{name}.toml") }
}

#[derive(Default)]
struct Text(String);

impl Text {
    /// Opens `[name]` or `[[name]]`.
    fn section(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(format_args!("{title}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // writing to a text cannot fail
        let _ = writeln!(self.0, "{line}");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.line(format_args!("{key} = {}", quoted(value)));
    }

    fn optional_text(&mut self, key: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn value(&mut self, key: &str, value: impl std::fmt::Display) {
        self.line(format_args!("{key} = {value}"));
    }

    fn day(&mut self, key: &str, day: Option<NaiveDate>) {
        if let Some(day) = day {
            self.value(key, day);
        }
    }

    fn period(&mut self, period: Period) {
        self.value("from", period.from);
        self.value("until", period.until);
    }

    fn absence(&mut self, kind: &str, rule: AbsenceRule) {
        self.value(&format!("{kind}_absence_billed"), rule.billed);
        self.value(&format!("{kind}_absence_counted"), rule.counted);
    }
}

/// A text between quotes, as TOML wants it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Euros between quotes: a whole number of digits, however large, and never through a float.
fn euros(amount: Cents) -> String {
    quoted(&amount.plain())
}

fn heading(text: &mut Text, of: &Heading) {
    text.section("[convention]");
    text.text("slug", &of.slug);
    text.text("title", &of.title);
    text.period(of.period);
    text.day("signed_on", of.signed_on);
    if of.is_example {
        text.value("example", true);
    }
}

fn buyer(text: &mut Text, of: &Buyer) {
    text.section("[buyer]");
    text.text("name", &of.name);
    text.text("siren", &of.siren);
    text.text("siret", &of.siret);
    text.text("street", &of.street);
    text.text("postcode", &of.postcode);
    text.text("city", &of.city);
    text.text("channel", of.channel.as_str());
    text.text("required_reference", of.required_reference.as_str());
    text.optional_text("service_code", of.service_code.as_ref());
    text.optional_text("engagement_number", of.engagement_number.as_ref());
    text.optional_text("contract_number", of.contract_number.as_ref());
    text.value("payment_days", of.payment_days);
}

fn signatory(text: &mut Text, of: &Signatory) {
    text.section("[[signatories]]");
    text.text("code", &of.code);
    text.text("name", &of.name);
    text.text("kind", of.kind.as_str());
    text.optional_text("contact_email", of.contact_email.as_ref());
}

fn neighbourhood(text: &mut Text, of: &Neighbourhood) {
    text.section("[[neighbourhoods]]");
    text.text("code", &of.code);
    text.text("name", &of.name);
}

fn programme(text: &mut Text, of: &Programme) {
    text.section("[[programmes]]");
    text.text("code", &of.code);
    text.text("name", &of.name);
    text.text("town", &of.town);
    text.text("signatory", &of.signatory);
    let codes: Vec<String> = of.neighbourhoods.iter().map(|code| quoted(code)).collect();
    text.value("neighbourhoods", format_args!("[{}]", codes.join(", ")));
    text.optional_text("note", of.note.as_ref());
}

fn year(text: &mut Text, of: &Year) {
    text.section("[[budget_years]]");
    text.text("label", &of.label);
    text.period(of.period);
    text.value("budget", euros(of.budget));
    text.value("fixed_share", euros(of.fixed_share));
    if let Some(ceiling) = of.ceiling {
        text.value("ceiling", euros(ceiling));
    }
    text.day("call_by", of.call_by);
    text.section("[budget_years.contributions]");
    for (code, amount) in &of.contributions {
        text.value(&quoted(code), euros(*amount));
    }
    if !of.quotas.is_empty() {
        text.section("[budget_years.quotas]");
        for (code, time) in &of.quotas {
            text.value(&quoted(code), time.plain_hours());
        }
    }
    if !of.grants.is_empty() {
        text.section("[budget_years.grants]");
        for (code, amount) in &of.grants {
            text.value(&quoted(code), euros(*amount));
        }
    }
}

fn service_line(text: &mut Text, of: &ServiceLine) {
    text.section("[[service_lines]]");
    text.text("year", &of.year);
    text.text("service", of.service.as_str());
    text.value("hours", of.hours.plain_hours());
    text.value("amount", euros(of.amount));
}

fn terms(text: &mut Text, of: &Terms) {
    text.section("[[terms]]");
    text.period(of.period);
    text.value("min_age", of.min_age);
    text.value("max_age", of.max_age);
    text.value("late_entry_months", of.late_entry_months);
    text.text("rounding", of.rounding.as_str());
    text.absence("excused", of.excused_absence);
    text.absence("unexcused", of.unexcused_absence);
}

fn rate(text: &mut Text, of: &DefaultRate) {
    text.section("[[rates]]");
    text.text("service", of.service.as_str());
    text.value("hourly", euros(of.hourly));
    text.period(of.period);
}
