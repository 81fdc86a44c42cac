//! Records a guardian's consent to a referral: when it was given, and who collected it (rule 4).

use chrono::NaiveDate;
use serde_json::json;

use crate::accounts::Coordinator;
use crate::calendar::short_date;
use crate::children::{Consent, look_up, store};
use crate::clock::Clock;
use crate::db::{Tx, violated};
use crate::failure::{Failure, Refusal, refuse};
use crate::ids::{ConsentId, GuardianId, ReferralId};
use crate::journal::{self, Actor, Chain, Entry};
use crate::vault::Vault;

/// A consent that a coordinator collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenConsent {
    /// By whom.
    pub guardian: GuardianId,
    /// On which day.
    pub given_on: NaiveDate,
}

/// Why a consent is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsentRefusal {
    /// Not a guardian of this child.
    #[error("Cette personne n’est pas responsable légale de cet enfant.")]
    OtherGuardian,
    /// The day has not come.
    #[error("Le consentement est daté du {}, qui est à venir. Indiquez le jour où il a été donné.", short_date(*.0))]
    GivenLater(NaiveDate),
    /// The guardian has consented already.
    #[error("Ce responsable légal a déjà consenti à cette orientation.")]
    AlreadyGiven,
}

impl Refusal for ConsentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherGuardian => "other_guardian",
            Self::GivenLater(_) => "consent_given_later",
            Self::AlreadyGiven => "consent_already_given",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::OtherGuardian | Self::AlreadyGiven => Some("guardian"),
            Self::GivenLater(_) => Some("given_on"),
        }
    }
}

/// Records a guardian's consent to a referral of the coordinator's programmes, collected by the coordinator.
///
/// # Errors
/// When the referral is not theirs, or the guardian, the date or a former consent forbids it.
pub fn add(
    tx: &mut Tx<'_>,
    vault: &Vault,
    clock: &Clock,
    who: &Coordinator,
    referral: ReferralId,
    given: GivenConsent,
) -> Result<ConsentId, Failure<ConsentRefusal>> {
    let (child, referral) = look_up::load_referral_for(tx, vault, who, referral)?;
    let known = store::guardians_of(tx, vault, child.id)?;
    if !known.iter().any(|guardian| guardian.id == given.guardian) {
        return refuse(ConsentRefusal::OtherGuardian);
    }
    if given.given_on > clock.today() {
        return refuse(ConsentRefusal::GivenLater(given.given_on));
    }
    let consent = Consent {
        id: ConsentId::new(),
        referral_id: referral.id,
        guardian_id: given.guardian,
        given_on: given.given_on,
        collected_by: who.account,
        recorded_at: clock.now(),
    };
    store::insert_consent(tx, &consent).map_err(|e| match e {
        // SQLite names the columns of a unique constraint, not the constraint
        e if violated(&e, "consents_once") || violated(&e, "consents.referral_id") => {
            Failure::Refused(ConsentRefusal::AlreadyGiven)
        }
        e => e.into(),
    })?;
    let entry = Entry {
        chain: Chain::Programme(child.programme_id),
        actor: Actor::Account(who.account),
        action: "consent.recorded",
        subject: "referral",
        subject_id: referral.id.0,
        before: None,
        after: Some(json!({
            "child": child.reference, "guardian_id": given.guardian, "given_on": given.given_on,
            "collected_by": who.account,
        })),
    };
    journal::write(tx, clock, entry)?;
    Ok(consent.id)
}
