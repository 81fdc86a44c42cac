//! An invented convention that covers the months, with as many programmes as asked and quotas that never run out.

use std::fmt::Write;

use chrono::{Datelike, Days, NaiveDate};

use crate::conventions::{file, has_luhn_digit, import};
use crate::failure::Failure;
use crate::hours::Minutes;
use crate::ids::ConventionId;
use crate::journal::Actor;
use crate::seed::plan::Planned;
use crate::seed::{SeedError, Size, Stage, Stop, stop};

/// What each quota allots beyond twice what is planned: room for whatever is measured next.
const SPARE_HOURS: i32 = 10_000;
/// The most that the file of a convention takes.
const MOST_HOURS: i32 = 100_000;

/// The code of a programme: an S, then its rank in letters.
pub(super) fn code(programme: u32) -> String {
    let letter = |n: u32| char::from(b'A' + (n % 26) as u8);
    format!("S{}{}", letter(programme / 26), letter(programme))
}

/// Digits with the last one that makes them pass Luhn's check, as SIRET and RPPS do.
pub(super) fn with_luhn(digits: &str) -> String {
    (0..10).map(|last| format!("{digits}{last}")).find(|number| has_luhn_digit(number)).unwrap_or_default()
}

/// Enters it.
pub(super) fn enter(stage: &Stage, size: Size, plan: &[Planned]) -> Result<ConventionId, SeedError> {
    let text = written(size, plan, stage.start, stage.today + Days::new(90));
    let wrong = |remarks: Vec<file::Remark>| {
        let said: Vec<String> = remarks.iter().map(ToString::to_string).collect();
        SeedError::Refused(said.join("; "))
    };
    let file = file::read(&text).map_err(wrong)?.file;
    stage.write(|tx| -> Result<_, Failure<Stop>> {
        let imported = import::import(tx, &stage.app.clock, Actor::System, &file).map_err(stop)?;
        Ok(imported.convention())
    })
}

/// The file that a métropole would write.
fn written(size: Size, plan: &[Planned], start: NaiveDate, end: NaiveDate) -> String {
    let (from, until) = (format!("{}-01-01", start.year()), format!("{}-12-31", end.year()));
    let siren = with_luhn("00000001");
    let siret = with_luhn(&format!("{siren}0001"));
    let mut text = format!(
        "[convention]\nslug = \"donnees-de-mesure\"\ntitle = \"Données de mesure : tout est inventé\"\nexample = true\n\
         from = {from}\nuntil = {until}\n\n\
         [buyer]\nname = \"Métropole inventée\"\nsiren = \"{siren}\"\nsiret = \"{siret}\"\nstreet = \"1 rue des Mesures\"\n\
         postcode = \"00000\"\ncity = \"Mesureville\"\nchannel = \"reform\"\nrequired_reference = \"none\"\n\
         payment_days = 30\n\n\
         [[terms]]\nfrom = {from}\nuntil = {until}\nmin_age = 2\nmax_age = 16\nlate_entry_months = 1\n\
         rounding = \"half_up\"\nexcused_absence_billed = false\nexcused_absence_counted = false\n\
         unexcused_absence_billed = false\nunexcused_absence_counted = false\n\n\
         [[rates]]\nservice = \"interview\"\nhourly = 60\nfrom = {from}\nuntil = {until}\n\n\
         [[signatories]]\ncode = \"metropole\"\nname = \"Métropole inventée\"\nkind = \"metropole\"\n"
    );
    for programme in 0..size.programmes {
        let code = code(programme);
        // writing into a string does not fail
        let _ = write!(
            text,
            "\n[[neighbourhoods]]\ncode = \"quartier-{code}\"\nname = \"Quartier {code}\"\n\n\
             [[signatories]]\ncode = \"ccas-{code}\"\nname = \"CCAS {code}\"\nkind = \"ccas\"\n\n\
             [[programmes]]\ncode = \"{code}\"\nname = \"PRE {code}\"\ntown = \"Mesureville\"\n\
             signatory = \"ccas-{code}\"\nneighbourhoods = [\"quartier-{code}\"]\n"
        );
    }
    for year in start.year()..=end.year() {
        text.push_str(&budget_year(size, plan, year));
    }
    text
}

fn budget_year(size: Size, plan: &[Planned], year: i32) -> String {
    let mut hours = vec![Minutes::ZERO; size.programmes as usize];
    for one in plan.iter().filter(|one| one.slot.on.year() == year) {
        hours[one.programme as usize] += one.slot.duration;
    }
    let budget = 1000 * (size.programmes + 1);
    let mut text = format!(
        "\n[[budget_years]]\nlabel = \"{year}\"\nfrom = {year}-01-01\nuntil = {year}-12-31\nbudget = {budget}\n\
         fixed_share = 0\n\n[budget_years.contributions]\nmetropole = 1000\n"
    );
    for programme in 0..size.programmes {
        let _ = writeln!(text, "ccas-{} = 1000", code(programme));
    }
    text.push_str("\n[budget_years.quotas]\n");
    for (programme, planned) in (0..).zip(hours) {
        let allotted = (planned.0 / 30 + SPARE_HOURS).min(MOST_HOURS);
        let _ = writeln!(text, "{} = {allotted}", code(programme));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_sort_as_their_ranks() {
        let codes: Vec<String> = (0..600).map(code).collect();
        assert!(codes.is_sorted());
    }

    #[test]
    fn the_file_is_one_that_the_import_takes() {
        let size = Size { programmes: 30, psychologists: 1, children: 1, sessions: 0, months: 12 };
        let day = |text: &str| text.parse().unwrap();
        let read = file::read(&written(size, &[], day("2025-11-01"), day("2027-01-15"))).unwrap();
        assert_eq!(read.file.programmes.len(), 30);
        assert_eq!(read.file.budget_years.len(), 3);
        assert!(read.file.convention.is_example);
    }
}
