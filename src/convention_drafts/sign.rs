//! Signs a draft: it enters as its file would, and is a convention from then on.

use chrono::NaiveDate;
use serde_json::json;

use super::check::{self, Fault};
use super::edit::EditRefusal;
use super::store;
use crate::accounts::Administrator;
use crate::calendar::short_date;
use crate::clock::Clock;
use crate::conventions::import::{ImportRefusal, Imported, import};
use crate::conventions::{file, write};
use crate::db::Tx;
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ConventionDraftId, ConventionId};
use crate::journal::{self, Actor, Chain, Entry};

/// Why a draft is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignRefusal {
    /// It does not hold together.
    #[error("{} {}", left_to_correct(.0.len()), told(.0))]
    Faults(Vec<Fault>),
    /// What is not signed yet.
    #[error("Le {} est dans le futur : indiquez le jour où les parties ont signé.", short_date(*.0))]
    InTheFuture(NaiveDate),
    /// Another convention has that short name.
    #[error("Une convention porte déjà le nom court « {0} » : donnez-en un autre.")]
    NameTaken(String),
    /// Its programmes are taken, or differ.
    #[error(transparent)]
    Import(ImportRefusal),
    /// It changed, or is signed.
    #[error(transparent)]
    Edit(EditRefusal),
}

/// How much keeps a draft from being signed.
pub(super) fn left_to_correct(count: usize) -> String {
    let things = if count == 1 { "une chose".to_owned() } else { format!("{count} choses") };
    format!("Il reste {things} à corriger avant de signer.")
}

fn told(faults: &[Fault]) -> String {
    let told: Vec<String> = faults.iter().map(|Fault { place, reason, .. }| format!("{place} : {reason}")).collect();
    format!("{}.", told.join(" ; "))
}

impl Refusal for SignRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Faults(_) => "draft_faults",
            Self::InTheFuture(_) => "date_in_the_future",
            Self::NameTaken(_) => "convention_name_taken",
            Self::Import(refusal) => refusal.code(),
            Self::Edit(refusal) => refusal.code(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::InTheFuture(_)).then_some("signed_on")
    }
}

/// Signs the version of a draft that was read: sessions, quotas, calls and exports know of it from its first day on.
///
/// # Errors
/// As [`SignRefusal`] says, when there is no such draft, or when the database fails.
pub fn sign(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: &Administrator,
    id: ConventionDraftId,
    seen: i32,
    signed_on: NaiveDate,
) -> Result<ConventionId, Failure<SignRefusal>> {
    let draft = store::load(tx, id)?;
    if draft.is_signed() {
        return refuse(SignRefusal::Edit(EditRefusal::Signed));
    }
    if draft.version != seen {
        return refuse(SignRefusal::Edit(EditRefusal::ChangedMeanwhile));
    }
    if signed_on > clock.today() {
        return refuse(SignRefusal::InTheFuture(signed_on));
    }
    let mut signed = draft.file.clone();
    signed.convention.signed_on = Some(signed_on);
    let faults: Vec<Fault> = check::faults(tx, &signed)?.into_iter().filter(|fault| !fault.is_warning).collect();
    // read back from the text of its file: what enters is what the check has read
    let Ok(read) = file::read(&write::write(&signed)) else { return refuse(SignRefusal::Faults(faults)) };
    if !faults.is_empty() {
        return refuse(SignRefusal::Faults(faults));
    }
    let slug = signed.convention.slug;
    let convention = match import(tx, clock, Actor::Account(who.account), &read.file) {
        Ok(Imported::Entered(convention)) => convention,
        Ok(Imported::Unchanged(_)) | Err(Failure::Refused(ImportRefusal::Differs { .. })) => {
            return refuse(SignRefusal::NameTaken(slug));
        }
        Err(other) => return Err(other.map(SignRefusal::Import)),
    };
    if !store::set_signed(tx, id, seen, convention)? {
        return refuse(SignRefusal::Edit(EditRefusal::ChangedMeanwhile));
    }
    let entry = Entry {
        chain: Chain::Convention(convention),
        actor: Actor::Account(who.account),
        action: "convention.signed",
        subject: "convention",
        subject_id: convention.0,
        before: Some(json!({ "draft": id })),
        after: Some(json!({ "signed_on": signed_on, "slug": slug })),
    };
    journal::write(tx, clock, entry)?;
    Ok(convention)
}
