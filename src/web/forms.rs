//! Forms: what was posted kept as text, what is refused beside each field, and how a field is shown again.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{NaiveDate, NaiveTime};
use uuid::Uuid;

use crate::calendar::Month;
use crate::error::AppError;
use crate::hours::Minutes;
use crate::idempotency::Key;
use crate::ids::AccountId;
use crate::money::Cents;
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

/// Reading values: `what` is the thing with its article, such as "la date de naissance".
///
/// Each gives nothing when it refuses, so a handler reads all fields first, then matches on all of them.
impl FormState {
    /// A text that must be there.
    pub fn required_text(&mut self, name: &str, what: &str) -> Option<String> {
        let value = self.value(name).to_owned();
        if value.is_empty() {
            self.refuse(name, format!("Indiquez {what}."));
            return None;
        }
        Some(value)
    }

    /// A text that may be absent.
    pub fn optional_text(&self, name: &str) -> Option<String> {
        Some(self.value(name).to_owned()).filter(|value| !value.is_empty())
    }

    /// A text that must be there, of at most so many characters.
    pub fn required_text_within(&mut self, name: &str, what: &str, longest: usize) -> Option<String> {
        let value = self.required_text(name, what)?;
        let length = value.chars().count();
        if length > longest {
            let over = length - longest;
            self.refuse(
                name,
                format!("Raccourcissez {what}\u{a0}: {longest} caractères au plus, il y en a {over} de trop."),
            );
            return None;
        }
        Some(value)
    }

    /// A date that must be there.
    pub fn required_date(&mut self, name: &str, what: &str) -> Option<NaiveDate> {
        self.required(name, what, "une date, par exemple 24/11/2026", read_date)
    }

    /// A date that may be absent: `Some(None)`.
    pub fn optional_date(&mut self, name: &str, what: &str) -> Option<Option<NaiveDate>> {
        self.optional(name, what, "une date, par exemple 24/11/2026", read_date)
    }

    /// A time of day that must be there.
    pub fn required_time(&mut self, name: &str, what: &str) -> Option<NaiveTime> {
        self.required(name, what, "une heure, par exemple 14:30", read_time)
    }

    /// A time of day that may be absent: `Some(None)`.
    pub fn optional_time(&mut self, name: &str, what: &str) -> Option<Option<NaiveTime>> {
        self.optional(name, what, "une heure, par exemple 14:30", read_time)
    }

    /// A month that must be there.
    pub fn required_month(&mut self, name: &str, what: &str) -> Option<Month> {
        self.required(name, what, "un mois, par exemple 2026-11", Month::parse)
    }

    /// A length of time that must be there, as hours (`1 h 30`, `1,5`) or minutes (`90 min`, from a list: `90m`).
    pub fn required_minutes(&mut self, name: &str, what: &str) -> Option<Minutes> {
        self.required(name, what, "une durée, par exemple 1 h 30", read_minutes)
    }

    /// A length of time that may be absent: `Some(None)`.
    pub fn optional_minutes(&mut self, name: &str, what: &str) -> Option<Option<Minutes>> {
        self.optional(name, what, "une durée, par exemple 1 h 30", read_minutes)
    }

    /// An amount that must be there.
    pub fn required_cents(&mut self, name: &str, what: &str) -> Option<Cents> {
        self.required(name, what, "un montant en euros, par exemple 60,50", Cents::parse)
    }

    /// An amount that may be absent: `Some(None)`.
    pub fn optional_cents(&mut self, name: &str, what: &str) -> Option<Option<Cents>> {
        self.optional(name, what, "un montant en euros, par exemple 60,50", Cents::parse)
    }

    /// A whole number that must be there.
    pub fn required_number(&mut self, name: &str, what: &str) -> Option<i64> {
        self.required(name, what, "un nombre entier, par exemple 12", |text| text.parse().ok())
    }

    /// An identifier chosen from a list.
    pub fn required_id<Id: std::str::FromStr>(&mut self, name: &str, what: &str) -> Option<Id> {
        let read = |text: &str| text.parse().ok();
        self.required_choice(name, what, read)
    }

    /// A value chosen from a list, read by a function of ours.
    pub fn required_choice<T>(&mut self, name: &str, what: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let chosen = read(self.value(name));
        if chosen.is_none() {
            self.refuse(name, format!("Choisissez {what}."));
        }
        chosen
    }

    /// An e-mail address that must be there.
    pub fn required_email(&mut self, name: &str, what: &str) -> Option<String> {
        self.required(name, what, "un nom, un @ et un domaine, par exemple prenom.nom@exemple.fr", read_email)
    }

