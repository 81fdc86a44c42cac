//! The convention that follows another: the same parties, figures and rules, as many months later.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::Period;
use super::file::ConventionFile;

/// The draft of the convention that follows one: everything moves by its length, and it is not signed yet.
pub fn following(of: &ConventionFile) -> ConventionFile {
    let months = length(of.convention.period);
    let mut next = of.clone();
    next.convention.period = shifted(of.convention.period, months);
    next.convention.signed_on = None;
    next.convention.slug = renamed(&of.convention.slug, months);
    next.convention.title = renamed(&of.convention.title, months);
    for year in &mut next.budget_years {
        year.period = shifted(year.period, months);
        year.call_by = year.call_by.map(|day| last_kept(day, months));
        year.label = renamed(&year.label, months);
    }
    for line in &mut next.service_lines {
        line.year = renamed(&line.year, months);
    }
    for terms in &mut next.terms {
        terms.period = shifted(terms.period, months);
    }
    for rate in &mut next.rates {
        rate.period = shifted(rate.period, months);
    }
    next
}

/// How many months a period lasts, rounded up: one at least.
fn length(period: Period) -> Months {
    let after = period.until.checked_add_days(Days::new(1)).unwrap_or(period.until);
    let months =
        (after.year() - period.from.year()) * 12 + after.month().cast_signed() - period.from.month().cast_signed();
    let is_whole = after.day() <= period.from.day();
    Months::new((months + i32::from(!is_whole)).max(1).unsigned_abs())
}

fn shifted(period: Period, by: Months) -> Period {
    let from = period.from.checked_add_months(by).unwrap_or(period.from);
    Period { from, until: last_kept(period.until, by) }
}

/// A day some months later; the last of a month stays the last.
fn last_kept(day: NaiveDate, by: Months) -> NaiveDate {
    let after = day.checked_add_days(Days::new(1)).and_then(|after| after.checked_add_months(by));
    after.and_then(|after| after.checked_sub_days(Days::new(1))).unwrap_or(day)
}

/// A name whose years are moved: `2024-2026` becomes `2027-2029`. Without a year in it, or when the period is no whole
/// number of years, it says that it follows.
fn renamed(name: &str, by: Months) -> String {
    let years = i32::try_from(by.as_u32() / 12).unwrap_or_default();
    let is_year = |word: &str| word.len() == 4 && (word.starts_with("19") || word.starts_with("20"));
    let mut renamed = String::new();
    let mut digits = String::new();
    let mut moved = false;
    for c in name.chars().chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.parse::<i32>() {
            Ok(year) if is_year(&digits) && by.as_u32().is_multiple_of(12) => {
                moved = true;
                renamed.push_str(&(year + years).to_string());
            }
            _ => renamed.push_str(&digits),
        }
        digits.clear();
        renamed.push(c);
    }
    let renamed = renamed.trim_end_matches('\n');
    if moved { renamed.to_owned() } else { format!("{renamed}-suite") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, until: &str) -> Period {
        Period { from: from.parse().expect("a date"), until: until.parse().expect("a date") }
    }

    #[test]
    fn everything_moves_by_the_length_of_the_convention() {
        for (from, until, months, next) in [
            ("2024-01-01", "2026-12-31", 36, ("2027-01-01", "2029-12-31")),
            ("2016-09-01", "2017-08-31", 12, ("2017-09-01", "2018-08-31")),
            ("2024-03-01", "2024-08-31", 6, ("2024-09-01", "2025-02-28")),
            ("2024-01-15", "2024-02-20", 2, ("2024-03-15", "2024-04-20")),
        ] {
            let of = period(from, until);
            assert_eq!(length(of), Months::new(months), "{from}");
            let following = shifted(of, length(of));
            assert_eq!(following, period(next.0, next.1), "{from}");
            assert!(of.until < following.from);
        }
    }

    #[test]
    fn names_keep_all_but_their_years() {
        let three_years = Months::new(36);
        assert_eq!(renamed("dijon-2024-2026", three_years), "dijon-2027-2029");
        assert_eq!(
            renamed("Réussite éducative 2024-2026, article 12", three_years),
            "Réussite éducative 2027-2029, article 12"
        );
        assert_eq!(renamed("pep21", three_years), "pep21-suite");
        assert_eq!(renamed("2016-2017", Months::new(12)), "2017-2018");
        assert_eq!(renamed("2016", Months::new(6)), "2016-suite");
    }
}
