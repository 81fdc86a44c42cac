//! Why an amendment is not signed, with the figures and what to do next.

use chrono::NaiveDate;

use crate::calendar::{french_date, short_date};
use crate::conventions::Period;
use crate::failure::Refusal;
use crate::hours::Minutes;
use crate::ids::{BudgetYearId, ProgrammeId, SignatoryId};
use crate::money::Cents;

/// One reason not to sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmendmentRefusal {
    /// Nothing would change.
    #[error("Cet avenant ne change rien : modifiez au moins un chiffre.")]
    NoChange,
    /// The reason is kept.
    #[error("Indiquez l’objet de l’avenant : il est conservé.")]
    NoReason,
    /// Too long a reason.
    #[error("L’objet a {0} caractères ; écrivez-en {most} au plus.", most = super::LONGEST_REASON)]
    LongReason(usize),
    /// What is not signed yet changes nothing.
    #[error("Le {} est dans le futur : indiquez le jour où les parties ont signé.", short_date(*.0))]
    InTheFuture(NaiveDate),
    /// Amendments follow one another.
    #[error("L’avenant n° {number} a été signé le {} : le suivant ne peut l’être avant.", french_date(*.on))]
    BeforeTheLast {
        /// The number of the last one.
        number: i32,
        /// When it was signed.
        on: NaiveDate,
    },
    /// Another was signed since the figures were read.
    #[error("L’avenant n° {0} a été signé entretemps : relisez les chiffres, puis recommencez.")]
    ChangedMeanwhile(i32),
    /// The year is over, and what was forgotten can no more be entered.
    #[error("L’exercice {year} est clos depuis le {} : un avenant ne le touche plus.", french_date(*.since))]
    YearClosed {
        /// Its name.
        year: String,
        /// The last day on which it was open.
        since: NaiveDate,
    },
    /// Under what is held.
    #[error(
        "La quotité {year} du {name} ne peut descendre à {to} : les séances en tiennent déjà {held} (réservé {reserved}, utilisé \
         {used}). Laissez-lui au moins {held}.",
        held = *reserved + *used
    )]
    UnderHeld {
        /// The budget year.
        budget_year: BudgetYearId,
        /// The programme.
        programme: ProgrammeId,
        /// Its name.
        name: String,
        /// The budget year's name.
        year: String,
        /// What was asked.
        to: Minutes,
        /// Held by sessions booked or recorded.
        reserved: Minutes,
        /// Held by sessions approved or invoiced.
        used: Minutes,
    },
    /// Quotas go by quarters of an hour.
    #[error("La quotité {year} du {name} se compte par quarts d’heure : écrivez par exemple 39 h 45.")]
    NotQuarters {
        /// The budget year.
        budget_year: BudgetYearId,
        /// The programme.
        programme: ProgrammeId,
        /// Its name.
        name: String,
        /// The budget year's name.
        year: String,
    },
    /// Less than nothing.
    #[error("Les montants de l’exercice {year} ne peuvent être négatifs.")]
    Negative {
        /// The budget year's name.
        year: String,
    },
    /// Its call was sent: one call a year, and it never changes.
    #[error(
        "La participation {year} de {name} est déjà appelée ({number}, {amount}) : un appel envoyé ne change pas. Modifiez \
         une autre participation, ou celle d’un autre exercice."
    )]
    AlreadyCalled {
        /// The budget year.
        budget_year: BudgetYearId,
        /// The signatory.
        signatory: SignatoryId,
        /// Its name.
        name: String,
        /// The budget year's name.
        year: String,
        /// The number of the call.
        number: String,
        /// What was called.
        amount: Cents,
    },
    /// Contributions are the budget.
    #[error("Pour {year}, les participations font {paid} et le budget {budget} : les deux doivent être égaux.")]
    NotTheBudget {
        /// The budget year.
        budget_year: BudgetYearId,
        /// Its name.
        year: String,
        /// What the signatories pay together.
        paid: Cents,
        /// The budget.
        budget: Cents,
    },
    /// Named grants are the budget.
    #[error("Pour {year}, les subventions font {granted} et le budget {budget} : les deux doivent être égaux.")]
    GrantsNotTheBudget {
        /// The budget year.
        budget_year: BudgetYearId,
        /// Its name.
        year: String,
        /// What the grants are given together.
        granted: Cents,
        /// The budget.
        budget: Cents,
    },
    /// More than the convention allows.
    #[error("Pour {year}, le budget de {budget} dépasse le plafond de {ceiling}.")]
    OverCeiling {
        /// The budget year.
        budget_year: BudgetYearId,
        /// Its name.
        year: String,
        /// The budget.
        budget: Cents,
        /// The ceiling.
        ceiling: Cents,
    },
    /// The hours would cost more than there is.
    #[error(
        "Pour {year}, {hours} à {hourly} l’heure et la part fixe de {fixed_share} coûtent {cost} : c’est plus que le budget \
         de {budget}. Réduisez les quotités ou la part fixe, ou augmentez les participations."
    )]
    OverBudget {
        /// The budget year.
        budget_year: BudgetYearId,
        /// Its name.
        year: String,
        /// The hours of all programmes.
        hours: Minutes,
        /// The dearest rate of the year.
        hourly: Cents,
        /// The fixed share.
        fixed_share: Cents,
        /// What both cost.
        cost: Cents,
        /// The budget.
        budget: Cents,
    },
    /// Less than the budget lines of services take of it.
    #[error(
        "Pour {year}, la part fixe ne peut descendre à {to} : les lignes de budget des prestations en prennent déjà {lines}. \
         Réduisez d’abord ces lignes."
    )]
    UnderLines {
        /// The budget year.
        budget_year: BudgetYearId,
        /// Its name.
        year: String,
        /// The fixed share asked.
        to: Cents,
        /// What the lines take.
        lines: Cents,
    },
    /// A call outside its year.
    #[error("Pour {year}, la date de l’appel de fonds est dans l’exercice, qui va {period}.")]
    CallByOutside {
        /// The budget year.
        budget_year: BudgetYearId,
        /// Its name.
        year: String,
        /// Its days.
        period: Period,
    },
    /// A transfer to oneself.
    #[error("Choisissez deux PRE différents : l’un cède des heures, l’autre les reçoit.")]
    SameProgramme,
    /// A transfer of nothing.
    #[error("Indiquez combien d’heures transférer, par quarts d’heure : par exemple 5 h ou 2 h 30.")]
    NothingMoved,
    /// More than is free.
    #[error(
        "Il reste {free} libres sur la quotité {year} du {name} ; vous voulez en transférer {asked}. Réduisez le transfert."
    )]
    NotFree {
        /// The programme's name.
        name: String,
        /// The budget year's name.
        year: String,
        /// What is neither reserved nor used.
        free: Minutes,
        /// What was asked.
        asked: Minutes,
    },
}

