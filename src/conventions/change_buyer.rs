//! Changes what the buyer asks of invoices, as its record in the directory of Chorus Pro says.

use super::{Buyer, InvoiceChannel, RequiredReference, is_reference, is_service_code, is_siret, store};
use crate::clock::Clock;
use crate::db::Tx;
use crate::failure::{Failure, Refusal};
use crate::ids::ConventionId;
use crate::journal::{self, Actor, Chain, Entry};

/// What an administrator may set; nothing of it was agreed by the parties, so no amendment is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerSettings {
    /// The establishment that is invoiced.
    pub siret: String,
    /// The way by which invoices reach it.
    pub channel: InvoiceChannel,
    /// Which references it requires.
    pub required_reference: RequiredReference,
    /// Its service code.
    pub service_code: Option<String>,
    /// The engagement number that invoices quote.
    pub engagement_number: Option<String>,
    /// The number of the contract that invoices quote.
    pub contract_number: Option<String>,
}

/// Why the settings are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuyerRefusal {
    /// Not a SIRET of this buyer.
    #[error(
        "Ce SIRET n’est pas celui d’un établissement de l’acheteur : écrivez 14 chiffres, qui commencent par son SIREN."
    )]
    Siret,
    /// A service code with characters that Chorus Pro does not take.
    #[error(
        "Un code service n’a que des lettres, des chiffres, des espaces, des tirets et des soulignés (100 au plus)."
    )]
    ServiceCode,
    /// Too long an engagement number.
    #[error("Un numéro d’engagement a 50 caractères au plus.")]
    EngagementNumber,
    /// Too long a contract number.
    #[error("Un numéro de marché a 50 caractères au plus.")]
    ContractNumber,
    /// A required reference is not given.
    #[error("Vous exigez {}, qui manque : toutes les factures seraient rejetées. Remplissez-le, ou changez l’exigence.", .0.french())]
    Missing(RequiredReference),
}

impl Refusal for BuyerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Siret => "buyer_siret",
            Self::ServiceCode => "buyer_service_code",
            Self::EngagementNumber => "buyer_engagement_number",
            Self::ContractNumber => "buyer_contract_number",
            Self::Missing(_) => "buyer_reference_missing",
        }
    }

    fn field(&self) -> Option<&'static str> {
        Some(match self {
            Self::Siret => "siret",
            Self::ServiceCode => "service_code",
            Self::EngagementNumber => "engagement_number",
            Self::ContractNumber => "contract_number",
            Self::Missing(_) => "required_reference",
        })
    }
}

/// Changes the buyer's settings; invoices already issued keep theirs.
///
/// # Errors
/// As [`BuyerRefusal`] says, when there is no such convention, or when the database fails.
pub fn change_buyer(
    tx: &mut Tx<'_>,
    clock: &Clock,
    who: Actor,
    convention: ConventionId,
    settings: BuyerSettings,
) -> Result<(), Failure<BuyerRefusal>> {
    let before = store::buyer(tx, convention)?;
    check(&before, &settings).map_err(Failure::Refused)?;
    let BuyerSettings { siret, channel, required_reference, service_code, engagement_number, contract_number } =
        settings;
    let after = Buyer {
        siret,
        channel,
        required_reference,
        service_code,
        engagement_number,
        contract_number,
        ..before.clone()
    };
    if after == before {
        return Ok(());
    }
    store::update_buyer(tx, convention, &after)?;
    let entry = Entry {
        chain: Chain::Convention(convention),
        actor: who,
        action: "buyer.changed",
        subject: "convention",
        subject_id: convention.0,
        before: Some(serde_json::json!(before)),
        after: Some(serde_json::json!(after)),
    };
    Ok(journal::write(tx, clock, entry)?)
}

fn check(buyer: &Buyer, settings: &BuyerSettings) -> Result<(), BuyerRefusal> {
    if !is_siret(&settings.siret) || !settings.siret.starts_with(&buyer.siren) {
        return Err(BuyerRefusal::Siret);
    }
    if settings.service_code.as_ref().is_some_and(|code| !is_service_code(code)) {
        return Err(BuyerRefusal::ServiceCode);
    }
    if settings.engagement_number.as_ref().is_some_and(|number| !is_reference(number)) {
        return Err(BuyerRefusal::EngagementNumber);
    }
    if settings.contract_number.as_ref().is_some_and(|number| !is_reference(number)) {
        return Err(BuyerRefusal::ContractNumber);
    }
    let required = settings.required_reference;
    match required.is_met(settings.service_code.is_some(), settings.engagement_number.is_some()) {
        true => Ok(()),
        false => Err(BuyerRefusal::Missing(required)),
    }
}