    /// A value that must be there and be read; `example` completes "n’est pas".
    pub fn required<T>(
        &mut self,
        name: &str,
        what: &str,
        example: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.required_text(name, what)?;
        self.read_or_refuse(name, &text, what, example, read)
    }

    /// A value that may be absent (`Some(None)`), but if it is there must be read.
    pub fn optional<T>(
        &mut self,
        name: &str,
        what: &str,
        example: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.optional_text(name) {
            None => Some(None),
            Some(text) => self.read_or_refuse(name, &text, what, example, read).map(Some),
        }
    }

    fn read_or_refuse<T>(
        &mut self,
        name: &str,
        text: &str,
        what: &str,
        example: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(text);
        if value.is_none() {
            self.refuse(name, format!("Corrigez {what}\u{a0}: il faut {example}."));
        }
        value
    }
}

/// Reads `2026-11-24` (what browsers post) or `24/11/2026` (what people type).
fn read_date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().or_else(|| NaiveDate::parse_from_str(text, "%d/%m/%Y").ok())
}

/// Reads `14:30`, `14:30:00`, `14 h 30`, `14h`.
fn read_time(text: &str) -> Option<NaiveTime> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().replace(['h', 'H'], ":");
    let mut parts = plain.split(':').filter(|part| !part.is_empty());
    let hour = parts.next()?.parse().ok()?;
    let minute = parts.next().map_or(Some(0), |part| part.parse().ok())?;
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// Reads `1 h 30`, `2h`, `1,5`, `1.5`, `45 min`, `90m`.
fn read_minutes(text: &str) -> Option<Minutes> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let minutes: i32 = if let Some((hours, minutes)) = plain.split_once('h') {
        let minutes = minutes.trim_end_matches("min").trim_end_matches('m');
        let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
        let hours: i32 = hours.parse().ok()?;
        (hours >= 0 && (0..60).contains(&minutes)).then(|| hours.checked_mul(60)?.checked_add(minutes))??
    } else if let Some(minutes) = plain.strip_suffix("min").or_else(|| plain.strip_suffix('m')) {
        minutes.parse().ok()?
    } else {
        let hours: rust_decimal::Decimal = plain.replace(',', ".").parse().ok()?;
        hours.checked_mul(rust_decimal::Decimal::from(60))?.normalize().to_string().parse().ok()?
    };
    Minutes::try_from(minutes).ok().filter(|length| *length >= Minutes::ZERO)
}

/// Reads what looks like an address: something, one `@`, a domain with a dot.
fn read_email(text: &str) -> Option<String> {
    let (person, domain) = text.split_once('@')?;
    // what a list of recipients is written with stands in no address here
    let apart = |c: char| c.is_whitespace() || c.is_control() || ",;:<>()[]\\\"".contains(c);
    let plain = !text.contains(apart) && !domain.contains('@');
    let dotted = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    (plain && dotted && !person.is_empty() && text.len() <= 254).then(|| text.to_owned())
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

/// One possible value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is posted.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A line under the label; empty for none.
    pub hint: String,
}

impl Choice {
    /// A value and its words.
    pub fn new(value: impl ToString, label: impl ToString) -> Self {
        Self { value: value.to_string(), label: label.to_string(), hint: String::new() }
    }

    /// Adds a line under the label.
    #[must_use]
    pub fn hint(mut self, hint: impl ToString) -> Self {
        self.hint = hint.to_string();
        self
    }
}

/// What a field is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line, of an HTML input type.
    Line(&'static str),
    /// Several lines.
    Textarea,
    /// A closed list to unfold.
    Select,
    /// Large choices, of which one.
    Choices,
    /// Boxes, of which any.
    Boxes,
    /// One box.
    Checkbox,
}

/// How wide a field is: as wide as what it expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// A few characters: a number, an amount.
    Short,
    /// A date, a postcode, a phone number.
    Medium,
    /// The whole column.
    Full,
}

/// A field as it is shown: its label, its hint, its value, its refusal.
#[must_use]
#[derive(Debug, Clone, Template)]
#[template(path = "components/field.html")]
pub struct Field {
    kind: FieldKind,
    id: String,
    name: String,
    label: String,
    hint: String,
    refusal: Option<String>,
    values: Vec<String>,
    choices: Vec<Choice>,
    autocomplete: String,
    input_mode: &'static str,
    min: String,
    max: String,
    step: String,
    longest: Option<usize>,
    suffix: String,
    width: Width,
    rows: u32,
    optional: bool,
    autofocus: bool,
    label_hidden: bool,
    inline: bool,
    empty_choice: Option<String>,
}