impl AmendmentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoChange => "amendment_without_change",
            Self::NoReason => "reason_missing",
            Self::LongReason(_) => "reason_too_long",
            Self::InTheFuture(_) => "date_in_the_future",
            Self::BeforeTheLast { .. } => "before_the_last_amendment",
            Self::ChangedMeanwhile(_) => "convention_changed",
            Self::YearClosed { .. } => "budget_year_closed",
            Self::UnderHeld { .. } => "quota_under_held",
            Self::NotQuarters { .. } => "quota_not_quarters",
            Self::Negative { .. } => "negative",
            Self::AlreadyCalled { .. } => "contribution_called",
            Self::NotTheBudget { .. } => "contributions_not_the_budget",
            Self::GrantsNotTheBudget { .. } => "grants_not_the_budget",
            Self::OverCeiling { .. } => "over_ceiling",
            Self::OverBudget { .. } => "over_budget",
            Self::UnderLines { .. } => "fixed_share_under_lines",
            Self::CallByOutside { .. } => "call_outside_year",
            Self::SameProgramme => "same_programme",
            Self::NothingMoved => "nothing_moved",
            Self::NotFree { .. } => "hours_not_free",
        }
    }
}

/// Every reason not to sign, one at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<AmendmentRefusal>);

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sentences: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&sentences.join(" "))
    }
}

impl std::error::Error for Faults {}

impl Refusal for Faults {
    fn code(&self) -> &'static str {
        self.0.first().map_or("amendment_refused", AmendmentRefusal::code)
    }
}

impl From<AmendmentRefusal> for Faults {
    fn from(one: AmendmentRefusal) -> Self {
        Self(vec![one])
    }
}
