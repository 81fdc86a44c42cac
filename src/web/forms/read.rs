//! What was typed, read as what it means, or refused beside its field.

use chrono::{NaiveDate, NaiveTime};

use super::FormState;
use crate::calendar::Month;
use crate::hours::Minutes;
use crate::money::Cents;

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
    fn optional_values_may_be_absent_but_not_wrong() {
        let mut form = posted("end=&start=demain");
        assert_eq!(form.optional_date("end", "la fin"), Some(None));
        assert_eq!(form.optional_date("start", "le début"), None);
        assert!(form.is_refused());
    }
}
