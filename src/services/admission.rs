//! What every recording and correction of a service must satisfy: over, in time, inside a convention that keeps hours
//! and euros for it, at a rate and with a tax that are known.

use chrono::{NaiveDate, NaiveTime};

use crate::accounts::Psychologist;
use crate::calendar::{self, Month, french_date, french_day, french_time};
use crate::clock::Clock;
use crate::conventions::{ServiceType, look_up};
use crate::db::{DbError, Tx, violated};
use crate::documents::VatRegime;
use crate::failure::{Failure, Refusal, refuse};
use crate::hours::Minutes;
use crate::ids::{BudgetLineId, ConventionId};
use crate::money::Cents;
use crate::psychologists::{self, regime_in_force};
use crate::services::ledger::LineRefusal;
use crate::services::{KINDS, LONGEST, LONGEST_TEXT, MOST_PARTICIPANTS, Said, gross, of_kind, slot, store};
use crate::sessions::{Slot, last_entry_day};

/// Why a service is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRefusal {
    /// A child's session is not recorded here.
    #[error(
        "Un entretien avec un enfant s’enregistre comme une séance. Choisissez l’analyse de la pratique ou une formation."
    )]
    Session,
    /// Not a whole number of quarters of an hour, too short or too long.
    #[error(
        "Une prestation dure de 15\u{a0}min à {LONGEST}, par quarts d’heure ; {asked} ne convient pas. Choisissez une autre durée."
    )]
    Length {
        /// What was asked.
        asked: Minutes,
    },
    /// The clocks go forward over it.
    #[error("{} n’existe pas le {} : on passe à l’heure d’été. Choisissez une autre heure.", french_time(*time), french_date(*on))]
    NoSuchTime {
        /// The day.
        on: NaiveDate,
        /// The time that it skips.
        time: NaiveTime,
    },
    /// It is not over yet.
    #[error("La prestation finit le {} à {}. Enregistrez-la une fois finie.", french_day(slot.on), french_time(slot.end_time()))]
    NotOver {
        /// When.
        slot: Slot,
    },
    /// The month is closed.
    #[error("Les prestations de {} s’enregistraient jusqu’au {}. Demandez à la Métropole de rouvrir le mois.", month.french(), french_date(*until))]
    TooLate {
        /// The month.
        month: Month,
        /// The last day on which it could be.
        until: NaiveDate,
    },
    /// No budget line pays for it on that day.
    #[error("Aucune ligne de budget {} n’est ouverte le {}. Choisissez une date de la convention, ou demandez la ligne à la Métropole.", of_kind(*kind), french_date(*on))]
    NoLine {
        /// For what.
        kind: ServiceType,
        /// The day.
        on: NaiveDate,
    },
    /// Several conventions have one.
    #[error("Plusieurs conventions ont une ligne de budget {} le {}. Dites laquelle.", of_kind(*kind), french_date(*on))]
    WhichConvention {
        /// For what.
        kind: ServiceType,
        /// The day.
        on: NaiveDate,
    },
    /// No rate is in force.
    #[error("Aucun tarif horaire {} n’est en vigueur le {}. Demandez-le à l’administration de la Métropole.", of_kind(*kind), french_date(*on))]
    NoRate {
        /// For what.
        kind: ServiceType,
        /// The day.
        on: NaiveDate,
    },
    /// The tax is not known.
    #[error("Votre régime de TVA n’est pas connu le {} pour cette prestation. Indiquez-le d’abord à la page Facturation.", french_date(*on))]
    NoVatRegime {
        /// The day.
        on: NaiveDate,
    },
    /// Nobody, or too many.
    #[error("Indiquez de 1 à {MOST_PARTICIPANTS} participants.")]
    Participants,
    /// A text that is missing or too long.
    #[error("Écrivez de 1 à {LONGEST_TEXT} caractères.")]
    Text {
        /// Which.
        field: &'static str,
    },
    /// A programme of another convention.
    #[error("Un des PRE choisis n’est pas de la convention. Choisissez parmi les siens.")]
    OtherProgramme,
    /// They were elsewhere.
    #[error("Vous avez déjà une séance ou une prestation le {} entre {} et {}. Choisissez une autre heure.", french_day(slot.on), french_time(slot.start_time()), french_time(slot.end_time()))]
    Busy {
        /// When.
        slot: Slot,
    },
    /// The line has not enough left.
    #[error(transparent)]
    Line(#[from] LineRefusal),
}

impl Refusal for AdmissionRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Session => "service_of_a_child",
            Self::Length { .. } => "service_length",
            Self::NoSuchTime { .. } => "no_such_time",
            Self::NotOver { .. } => "service_not_over",
            Self::TooLate { .. } => "month_closed",
            Self::NoLine { .. } => "no_budget_line",
            Self::WhichConvention { .. } => "several_conventions",
            Self::NoRate { .. } => "rate_missing",
            Self::NoVatRegime { .. } => "vat_regime_missing",
            Self::Participants => "participants",
            Self::Text { .. } => "text_length",
            Self::OtherProgramme => "programme_of_another_convention",
            Self::Busy { .. } => "psychologist_busy",
            Self::Line(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Session | Self::NoRate { .. } | Self::NoVatRegime { .. } => "kind",
            Self::Length { .. } => "duration",
            Self::NoSuchTime { .. } | Self::NotOver { .. } | Self::Busy { .. } => "starts_at",
            Self::TooLate { .. } | Self::NoLine { .. } => "service_on",
            Self::WhichConvention { .. } => "convention",
            Self::Participants => "participants",
            Self::Text { field } => field,
            Self::OtherProgramme => "programmes",
            Self::Line(refusal) => return refusal.field(),
        })
    }
}