impl HtmlSafe for Field {}

/// Fields of a form, with the values and refusals that it holds: `{{ form.text("given_name", "Prénom") }}`.
impl FormState {
    /// A line of text.
    pub fn text(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("text"), name, label)
    }

    /// An e-mail address.
    pub fn email(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("email"), name, label)
    }

    /// A phone number.
    pub fn phone(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("tel"), name, label).width(Width::Medium)
    }

    /// A password, whose value is never shown again.
    pub fn password(&self, name: &str, label: impl ToString) -> Field {
        let mut field = self.field(FieldKind::Line("password"), name, label);
        field.values.clear();
        field
    }

    /// A whole number or an amount, typed as text so that commas and spaces are welcome.
    pub fn number(&self, name: &str, label: impl ToString) -> Field {
        let mut field = self.field(FieldKind::Line("text"), name, label).width(Width::Short);
        field.input_mode = "decimal";
        field
    }

    /// A date.
    pub fn date(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("date"), name, label).width(Width::Medium)
    }

    /// A time of day, by quarters of an hour.
    pub fn time(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("time"), name, label).width(Width::Short).step("900")
    }

    /// A month.
    pub fn month(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("month"), name, label).width(Width::Medium)
    }

    /// Words to search for.
    pub fn search(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Line("search"), name, label).autocomplete("off")
    }

    /// Several lines of text.
    pub fn textarea(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Textarea, name, label)
    }

    /// A closed list of many values.
    pub fn select(&self, name: &str, label: impl ToString, choices: &[Choice]) -> Field {
        self.field(FieldKind::Select, name, label).among(choices)
    }

    /// Large choices, of which one: for up to seven values.
    pub fn choices(&self, name: &str, label: impl ToString, choices: &[Choice]) -> Field {
        self.field(FieldKind::Choices, name, label).among(choices)
    }

    /// Boxes, of which any; read them with `all(name)`.
    pub fn boxes(&self, name: &str, label: impl ToString, choices: &[Choice]) -> Field {
        self.field(FieldKind::Boxes, name, label).among(choices)
    }

    /// One box; read it with `has(name)`.
    pub fn checkbox(&self, name: &str, label: impl ToString) -> Field {
        self.field(FieldKind::Checkbox, name, label)
    }

    fn field(&self, kind: FieldKind, name: &str, label: impl ToString) -> Field {
        Field {
            kind,
            id: name.to_owned(),
            name: name.to_owned(),
            label: label.to_string(),
            hint: String::new(),
            refusal: self.refusal(name).map(str::to_owned),
            values: self.all(name).into_iter().map(str::to_owned).collect(),
            choices: Vec::new(),
            autocomplete: String::new(),
            input_mode: "",
            min: String::new(),
            max: String::new(),
            step: String::new(),
            longest: None,
            suffix: String::new(),
            width: Width::Full,
            rows: 4,
            optional: false,
            autofocus: false,
            label_hidden: false,
            inline: false,
            empty_choice: None,
        }
    }
}

/// What may be said more about a field, one after the other.
impl Field {
    /// A line under the label: what it is for, how to write it.
    pub fn hint(mut self, hint: impl ToString) -> Self {
        self.hint = hint.to_string();
        self
    }

    /// Says "(facultatif)" beside the label: everything else is required.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// What the browser may fill in: `given-name`, `email`, `current-password`, `off`…
    pub fn autocomplete(mut self, purpose: impl ToString) -> Self {
        self.autocomplete = purpose.to_string();
        self
    }

