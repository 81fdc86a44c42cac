//! The names of the fields of an amendment's form: each stands for one figure.

use super::AmendmentRefusal;
use crate::ids::{BudgetYearId, GrantId, ProgrammeId, SignatoryId};

/// A programme's quota.
pub fn quota(year: BudgetYearId, programme: ProgrammeId) -> String {
    format!("quota-{year}-{programme}")
}

/// A signatory's contribution.
pub fn contribution(year: BudgetYearId, signatory: SignatoryId) -> String {
    format!("contribution-{year}-{signatory}")
}

/// A grant.
pub fn grant(year: BudgetYearId, grant: GrantId) -> String {
    format!("grant-{year}-{grant}")
}

/// The budget.
pub fn budget(year: BudgetYearId) -> String {
    format!("budget-{year}")
}

/// The fixed share.
pub fn fixed_share(year: BudgetYearId) -> String {
    format!("share-{year}")
}

/// The ceiling.
pub fn ceiling(year: BudgetYearId) -> String {
    format!("ceiling-{year}")
}

/// The day of the call for funds.
pub fn call_by(year: BudgetYearId) -> String {
    format!("call-{year}")
}

/// The field that a refusal is about; empty when it is about the whole.
pub fn of(refusal: &AmendmentRefusal) -> String {
    use AmendmentRefusal as R;
    match refusal {
        R::NoReason | R::LongReason(_) => "reason".to_owned(),
        R::InTheFuture(_) | R::BeforeTheLast { .. } => "signed_on".to_owned(),
        R::UnderHeld { budget_year, programme, .. } | R::NotQuarters { budget_year, programme, .. } => {
            quota(*budget_year, *programme)
        }
        R::AlreadyCalled { budget_year, signatory, .. } => contribution(*budget_year, *signatory),
        R::NotTheBudget { budget_year, .. } | R::GrantsNotTheBudget { budget_year, .. } => budget(*budget_year),
        R::OverCeiling { budget_year, .. } => ceiling(*budget_year),
        R::OverBudget { budget_year, .. } | R::UnderLines { budget_year, .. } => fixed_share(*budget_year),
        R::CallByOutside { budget_year, .. } => call_by(*budget_year),
        R::SameProgramme => "to".to_owned(),
        R::NothingMoved | R::NotFree { .. } => "hours".to_owned(),
        R::NoChange | R::ChangedMeanwhile(_) | R::YearClosed { .. } | R::Negative { .. } => String::new(),
    }
}