/// What allows a service: when, who pays, at what price.
#[derive(Debug, Clone, Copy)]
pub struct Admitted {
    /// When.
    pub slot: Slot,
    /// The line that pays.
    pub line: BudgetLineId,
    /// Its convention.
    pub convention: ConventionId,
    /// Euros an hour without tax.
    pub hourly: Cents,
    /// The tax.
    pub vat: VatRegime,
    /// What it costs with tax.
    pub gross: Cents,
}

/// Finds what allows a service; nothing is reserved yet.
///
/// # Errors
/// As [`AdmissionRefusal`] says, or when the database fails.
pub fn admit(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Psychologist,
    said: &Said,
) -> Result<Admitted, Failure<AdmissionRefusal>> {
    let slot = check_words(said)?;
    if slot.ends_at() > clock.now() {
        return refuse(AdmissionRefusal::NotOver { slot });
    }
    let (kind, on) = (said.kind, said.on);
    let (line, convention) = paid_by(tx, said)?;
    let theirs = look_up::programmes(tx, convention)?;
    if !said.programmes.iter().all(|chosen| theirs.iter().any(|known| known.id == *chosen)) {
        return refuse(AdmissionRefusal::OtherProgramme);
    }
    let Some(rate) = look_up::rate_on(tx, convention, who.id, kind, on)? else {
        return refuse(AdmissionRefusal::NoRate { kind, on });
    };
    let regimes = psychologists::look_up::vat_regimes(tx, who.id)?;
    let Some(vat) = regime_in_force(&regimes, kind, on) else {
        return refuse(AdmissionRefusal::NoVatRegime { on });
    };
    Ok(Admitted { slot, line, convention, hourly: rate.hourly, vat, gross: gross(rate.hourly, slot.duration, vat) })
}

/// What can be told without asking anything.
fn check_words(said: &Said) -> Result<Slot, Failure<AdmissionRefusal>> {
    if !KINDS.contains(&said.kind) {
        return refuse(AdmissionRefusal::Session);
    }
    let asked = said.duration;
    if !(Minutes::QUARTER..=LONGEST).contains(&asked) || asked.0 % Minutes::QUARTER.0 != 0 {
        return refuse(AdmissionRefusal::Length { asked });
    }
    if !(1..=MOST_PARTICIPANTS).contains(&said.participants) {
        return refuse(AdmissionRefusal::Participants);
    }
    for (field, text) in [("place", &said.place), ("label", &said.label)] {
        if !(1..=LONGEST_TEXT).contains(&text.trim().chars().count()) {
            return refuse(AdmissionRefusal::Text { field });
        }
    }
    let (on, time) = (said.on, said.starts_at);
    slot(on, time, asked).map_or_else(|| refuse(AdmissionRefusal::NoSuchTime { on, time }), Ok)
}

/// The one line that pays for it on its day.
fn paid_by(tx: &mut Tx<'_>, said: &Said) -> Result<(BudgetLineId, ConventionId), Failure<AdmissionRefusal>> {
    let (kind, on) = (said.kind, said.on);
    let mut lines = store::lines_on(tx, kind, on)?;
    lines.retain(|(_, convention)| said.convention.is_none_or(|asked| asked == *convention));
    match lines.as_slice() {
        [] => refuse(AdmissionRefusal::NoLine { kind, on }),
        [only] => Ok(*only),
        _ => refuse(AdmissionRefusal::WhichConvention { kind, on }),
    }
}

/// A service is not recorded later than the late-entry window, unless the month was reopened (rule 5).
///
/// # Errors
/// When it is too late.
pub fn check_the_month_is_open(
    tx: &mut Tx<'_>,
    clock: &Clock,
    convention: ConventionId,
    on: NaiveDate,
) -> Result<(), Failure<AdmissionRefusal>> {
    let (month, today) = (Month::of(on), calendar::local_date(clock.now()));
    let Some(terms) = look_up::terms_on(tx, convention, on)? else { return Ok(()) };
    if today <= last_entry_day(&terms, on, None) {
        return Ok(());
    }
    let reopened = look_up::reopenings(tx, convention)?;
    let reopened = reopened.iter().filter(|known| known.month == month).map(|known| known.until).max();
    let until = last_entry_day(&terms, on, reopened);
    if today <= until { Ok(()) } else { refuse(AdmissionRefusal::TooLate { month, until }) }
}

/// Says in French that they were elsewhere, when that is why the database refused.
pub(super) fn overlap(error: diesel::result::Error, slot: Slot) -> Failure<AdmissionRefusal> {
    if violated(&error, "services_overlap") {
        return Failure::Refused(AdmissionRefusal::Busy { slot });
    }
    Failure::Db(DbError::Query(error))
}