    /// Another `id` than the name, where a page shows the same field twice.
    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = id.to_string();
        self
    }

    /// The least value: a date, a time.
    pub fn min(mut self, min: impl ToString) -> Self {
        self.min = min.to_string();
        self
    }

    /// The greatest value: a date, a time.
    pub fn max(mut self, max: impl ToString) -> Self {
        self.max = max.to_string();
        self
    }

    /// The step of a time, in seconds.
    pub fn step(mut self, step: impl ToString) -> Self {
        self.step = step.to_string();
        self
    }

    /// The most characters that may be typed.
    pub fn longest(mut self, characters: usize) -> Self {
        self.longest = Some(characters);
        self
    }

    /// The unit after the field: `€`, `h`.
    pub fn suffix(mut self, unit: impl ToString) -> Self {
        self.suffix = unit.to_string();
        self
    }

    /// How wide it is.
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// A few characters wide.
    pub fn short(self) -> Self {
        self.width(Width::Short)
    }

    /// As wide as a date.
    pub fn medium(self) -> Self {
        self.width(Width::Medium)
    }

    /// The number of lines of a text area.
    pub fn rows(mut self, rows: u32) -> Self {
        self.rows = rows;
        self
    }

    /// Puts the cursor in it when the page opens; at most one field a page.
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Keeps the label for screen readers only: for a filter whose button says it all.
    pub fn label_hidden(mut self) -> Self {
        self.label_hidden = true;
        self
    }

    /// Sets choices side by side rather than one under the other.
    pub fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    /// The keyboard a phone shows: `numeric`, `decimal`, `email`, `tel`.
    pub fn input_mode(mut self, mode: &'static str) -> Self {
        self.input_mode = mode;
        self
    }

    /// A first, empty line of a closed list: "Tous les PRE", "Choisissez…".
    pub fn or_none(mut self, label: impl ToString) -> Self {
        self.empty_choice = Some(label.to_string());
        self
    }

    /// Chooses or writes a value unless the form already has one.
    pub fn initially(mut self, value: impl ToString) -> Self {
        if self.values.is_empty() {
            self.values.push(value.to_string());
        }
        self
    }

    fn among(mut self, choices: &[Choice]) -> Self {
        self.choices = choices.to_vec();
        self
    }
}

/// What its template asks of a field.
impl Field {
    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn is_chosen(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let error = self.refusal.as_ref().map(|_| format!("{}-error", self.id));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }

    fn width_class(&self) -> &'static str {
        match self.width {
            Width::Short => "input--short",
            Width::Medium => "input--medium",
            Width::Full => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(body: &str) -> FormState {
        FormState::parse(body.as_bytes())
    }

    #[test]
    fn refuses_in_french_and_in_order() {
        let mut form = posted("name=+&born_on=31%2F02%2F2015&length=1+h+30&rate=60,505");
        assert_eq!(form.required_text("name", "le prénom"), None);
        assert_eq!(form.required_date("born_on", "la date de naissance"), None);
        assert_eq!(form.required_minutes("length", "la durée"), Some(Minutes(90)));
        assert_eq!(form.required_cents("rate", "le tarif horaire"), None);
        assert_eq!(form.refusal("name"), Some("Indiquez le prénom."));
        let summary = form.error_summary().to_string();
        let name = summary.find("#name").expect("a link to the first");
        let born_on = summary.find("#born_on").expect("a link to the second");
        assert!(name < born_on, "{summary}");
        assert!(FormState::new().error_summary().to_string().trim().is_empty());
    }

    #[test]
    fn reads_what_people_type() {
        for (text, minutes) in [
            ("1 h 30", Some(90)),
            ("2h", Some(120)),
            ("1,25", Some(75)),
            ("45 min", Some(45)),
            ("90m", Some(90)),
            ("1 h 75", None),
            ("-1", None),
            ("1e9", None),
            ("deux", None),
        ] {
            assert_eq!(read_minutes(text), minutes.map(Minutes), "{text}");
        }
        for (text, time) in
            [("14:30", Some((14, 30))), ("9h", Some((9, 0))), ("9 h 05", Some((9, 5))), ("25:00", None), ("", None)]
        {
            assert_eq!(read_time(text), time.and_then(|(h, m)| NaiveTime::from_hms_opt(h, m, 0)), "{text}");
        }
        assert_eq!(read_date("24/11/2026"), read_date("2026-11-24"));
        assert_eq!(read_email("a@b"), None);
        assert_eq!(read_email("prenom.nom@exemple.fr").as_deref(), Some("prenom.nom@exemple.fr"));
    }

    #[test]
    fn shows_again_what_was_typed_except_passwords() {
        let form = posted("given_name=L%C3%A9a+%22%3Cb%3E&password=secret&days=1&days=3");
        let html = form.text("given_name", "Prénom").hint("Celui du livret").to_string();
        assert!(html.contains("value=\"Léa &#34;&#60;b&#62;\""), "{html}");
        assert!(html.contains("aria-describedby=\"given_name-hint\""), "{html}");
        assert!(!form.password("password", "Mot de passe").to_string().contains("secret"));
        let days = [Choice::new(1, "lundi"), Choice::new(2, "mardi"), Choice::new(3, "mercredi")];
        let html = form.boxes("days", "Jours", &days).to_string();
        assert_eq!(html.matches(" checked").count(), 2, "{html}");
    }

    #[test]
    fn optional_values_may_be_absent_but_not_wrong() {
        let mut form = posted("end=&start=demain");
        assert_eq!(form.optional_date("end", "la fin"), Some(None));
        assert_eq!(form.optional_date("start", "le début"), None);
        assert!(form.is_refused());
    }
}
